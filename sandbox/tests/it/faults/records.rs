//! Faults of records and schemas.

use revops_sandbox::Sandbox;
use serde_json::{Value, json};

use super::{play, play_rules};
use crate::client::{askelephant, query, reevo, sandbox, texts};

/// The positions of the records that a fault changed, and the last of them.
async fn changed_record(sandbox: &Sandbox, fault: Value) -> (Vec<usize>, Value) {
    let truth = texts(&query(sandbox, "contact", &json!({})).await.body);
    play(sandbox, &fault);
    let found = texts(&query(sandbox, "contact", &json!({})).await.body);
    assert_eq!(found.len(), truth.len());
    let changed: Vec<usize> = (0..truth.len())
        .filter(|at| found[*at] != truth[*at])
        .collect();
    let record = serde_json::from_str(&found[changed[0]]).unwrap();
    (changed, record)
}

#[tokio::test]
async fn one_record_lacks_a_member_and_the_others_keep_their_bytes() {
    let sandbox = sandbox("records=20&hostile_text=true").await;
    for member in ["updated_at", "id"] {
        let fault = json!({"record_without": {"member": member, "at": 3}});
        let (changed, record) = changed_record(&sandbox, fault).await;
        assert_eq!(changed, [3]);
        assert!(record.get(member).is_none() && record["attributes"].get(member).is_none());
        assert!(record["created_at"].is_string());
    }
}

#[tokio::test]
async fn one_record_has_a_wrong_member_or_a_future_time_or_no_shape() {
    let sandbox = sandbox("records=20").await;
    let settings = json!({"member": "updated_at", "value": "yesterday", "at": 999});
    let (changed, record) = changed_record(&sandbox, json!({"record_with": settings})).await;
    assert_eq!(
        (changed, &record["updated_at"]),
        (vec![19], &json!("yesterday"))
    );
    assert_eq!(record["attributes"]["updated_at"]["value"], "yesterday");
    let fault = json!({"record_from_the_future": {"seconds": 3600}});
    let (changed, record) = changed_record(&sandbox, fault).await;
    assert_eq!(changed.len(), 1);
    assert_eq!(record["updated_at"], "2026-07-15T13:00:00.000000Z");
    let (_, record) = changed_record(&sandbox, json!("broken_record")).await;
    assert_eq!(record, "no record");
    let (_, record) = changed_record(&sandbox, json!({"broken_record": {"value": null}})).await;
    assert_eq!(record, Value::Null);
}

#[tokio::test]
async fn the_changed_record_is_random_but_the_same_for_a_seed() {
    let mut places = Vec::new();
    for seed in [1, 1, 2, 3, 4] {
        let sandbox = sandbox(&format!("records=50&seed={seed}")).await;
        places.push(changed_record(&sandbox, json!("broken_record")).await.0[0]);
    }
    assert_eq!(places[0], places[1]);
    assert!(places[2..].iter().any(|place| *place != places[0]));
}

async fn schema(sandbox: &Sandbox) -> Vec<(String, String)> {
    let answer = reevo(sandbox, "GET", "/_schema/contact", "").await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let attributes = answer.json()["attributes"].as_array().unwrap().clone();
    let pair = |a: &Value| (text(&a["api_name"]), text(&a["type_info"]["value_type"]));
    attributes.iter().map(pair).collect()
}

#[tokio::test]
async fn a_schema_changes_from_some_request_on() {
    let sandbox = sandbox("records=10").await;
    let before = schema(&sandbox).await;
    play_rules(&sandbox, &json!([{"skip": 1, "fault": "changed_schema"}]));
    query(&sandbox, "contact", &json!({})).await;
    assert_eq!(schema(&sandbox).await, before);
    let after = schema(&sandbox).await;
    assert_eq!(schema(&sandbox).await, after);
    let has = |list: &[(String, String)], name: &str| list.iter().any(|(known, _)| known == name);
    let gone: Vec<_> = before
        .iter()
        .filter(|(name, _)| !has(&after, name))
        .collect();
    let new: Vec<_> = after
        .iter()
        .filter(|(name, _)| !has(&before, name))
        .collect();
    assert_eq!(
        (gone.len(), new.len(), new[0].0.as_str()),
        (1, 1, "appeared_later")
    );
    let other: Vec<_> = after
        .iter()
        .filter(|a| !before.contains(a) && *a != new[0])
        .collect();
    assert_eq!((other.len(), other[0].1.as_str()), (1, "number"));
}

#[tokio::test]
async fn a_schema_changes_as_the_script_says() {
    let sandbox = sandbox("records=10").await;
    let settings = json!({
        "vanish": ["title", "stage"], "appear": ["x", "y"], "retype": {"department": "boolean"},
    });
    let mut expected = schema(&sandbox).await;
    expected.retain(|(name, _)| name != "title" && name != "stage");
    let pair = |name: &str, value_type: &str| (name.to_owned(), value_type.to_owned());
    for attribute in &mut expected {
        if attribute.0 == "department" {
            *attribute = pair("department", "boolean");
        }
    }
    expected.extend([pair("x", "string"), pair("y", "string")]);
    play(&sandbox, &json!({"changed_schema": settings}));
    assert_eq!(schema(&sandbox).await, expected);
}

#[tokio::test]
async fn records_change_before_a_page_and_other_rules_still_hold() {
    let sandbox = sandbox("records=100&change_every_seconds=0").await;
    let before = sandbox.truth("contact");
    play_rules(
        &sandbox,
        &json!([
            {"stream": "contact", "skip": 1, "times": 1, "fault": {"records_change": {"count": 5}}},
            {"stream": "contact", "skip": 1, "times": 1, "fault": "html"},
        ]),
    );
    query(&sandbox, "contact", &json!({})).await;
    assert_eq!(sandbox.truth("contact"), before);
    let answer = query(&sandbox, "contact", &json!({})).await;
    assert_eq!(answer.header("content-type"), Some("text/html"));
    let after = sandbox.truth("contact");
    assert_eq!(after.len(), before.len());
    let changed: Vec<_> = after
        .iter()
        .filter(|record| !before.contains(record))
        .collect();
    assert_eq!(changed.len(), 5);
    assert!(
        changed
            .iter()
            .all(|record| record.updated_at == sandbox.now())
    );
}

#[tokio::test]
async fn records_vanish_before_every_page_until_none_is_left() {
    let sandbox = sandbox("records=400&change_every_seconds=0").await;
    play_rules(
        &sandbox,
        &json!([{"fault": {"records_vanish": {"count": 4}}}]),
    );
    let mut counts = Vec::new();
    for _ in 0..4 {
        let page = askelephant(&sandbox, "tags", &[]).await;
        assert_eq!(texts(&page.body).len(), sandbox.truth("tags").len());
        counts.push(texts(&page.body).len());
    }
    assert_eq!(counts, [6, 2, 0, 0]);
    assert_eq!(sandbox.truth("contact").len(), 400);
}

#[tokio::test]
async fn what_changes_by_a_rule_is_the_same_for_a_seed() {
    let mut versions = Vec::new();
    for _ in 0..2 {
        let sandbox = sandbox("records=50&change_every_seconds=0").await;
        play_rules(
            &sandbox,
            &json!([{"fault": {"records_change": {"count": 7}}}]),
        );
        query(&sandbox, "contact", &json!({})).await;
        query(&sandbox, "contact", &json!({})).await;
        versions.push(sandbox.truth("contact"));
    }
    assert_eq!(versions[0], versions[1]);
}
