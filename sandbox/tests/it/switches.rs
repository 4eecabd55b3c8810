//! Each option has its effect.

use serde_json::{Value, json};

use crate::client::{askelephant, fixture, ids, keys, next_cursor, query, reevo, sandbox};
use revops_sandbox::Sandbox;

fn all(sandbox: &Sandbox, stream: &str) -> String {
    let records = sandbox.truth(stream).into_iter();
    records
        .map(|record| record.json)
        .collect::<Vec<_>>()
        .join("\n")
}

async fn contacts(options: &str, body: Value) -> Value {
    let sandbox = sandbox(&format!("records=500&{options}")).await;
    query(&sandbox, "contact", &body).await.json()
}

#[tokio::test]
async fn the_cursor_has_three_places_and_three_ends() {
    let page = contacts("cursor_place=pagination", json!({"limit": 1})).await;
    let variant = fixture("reevo/query_page_variant_cursor_in_pagination.json");
    assert_eq!(keys(&page), keys(&variant));
    assert_eq!(keys(&page["pagination"]), keys(&variant["pagination"]));
    let page = contacts("cursor_place=meta", json!({"limit": 1})).await;
    assert!(page["meta"]["next_cursor"].is_string());
    let last = json!({"limit": 500});
    let page = contacts("cursor_end=absent", last.clone()).await;
    assert_eq!(keys(&page), ["data"]);
    let page = contacts("cursor_end=empty", last.clone()).await;
    assert_eq!(page["next_cursor"], "");
    let page = contacts("", last).await;
    assert_eq!(page["next_cursor"], Value::Null);
}

#[tokio::test]
async fn errors_come_in_every_envelope_of_the_fixtures() {
    let variants = fixture("reevo/error_envelope_variants.json");
    for (word, name) in [
        ("nested", "nested_object"),
        ("flat", "flat"),
        ("platform", "platform_style_with_code"),
        ("errors", "errors_array"),
        ("detail", "framework_detail_object"),
    ] {
        let options = format!("error_envelope={word}");
        let mut ours = contacts(&options, json!({"cursor": "x"})).await;
        let theirs = &variants[name];
        let said = "Cursor is malformed, expired or belongs to another query.";
        ours = serde_json::from_str(&ours.to_string().replace(said, "Cursor expired.")).unwrap();
        assert_eq!(&ours, theirs, "{word}");
    }
}

#[tokio::test]
async fn missing_values_have_three_forms() {
    let department = |page: &Value| -> Vec<&'static str> {
        let records = page["data"].as_array().unwrap().iter();
        records
            .map(|record| match record["attributes"].get("department") {
                None => "absent",
                Some(Value::Null) => "bare",
                Some(envelope) if envelope["value"].is_null() => "envelope",
                Some(_) => "value",
            })
            .collect()
    };
    for form in ["absent", "bare", "envelope"] {
        let page = contacts(&format!("nulls={form}"), json!({"limit": 500})).await;
        let forms = department(&page);
        assert!(forms.contains(&form));
        assert!(
            forms
                .iter()
                .all(|found| found == &form || found == &"value")
        );
    }
    let page = contacts("nulls=mixed", json!({"limit": 500})).await;
    let forms = department(&page);
    for form in ["absent", "bare", "envelope", "value"] {
        assert!(forms.contains(&form), "{form}");
    }
}

#[tokio::test]
async fn numbers_are_strings_or_numbers_or_both() {
    let long = "12345678901234567890.123456789";
    let strings = all(&sandbox("records=300").await, "contact");
    assert!(strings.contains(&format!("\"value\":\"{long}\"")));
    let numbers = all(&sandbox("records=300&numbers=number").await, "contact");
    assert!(numbers.contains(&format!("\"value\":{long}")));
    assert!(!numbers.contains(&format!("\"{long}\"")));
    let accounts = all(&sandbox("records=300&numbers=number").await, "account");
    assert!(accounts.contains("\"amount\":150000.00"));
    let mixed = all(&sandbox("records=900&numbers=mixed").await, "contact");
    assert!(mixed.contains(&format!("\"value\":{long}")));
    assert!(mixed.contains(&format!("\"value\":\"{long}\"")));
}

#[tokio::test]
async fn timestamps_are_written_as_the_option_says_and_compared_as_stored() {
    for (form, length) in [
        ("micros", 27),
        ("millis", 24),
        ("seconds", 20),
        ("offset", 25),
    ] {
        let sandbox = sandbox(&format!("records=50&timestamps={form}")).await;
        for stream in ["contact", "users"] {
            let truth = sandbox.truth(stream);
            let record: Value = serde_json::from_str(&truth[0].json).unwrap();
            let written = record["updated_at"].as_str().unwrap();
            assert_eq!(written.len(), length, "{written}");
            let read: chrono::DateTime<chrono::Utc> = written.parse().unwrap();
            let lost = truth[0].updated_at - read;
            assert!((0..1_000_000).contains(&lost.num_microseconds().unwrap()));
        }
    }
    let sandbox = sandbox("records=50&timestamps=seconds").await;
    let newest = sandbox.truth("contact").pop().unwrap();
    let record: Value = serde_json::from_str(&newest.json).unwrap();
    let filters = json!([{"field": "updated_at", "operator": "gt", "value": record["updated_at"]}]);
    let page = query(&sandbox, "contact", &json!({"filters": filters}))
        .await
        .json();
    assert_eq!(ids(&page), [newest.id]);
    let mixed = all(
        &super::client::sandbox("records=50&timestamps=mixed").await,
        "contact",
    );
    assert!(mixed.contains("+02:00") && mixed.contains('Z'));
}

#[tokio::test]
async fn limits_beyond_the_maximum_are_refused_or_capped() {
    let status = async |options: &str| {
        let sandbox = sandbox(options).await;
        let reevo = query(&sandbox, "contact", &json!({"limit": 501})).await;
        let askelephant = askelephant(&sandbox, "engagements", &[("limit", "101")]).await;
        (reevo.status, askelephant.status)
    };
    assert_eq!(status("").await, (400, 422));
    assert_eq!(status("limit_overrun=error422").await, (422, 422));
    assert_eq!(status("limit_overrun=cap").await, (200, 200));
    assert_eq!(status("max_limit=501").await, (200, 200));
    let capped = sandbox("limit_overrun=cap&max_limit=20").await;
    let page = query(&capped, "contact", &json!({"limit": 500}))
        .await
        .json();
    assert_eq!(ids(&page).len(), 20);
    let page = askelephant(&capped, "engagements", &[("limit", "99")])
        .await
        .json();
    assert_eq!(ids(&page).len(), 20);
    for limit in [0, -1] {
        let answer = query(&capped, "contact", &json!({"limit": limit})).await;
        assert_eq!(answer.json()["error"]["code"], "limit_out_of_range");
    }
}

#[tokio::test]
async fn cursors_expire() {
    let sandbox = sandbox("records=100&cursor_expires_after=60").await;
    let page = query(&sandbox, "contact", &json!({"limit": 1}))
        .await
        .json();
    let body = json!({"cursor": next_cursor(&page), "limit": 1});
    let list = askelephant(&sandbox, "contacts", &[("limit", "1")])
        .await
        .json();
    let cursor = next_cursor(&list).unwrap();
    let parameters = [("limit", "1"), ("cursor", cursor.as_str())];
    for (seconds, expected) in [(59, 200), (60, 400)] {
        let start: chrono::DateTime<chrono::Utc> = "2026-07-15T12:00:00Z".parse().unwrap();
        sandbox.set_clock(start + chrono::TimeDelta::seconds(seconds));
        assert_eq!(query(&sandbox, "contact", &body).await.status, expected);
        assert_eq!(
            askelephant(&sandbox, "contacts", &parameters).await.status,
            expected
        );
    }
}

async fn schema_of(options: &str, record_type: &str, attribute: &str) -> Value {
    let sandbox = sandbox(options).await;
    let schema = reevo(&sandbox, "GET", &format!("/_schema/{record_type}"), "")
        .await
        .json();
    let attributes = schema["attributes"].as_array().unwrap().iter();
    let mut named = attributes.filter(|a| a["api_name"] == attribute);
    named.next().cloned().unwrap_or_default()
}

#[tokio::test]
async fn id_and_updated_at_may_be_unsortable() {
    let options = "id_sortable=false&updated_at_unsortable=contact";
    assert_eq!(
        schema_of(options, "contact", "id").await["is_sortable"],
        false
    );
    let updated_at = schema_of(options, "contact", "updated_at").await;
    assert_eq!(updated_at["is_sortable"], false);
    assert_eq!(updated_at["is_filterable"], false);
    assert_eq!(
        schema_of(options, "account", "updated_at").await["is_sortable"],
        true
    );
    let by_id = contacts(options, json!({"sort": [{"field": "id"}]})).await;
    assert_eq!(by_id["error"]["code"], "unsortable_field");
    let filters =
        json!([{"field": "updated_at", "operator": "gte", "value": "2026-01-01T00:00:00Z"}]);
    let filtered = contacts(options, json!({"filters": filters})).await;
    assert_eq!(filtered["error"]["code"], "invalid_filter_field");
}

#[tokio::test]
async fn records_may_carry_what_the_schema_does_not_announce() {
    let page = contacts("unknown_attributes=2", json!({"limit": 1})).await;
    let attributes = &page["data"][0]["attributes"];
    assert_eq!(attributes["unannounced_1"]["value_type"], "geo_point");
    assert!(attributes["unannounced_2"].is_object());
    assert!(
        schema_of("unknown_attributes=2", "contact", "unannounced_1")
            .await
            .is_null()
    );
}

#[tokio::test]
async fn currencies_may_be_named_and_selects_plain() {
    let accounts = all(&sandbox("records=50&currency_code=true").await, "account");
    assert!(accounts.contains("\"currency_code\":\"USD\""));
    let contacts = all(&sandbox("records=50&select_plain=true").await, "contact");
    assert!(contacts.contains("{\"value_type\":\"select\",\"value\":\"tier_1\"}"));
    assert!(contacts.contains("{\"value_type\":\"contact_stage\",\"value\":{"));
}

#[tokio::test]
async fn archived_records_may_stay_with_a_mark() {
    let sandbox = sandbox("records=200&archived=visible&change_every_seconds=0").await;
    assert!(
        schema_of("archived=visible", "contact", "archived_at")
            .await
            .is_object()
    );
    assert!(schema_of("", "contact", "archived_at").await.is_null());
    let mark = "\"archived_at\":{\"value_type\":\"timestamp\",\"value\":\"2026-";
    assert!(all(&sandbox, "contact").contains(mark));
    for (stream, mark) in [
        ("contact", mark),
        (
            "note",
            "\"deleted_at\":{\"value_type\":\"timestamp\",\"value\":\"2026-",
        ),
    ] {
        let id = sandbox.truth(stream)[0].id.clone();
        sandbox.remove(stream, &id);
        let last = sandbox.truth(stream).pop().unwrap();
        assert_eq!((last.id, last.updated_at), (id, sandbox.now()));
        assert!(last.json.contains(mark));
    }
}

#[tokio::test]
async fn askelephant_cursors_hold_an_id_or_everything_or_everything_strictly() {
    let second = async |mode: &str, parameters: &[(&str, &str)]| {
        let sandbox = sandbox(&format!("records=100&askelephant_cursor={mode}")).await;
        let first = [("order_by", "updated_at:asc"), ("limit", "10")];
        let page = askelephant(&sandbox, "contacts", &first).await.json();
        let cursor = next_cursor(&page).unwrap();
        let mut next = parameters.to_vec();
        next.push(("cursor", &cursor));
        let answer = askelephant(&sandbox, "contacts", &next).await;
        let truth: Vec<String> = sandbox
            .truth("contacts")
            .into_iter()
            .map(|r| r.id)
            .collect();
        match answer.status {
            200 if ids(&answer.json())[..5] == truth[10..15] => "ascending",
            200 if ids(&answer.json())[0] == truth[8] => "descending",
            200 => "else",
            _ => "refused",
        }
    };
    let (repeated, other) = (
        ("order_by", "updated_at:asc"),
        ("order_by", "updated_at:desc"),
    );
    let search = ("search", "a");
    assert_eq!(second("id_only", &[repeated]).await, "ascending");
    assert_eq!(second("id_only", &[]).await, "descending");
    assert_eq!(second("self_contained", &[]).await, "ascending");
    assert_eq!(second("self_contained", &[other]).await, "ascending");
    assert_eq!(second("strict", &[repeated]).await, "ascending");
    assert_eq!(
        second("strict", &[repeated, ("limit", "7")]).await,
        "ascending"
    );
    for changed in [vec![], vec![other], vec![repeated, search]] {
        assert_eq!(second("strict", &changed).await, "refused", "{changed:?}");
    }
}

#[tokio::test]
async fn optional_members_are_absent_or_null() {
    let absent = all(&sandbox("records=100").await, "contacts");
    let null = all(
        &sandbox("records=100&optional_members=null").await,
        "contacts",
    );
    assert!(!absent.contains("\"time_zone\":null"));
    assert!(null.contains("\"time_zone\":null"));
    assert_eq!(null.matches("\"time_zone\":").count(), 50);
}

#[tokio::test]
async fn nested_keys_have_two_spellings() {
    let a = all(&sandbox("records=100").await, "companies");
    let b = all(&sandbox("records=100&nested_keys=b").await, "companies");
    assert!(a.contains("{\"domain\":") && a.contains("\"crm_association\":{\"id\":"));
    assert!(b.contains("{\"name\":") && b.contains("\"crm_association\":{\"crm_object_id\":"));
}

#[tokio::test]
async fn undocumented_members_and_enum_values_appear() {
    let sandbox = sandbox("records=400&extra_members=true").await;
    assert!(all(&sandbox, "engagements").contains("WEBINAR"));
    assert!(all(&sandbox, "contacts").contains("\"health_score\":0.7500"));
}

#[tokio::test]
async fn texts_are_hostile_only_with_the_option() {
    let endings = ["\\u0000\"", "\\ud83d\"", "\\udc00 x\""];
    let tame = sandbox("records=300").await;
    let hostile = sandbox("records=300&hostile_text=true").await;
    for stream in ["contact", "engagements"] {
        for ending in endings {
            assert!(!all(&tame, stream).contains(ending));
            assert!(all(&hostile, stream).contains(ending), "{stream} {ending}");
        }
    }
}

#[tokio::test]
async fn the_key_option_replaces_the_default() {
    let sandbox = sandbox("records=10&key=sk-apik_other.secret").await;
    assert_eq!(sandbox.key(), "sk-apik_other.secret");
    assert_eq!(askelephant(&sandbox, "users", &[]).await.status, 200);
}
