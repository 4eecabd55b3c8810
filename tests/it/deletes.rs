//! Versions of rows: a stream that was certainly read as a whole lets earlier rows retire; any other
//! leaves them.

use crate::messages::Emitted;
use crate::support::{ASKELEPHANT, REEVO, Run, Workspace};
use chrono::{DateTime, TimeDelta};
use revops_sandbox::{Fault, Reply};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Command;

const BOTH: [(&str, &str); 2] = [(REEVO, "contact"), (ASKELEPHANT, "contacts")];

fn settings(stream: &str, more: &Value) -> Value {
    let mut settings = json!({
        "activate_version": true, "page_size": 20, "max_retry_seconds": 0,
        "streams": {stream: {"replication_method": "FULL_TABLE"}},
    });
    for (key, value) in more.as_object().unwrap() {
        settings[key] = value.clone();
    }
    settings
}

fn read(workspace: &Workspace, stream: &'static str, more: &Value, state: Option<&Value>) -> Run {
    let read = workspace.read(&settings(stream, more));
    let read = read.flags(&["--stream", stream]);
    match state {
        Some(state) => read.state(state).run(),
        None => read.run(),
    }
}

/// The version of all records of a stream.
fn version(emitted: &Emitted, stream: &str) -> i64 {
    let versions: BTreeSet<Option<i64>> = emitted.records[stream]
        .iter()
        .map(|record| record.version)
        .collect();
    assert_eq!(versions.len(), 1, "{versions:?}");
    versions.into_iter().next().flatten().unwrap()
}

fn ids(emitted: &Emitted, stream: &str) -> BTreeSet<String> {
    let records = emitted.records[stream].iter();
    let ids = records.map(|record| record.value["id"].as_str().unwrap().to_owned());
    ids.collect()
}

#[test]
fn rows_of_records_that_no_longer_exist_retire_after_a_whole_reading() {
    for (api, stream) in BOTH {
        let workspace = Workspace::new(api, "records=200");
        let first = read(&workspace, stream, &json!({}), None).ok();
        let first = first.says("how many records to expect of the next");
        let first = first.emitted();
        let before = version(&first, stream);
        assert!(first.activated.is_empty());
        let state = &first.states[0];
        let records = first.records[stream].len();
        assert_eq!(
            state["versions"][stream],
            json!({"version": before, "records": records})
        );
        let gone: BTreeSet<String> = ids(&first, stream).into_iter().take(3).collect();
        for id in &gone {
            workspace.sandbox.remove(stream, id);
        }
        let second = read(&workspace, stream, &json!({}), Some(state))
            .ok()
            .emitted();
        let after = version(&second, stream);
        assert!(after > before);
        assert_eq!(second.activated, [(stream.to_owned(), after)]);
        assert!(ids(&second, stream).is_disjoint(&gone));
        assert_eq!(second.records[stream].len(), records - gone.len());
    }
}

#[test]
fn versions_rise_even_if_the_clock_goes_back() {
    let workspace = Workspace::reevo("records=20");
    let far = json!({"bookmarks": {}, "versions": {"contact": {"version": 9_000_000_000_000_000_i64, "records": null}}});
    let emitted = read(&workspace, "contact", &json!({}), Some(&far))
        .ok()
        .emitted();
    assert_eq!(version(&emitted, "contact"), 9_000_000_000_000_001);
}

#[test]
fn a_reading_that_fails_lets_no_row_retire() {
    for (api, stream) in BOTH {
        let workspace = Workspace::new(api, "records=200");
        workspace.sandbox.inject(Fault {
            path_contains: stream.to_owned(),
            skip: 4,
            times: 1000,
            reply: Reply::Status {
                status: 403,
                headers: Vec::new(),
                body: String::new(),
            },
        });
        let run = read(&workspace, stream, &json!({}), None).ended(1);
        let emitted = run.emitted();
        assert!(!emitted.records[stream].is_empty());
        assert!(emitted.activated.is_empty() && emitted.states.is_empty());
    }
}

#[test]
fn a_reading_that_brings_much_less_fails_unless_less_is_allowed() {
    let workspace = Workspace::reevo("records=200");
    let first = read(&workspace, "contact", &json!({}), None).ok().emitted();
    let all = first.records["contact"].len();
    for id in ids(&first, "contact").iter().take(all / 5) {
        workspace.sandbox.remove("contact", id);
    }
    let state = &first.states[0];
    let run = read(&workspace, "contact", &json!({}), Some(state)).ended(1);
    run.logged("CRITICAL ")
        .iter()
        .find(|line| line.contains("less than 90 % of the") && line.contains("least_percent"))
        .expect("the failure says why, and what to do");
    let emitted = run.emitted();
    assert!(emitted.activated.is_empty() && emitted.states.is_empty());
    let allowed = json!({"least_percent": 70});
    let emitted = read(&workspace, "contact", &allowed, Some(state))
        .ok()
        .emitted();
    assert_eq!(emitted.activated.len(), 1);
}

#[test]
fn a_reading_that_is_not_certain_to_be_whole_lets_no_row_retire() {
    for (options, more, reason) in [
        (
            "records=200",
            json!({"start_date": "2026-03-01"}),
            "dates leave records out",
        ),
        (
            "records=200&updated_at_unsortable=contact",
            json!({}),
            "its records come in no certain order",
        ),
    ] {
        let workspace = Workspace::reevo(options);
        let last = json!({"version": 7, "records": 1_000_000});
        let state = json!({"bookmarks": {}, "versions": {"contact": last}});
        let run = read(&workspace, "contact", &more, Some(&state)).ok();
        let emitted = run.emitted();
        assert!(emitted.activated.is_empty());
        // What the last whole reading brought is what the next one is compared with.
        let used = version(&emitted, "contact");
        let kept = &emitted.states[0]["versions"]["contact"];
        assert_eq!(*kept, json!({"version": used, "records": 1_000_000}));
        run.says(&format!(
            "no row is removed after this reading, since {reason}"
        ));
    }
}

/// Lets more records than a page holds change at each request, each later than the one before.
fn change_all_the_time(workspace: &Workspace, ids: BTreeSet<String>) {
    let sandbox = workspace.sandbox.clone();
    let start = DateTime::parse_from_rfc3339("2026-07-15T12:00:00Z").unwrap();
    workspace.sandbox.on_request(move |announced| {
        for (at, id) in (0..).zip(ids.iter().take(40)) {
            let step = i64::try_from(announced.count).unwrap() * 100 + at;
            let later = start + TimeDelta::milliseconds(step);
            sandbox.touch("contact", id, later.to_utc());
        }
    });
}

#[test]
fn changes_that_are_left_to_the_next_run_let_no_row_retire() {
    let workspace = Workspace::reevo("records=200");
    let emitted = read(&workspace, "contact", &json!({}), None).ok().emitted();
    change_all_the_time(&workspace, ids(&emitted, "contact"));
    let state = &emitted.states[0];
    let run = read(&workspace, "contact", &json!({}), Some(state)).ok();
    assert!(run.emitted().activated.is_empty());
    run.says("since changes made during the run are left to the next one");
}

#[test]
fn airbyte_overwrites_nothing_with_a_reading_that_lacks_changes() {
    for (destination, busy, status, end) in [
        ("overwrite", true, 1, "INCOMPLETE"),
        ("overwrite", false, 0, "COMPLETE"),
        ("append", true, 0, "COMPLETE"),
    ] {
        let workspace = Workspace::reevo("records=200");
        let truth = workspace.sandbox.truth("contact").into_iter();
        let ids = truth.map(|record| record.id).collect();
        if busy {
            change_all_the_time(&workspace, ids);
        }
        let config = workspace.config_file(&json!({"page_size": 20}));
        let catalog = json!({"streams": [{
            "stream": {"name": "contact", "json_schema": {}, "supported_sync_modes": ["full_refresh"]},
            "sync_mode": "full_refresh", "destination_sync_mode": destination,
        }]});
        let catalog = workspace.file("catalog.json", &catalog.to_string());
        let done = Command::new(env!("CARGO_BIN_EXE_source-revops"))
            .args(["read", "--config", &config, "--catalog", &catalog])
            .output();
        let run = Run::from(done.unwrap()).ended(status);
        let is_status = |line: &&str| line.contains("stream_status");
        let last = run.stdout.lines().rfind(is_status).unwrap();
        assert!(last.contains(&format!("\"{end}\"")));
        let says_why = run
            .stdout
            .contains("must not replace what the destination has; sync again");
        assert_eq!(says_why, status == 1);
    }
}

#[test]
fn other_filters_let_no_row_retire_at_first() {
    let workspace = Workspace::reevo("records=200");
    let filter = |least: &str| {
        json!({"streams": {"contact": {
            "replication_method": "FULL_TABLE",
            "filters": [{"field": "updated_at", "operator": "gte", "value": least}],
        }}})
    };
    let first = read(&workspace, "contact", &json!({}), None).ok().emitted();
    let state = &first.states[0];
    let other = filter("2026-02-01T00:00:00Z");
    let second = read(&workspace, "contact", &other, Some(state))
        .ok()
        .emitted();
    assert!(second.activated.is_empty());
    let third = read(&workspace, "contact", &other, Some(&second.states[0]));
    assert_eq!(third.ok().emitted().activated.len(), 1);
    let state = &second.states[0]["versions"]["contact"];
    assert!(state["filters"].is_string(), "{state}");
}

#[test]
fn rows_have_no_version_unless_it_is_asked_for_and_the_stream_is_read_whole() {
    let workspace = Workspace::reevo("records=40");
    let incremental = json!({"activate_version": true, "record_types": ["contact"]});
    for settings in [
        incremental,
        json!({"record_types": ["contact"], "streams": {"contact": {"replication_method": "FULL_TABLE"}}}),
    ] {
        let emitted = workspace.read(&settings).emitted();
        assert!(emitted.activated.is_empty());
        let records = &emitted.records["contact"];
        assert!(records.iter().all(|record| record.version.is_none()));
        assert!(emitted.states[0].get("versions").is_none());
    }
}
