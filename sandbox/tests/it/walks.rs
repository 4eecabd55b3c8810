//! Walks through all pages give exactly what the sandbox says it holds.

use serde_json::json;

use crate::client::{askelephant, ids, query, reevo, sandbox, walk_askelephant, walk_reevo};
use revops_sandbox::Sandbox;

const REEVO: [&str; 8] = [
    "contact",
    "account",
    "opportunity",
    "task",
    "note",
    "meeting",
    "implementation_project",
    "Renewal-Plan",
];
const ELEPHANT: [&str; 5] = ["contacts", "companies", "users", "tags", "engagements"];

fn truth(sandbox: &Sandbox, stream: &str) -> Vec<String> {
    let records = sandbox.truth(stream).into_iter();
    records.map(|record| record.json).collect()
}

#[tokio::test]
async fn reevo_walks_by_updated_at_give_the_truth_at_every_limit() {
    let sandbox = sandbox("records=300").await;
    for record_type in REEVO {
        let expected = truth(&sandbox, record_type);
        assert!(!expected.is_empty());
        for limit in [1, 7, 500] {
            let first =
                json!({"sort": [{"field": "updated_at", "direction": "asc"}], "limit": limit});
            let walked = walk_reevo(&sandbox, record_type, first).await;
            assert_eq!(walked, expected, "{record_type} by {limit}");
        }
    }
}

#[tokio::test]
async fn askelephant_walks_ascending_give_the_truth_at_every_limit() {
    let sandbox = sandbox("records=300").await;
    for collection in ELEPHANT {
        let expected = truth(&sandbox, collection);
        assert!(!expected.is_empty());
        for limit in ["1", "7", "100"] {
            let parameters = [("order_by", "updated_at:asc"), ("limit", limit)];
            let walked = walk_askelephant(&sandbox, collection, &parameters).await;
            assert_eq!(walked, expected, "{collection} by {limit}");
        }
    }
}

#[tokio::test]
async fn shuffled_ties_leave_every_walk_complete_and_in_order_of_time() {
    let sandbox = sandbox("records=300&ties=shuffled").await;
    let sort = json!([{"field": "updated_at", "direction": "asc"}]);
    let mut expected = truth(&sandbox, "contact");
    let mut orders = Vec::new();
    for limit in [7, 7, 500] {
        let first = json!({"sort": sort, "limit": limit});
        orders.push(walk_reevo(&sandbox, "contact", first).await);
    }
    assert_ne!(orders[0], orders[1]);
    expected.sort();
    for mut walked in orders {
        assert!(walked.is_sorted_by_key(|record| updated_at(record)));
        walked.sort();
        assert_eq!(walked, expected);
    }
    for mode in ["id_only", "self_contained", "strict"] {
        let sandbox = shuffled_askelephant(mode).await;
        let parameters = [("order_by", "updated_at:asc"), ("limit", "7")];
        let mut walked = walk_askelephant(&sandbox, "engagements", &parameters).await;
        assert!(walked.is_sorted_by_key(|record| updated_at(record)));
        let mut expected = truth(&sandbox, "engagements");
        walked.sort();
        expected.sort();
        assert_eq!(walked, expected, "{mode}");
    }
}

async fn shuffled_askelephant(mode: &str) -> Sandbox {
    sandbox(&format!(
        "records=300&ties=shuffled&askelephant_cursor={mode}"
    ))
    .await
}

fn updated_at(record: &str) -> String {
    let record: serde_json::Value = serde_json::from_str(record).unwrap();
    record["updated_at"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_order_walks_the_same_records() {
    let sandbox = sandbox("records=200").await;
    let mut expected = truth(&sandbox, "contact");
    expected.sort();
    let sorts = [
        json!([]),
        json!([{"field": "id", "direction": "desc"}]),
        json!([{"field": "updated_at", "direction": "desc"}]),
        json!([{"field": "updated_at", "direction": "asc"}, {"field": "id", "direction": "asc"}]),
        json!([{"field": "updated_at", "direction": "asc"}, {"field": "id", "direction": "desc"}]),
        json!([{"field": "lead_score", "direction": "desc"}]),
        json!([{"field": "sms_consent"}, {"field": "first_name", "direction": "desc"}, {"field": "birthday"}]),
    ];
    for sort in sorts {
        let first = json!({"sort": sort, "limit": 30});
        let mut walked = walk_reevo(&sandbox, "contact", first).await;
        walked.sort();
        assert_eq!(walked, expected, "{sort}");
    }
}

#[tokio::test]
async fn descending_walks_are_ascending_walks_reversed() {
    let sandbox = sandbox("records=200").await;
    let mut expected = truth(&sandbox, "contacts");
    expected.reverse();
    let by_default = walk_askelephant(&sandbox, "contacts", &[("limit", "9")]).await;
    assert_eq!(by_default, expected);
}

#[tokio::test]
async fn two_sandboxes_hold_the_same_records_unless_their_seeds_differ() {
    let (one, same) = (sandbox("seed=3").await, sandbox("seed=3").await);
    let other = sandbox("seed=4").await;
    for stream in REEVO.into_iter().chain(ELEPHANT) {
        assert_eq!(one.truth(stream), same.truth(stream));
        assert_ne!(one.truth(stream), other.truth(stream));
    }
}

#[tokio::test]
async fn streams_have_their_share_of_the_records_and_may_be_empty() {
    let sandbox = sandbox("records=0").await;
    for stream in REEVO.into_iter().chain(ELEPHANT) {
        assert!(sandbox.truth(stream).is_empty());
    }
    let page = query(&sandbox, "contact", &json!({})).await.json();
    assert_eq!(page, super::client::fixture("reevo/query_page_empty.json"));
    let page = askelephant(&sandbox, "users", &[]).await.json();
    assert_eq!(page, super::client::fixture("askelephant/list_empty.json"));
    let sandbox = super::client::sandbox("records=1").await;
    for stream in REEVO.into_iter().chain(ELEPHANT) {
        assert_eq!(sandbox.truth(stream).len(), 1, "{stream}");
    }
}

#[tokio::test]
async fn single_reads_agree_with_lists() {
    let sandbox = sandbox("records=20").await;
    let record = sandbox.truth("account").pop().unwrap();
    let answer = reevo(&sandbox, "GET", &format!("/account/{}", record.id), "").await;
    assert_eq!(answer.body, format!("{{\"data\":{}}}", record.json));
    let record = sandbox.truth("companies").pop().unwrap();
    let answer = askelephant(&sandbox, &format!("companies/{}", record.id), &[]).await;
    assert_eq!(answer.body, record.json);
    assert!(answer.header("etag").is_some());
}

#[tokio::test]
async fn limits_have_their_defaults() {
    let sandbox = sandbox("").await;
    let page = query(&sandbox, "contact", &json!({})).await.json();
    assert_eq!(ids(&page).len(), 50);
    let page = askelephant(&sandbox, "contacts", &[]).await.json();
    assert_eq!(ids(&page).len(), 25);
}
