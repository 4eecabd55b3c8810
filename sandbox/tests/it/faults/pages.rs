//! Faults of pages and cursors.

use revops_sandbox::Sandbox;
use serde_json::{Value, json};

use super::{play, play_rules};
use crate::client::{askelephant, ids, next_cursor, query, sandbox, walk_askelephant, walk_reevo};

async fn contacts(sandbox: &Sandbox, cursor: Option<&str>) -> Value {
    let mut body = json!({"limit": 3});
    if let Some(cursor) = cursor {
        body["cursor"] = cursor.into();
    }
    query(sandbox, "contact", &body).await.json()
}

async fn tags(sandbox: &Sandbox, cursor: Option<&str>) -> Value {
    let mut parameters = vec![("limit", "3")];
    parameters.extend(cursor.map(|cursor| ("cursor", cursor)));
    askelephant(sandbox, "tags", &parameters).await.json()
}

/// The ids of all pages in the order in which they are served.
async fn pages(sandbox: &Sandbox) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut cursor = None;
    loop {
        let page = contacts(sandbox, cursor.as_deref()).await;
        pages.push(ids(&page));
        cursor = next_cursor(&page);
        if cursor.is_none() {
            return pages;
        }
    }
}

#[tokio::test]
async fn an_invalid_cursor_is_refused_as_the_api_refuses_it() {
    let sandbox = sandbox("records=400").await;
    let unknown = contacts(&sandbox, Some("x")).await;
    let first = contacts(&sandbox, None).await;
    let cursor = next_cursor(&first).unwrap();
    play(&sandbox, &json!("invalid_cursor"));
    assert_eq!(contacts(&sandbox, None).await, first);
    assert_eq!(contacts(&sandbox, Some(&cursor)).await, unknown);
    assert!(contacts(&sandbox, Some(&cursor)).await["data"].is_array());

    let cursor = next_cursor(&tags(&sandbox, None).await).unwrap();
    play(&sandbox, &json!("invalid_cursor"));
    let refused = askelephant(&sandbox, "tags", &[("cursor", &cursor)]).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["errors"][0]["code"], "invalid_cursor");
    assert_eq!(refused.header("x-api-version"), Some("v2"));
}

#[tokio::test]
async fn the_same_cursor_comes_twice() {
    for place in ["top", "pagination", "meta"] {
        let sandbox = sandbox(&format!("records=10&cursor_place={place}")).await;
        play(&sandbox, &json!("same_cursor"));
        let first = next_cursor(&contacts(&sandbox, None).await).unwrap();
        let second = contacts(&sandbox, Some(&first)).await;
        assert_eq!(next_cursor(&second).as_ref(), Some(&first));
        let again = contacts(&sandbox, Some(&first)).await;
        assert_eq!(ids(&again), ids(&second));
        assert_ne!(next_cursor(&again).unwrap(), first);
    }
}

#[tokio::test]
async fn an_empty_page_leads_to_the_page_it_stands_for() {
    let sandbox = sandbox("records=10").await;
    let truth = pages(&sandbox).await;
    for skip in 0..truth.len() {
        play_rules(
            &sandbox,
            &json!([{"skip": skip, "times": 2, "fault": "empty_page"}]),
        );
        let mut expected = truth.clone();
        expected.splice(skip..skip, [Vec::new(), Vec::new()]);
        assert_eq!(pages(&sandbox).await, expected);
    }
}

#[tokio::test]
async fn a_duplicated_page_comes_twice_and_nothing_is_lost() {
    let sandbox = sandbox("records=10").await;
    let truth = pages(&sandbox).await;
    for skip in 0..truth.len() {
        play_rules(
            &sandbox,
            &json!([{"skip": skip, "times": 1, "fault": "duplicated_page"}]),
        );
        let mut expected = truth.clone();
        expected.insert(skip, truth[skip].clone());
        assert_eq!(pages(&sandbox).await, expected);
    }
}

#[tokio::test]
async fn two_pages_change_places() {
    for options in ["", "ties=shuffled", "cursor_place=pagination"] {
        let sandbox = sandbox(&format!("records=11&{options}")).await;
        let truth = pages(&sandbox).await;
        for skip in 0..truth.len() {
            play_rules(
                &sandbox,
                &json!([{"skip": skip, "times": 1, "fault": "pages_out_of_order"}]),
            );
            let mut expected = truth.clone();
            if skip + 1 < truth.len() {
                expected.swap(skip, skip + 1);
            }
            assert_eq!(pages(&sandbox).await, expected, "{options} {skip}");
        }
    }
}

#[tokio::test]
async fn a_walk_through_everything_at_once_still_holds_every_record() {
    for options in [
        "askelephant_cursor=id_only",
        "askelephant_cursor=strict&ties=shuffled",
    ] {
        let sandbox = sandbox(&format!("records=200&{options}")).await;
        let parameters = [("limit", "7")];
        let mut truth = walk_askelephant(&sandbox, "contacts", &parameters).await;
        play_rules(
            &sandbox,
            &json!([
                {"skip": 1, "times": 2, "fault": "pages_out_of_order"},
                {"skip": 3, "times": 3, "fault": "empty_page"},
                {"skip": 7, "times": 2, "fault": "duplicated_page"},
                {"skip": 8, "times": 2, "fault": "pages_out_of_order"},
            ]),
        );
        let mut walked = walk_askelephant(&sandbox, "contacts", &parameters).await;
        assert_ne!(walked, truth);
        walked.sort();
        walked.dedup();
        truth.sort();
        assert_eq!(walked, truth);
    }
}

#[tokio::test]
async fn a_page_says_that_there_is_more_without_a_cursor() {
    let sandbox = sandbox("records=400").await;
    play(&sandbox, &json!("more_without_cursor"));
    let page = tags(&sandbox, None).await;
    assert_eq!(
        (&page["has_more"], &page["next_cursor"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(ids(&page).len(), 3);
    play(&sandbox, &json!("more_without_cursor"));
    let page = contacts(&sandbox, None).await;
    assert_eq!(
        (&page["has_more"], &page["next_cursor"]),
        (&json!(true), &Value::Null)
    );
}

#[tokio::test]
async fn faults_of_pages_leave_errors_alone() {
    let sandbox = sandbox("records=10&forbid=contact").await;
    let truth = query(&sandbox, "contact", &json!({})).await;
    for fault in [
        "empty_page",
        "duplicated_page",
        "pages_out_of_order",
        "record_from_the_future",
    ] {
        play(&sandbox, &json!(fault));
        let answer = query(&sandbox, "contact", &json!({})).await;
        assert_eq!((answer.status, answer.body), (403, truth.body.clone()));
    }
}

#[tokio::test]
async fn a_detour_still_needs_the_right_key() {
    let sandbox = sandbox("records=10").await;
    play(&sandbox, &json!("empty_page"));
    let cursor = next_cursor(&contacts(&sandbox, None).await).unwrap();
    let body = json!({"cursor": cursor}).to_string();
    let headers = [("x-api-key", "wrong"), ("content-type", "application/json")];
    let path = "/api/v2/contact/_query";
    let answer = super::super::client::send(&sandbox, "POST", path, &headers, &body).await;
    assert_eq!(answer.status, 401);
    let rest = walk_reevo(&sandbox, "contact", json!({"cursor": cursor, "limit": 3})).await;
    assert_eq!(rest.len(), 10);
}
