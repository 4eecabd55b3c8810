//! Error statuses, answers that are not the API's, and the waits that `Retry-After` asks for.

use super::{BOTH, Trial, both_fail, both_survive};
use serde_json::{Value, json};
use std::net::TcpListener;

/// The fault on page 2 and after it, some times.
fn page(times: u64, fault: &Value) -> Value {
    json!([{"kind": "page", "skip": 1, "times": times, "fault": fault}])
}

/// The fault on page 2 and after it, always.
fn always(fault: &Value) -> Value {
    json!([{"kind": "page", "skip": 1, "fault": fault}])
}

#[test]
fn a_temporary_error_is_retried() {
    for code in [408, 429, 500, 502, 503, 504, 529] {
        let fault = json!({"status": {"code": code}});
        both_survive(&page(2, &fault), "trying again in");
    }
}

#[test]
fn an_error_that_persists_fails_the_stream_after_max_retry_seconds() {
    let rules = always(&json!({"status": {"code": 503}}));
    both_fail(&rules, "since max_retry_seconds is 600");
}

#[test]
fn any_other_4xx_status_is_not_retried() {
    for code in [400, 402, 418, 451] {
        for api in BOTH {
            let rules = always(&json!({"status": {"code": code}}));
            let course = Trial::new(api).fails(&rules, &format!("the API answered {code}"));
            assert!(course.waits.is_empty());
        }
    }
}

#[test]
fn a_retry_after_that_is_past_or_invalid_does_not_delay_the_run() {
    for settings in [
        json!({"code": 503, "retry_after": "soon"}),
        json!({"code": 503, "retry_after": "-5"}),
        json!({"code": 503, "retry_after": ""}),
        json!({"code": 429, "retry_after": "1.5"}),
        json!({"code": 503, "retry_after_date_in": -3600}),
        json!({"code": 503, "retry_after": 0}),
    ] {
        for api in BOTH {
            let rules = page(1, &json!({"status": settings}));
            let course = Trial::new(api).survives(&rules);
            assert!(course.waits[0] <= 1.0, "{settings}: {:?}", course.waits);
        }
    }
}

#[test]
fn a_retry_after_beyond_max_retry_seconds_fails_the_stream() {
    for settings in [
        json!({"code": 429, "retry_after": 86400}),
        json!({"code": 503, "retry_after": "18446744073709551615"}),
        json!({"code": 429, "retry_after": "99999999999999999999999999"}),
        json!({"code": 503, "retry_after_date_in": 31_557_600}),
    ] {
        for api in BOTH {
            let rules = page(1, &json!({"status": settings}));
            let course = Trial::new(api).fails(&rules, "more than max_retry_seconds (600) leaves");
            assert!(course.waits.is_empty(), "{settings}: {:?}", course.waits);
        }
    }
}

#[test]
fn an_html_page_is_recognized() {
    both_survive(
        &page(1, &json!({"html": {"code": 200}})),
        "HTML page, not JSON",
    );
    both_survive(&page(2, &json!({"html": {"code": 502}})), "answered 502");
    both_fail(
        &always(&json!({"html": {"code": 200}})),
        "check base_url for a proxy",
    );
}

#[test]
fn truncated_or_unexpected_json_is_requested_again() {
    both_survive(&page(2, &json!("truncated_json")), "ends too early");
    for body in [json!({"data": "none"}), json!([]), json!(null), json!({})] {
        let fault = json!({"wrong_shape": {"body": body}});
        both_survive(&page(1, &fault), "does not have the documented form");
    }
    let fault = json!({"wrong_shape": {"body": {"data": {}}}});
    both_fail(&always(&fault), "gave up after 3 attempts");
}

#[test]
fn a_redirect_is_not_followed_and_the_key_is_not_sent_on() {
    for code in [301, 302, 303, 307, 308] {
        for api in BOTH {
            let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
            elsewhere.set_nonblocking(true).unwrap();
            let origin = format!("http://{}", elsewhere.local_addr().unwrap());
            let fault = json!({"redirect": {"code": code, "origin": origin}});
            let course = Trial::new(api).fails(&always(&fault), "redirects are not followed");
            assert!(course.waits.is_empty());
            let no_connection = elsewhere.accept().unwrap_err();
            assert_eq!(no_connection.kind(), std::io::ErrorKind::WouldBlock);
        }
    }
}
