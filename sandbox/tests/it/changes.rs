//! Records change by themselves as the clock moves, and when a test edits them, also during a walk.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::client::{askelephant, ids, next_cursor, query, sandbox, walk_askelephant, walk_reevo};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[tokio::test]
async fn live_changes_appear_as_the_clock_moves() {
    let sandbox = sandbox("records=200").await;
    let start = sandbox.now();
    for stream in ["contact", "engagements"] {
        sandbox.set_clock(start);
        let before = sandbox.truth(stream);
        sandbox.set_clock(start + TimeDelta::seconds(20));
        let after = sandbox.truth(stream);
        assert_eq!(before.len(), after.len());
        let changed: Vec<_> = after
            .iter()
            .filter(|record| !before.contains(record))
            .collect();
        assert_eq!(changed.len(), 4, "{stream}");
        for record in changed {
            let earlier = before.iter().find(|other| other.id == record.id).unwrap();
            assert!(record.updated_at > earlier.updated_at && record.updated_at > start);
            assert_eq!(record.version, earlier.version + 1);
            let without_times = |json: &str| json.replace("2026", "");
            assert_ne!(without_times(&record.json), without_times(&earlier.json));
        }
    }
}

#[tokio::test]
async fn nothing_changes_by_itself_at_zero_seconds() {
    let sandbox = sandbox("records=50&change_every_seconds=0").await;
    let before = sandbox.truth("contact");
    sandbox.set_clock(at("2030-01-01T00:00:00Z"));
    assert_eq!(sandbox.truth("contact"), before);
}

#[tokio::test]
async fn records_touched_during_a_walk_are_seen_again_at_its_end() {
    let sandbox = sandbox("records=100&change_every_seconds=0").await;
    let first_id = sandbox.truth("contact")[0].id.clone();
    let hook_sandbox = sandbox.clone();
    let id = first_id.clone();
    sandbox.on_request(move |request| {
        if request.count == 3 {
            hook_sandbox.touch("contact", &id, hook_sandbox.now());
        }
    });
    let sort = json!([{"field": "updated_at", "direction": "asc"}]);
    let walked = walk_reevo(&sandbox, "contact", json!({"sort": sort, "limit": 30})).await;
    assert_eq!(walked.len(), 101);
    assert!(walked[0].contains(&first_id) && walked[100].contains(&first_id));
    assert!(walked[100].contains("revision 2"));
}

#[tokio::test]
async fn records_inserted_during_a_walk_are_found_and_removed_ones_are_not() {
    let sandbox = sandbox("records=100&change_every_seconds=0").await;
    let victim = sandbox.truth("contact")[90].id.clone();
    let hook_sandbox = sandbox.clone();
    let id = victim.clone();
    sandbox.on_request(move |request| {
        if request.count == 2 {
            hook_sandbox.remove("contact", &id);
            hook_sandbox.insert("contact", hook_sandbox.now());
        }
    });
    let sort = json!([{"field": "updated_at", "direction": "asc"}]);
    let walked = walk_reevo(&sandbox, "contact", json!({"sort": sort, "limit": 30})).await;
    let now: Vec<String> = sandbox
        .truth("contact")
        .into_iter()
        .map(|r| r.json)
        .collect();
    assert_eq!(walked, now);
    assert!(!walked.iter().any(|record| record.contains(&victim)));
}

#[tokio::test]
async fn inserted_records_are_records_like_others() {
    let sandbox = sandbox("records=20").await;
    let moment = at("2026-05-05T05:05:05.555555Z");
    for stream in ["contact", "engagements"] {
        let id = sandbox.insert(stream, moment);
        let truth = sandbox.truth(stream);
        let record = truth.iter().find(|record| record.id == id).unwrap();
        assert_eq!((record.updated_at, record.version), (moment, 1));
        sandbox.touch(stream, &id, at("2026-05-06T00:00:00Z"));
        let truth = sandbox.truth(stream);
        let record = truth.iter().find(|record| record.id == id).unwrap();
        assert_eq!(record.version, 2);
    }
}

#[tokio::test]
async fn an_id_only_cursor_follows_its_record_and_ends_with_it() {
    let sandbox = sandbox("records=100&change_every_seconds=0").await;
    let parameters = [("order_by", "updated_at:asc"), ("limit", "10")];
    let page = askelephant(&sandbox, "engagements", &parameters)
        .await
        .json();
    let last = ids(&page).pop().unwrap();
    let cursor = next_cursor(&page).unwrap();
    let next = [parameters[0], parameters[1], ("cursor", cursor.as_str())];
    sandbox.touch("engagements", &last, sandbox.now());
    let skipped = askelephant(&sandbox, "engagements", &next).await.json();
    assert_eq!(ids(&skipped).len(), 0);
    assert_eq!(skipped["has_more"], false);
    sandbox.remove("engagements", &last);
    assert_eq!(
        askelephant(&sandbox, "engagements", &next).await.status,
        400
    );
}

#[tokio::test]
async fn cursors_that_hold_their_place_outlive_their_record() {
    for mode in ["self_contained", "strict"] {
        let sandbox = sandbox(&format!(
            "records=100&change_every_seconds=0&askelephant_cursor={mode}"
        ))
        .await;
        let hook_sandbox = sandbox.clone();
        sandbox.on_request(move |request| {
            if request.count == 3 {
                let tenth = hook_sandbox.truth("engagements")[19].id.clone();
                hook_sandbox.remove("engagements", &tenth);
            }
        });
        let parameters = [("order_by", "updated_at:asc"), ("limit", "10")];
        let walked = walk_askelephant(&sandbox, "engagements", &parameters).await;
        assert_eq!(walked.len(), 100, "{mode}");
    }
}

#[tokio::test]
async fn a_delayed_change_appears_late_with_its_early_time() {
    let sandbox = sandbox("records=40&change_every_seconds=0&visibility_delay_seconds=30").await;
    let now = sandbox.now();
    let id = sandbox.insert("contact", now);
    assert!(
        !sandbox
            .truth("contact")
            .iter()
            .any(|record| record.id == id)
    );
    sandbox.set_clock(now + TimeDelta::seconds(30));
    let truth = sandbox.truth("contact");
    assert_eq!(
        truth.last().map(|record| (&record.id, record.updated_at)),
        Some((&id, now))
    );
    let filters = json!([{"field": "updated_at", "operator": "gte", "value": now.to_rfc3339()}]);
    let page = query(&sandbox, "contact", &json!({"filters": filters}))
        .await
        .json();
    assert_eq!(ids(&page), [id]);
}
