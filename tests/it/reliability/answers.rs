//! Answers that are not the API's, and waits that it asks for.

use super::{BOTH, Trial, both_fail, both_survive};
use serde_json::{Value, json};
use std::net::TcpListener;

fn page(times: u64, fault: &Value) -> Value {
    json!([{"kind": "page", "skip": 1, "times": times, "fault": fault}])
}

fn always(fault: &Value) -> Value {
    json!([{"kind": "page", "skip": 1, "fault": fault}])
}

#[test]
fn a_status_that_passes_is_survived() {
    for code in [408, 429, 500, 502, 503, 504, 529] {
        let fault = json!({"status": {"code": code}});
        both_survive(&page(2, &fault), "trying again in");
    }
}

#[test]
fn a_status_that_stays_fails_the_stream_when_the_time_is_over() {
    let rules = always(&json!({"status": {"code": 503}}));
    both_fail(&rules, "since max_retry_seconds is 600");
}

#[test]
fn a_status_that_nobody_knows_is_not_tried_again() {
    for code in [400, 402, 418, 451] {
        for api in BOTH {
            let rules = always(&json!({"status": {"code": code}}));
            let course = Trial::new(api).fails(&rules, &format!("the API answered {code}"));
            assert!(course.waits.is_empty());
        }
    }
}

#[test]
fn a_retry_after_that_is_past_or_makes_no_sense_does_not_hold_the_run() {
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
fn a_retry_after_that_is_absurd_stops_the_stream_and_is_told() {
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
fn a_page_for_people_is_told_apart_from_an_answer() {
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
fn json_that_is_cut_or_of_another_shape_is_asked_for_again() {
    both_survive(&page(2, &json!("truncated_json")), "ends too early");
    for body in [json!({"data": "none"}), json!([]), json!(null), json!({})] {
        let fault = json!({"wrong_shape": {"body": body}});
        both_survive(&page(1, &fault), "another form than documented");
    }
    let fault = json!({"wrong_shape": {"body": {"data": {}}}});
    both_fail(&always(&fault), "gave up after 3 attempts");
}

#[test]
fn a_redirect_is_not_followed_and_the_key_stays_here() {
    for code in [301, 302, 303, 307, 308] {
        for api in BOTH {
            let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
            elsewhere.set_nonblocking(true).unwrap();
            let origin = format!("http://{}", elsewhere.local_addr().unwrap());
            let fault = json!({"redirect": {"code": code, "origin": origin}});
            let course = Trial::new(api).fails(&always(&fault), "it wants to send us elsewhere");
            assert!(course.waits.is_empty());
            let nobody = elsewhere.accept().unwrap_err();
            assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock);
        }
    }
}
