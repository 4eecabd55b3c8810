//! Cursors that stop working, are missing, or lead in a circle.

use super::{BOTH, Trial, both_fail, both_survive, stream_of};
use chrono::TimeDelta;
use revops_sandbox::Faults;
use serde_json::json;
use std::collections::BTreeSet;

#[test]
fn an_invalid_cursor_during_a_walk_loses_and_repeats_nothing() {
    for api in BOTH {
        let trial = Trial::new(api);
        let course = trial.survives(&json!([{"skip": 1, "times": 1, "fault": "invalid_cursor"}]));
        let run = course.run.says("starting again from 2026-");
        let emitted = run.emitted();
        let ids: BTreeSet<&str> = emitted.ids(trial.stream()).into_iter().collect();
        assert_eq!(ids.len(), emitted.records(trial.stream()).len());
    }
}

#[test]
fn a_cursor_that_never_works_fails_the_stream() {
    for api in BOTH {
        let trial = Trial::with(api, "records=40", &json!({"page_size": 1}));
        let sentence = "gave up after starting again 2 times without getting further";
        trial.fails(&json!([{"skip": 0, "fault": "invalid_cursor"}]), sentence);
    }
}

#[test]
fn expired_cursors_do_not_stop_the_walk() {
    // These give the stream the same number of records in both APIs.
    for (api, options) in [
        ("reevo", "records=80&cursor_expires_after=60"),
        ("askelephant", "records=160&cursor_expires_after=60"),
    ] {
        let trial = Trial::with(api, options, &json!({"page_size": 5}));
        let sandbox = trial.workspace.sandbox.clone();
        let path = format!("/{}", stream_of(api));
        let pages = std::sync::Mutex::new(0);
        trial.workspace.sandbox.on_request(move |announced| {
            let mut pages = pages.lock().unwrap();
            *pages += u64::from(announced.path.contains(&path));
            if pages.is_multiple_of(9) {
                sandbox.set_clock(sandbox.now() + TimeDelta::seconds(61));
            }
        });
        trial.survives(&json!([])).run.says("starting again from");
    }
}

#[test]
fn a_repeated_cursor_is_not_followed_again() {
    let told = "the same page token twice; starting again from 2026-";
    both_survive(&json!([{"times": 1, "fault": "same_cursor"}]), told);
    // Pages that the longest run of ties does not fill.
    for (api, records) in BOTH.into_iter().zip([40, 80]) {
        let settings = json!({"page_size": 15});
        let trial = Trial::with(api, &format!("records={records}"), &settings);
        let course = trial.survives(&json!([{"fault": "same_cursor"}]));
        course.run.says(told);
    }
}

#[test]
fn a_repeated_cursor_without_progress_fails_the_stream() {
    for api in BOTH {
        let trial = Trial::with(api, "records=40", &json!({"page_size": 1}));
        let sentence = "the same page token twice; \
                        gave up after starting again 2 times without getting further";
        trial.fails(&json!([{"fault": "same_cursor"}]), sentence);
    }
}

#[test]
fn an_empty_page_with_a_cursor_is_not_the_end() {
    both_survive(&json!([{"times": 1, "fault": "empty_page"}]), "");
    both_survive(&json!([{"skip": 1, "times": 3, "fault": "empty_page"}]), "");
}

#[test]
fn endless_pages_fail_the_stream() {
    let told = "the API repeated 1000 pages in a row";
    for (api, fault) in BOTH.into_iter().zip(["empty_page", "duplicated_page"]) {
        Trial::new(api).fails(&json!([{"skip": 1, "fault": fault}]), told);
    }
    // Two pages in turn, each time with a new cursor.
    let trial = Trial::new("askelephant");
    let sandbox = trial.workspace.sandbox.clone();
    let records = [0, 1].map(|at| sandbox.truth("contacts")[at].json.clone());
    let pages = std::sync::Mutex::new(0);
    trial.workspace.sandbox.on_request(move |_| {
        let mut pages = pages.lock().unwrap();
        *pages += 1;
        let (record, more) = (&records[*pages % 2], *pages < 5000);
        let body = format!(
            r#"{{"object":"list","data":[{record}],"has_more":{more},"next_cursor":"c{pages}"}}"#
        );
        let rules = json!([{"fault": {"status": {"code": 200, "body": body}}}]);
        sandbox.script(Faults::parse(&rules.to_string()).unwrap());
    });
    trial.read(&json!({})).run.ended(1).says(told);
}

#[test]
fn has_more_without_a_cursor_is_retried_and_then_fails() {
    let told = "has_more is true but next_cursor is missing";
    both_survive(
        &json!([{"skip": 1, "times": 1, "fault": "more_without_cursor"}]),
        told,
    );
    both_fail(&json!([{"fault": "more_without_cursor"}]), told);
}

#[test]
fn a_duplicated_page_loses_no_record() {
    both_survive(&json!([{"times": 1, "fault": "duplicated_page"}]), "");
    both_survive(
        &json!([{"skip": 1, "times": 2, "fault": "duplicated_page"}]),
        "",
    );
}

#[test]
fn pages_out_of_order_never_move_the_bookmark_past_unread_records() {
    both_survive(&json!([{"times": 1, "fault": "pages_out_of_order"}]), "");
    both_survive(
        &json!([{"skip": 1, "times": 2, "fault": "pages_out_of_order"}]),
        "",
    );
    // A run that fails while older records are still unread writes no bookmark.
    both_fail(
        &json!([
            {"times": 1, "fault": "pages_out_of_order"},
            {"kind": "page", "skip": 2, "fault": {"status": {"code": 400}}}
        ]),
        "its bookmark stays as it was",
    );
}

#[test]
fn an_invalid_cursor_after_a_page_out_of_order_loses_no_record() {
    for skip in [0, 1, 2] {
        both_survive(
            &json!([
                {"kind": "page", "skip": skip, "times": 1, "fault": "pages_out_of_order"},
                {"kind": "next_page", "skip": skip, "times": 1, "fault": "invalid_cursor"}
            ]),
            "starting again from",
        );
    }
}

#[test]
fn a_moved_cursor_after_a_duplicated_page_is_noticed() {
    for api in BOTH {
        let trial = Trial::new(api);
        let id = trial.workspace.sandbox.truth(trial.stream())[19].id.clone();
        let (sandbox, stream) = (trial.workspace.sandbox.clone(), trial.stream());
        let pages = std::sync::Mutex::new(0);
        trial.workspace.sandbox.on_request(move |announced| {
            let mut pages = pages.lock().unwrap();
            *pages += u64::from(announced.path.contains(stream));
            // After the duplicated page, the record that the cursor names moves to the end.
            if *pages == 4 {
                sandbox.touch(stream, &id, sandbox.now() - TimeDelta::seconds(1));
            }
        });
        trial.survives(&json!([{"times": 1, "fault": "duplicated_page"}]));
    }
}
