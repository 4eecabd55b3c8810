//! Answers that are not the API's, and rate limits.

use serde_json::{Value, json};

use super::{play, play_rules};
use crate::client::{Answer, askelephant, fixture, query, sandbox};

async fn answer(fault: Value) -> Answer {
    let sandbox = sandbox("records=10").await;
    play(&sandbox, &fault);
    query(&sandbox, "contact", &json!({})).await
}

#[tokio::test]
async fn any_status_comes_with_any_retry_after() {
    for (settings, expected) in [
        (json!({"code": 503}), None),
        (json!({"code": 503, "retry_after": 5}), Some("5")),
        (
            json!({"code": 503, "retry_after": 99_999_999_999_u64}),
            Some("99999999999"),
        ),
        (json!({"code": 503, "retry_after": -1}), Some("-1")),
        (json!({"code": 503, "retry_after": "soon"}), Some("soon")),
        (
            json!({"code": 503, "retry_after_date_in": 30}),
            Some("Wed, 15 Jul 2026 12:00:30 GMT"),
        ),
        (
            json!({"code": 503, "retry_after_date_in": -86400}),
            Some("Tue, 14 Jul 2026 12:00:00 GMT"),
        ),
    ] {
        let answer = answer(json!({"status": settings})).await;
        assert_eq!(answer.status, 503);
        assert_eq!(answer.header("retry-after"), expected, "{settings}");
        assert!(answer.json()["detail"].is_string());
    }
}

#[tokio::test]
async fn a_status_has_the_headers_and_the_body_of_the_script() {
    let settings = json!({
        "code": 418, "headers": {"X-Request-Id": "abc", "content-type": "text/plain"}, "body": "tea",
    });
    let tea = answer(json!({"status": settings})).await;
    assert_eq!((tea.status, tea.body.as_str()), (418, "tea"));
    assert_eq!(tea.header("x-request-id"), Some("abc"));
    assert_eq!(tea.header("content-type"), Some("text/plain"));
    let odd = answer(json!({"status": {"code": 200, "body": {"data": 1}}})).await;
    assert_eq!(odd.json(), json!({"data": 1}));
}

#[tokio::test]
async fn a_proxy_answers_in_html_with_any_status() {
    for (fault, status) in [(json!("html"), 200), (json!({"html": {"code": 502}}), 502)] {
        let answer = answer(fault).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("content-type"), Some("text/html"));
        assert!(answer.body.starts_with("<!DOCTYPE html>"));
    }
}

#[tokio::test]
async fn a_redirect_leads_to_the_same_path_elsewhere() {
    let sandbox = sandbox("records=10").await;
    let settings = json!({"code": 302, "origin": "http://localhost:9"});
    play_rules(&sandbox, &json!([{"fault": {"redirect": settings}}]));
    let answer = askelephant(&sandbox, "tags", &[("limit", "3")]).await;
    assert_eq!(answer.status, 302);
    let location = Some("http://localhost:9/v2/tags?limit=3");
    assert_eq!(answer.header("location"), location);
}

#[tokio::test]
async fn a_rate_limit_goes_by_the_clock_and_leaves_other_rules_alone() {
    let sandbox = sandbox("records=10").await;
    let limit = json!({"capacity": 2, "refill_per_second": 0.1});
    play_rules(
        &sandbox,
        &json!([{"fault": {"rate_limit": limit}}, {"skip": 1, "times": 1, "fault": "html"}]),
    );
    let ask = async || query(&sandbox, "contact", &json!({})).await;
    assert_eq!(ask().await.header("content-type"), Some("application/json"));
    assert_eq!(ask().await.header("content-type"), Some("text/html"));
    let refused = ask().await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after"), Some("10"));
    assert_eq!(refused.json(), fixture("reevo/error_rate_limited.json"));
    sandbox.set_clock(sandbox.now() + chrono::TimeDelta::seconds(9));
    assert_eq!(ask().await.header("retry-after"), Some("1"));
    sandbox.set_clock(sandbox.now() + chrono::TimeDelta::seconds(1));
    assert_eq!(ask().await.status, 200);
    assert_eq!(ask().await.status, 429);
}

#[tokio::test]
async fn a_rate_limit_may_leave_out_retry_after() {
    let sandbox = sandbox("records=10").await;
    let limit = json!({"capacity": 1, "headers": false});
    play_rules(&sandbox, &json!([{"fault": {"rate_limit": limit}}]));
    assert_eq!(askelephant(&sandbox, "tags", &[]).await.status, 200);
    let refused = askelephant(&sandbox, "tags", &[]).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, None));
    let mut body = refused.json();
    let expected = fixture("askelephant/error_429_rate_limited.json");
    body["request_id"] = expected["request_id"].clone();
    assert_eq!(body, expected);
}
