//! Retries: how long the tap waits, how often it retries, and when it gives up. The clock is fake.

use crate::clock::FakeClock;
use crate::oracle::assert_complete;
use crate::support::{ASKELEPHANT, REEVO, Run, Workspace};
use revops_sandbox::{Ending, Fault, Reply};
use serde_json::{Value, json};

fn settings_of(api: &str, more: &Value) -> Value {
    let mut settings = json!({"page_size": 20, "concurrency": 1});
    if api == REEVO {
        settings["record_types"] = json!(["contact"]);
    }
    for (key, value) in more.as_object().unwrap() {
        settings[key] = value.clone();
    }
    settings
}

fn status(status: u16, retry_after: Option<&str>) -> Reply {
    let header = |value: &str| ("Retry-After".to_owned(), value.to_owned());
    Reply::Status {
        status,
        headers: retry_after.map(header).into_iter().collect(),
        body: r#"{"error":{"code":"internal_error","message":"Try later."}}"#.to_owned(),
    }
}

/// Replaces answers to page requests of the first stream, after its probe and its first page.
fn spoil(workspace: &Workspace, times: u64, reply: Reply) {
    let path = if workspace.api == REEVO {
        "contact/_query"
    } else {
        "/v2/contacts"
    };
    workspace.sandbox.inject(Fault {
        path_contains: path.to_owned(),
        skip: 2,
        times,
        reply,
    });
}

/// Reads through faults, and returns the waits in seconds.
fn survived(api: &'static str, times: u64, reply: Reply) -> Vec<f64> {
    let workspace = Workspace::new(api, "records=80");
    let settings = settings_of(api, &json!({"request_timeout_seconds": 1}));
    let catalog = workspace.discover(&settings);
    spoil(&workspace, times, reply);
    let clock = FakeClock::new();
    let run = workspace.read(&settings).within(clock.clone()).ok();
    let emitted = run.emitted();
    for entry in &catalog.streams {
        assert_complete(&workspace, entry, &emitted);
    }
    let warnings = run.logged("WARNING ");
    let retries = warnings
        .iter()
        .filter(|line| line.contains("page 2 of contact"));
    assert_eq!(retries.count() as u64, times, "{}", run.stderr);
    clock.waits()
}

#[test]
fn retry_after_is_honoured_as_seconds_and_as_a_date() {
    for api in [REEVO, ASKELEPHANT] {
        assert_eq!(survived(api, 2, status(503, Some("7"))), [7.0, 7.0]);
        let date = status(503, Some("Wed, 15 Jul 2026 12:01:30 GMT"));
        assert_eq!(survived(api, 1, date), [90.0]);
        let past = status(503, Some("Wed, 15 Jul 2026 11:00:00 GMT"));
        assert_eq!(survived(api, 1, past), [0.0]);
    }
}

/// Checks that waits double from one second to one minute, half of each at random.
fn assert_backoff(waits: &[f64]) {
    for (failed, wait) in waits.iter().enumerate() {
        let most = 2_f64.powi(i32::try_from(failed).unwrap()).min(60.0);
        assert!((most / 2.0..=most).contains(wait), "{waits:?}");
    }
}

#[test]
fn any_single_fault_gives_the_same_records() {
    for api in [REEVO, ASKELEPHANT] {
        for reply in [
            status(500, None),
            status(502, Some("soon")),
            status(408, None),
            Reply::CloseBeforeHeaders,
            Reply::BreakBody {
                after_bytes: None,
                ending: Ending::Close,
            },
        ] {
            let waits = survived(api, 1, reply);
            assert_eq!(waits.len(), 1);
            assert_backoff(&waits);
        }
    }
}

#[test]
fn a_request_that_is_never_answered_is_retried() {
    assert_backoff(&survived(REEVO, 1, Reply::Stall));
}

#[test]
fn a_429_slows_down_the_requests_after_it() {
    for api in [REEVO, ASKELEPHANT] {
        let waits = survived(api, 2, status(429, Some("7")));
        assert_eq!(waits[..2], [7.0, 7.0]);
        // Requests are spaced from then on, and each success shortens the interval.
        assert!(waits[2] > waits[3] && waits[3] > 0.0, "{waits:?}");
        let date = status(429, Some("Wed, 15 Jul 2026 12:01:30 GMT"));
        assert_eq!(survived(api, 1, date)[..1], [90.0]);
    }
}

#[test]
fn waits_double_up_to_a_minute() {
    let waits = survived(REEVO, 9, status(503, None));
    assert_eq!(waits.len(), 9);
    assert_backoff(&waits);
}

/// A run that gives up, and its waits in seconds.
fn exhausted(more: &Value, reply: Reply) -> (Run, Vec<f64>) {
    let workspace = Workspace::reevo("records=80");
    spoil(&workspace, 1000, reply);
    let clock = FakeClock::new();
    let run = workspace
        .read(&settings_of(REEVO, more))
        .within(clock.clone())
        .ended(1);
    assert!(run.emitted().states.is_empty());
    assert_eq!(run.logged("CRITICAL ").len(), 1);
    (run, clock.waits())
}

#[test]
fn a_page_is_not_retried_for_longer_than_max_retry_seconds() {
    let (run, waits) = exhausted(&json!({"max_retry_seconds": 100}), status(503, None));
    assert_backoff(&waits);
    assert!(waits.iter().sum::<f64>() <= 100.0);
    assert!(waits.len() >= 6);
    run.says("since max_retry_seconds is 100")
        .says("503 internal_error (Try later)");

    let (run, waits) = exhausted(&json!({"max_retry_seconds": 0}), status(503, None));
    assert!(waits.is_empty(), "{waits:?}");
    run.says("gave up after 1 attempt,");
}

#[test]
fn a_wait_longer_than_the_remaining_time_is_not_started() {
    let (run, waits) = exhausted(&json!({}), status(429, Some("601")));
    assert!(waits.is_empty(), "{waits:?}");
    run.says("the API asks to wait 601 s, more than max_retry_seconds (600) leaves");
}

#[test]
fn permanent_failures_are_not_retried() {
    for code in [400, 403, 404, 418, 302] {
        let reply = Reply::Status {
            status: code,
            headers: Vec::new(),
            body: String::new(),
        };
        let workspace = Workspace::reevo("records=80");
        let clock = FakeClock::new();
        workspace.sandbox.inject(Fault {
            path_contains: "contact/_query".to_owned(),
            skip: 1,
            times: 1000,
            reply,
        });
        let settings = settings_of(REEVO, &json!({}));
        workspace.read(&settings).within(clock.clone()).ended(1);
        assert!(clock.waits().is_empty());
    }
}

#[test]
fn schemas_and_probes_are_retried_too() {
    for path in ["_schema/contact", "contact/_query"] {
        let workspace = Workspace::reevo("records=80");
        workspace.sandbox.inject(Fault {
            path_contains: path.to_owned(),
            skip: 0,
            times: 2,
            reply: status(503, Some("3")),
        });
        let clock = FakeClock::new();
        let run = workspace
            .read(&settings_of(REEVO, &json!({})))
            .within(clock.clone())
            .ok();
        assert_eq!(clock.waits(), [3.0, 3.0]);
        assert_eq!(run.emitted().records("contact").len(), 80);
    }
}

#[test]
fn check_retries_for_ten_seconds_at_most() {
    let workspace = Workspace::reevo("records=10");
    workspace.sandbox.inject(Fault {
        path_contains: "_schema".to_owned(),
        skip: 0,
        times: 1000,
        reply: status(503, None),
    });
    let clock = FakeClock::new();
    let config = workspace.config_file(&json!({"record_types": ["contact"]}));
    let run = workspace.run_within(&["check", "--config", &config], clock.clone());
    assert!(clock.waits().iter().sum::<f64>() <= 10.0);
    run.ended(1).says("since max_retry_seconds is 10");
}
