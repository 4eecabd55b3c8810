//! For random forms of the API and random settings: two runs together emit the last version of
//! every record, and every record fits its schema.

use crate::catalog::Catalog;
use crate::messages::Emitted;
use crate::oracle::{assert_valid, newest, record, timestamp, version};
use crate::support::{ASKELEPHANT, COLLECTIONS, RECORD_TYPES, REEVO, Workspace};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use revops_sandbox::{Fault, Reply};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An API, the settings of the runs, and the changes between them.
#[derive(Clone, Debug)]
struct Case {
    api: &'static str,
    options: String,
    settings: Value,
    /// A stream and a record, each an index modulo their number, and the minute of the change.
    touches: Vec<(usize, usize, i64)>,
}

fn word(words: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(words)
}

fn options() -> impl Strategy<Value = String> {
    let forms = (
        word(&["top", "pagination", "meta"]),
        word(&["null", "absent", "empty"]),
        word(&["envelope", "bare", "absent", "mixed"]),
        word(&["string", "number", "mixed"]),
        word(&["micros", "millis", "seconds", "offset", "mixed"]),
        word(&["stable", "shuffled"]),
        word(&["id_only", "self_contained", "strict"]),
        word(&["absent", "null"]),
    );
    (0_u64..1000, 0_u64..60, any::<bool>(), forms).prop_map(|(seed, records, sortable, forms)| {
        let (place, end, nulls, numbers, timestamps, ties, cursor, members) = forms;
        format!(
            "seed={seed}&records={records}&id_sortable={sortable}&cursor_place={place}&\
             cursor_end={end}&nulls={nulls}&numbers={numbers}&timestamps={timestamps}&ties={ties}&\
             askelephant_cursor={cursor}&optional_members={members}"
        )
    })
}

fn case() -> impl Strategy<Value = Case> {
    let settings = (
        5_u64..100,
        1_u64..8,
        word(&["gte", "gt"]),
        0_u64..100,
        word(&["cursor", "cursor", "seek"]),
    );
    let touches = prop::collection::vec((0_usize..8, 0_usize..60, 0_i64..5), 0..12);
    (word(&[REEVO, ASKELEPHANT]), options(), settings, touches).prop_map(
        |(api, options, (page_size, concurrency, boundary, lookback, paging), touches)| {
            let mut settings = json!({
                "page_size": page_size,
                "concurrency": concurrency,
                "boundary": boundary,
                "lookback_seconds": lookback,
                "paging": paging
            });
            if api == REEVO {
                settings["record_types"] = json!(RECORD_TYPES);
            }
            Case {
                api,
                options,
                settings,
                touches,
            }
        },
    )
}

/// Changes records. Each day gives other instants, so that no change repeats an `updated_at`.
fn change(workspace: &Workspace, day: i64, touches: &[(usize, usize, i64)]) {
    let start: DateTime<Utc> = "2026-07-10T00:00:00.5Z".parse().unwrap();
    let streams: &[&str] = if workspace.api == REEVO {
        &RECORD_TYPES
    } else {
        &COLLECTIONS
    };
    for (stream, at, minute) in touches {
        let stream = streams[stream % streams.len()];
        let truth = workspace.sandbox.truth(stream);
        let at_instant = start + TimeDelta::days(day) + TimeDelta::minutes(*minute);
        match truth.get(at % (truth.len() + 1)) {
            Some(one) => workspace.sandbox.touch(stream, &one.id, at_instant),
            None => drop(workspace.sandbox.insert(stream, at_instant)),
        }
    }
}

/// Checks that one of the runs has the last version of each record, with the right values. Only the
/// last run is sure to have started every stream.
fn assert_union(workspace: &Workspace, catalog: &Catalog, runs: &[Emitted]) {
    let last = runs.last().unwrap();
    for entry in &catalog.streams {
        let name = &entry.stream;
        let mut union = BTreeMap::new();
        for run in runs.iter().filter(|run| run.schemas.contains_key(name)) {
            assert_valid(&run.schemas[name], run.records(name));
            union.extend(run.versions(name));
        }
        let schema = &last.schemas[name].schema;
        for truth in workspace.sandbox.truth(&entry.api_name()) {
            let expected = record(entry, schema, &truth.json);
            let emitted = union.get(&version(&expected));
            assert_eq!(emitted.copied(), Some(&expected), "{name}");
        }
        let bookmark = &last.state()["bookmarks"][name]["updated_at"];
        let expected = newest(workspace, entry).map(|bookmark| bookmark["updated_at"].clone());
        let timestamp = |text: &Value| text.as_str().map(timestamp);
        assert_eq!(
            timestamp(bookmark),
            expected.as_ref().and_then(timestamp),
            "{name}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 16,
        max_shrink_iters: 40,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn two_runs_together_have_the_last_version_of_every_record(case in case()) {
        let workspace = Workspace::new(case.api, &case.options);
        let catalog = workspace.discover(&case.settings);
        let first = workspace.read(&case.settings).emitted();
        change(&workspace, 0, &case.touches);
        let second = workspace.read(&case.settings).state(first.state()).emitted();
        assert_union(&workspace, &catalog, &[first, second]);
    }

    #[test]
    fn stopping_a_run_anywhere_loses_no_record(
        case in case(),
        requests in 0_u64..60,
    ) {
        let workspace = Workspace::new(case.api, &case.options);
        let catalog = workspace.discover(&case.settings);
        workspace.sandbox.inject(refused_key(requests));
        let (mut runs, mut state) = (Vec::new(), json!({}));
        for day in 0.. {
            let run = workspace.read(&case.settings).state(&state).run();
            let emitted = run.emitted();
            state = emitted.states.last().cloned().unwrap_or(state);
            runs.push(emitted);
            // The fault occurs once, in any of the runs.
            if day > 0 && run.status == 0 {
                break;
            }
            change(&workspace, day, &case.touches);
        }
        assert_union(&workspace, &catalog, &runs);
    }
}

/// A fault that stops a run at once, after a number of requests.
fn refused_key(skip: u64) -> Fault {
    Fault {
        path_contains: "/v2/".to_owned(),
        skip,
        times: 1,
        reply: Reply::Status {
            status: 401,
            headers: Vec::new(),
            body: String::new(),
        },
    }
}
