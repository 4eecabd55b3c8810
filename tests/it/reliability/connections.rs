//! Connections that break, stall or are slow.

use super::{BOTH, Trial};
use crate::clock::FakeClock;
use crate::support::ASKELEPHANT;
use serde_json::{Value, json};

/// Reads through a fault of the second page, with a timeout of one second.
fn survives(api: &'static str, fault: &Value) -> super::Course {
    let records = if api == ASKELEPHANT { 80 } else { 40 };
    let settings = json!({"request_timeout_seconds": 1});
    let trial = Trial::with(api, &format!("records={records}"), &settings);
    trial.survives(&json!([{"kind": "page", "skip": 1, "times": 1, "fault": fault}]))
}

#[test]
fn a_broken_connection_is_retried() {
    for fault in [
        json!({"connection_refused": {"connections": 2}}),
        json!("close_before_headers"),
        json!("reset_before_headers"),
        json!({"short_body": {"after_bytes": 0}}),
        json!("short_body"),
        json!({"reset_in_body": {"after_bytes": 1}}),
        json!("reset_in_body"),
    ] {
        for api in BOTH {
            let course = survives(api, &fault);
            let warnings = course.run.logged("WARNING ");
            let first = &warnings[0];
            assert!(first.contains("the connection to"), "{fault}: {first}");
            assert!(first.contains("trying again in"), "{fault}: {first}");
        }
    }
}

#[test]
fn a_stalled_response_is_requested_again() {
    for fault in [json!("stall_before_headers"), json!("stall_in_body")] {
        for api in BOTH {
            let course = survives(api, &fault);
            let first = &course.run.logged("WARNING ")[0];
            assert!(first.contains("did not answer within 1 s"), "{first}");
        }
    }
}

#[test]
fn a_slow_response_is_accepted() {
    for api in BOTH {
        let fault = json!({"slow_drip": {"bytes": 500, "pause_milliseconds": 1}});
        assert!(survives(api, &fault).waits.is_empty());
    }
}

#[test]
fn a_connection_that_stays_broken_fails_the_stream_with_its_address() {
    for api in BOTH {
        let trial = Trial::new(api);
        let rules = json!([{"kind": "page", "skip": 1, "fault": "close_before_headers"}]);
        let course = trial.fails(&rules, "the connection to http://127.0.0.1:");
        assert!(course.waits.iter().sum::<f64>() <= 600.0);
        let course = course.run.says("since max_retry_seconds is 600");
        assert!(course.stderr.contains("page 2 of contact"));
    }
}

#[test]
fn an_unreachable_address_is_reported_before_any_output() {
    for api in BOTH {
        let trial = Trial::new(api);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let clock = FakeClock::new();
        let read = trial.workspace.read(&json!({"base_url": address}));
        let run = read.within(clock.clone()).ended(1);
        assert_eq!((run.stdout.as_str(), clock.waits().len()), ("", 2));
        run.says("cannot be reached").says("check base_url");
    }
}
