//! Random changes between any two requests of a walk, with each kind of cursor: what one run
//! misses, the next one emits.

use super::cases::check_all;
use super::destination::Destination;
use super::{BOTH, Trial};
use crate::catalog::Catalog;
use chrono::TimeDelta;
use proptest::prelude::*;
use revops_sandbox::Sandbox;
use serde_json::json;
use std::sync::Mutex;

#[derive(Clone, Debug)]
struct Case {
    api: &'static str,
    options: String,
    page_size: u64,
    changes: Vec<Change>,
}

/// What happens before a request: some seconds pass, and these records change, one per second.
#[derive(Clone, Debug)]
struct Change {
    seconds: i64,
    records: Vec<usize>,
}

fn one_of(words: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(words)
}

fn case() -> impl Strategy<Value = Case> {
    let forms = (
        one_of(&["id_only", "id_only", "self_contained", "strict"]),
        one_of(&["stable", "shuffled"]),
        one_of(&["micros", "seconds", "mixed"]),
    );
    let change = (0_i64..2, prop::collection::vec(0_usize..6, 0..3))
        .prop_map(|(seconds, records)| Change { seconds, records });
    (
        one_of(&BOTH),
        forms,
        4_u64..12,
        1_u64..4,
        prop::collection::vec(change, 5..40),
    )
        .prop_map(
            |(api, (cursor, ties, timestamps), records, page_size, changes)| Case {
                api,
                options: format!(
                    "records={records}&askelephant_cursor={cursor}&ties={ties}&timestamps={timestamps}"
                ),
                page_size,
                changes,
            },
        )
}

fn make(change: &Change, sandbox: &Sandbox, stream: &str) {
    sandbox.set_clock(sandbox.now() + TimeDelta::seconds(change.seconds));
    let truth = sandbox.truth(stream);
    for at in &change.records {
        sandbox.set_clock(sandbox.now() + TimeDelta::seconds(1));
        let one = &truth[at % truth.len()];
        sandbox.touch(stream, &one.id, sandbox.now());
    }
}

fn check(case: &Case) {
    let trial = Trial::with(
        case.api,
        &case.options,
        &json!({"page_size": case.page_size}),
    );
    let catalog = Catalog::parse(&trial.catalog.to_string());
    let (stream, sandbox) = (trial.stream(), trial.workspace.sandbox.clone());
    let changes = Mutex::new(case.changes.clone().into_iter());
    trial.workspace.sandbox.on_request(move |_| {
        let change = changes.lock().unwrap().next();
        if let Some(change) = change {
            make(&change, &sandbox, stream);
        }
    });
    let mut destination = Destination::default();
    for _ in 0..3 {
        let run = trial.read(&destination.last_state()).run;
        // A run may give up while records change all the time.
        assert!([0, 1].contains(&run.status), "{}", run.stderr);
        destination.add(&run);
        destination.assert_bookmarks_cover_only_written_records();
    }
    trial.workspace.sandbox.on_request(|_| {});
    let run = trial.read(&destination.last_state()).run;
    assert_eq!(run.status, 0, "{}", run.stderr);
    destination.add(&run);
    destination.assert_truth(&trial.workspace, &catalog);
}

#[test]
fn whatever_changes_between_two_requests_is_emitted_in_its_last_version() {
    check_all(100, &case(), check);
}
