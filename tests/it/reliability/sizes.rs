//! Pages that the API answers only if the page size is smaller.

use super::{BOTH, Trial, both_fail};
use serde_json::{Value, json};

/// A fault on every page request with a limit above three.
fn too_large(fault: &Value) -> Value {
    json!([{"kind": "page", "limit_above": 3, "fault": fault}])
}

#[test]
fn a_page_that_keeps_failing_is_requested_in_smaller_pages() {
    for fault in [
        json!({"status": {"code": 504}}),
        json!({"status": {"code": 413}}),
        json!("short_body"),
        json!("gzip_cut"),
        json!("truncated_json"),
    ] {
        for api in BOTH {
            let trial = Trial::new(api);
            let course = trial.survives(&too_large(&fault));
            let pages = trial.workspace.page_requests(trial.stream());
            assert!(pages.len() > 12, "{fault}: {}", course.run.stderr);
        }
    }
}

#[test]
fn a_page_that_keeps_timing_out_is_requested_in_smaller_pages() {
    for api in BOTH {
        let settings = json!({"page_size": 6, "request_timeout_seconds": 1});
        let trial = Trial::with(api, "records=12", &settings);
        let course = trial.survives(&too_large(&json!("stall_in_body")));
        assert_eq!(course.waits.len(), 3);
    }
}

#[test]
fn a_limit_out_of_range_is_reduced_at_once() {
    for api in BOTH {
        for overrun in ["error", "error422"] {
            let options = format!("records=40&max_limit=4&limit_overrun={overrun}");
            let trial = Trial::with(api, &options, &json!({"page_size": 50}));
            let course = trial.survives(&json!([]));
            assert!(course.waits.is_empty());
            course.run.says("going on with 3 records a page");
        }
    }
}

#[test]
fn a_page_that_fails_at_every_size_fails_the_stream() {
    let rules = json!([{"kind": "page", "fault": "truncated_json"}]);
    both_fail(&rules, "gave up after 3 attempts");
}
