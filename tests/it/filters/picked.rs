//! Exactly the records that match are read, whichever way the stream is read.

use super::{ids, kept, of_sales, of_stream, value};
use crate::support::{ASKELEPHANT, REEVO, Workspace};
use chrono::{DateTime, TimeDelta, Utc};
use revops_sandbox::Received;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Settings under which a stream is read in different ways.
fn ways() -> Vec<Value> {
    vec![
        json!({}),
        json!({"page_size": 7}),
        json!({"page_size": 7, "concurrency": 1}),
        json!({"page_size": 7, "paging": "seek"}),
        json!({"page_size": 7, "start_date": "2026-02-01", "end_date": "2026-06-25"}),
    ]
}

/// Checks that reading a stream in every way gives what the test keeps of it.
fn check(workspace: &Workspace, stream: &str, own: &Value, keep: impl Fn(&Value) -> bool) {
    let all = workspace.sandbox.truth(stream).len();
    for way in ways() {
        let dated = |record: &Value| {
            let at = record["updated_at"].as_str().unwrap();
            way.get("start_date").is_none() || ("2026-02-01".."2026-06-25").contains(&at)
        };
        let expected = kept(workspace, stream, |record| keep(record) && dated(record));
        assert!(
            !expected.is_empty() && expected.len() < all,
            "{own} {way}: {} of {all}",
            expected.len()
        );
        let settings = of_stream(workspace, stream, own, &way);
        workspace.sandbox.clear_requests();
        let emitted = workspace.read(&settings).run().ok().emitted();
        assert_eq!(ids(&emitted, stream), expected, "{settings}");
        assert_eq!(emitted.records(stream).len(), expected.len(), "{settings}");
    }
}

#[test]
fn conditions_of_reevo_however_combined_read_what_they_say() {
    let workspace = Workspace::reevo("records=300&streams=contact,account");
    let (sales, is_sales) = of_sales();
    check(&workspace, "contact", &json!({"filters": sales}), is_sales);
    let either = json!({"filters": [
        {"or": [
            {"field": "primary_email", "operator": "contains", "value": "@acme"},
            {"and": [
                {"field": "lead_score", "operator": "between", "value": ["0.1", 87.5]},
                {"not": {"field": "department", "operator": "eq", "value": "Sales"}}
            ]}
        ]},
        {"field": "stage", "operator": "exists"}
    ]});
    check(&workspace, "contact", &either, |record| {
        let mail = value(record, "primary_email").as_str().unwrap_or_default();
        let score = value(record, "lead_score").as_str().unwrap_or("-1");
        let is_between = (0.1..=87.5).contains(&score.parse::<f64>().unwrap());
        let is_sales = value(record, "department") == "Sales";
        (mail.contains("@acme") || (is_between && !is_sales)) && !value(record, "stage").is_null()
    });
}

#[test]
fn a_dot_path_follows_references_to_other_records() {
    let workspace = Workspace::reevo("records=400&streams=account,opportunity");
    let acme = kept(&workspace, "account", |record| {
        value(record, "display_name") == "Acme Corporation"
    });
    let filters = json!({"filters": [
        {"field": "account_id.display_name", "operator": "eq", "value": "Acme Corporation"}
    ]});
    let settings = of_stream(
        &workspace,
        "opportunity",
        &filters,
        &json!({"page_size": 3}),
    );
    let emitted = workspace.read(&settings).run().ok().emitted();
    let expected = kept(&workspace, "opportunity", |record| {
        let id = &value(record, "account_id")["related_record_id"];
        id.as_str().is_some_and(|id| acme.contains(id))
    });
    assert!(!expected.is_empty());
    assert_eq!(ids(&emitted, "opportunity"), expected);
}

/// Whether a search for "acme" finds a contact.
fn is_found(record: &Value) -> bool {
    let name = |name: &str| record[name].as_str().unwrap_or_default().to_lowercase();
    let mails = record["emails"].as_array().unwrap().iter();
    let mut mails = mails.filter_map(|one| one["email"].as_str());
    format!("{} {}", name("first_name"), name("last_name")).contains("acme")
        || mails.any(|mail| mail.to_lowercase().contains("acme"))
}

#[test]
fn filters_of_askelephant_read_what_they_say() {
    let workspace = Workspace::askelephant("records=300");
    let calls = json!({
        "filters": {
            "engagement_type": {"in": ["CALL", "MEETING"]},
            "start_at": {"gte": "2026-02-01", "lt": "2026-06-01T00:00:00Z"}
        }
    });
    check(&workspace, "engagements", &calls, |record| {
        let at = record["start_at"].as_str().unwrap_or_default();
        ["CALL", "MEETING"].contains(&record["engagement_type"].as_str().unwrap())
            && ("2026-02-01".."2026-06-01").contains(&at)
    });
    let done = json!({"filters": {"processing_status": {"eq": "COMPLETED"}}});
    check(&workspace, "engagements", &done, |record| {
        record["processing_status"] == "COMPLETED"
    });
    check(&workspace, "contacts", &json!({"search": "ACME"}), is_found);
}

#[test]
fn links_and_ids_of_askelephant_read_what_they_name() {
    let workspace = Workspace::askelephant("records=300");
    let linked = |stream: &str| {
        let truth = workspace.sandbox.truth(stream).into_iter();
        let mut records = truth.map(|one| serde_json::from_str::<Value>(&one.json).unwrap());
        records
            .find(|record| record["crm_association"].is_object())
            .unwrap()
    };
    let (company, contact) = (linked("companies"), linked("contacts"));
    for (stream, record, object_type) in [
        ("companies", &company, "company"),
        ("contacts", &contact, "contact"),
    ] {
        let link = json!({"id": record["crm_association"]["id"], "object_type": object_type});
        let own = json!({"filters": {"crm_associations": {"eq": [link]}}});
        let emitted = workspace
            .read(&of_stream(&workspace, stream, &own, &json!({})))
            .run()
            .ok()
            .emitted();
        assert_eq!(emitted.ids(stream), [record["id"].as_str().unwrap()]);
    }
    let company = workspace.sandbox.truth("companies").into_iter();
    let mut domains = company.filter_map(|one| {
        let record: Value = serde_json::from_str(&one.json).unwrap();
        record["domains"][0]["domain"].as_str().map(str::to_owned)
    });
    let domain = domains.next().unwrap();
    let own = json!({"filters": {"domain": {"eq": domain}}});
    let emitted = workspace
        .read(&of_stream(&workspace, "companies", &own, &json!({})))
        .run()
        .ok()
        .emitted();
    let expected = kept(&workspace, "companies", |record| {
        record["domains"]
            .to_string()
            .contains(&format!("{domain:?}"))
    });
    assert_eq!(ids(&emitted, "companies"), expected);
}

#[test]
fn engagements_are_read_by_the_companies_that_took_part() {
    let workspace = Workspace::askelephant("records=200");
    let expand = json!({"expand": ["companies"]});
    let all = workspace.read(&expand).run().ok().emitted();
    let companies = |record: &crate::json::Json| record.get("companies").to_string();
    let some: Vec<String> = kept(&workspace, "companies", |_| true)
        .into_iter()
        .take(3)
        .collect();
    let expected = all.records("engagements").iter().filter(|one| {
        some.iter()
            .any(|id| companies(&one.record).contains(id.as_str()))
    });
    let expected: BTreeSet<String> = expected
        .map(|one| one.record.get("id").text().to_owned())
        .collect();
    assert!(!expected.is_empty());
    let own = json!({"filters": {"company_ids": {"in": some}}});
    let settings = of_stream(&workspace, "engagements", &own, &json!({"page_size": 5}));
    assert_eq!(
        ids(
            &workspace.read(&settings).run().ok().emitted(),
            "engagements"
        ),
        expected
    );
}

/// Whether a request carries the filters of the tests below: any one that does not go on by a cursor
/// does, and those of AskElephant do in any case.
fn is_filtered(request: &Received) -> bool {
    if request.body.is_empty() {
        return request.query.contains("search=acme");
    }
    let body: Value = serde_json::from_str(&request.body).unwrap();
    let filters = body["filters"].as_array().map_or(&[][..], Vec::as_slice);
    body.get("cursor").is_some() || filters.contains(&of_sales().0[0])
}

#[test]
fn every_request_of_a_filtered_stream_carries_its_filters() {
    for (api, stream, own) in [
        (REEVO, "contact", json!({"filters": of_sales().0})),
        (ASKELEPHANT, "contacts", json!({"search": "acme"})),
    ] {
        for mut way in ways() {
            let workspace = Workspace::new(api, "records=300");
            for days in [json!(null), json!(10)] {
                way["max_days_per_run"] = days;
                let settings = of_stream(&workspace, stream, &own, &way);
                workspace.read(&settings).run().ok();
            }
            let requests = workspace.page_requests(stream);
            let bare = requests.iter().find(|request| !is_filtered(request));
            assert!(bare.is_none(), "{bare:?}");
        }
    }
}

/// A workspace whose contacts have one record for each year, of which every fourth matches.
fn yearly(api: &'static str, stream: &str) -> Workspace {
    let workspace = Workspace::new(api, "records=120&streams=contact,contacts");
    let start: DateTime<Utc> = "2000-01-01T00:00:00Z".parse().unwrap();
    for (at, one) in workspace.sandbox.truth(stream).iter().enumerate() {
        let later = TimeDelta::days(60 * i64::try_from(at).unwrap());
        workspace.sandbox.touch(stream, &one.id, start + later);
    }
    workspace
}

#[test]
fn a_bounded_run_goes_on_to_the_next_record_that_matches() {
    let (sales, is_sales) = of_sales();
    for (api, stream, own) in [
        (REEVO, "contact", json!({"filters": sales})),
        (ASKELEPHANT, "contacts", json!({"search": "acme"})),
    ] {
        let workspace = yearly(api, stream);
        let more = json!({"max_days_per_run": 1});
        let settings = of_stream(&workspace, stream, &own, &more);
        let (mut read, mut state, mut runs) = (BTreeSet::new(), json!({}), 0);
        loop {
            let run = workspace.read(&settings).state(&state).run().ok();
            runs += 1;
            let emitted = run.emitted();
            read.extend(ids(&emitted, stream));
            state = emitted.state().clone();
            if run.stderr.contains(", caught up") {
                break;
            }
        }
        let expected = kept(&workspace, stream, |record| match api {
            REEVO => is_sales(record),
            _ => is_found(record),
        });
        assert!(expected.len() > 3, "{expected:?}");
        assert_eq!(read, expected);
        assert!(
            runs <= expected.len() + 1,
            "{runs} runs for {}",
            expected.len()
        );
    }
}

#[test]
fn a_second_run_reads_what_changed_and_matches() {
    let workspace = Workspace::reevo("records=300");
    let (filters, is_sales) = of_sales();
    let settings = of_stream(
        &workspace,
        "contact",
        &json!({"filters": filters}),
        &json!({}),
    );
    let first = workspace.read(&settings).run().ok().emitted();
    let at = |minute: i64| {
        let start: DateTime<Utc> = "2026-07-10T00:00:00Z".parse().unwrap();
        start + TimeDelta::minutes(minute)
    };
    for (minute, one) in (0..).zip(workspace.sandbox.truth("contact").iter().take(100)) {
        workspace.sandbox.touch("contact", &one.id, at(minute));
    }
    let second = workspace
        .read(&settings)
        .state(first.state())
        .run()
        .ok()
        .emitted();
    let expected = kept(&workspace, "contact", |record| {
        is_sales(record) && record["updated_at"].as_str().unwrap() >= "2026-07-10"
    });
    assert!(!expected.is_empty());
    let read = ids(&second, "contact");
    assert!(
        read.is_superset(&expected),
        "{read:?} lacks some of {expected:?}"
    );
    // The instant of the bookmark is read again.
    let boundary = &first.state()["bookmarks"]["contact"]["updated_at"];
    let repeats = kept(&workspace, "contact", |record| {
        &record["updated_at"] == boundary
    });
    assert!(read.difference(&expected).all(|id| repeats.contains(id)));
}
