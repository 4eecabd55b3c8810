//! Every filter of both APIs picks the records that the test itself picks.

use serde_json::{Value, json};

use crate::client::{askelephant, ids, query, sandbox};
use revops_sandbox::Sandbox;

fn records(sandbox: &Sandbox, stream: &str) -> Vec<Value> {
    let truth = sandbox.truth(stream).into_iter();
    truth
        .map(|record| serde_json::from_str(&record.json).unwrap())
        .collect()
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

fn picked(records: &[Value], keep: impl Fn(&Value) -> bool) -> Vec<String> {
    let kept = records.iter().filter(|record| keep(record));
    sorted(
        kept.map(|record| record["id"].as_str().unwrap().to_owned())
            .collect(),
    )
}

async fn found(sandbox: &Sandbox, record_type: &str, filter: &Value) -> Vec<String> {
    let answer = query(
        sandbox,
        record_type,
        &json!({"filters": [filter], "limit": 500}),
    )
    .await;
    assert_eq!(answer.status, 200, "{filter}: {}", answer.body);
    sorted(ids(&answer.json()))
}

fn attribute<'a>(record: &'a Value, name: &str) -> &'a Value {
    &record["attributes"][name]["value"]
}

async fn check(filter: Value, keep: impl Fn(&Value) -> bool) {
    let sandbox = sandbox("records=300").await;
    let records = records(&sandbox, "contact");
    let expected = picked(&records, keep);
    assert!(!expected.is_empty(), "{filter} should find something");
    assert!(
        expected.len() < records.len(),
        "{filter} should not find everything"
    );
    assert_eq!(
        found(&sandbox, "contact", &filter).await,
        expected,
        "{filter}"
    );
}

fn text<'a>(record: &'a Value, name: &str) -> Option<&'a str> {
    attribute(record, name).as_str()
}

#[tokio::test]
async fn equality_of_texts() {
    let field = "department";
    check(
        json!({"field": field, "operator": "eq", "value": "Vývoj"}),
        |r| text(r, field) == Some("Vývoj"),
    )
    .await;
    check(
        json!({"field": field, "operator": "ne", "value": "Vývoj"}),
        |r| text(r, field) != Some("Vývoj"),
    )
    .await;
    let some = ["Sales", "人事"];
    check(
        json!({"field": field, "operator": "in", "value": some}),
        |r| text(r, field).is_some_and(|text| some.contains(&text)),
    )
    .await;
    check(
        json!({"field": field, "operator": "not_in", "value": some}),
        |r| !text(r, field).is_some_and(|text| some.contains(&text)),
    )
    .await;
}

#[tokio::test]
async fn parts_of_texts() {
    let field = "primary_email";
    check(
        json!({"field": field, "operator": "contains", "value": "@acme"}),
        |r| text(r, field).is_some_and(|text| text.contains("@acme")),
    )
    .await;
    check(
        json!({"field": field, "operator": "starts_with", "value": "person.1"}),
        |r| text(r, field).is_some_and(|text| text.starts_with("person.1")),
    )
    .await;
    check(
        json!({"field": field, "operator": "ends_with", "value": "globex.example"}),
        |r| text(r, field).is_some_and(|text| text.ends_with("globex.example")),
    )
    .await;
}

#[tokio::test]
async fn order_of_timestamps_dates_and_times() {
    let middle = "2026-04-01T00:00:00Z";
    let at = |r: &Value| r["updated_at"].as_str().unwrap().to_owned();
    let exact = {
        let sandbox = sandbox("records=300").await;
        at(&records(&sandbox, "contact")[150])
    };
    check(
        json!({"field": "updated_at", "operator": "gt", "value": exact}),
        |r| at(r) > exact,
    )
    .await;
    check(
        json!({"field": "updated_at", "operator": "gte", "value": exact}),
        |r| at(r) >= exact,
    )
    .await;
    check(
        json!({"field": "updated_at", "operator": "lt", "value": exact}),
        |r| at(r) < exact,
    )
    .await;
    check(
        json!({"field": "updated_at", "operator": "lte", "value": exact}),
        |r| at(r) <= exact,
    )
    .await;
    check(
        json!({"field": "updated_at", "operator": "eq", "value": exact}),
        |r| at(r) == exact,
    )
    .await;
    let range = json!([middle, exact]);
    let (low, high) = if exact.as_str() < middle {
        (exact.clone(), middle.to_owned())
    } else {
        (middle.to_owned(), exact.clone())
    };
    let range = if range[0] == low {
        range
    } else {
        json!([exact, middle])
    };
    check(
        json!({"field": "updated_at", "operator": "between", "value": range}),
        |r| (low.clone()..=high.clone()).contains(&at(r)),
    )
    .await;
    check(
        json!({"field": "birthday", "operator": "gte", "value": "2000-02-29"}),
        |r| text(r, "birthday").is_some_and(|date| date >= "2000-02-29"),
    )
    .await;
    check(
        json!({"field": "preferred_call_time", "operator": "lt", "value": "12:00:00"}),
        |r| text(r, "preferred_call_time").is_some_and(|time| time < "12:00:00"),
    )
    .await;
}

#[tokio::test]
async fn order_of_decimals_is_exact() {
    let field = "lead_score";
    let long = "12345678901234567890.123456789";
    check(
        json!({"field": field, "operator": "eq", "value": long}),
        |r| text(r, field) == Some(long),
    )
    .await;
    check(
        json!({"field": field, "operator": "between", "value": ["0.1", 87.5]}),
        |r| text(r, field).is_some_and(|n| (0.1..=87.5).contains(&n.parse::<f64>().unwrap())),
    )
    .await;
    check(
        json!({"field": field, "operator": "in", "value": ["42.5", "0.10"]}),
        |r| text(r, field).is_some_and(|n| ["42.50", "0.1"].contains(&n)),
    )
    .await;
}

#[tokio::test]
async fn presence_and_flags() {
    check(json!({"field": "stage", "operator": "exists"}), |r| {
        !attribute(r, "stage").is_null()
    })
    .await;
    check(json!({"field": "stage", "operator": "not_exists"}), |r| {
        attribute(r, "stage").is_null()
    })
    .await;
    check(
        json!({"field": "sms_consent", "operator": "eq", "value": true}),
        |r| attribute(r, "sms_consent") == true,
    )
    .await;
}

#[tokio::test]
async fn stages_selects_and_references() {
    let is_new = |r: &Value| attribute(r, "stage")["api_name"] == "new";
    check(
        json!({"field": "stage", "operator": "eq", "value": "new"}),
        is_new,
    )
    .await;
    let id = "8b8c2b1d-56c1-4b52-84f3-d00d4b8bb102";
    check(
        json!({"field": "stage", "operator": "in", "value": [id]}),
        is_new,
    )
    .await;
    let owner = {
        let sandbox = sandbox("records=300").await;
        let records = records(&sandbox, "contact");
        let mut owners = records
            .iter()
            .map(|r| &attribute(r, "owner_user_id")["related_record_id"]);
        owners.find(|id| id.is_string()).unwrap().clone()
    };
    check(
        json!({"field": "owner_user_id", "operator": "eq", "value": owner}),
        |r| attribute(r, "owner_user_id")["related_record_id"] == owner,
    )
    .await;
}

#[tokio::test]
async fn composites() {
    let consent = json!({"field": "sms_consent", "operator": "eq", "value": true});
    let sales = json!({"field": "department", "operator": "eq", "value": "Sales"});
    let is_sales = |r: &Value| text(r, "department") == Some("Sales");
    let consents = |r: &Value| attribute(r, "sms_consent") == true;
    check(json!({"and": [consent, sales]}), |r| {
        consents(r) && is_sales(r)
    })
    .await;
    check(json!({"or": [consent, sales]}), |r| {
        consents(r) || is_sales(r)
    })
    .await;
    check(json!({"not": sales}), |r| !is_sales(r)).await;
    check(json!({"not": [consent, sales]}), |r| {
        !(consents(r) && is_sales(r))
    })
    .await;
    check(
        json!({"or": [{"and": [consent, {"not": sales}]}, {"not": consent}]}),
        |r| (consents(r) && !is_sales(r)) || !consents(r),
    )
    .await;
}

#[tokio::test]
async fn dot_paths_follow_references_to_other_streams() {
    let sandbox = sandbox("records=400").await;
    let accounts = records(&sandbox, "account");
    let name_of = |id: &Value| {
        let account = accounts.iter().find(|account| &account["id"] == id);
        account.map(|account| attribute(account, "display_name").clone())
    };
    let opportunities = records(&sandbox, "opportunity");
    let account_of = |r: &Value| attribute(r, "account_id")["related_record_id"].clone();
    let is_acme = |r: &Value| name_of(&account_of(r)) == Some(json!("Acme Corporation"));
    let expected = picked(&opportunities, is_acme);
    assert!(!expected.is_empty());
    let one_hop =
        json!({"field": "account_id.display_name", "operator": "eq", "value": "Acme Corporation"});
    assert_eq!(found(&sandbox, "opportunity", &one_hop).await, expected);
    let two_hops = json!({
        "field": "opportunity.account_id.display_name", "operator": "eq", "value": "Acme Corporation",
    });
    let plans = picked(&records(&sandbox, "Renewal-Plan"), |plan| {
        let id = &attribute(plan, "opportunity")["related_record_id"];
        expected.iter().any(|known| id == known)
    });
    assert_eq!(found(&sandbox, "Renewal-Plan", &two_hops).await, plans);
    let no_stream = json!({"filters": [{"field": "owner_user_id.x", "operator": "exists"}]});
    let answer = query(&sandbox, "opportunity", &no_stream).await;
    assert_eq!(answer.json()["error"]["code"], "invalid_filter_field");
}

#[tokio::test]
async fn values_that_do_not_fit_their_type_are_refused() {
    let sandbox = sandbox("records=10").await;
    let cases = [
        ("updated_at", "gte", json!("2026-06-01")),
        ("updated_at", "gte", json!(1_780_000_000)),
        ("updated_at", "gte", json!(null)),
        ("updated_at", "between", json!(["2026-06-01T00:00:00Z"])),
        ("sms_consent", "eq", json!("true")),
        ("lead_score", "gt", json!("many")),
        ("birthday", "eq", json!("12.4.1985")),
        ("preferred_call_time", "eq", json!("9:30")),
        ("id", "eq", json!("not-a-uuid")),
        ("title", "in", json!("CTO")),
        ("title", "contains", json!(["CTO"])),
    ];
    for (field, operator, value) in cases {
        let filter = json!({"field": field, "operator": operator, "value": value});
        let answer = query(&sandbox, "contact", &json!({"filters": [filter]})).await;
        assert_eq!(answer.status, 400, "{filter}");
        assert_eq!(
            answer.json()["error"]["code"],
            "invalid_filter_value",
            "{filter}"
        );
    }
}

async fn listed(sandbox: &Sandbox, collection: &str, parameters: &[(&str, &str)]) -> Vec<String> {
    let mut all = parameters.to_vec();
    all.push(("limit", "100"));
    let answer = askelephant(sandbox, collection, &all).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    sorted(ids(&answer.json()))
}

#[tokio::test]
async fn askelephant_bounds_of_time_include_what_they_say() {
    let sandbox = sandbox("records=160").await;
    let contacts = records(&sandbox, "contacts");
    let at = |r: &Value| r["updated_at"].as_str().unwrap().to_owned();
    let exact = at(&contacts[40]);
    for operator in ["gt", "gte", "lt", "lte"] {
        let key = format!("filter[updated_at][{operator}]");
        let found = listed(&sandbox, "contacts", &[(&key, &exact)]).await;
        let expected = picked(&contacts, |r| match operator {
            "gt" => at(r) > exact,
            "gte" => at(r) >= exact,
            "lt" => at(r) < exact,
            _ => at(r) <= exact,
        });
        assert_eq!(found, expected, "{operator}");
    }
}

#[tokio::test]
async fn askelephant_searches_names_mails_and_titles() {
    let sandbox = sandbox("records=160").await;
    let name = |r: &Value| {
        format!(
            "{} {}",
            r["first_name"].as_str().unwrap_or(""),
            r["last_name"].as_str().unwrap_or("")
        )
    };
    let contacts = records(&sandbox, "contacts");
    let expected = picked(&contacts, |r| name(r).to_lowercase().contains("nov"));
    assert_eq!(
        listed(&sandbox, "contacts", &[("search", "NOV")]).await,
        expected
    );
    let by_mail = picked(&contacts, |r| r["emails"].to_string().contains("@acme."));
    assert_eq!(
        listed(&sandbox, "contacts", &[("search", "@acme.")]).await,
        by_mail
    );
    let companies = records(&sandbox, "companies");
    let expected = picked(&companies, |r| r["name"] == "Globex");
    assert_eq!(
        listed(&sandbox, "companies", &[("search", "globex")]).await,
        expected
    );
    let engagements = records(&sandbox, "engagements");
    let expected = picked(&engagements, |r| r["title"] == "Follow-up");
    assert_eq!(
        listed(&sandbox, "engagements", &[("search", "follow")]).await,
        expected
    );
    assert!(!expected.is_empty() && !by_mail.is_empty());
}

#[tokio::test]
async fn askelephant_filters_by_domain_and_by_crm_link() {
    let sandbox = sandbox("records=160").await;
    let companies = records(&sandbox, "companies");
    let domain = companies
        .iter()
        .find_map(|r| r["domains"][0]["domain"].as_str())
        .unwrap();
    let expected = picked(&companies, |r| r["domains"].to_string().contains(domain));
    let found = listed(
        &sandbox,
        "companies",
        &[("filter[domain][eq]", &domain.to_uppercase())],
    )
    .await;
    assert_eq!(found, expected);
    let linked = companies
        .iter()
        .find(|r| r["crm_association"].is_object())
        .unwrap();
    let crm = linked["crm_association"]["id"].as_str().unwrap();
    let json = json!([{"id": crm, "object_type": "company"}]).to_string();
    let as_json = [("filter[crm_associations][eq]", json.as_str())];
    let bracketed = [
        ("filter[crm_associations][eq][0][id]", crm),
        ("filter[crm_associations][eq][0][object_type]", "company"),
    ];
    let expected = vec![linked["id"].as_str().unwrap().to_owned()];
    assert_eq!(listed(&sandbox, "companies", &as_json).await, expected);
    assert_eq!(listed(&sandbox, "companies", &bracketed).await, expected);
    let wrong = askelephant(&sandbox, "contacts", &as_json).await;
    assert_eq!(wrong.status, 400);
}

#[tokio::test]
async fn engagement_filters_join_buckets_with_and_and_their_members_with_or() {
    let sandbox = sandbox("records=90").await;
    let expand = [("expand", "companies,contacts"), ("limit", "100")];
    let engagements = askelephant(&sandbox, "engagements", &expand).await.json();
    let engagements = engagements["data"].as_array().unwrap().clone();
    let companies = records(&sandbox, "companies");
    let linked = |r: &&Value| r["crm_association"].is_object();
    let by_link = companies.iter().find(linked).unwrap();
    let by_id = companies
        .iter()
        .rfind(|r| r["id"] != by_link["id"])
        .unwrap();
    let (by_link_id, by_id_id) = (
        by_link["id"].as_str().unwrap(),
        by_id["id"].as_str().unwrap(),
    );
    let has = |r: &Value, id: &str| r["companies"].to_string().contains(id);
    let link = json!([
        {"id": by_link["crm_association"]["id"], "object_type": "company"},
        {"id": "unresolvable", "object_type": "company"},
    ])
    .to_string();
    let company_bucket = [
        ("filter[company_ids][in]", by_id_id),
        ("filter[crm_associations][eq]", link.as_str()),
    ];
    let in_bucket = |r: &Value| has(r, by_id_id) || has(r, by_link_id);
    let expected = picked(&engagements, in_bucket);
    assert!(!expected.is_empty() && expected.len() < engagements.len());
    assert_eq!(
        listed(&sandbox, "engagements", &company_bucket).await,
        expected
    );
    let with_type = [
        company_bucket[0],
        company_bucket[1],
        ("filter[engagement_type][in]", "CALL,EMAIL,MEETING,NOTE"),
        ("filter[processing_status][eq]", "COMPLETED"),
    ];
    let types = ["CALL", "EMAIL", "MEETING", "NOTE"];
    let expected = picked(&engagements, |r| {
        in_bucket(r)
            && types.contains(&r["engagement_type"].as_str().unwrap())
            && r["processing_status"] == "COMPLETED"
    });
    assert_eq!(listed(&sandbox, "engagements", &with_type).await, expected);
    let deal = engagements.iter().find(linked).unwrap();
    let deals = json!([{"id": deal["crm_association"]["id"], "object_type": "deal"}]).to_string();
    let found = listed(
        &sandbox,
        "engagements",
        &[("filter[crm_associations][eq]", &deals)],
    )
    .await;
    assert_eq!(found, [deal["id"].as_str().unwrap()]);
    let start = "2026-03-01T00:00:00Z";
    let found = listed(&sandbox, "engagements", &[("filter[start_at][gte]", start)]).await;
    let expected = picked(&engagements, |r| {
        r["start_at"].as_str().is_some_and(|at| at >= start)
    });
    assert_eq!(found, expected);
    assert!(!expected.is_empty());
    let many = vec!["cmp_1"; 26].join(",");
    let refused = askelephant(
        &sandbox,
        "engagements",
        &[("filter[company_ids][in]", &many)],
    )
    .await;
    assert_eq!(refused.status, 400);
}
