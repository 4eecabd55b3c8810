//! A full run and the runs after it: bookmarks, boundaries, and the state between runs.

use crate::catalog;
use crate::clock::FakeClock;
use crate::oracle::{newest, timestamp};
use crate::support::{ASKELEPHANT, COLLECTIONS, RECORD_TYPES, REEVO, Workspace};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn streams(api: &str) -> &'static [&'static str] {
    if api == REEVO {
        &RECORD_TYPES
    } else {
        &COLLECTIONS
    }
}

fn settings(api: &str) -> Value {
    if api == REEVO {
        json!({"record_types": RECORD_TYPES})
    } else {
        json!({})
    }
}

fn at(minute: i64) -> DateTime<Utc> {
    let start: DateTime<Utc> = "2026-07-10T00:00:00.123456Z".parse().unwrap();
    start + TimeDelta::minutes(minute)
}

/// A workspace in which no other record has the `updated_at` of the newest record of its stream.
fn workspace(api: &'static str, options: &str) -> Workspace {
    let workspace = Workspace::new(api, options);
    for stream in streams(api) {
        let id = workspace.sandbox.truth(stream)[0].id.clone();
        workspace.sandbox.touch(stream, &id, at(0));
    }
    workspace
}

#[test]
fn a_second_run_without_changes_emits_no_record_and_the_same_bookmarks() {
    for (api, options) in [
        (REEVO, "records=60"),
        (REEVO, "records=60&timestamps=offset"),
        (REEVO, "records=60&timestamps=mixed"),
        (ASKELEPHANT, "records=60"),
        (ASKELEPHANT, "records=60&timestamps=offset"),
    ] {
        let workspace = workspace(api, options);
        let first = workspace.read(&settings(api)).emitted();
        let second = workspace
            .read(&settings(api))
            .state(first.state())
            .emitted();
        assert_eq!(second.count(), 0, "{options}");
        assert_eq!(second.schemas.len(), streams(api).len());
        assert_eq!(second.state(), first.state());
    }
}

#[test]
fn a_second_run_fetches_exactly_what_changed() {
    for api in [REEVO, ASKELEPHANT] {
        let workspace = workspace(api, "records=90");
        let first = workspace.read(&settings(api)).emitted();
        let catalog = workspace.discover(&settings(api));
        for stream in streams(api) {
            let changed = workspace.sandbox.truth(stream)[0].id.clone();
            workspace.sandbox.touch(stream, &changed, at(1));
            workspace.sandbox.insert(stream, at(2));
        }
        let second = workspace
            .read(&settings(api))
            .state(first.state())
            .emitted();
        for entry in &catalog.streams {
            let truth = workspace.sandbox.truth(&entry.api_name());
            let expected = truth.iter().filter(|one| one.updated_at > at(0));
            let expected: BTreeSet<&str> = expected.map(|one| one.id.as_str()).collect();
            let ids = second.ids(&entry.stream);
            assert_eq!(ids.iter().copied().collect::<BTreeSet<&str>>(), expected);
            assert_eq!(ids.len(), expected.len());
            let bookmark = second.state()["bookmarks"].get(&entry.stream);
            assert_eq!(bookmark, newest(&workspace, entry).as_ref());
        }
    }
}

#[test]
fn a_record_that_ties_with_the_bookmark_is_not_missed() {
    for api in [REEVO, ASKELEPHANT] {
        let workspace = workspace(api, "records=60");
        let first = workspace.read(&settings(api)).emitted();
        for stream in streams(api) {
            for _ in 0..3 {
                workspace.sandbox.insert(stream, at(0));
            }
        }
        let second = workspace
            .read(&settings(api))
            .state(first.state())
            .emitted();
        assert_eq!(second.count(), 3 * streams(api).len());
    }
}

/// The page requests of a stream's second run, which starts from the state of the first.
fn second_run_requests(workspace: &Workspace, stream: &str, extra: &Value) -> Vec<Value> {
    let mut settings = settings(workspace.api);
    if workspace.api == REEVO {
        settings["record_types"] = json!([stream]);
    }
    let first = workspace.read(&settings).emitted();
    for (key, value) in extra.as_object().unwrap() {
        settings[key] = value.clone();
    }
    workspace.sandbox.clear_requests();
    workspace.read(&settings).state(first.state()).emitted();
    requests(workspace, stream)
}

/// The page requests without the probe, as JSON: the body, or the pairs of the query.
fn requests(workspace: &Workspace, stream: &str) -> Vec<Value> {
    let requests = workspace.page_requests(stream);
    let values = requests.iter().map(|request| {
        if workspace.api == REEVO {
            return serde_json::from_str(&request.body).unwrap();
        }
        let pairs = form_urlencoded::parse(request.query.as_bytes());
        pairs
            .map(|(key, value)| (key.into_owned(), Value::from(value.into_owned())))
            .collect()
    });
    values.skip(1).collect()
}

#[test]
fn reevo_is_asked_for_the_window_in_the_exact_text_of_the_bookmark() {
    for (timestamps, text) in [
        ("micros", "2026-07-10T00:00:00.123456Z"),
        ("millis", "2026-07-10T00:00:00.123Z"),
        ("offset", "2026-07-10T02:00:00+02:00"),
    ] {
        let workspace = workspace(REEVO, &format!("records=60&timestamps={timestamps}"));
        let requests = second_run_requests(&workspace, "contact", &json!({}));
        assert_eq!(
            requests[0],
            json!({
                "filters": [{"field": "updated_at", "operator": "gte", "value": text}],
                "sort": [
                    {"field": "updated_at", "direction": "asc"},
                    {"field": "id", "direction": "asc"}
                ],
                "limit": 500
            })
        );
    }
}

#[test]
fn askelephant_is_asked_for_the_window_in_utc() {
    let workspace = workspace(ASKELEPHANT, "records=60&timestamps=offset");
    let requests = second_run_requests(&workspace, "contacts", &json!({"page_size": 7}));
    assert_eq!(
        requests[0],
        json!({
            "limit": "7",
            "order_by": "updated_at:asc",
            "filter[updated_at][gte]": "2026-07-10T00:00:00Z"
        })
    );
}

#[test]
fn boundary_lookback_and_end_date_shape_the_window() {
    let bookmark = "2026-07-10T00:00:00.123456Z";
    for (extra, operator, from) in [
        (json!({}), "gte", bookmark),
        (json!({"boundary": "gt"}), "gt", bookmark),
        (
            json!({"lookback_seconds": 90}),
            "gte",
            "2026-07-09T23:58:30.123456Z",
        ),
        (
            json!({"lookback_seconds": 90, "boundary": "gt"}),
            "gte",
            "2026-07-09T23:58:30.123456Z",
        ),
        // A bookmark takes precedence over the start date.
        (json!({"start_date": "2026-01-01"}), "gte", bookmark),
    ] {
        let mut extra = extra;
        extra["end_date"] = json!("2026-07-14T02:00:00+02:00");
        let until = "2026-07-14T00:00:00Z";
        let reevo = workspace(REEVO, "records=60");
        let requests = second_run_requests(&reevo, "contact", &extra);
        assert_eq!(
            requests[0]["filters"],
            json!([
                {"field": "updated_at", "operator": operator, "value": from},
                {"field": "updated_at", "operator": "lt", "value": until}
            ])
        );
        let askelephant = workspace(ASKELEPHANT, "records=60");
        let requests = second_run_requests(&askelephant, "contacts", &extra);
        assert_eq!(requests[0][format!("filter[updated_at][{operator}]")], from);
        assert_eq!(requests[0]["filter[updated_at][lt]"], until);
    }
}

#[test]
fn a_full_export_has_no_filter_and_its_next_pages_repeat_only_what_they_must() {
    let reevo = Workspace::reevo("records=60");
    reevo
        .read(&json!({"record_types": ["contact"], "page_size": 25, "concurrency": 1}))
        .emitted();
    let mut pages = requests(&reevo, "contact");
    // One more asks for the newest record, in case that records without a date come last.
    pages.retain(|page| page["limit"] != 1);
    assert_eq!(pages.len(), 3);
    assert!(pages[0].get("filters").is_none());
    for page in &pages[1..] {
        let keys: Vec<&String> = page.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["cursor", "limit"]);
        assert_eq!(page["limit"], 25);
    }

    let askelephant = Workspace::askelephant("records=60");
    let expand = json!({
        "expand": ["owner", "tags"], "page_size": 25, "end_date": "2027-01-01", "concurrency": 1
    });
    askelephant.read(&expand).emitted();
    let pages = requests(&askelephant, "engagements");
    assert_eq!(pages.len(), 3);
    for (number, page) in pages.iter().enumerate() {
        let mut page = page.clone();
        let cursor = page.as_object_mut().unwrap().remove("cursor");
        assert_eq!(cursor.is_some(), number > 0);
        let expected = json!({
            "limit": "25",
            "order_by": "updated_at:asc",
            "filter[updated_at][lt]": "2027-01-01T00:00:00Z",
            "expand": "owner,tags"
        });
        assert_eq!(page, expected);
    }
}

#[test]
fn start_date_and_end_date_bound_what_is_read() {
    for api in [REEVO, ASKELEPHANT] {
        let workspace = Workspace::new(api, "records=200");
        let mut settings = settings(api);
        let truth = workspace.sandbox.truth(streams(api)[0]);
        let (from, until) = (truth[5].updated_at, truth[truth.len() - 5].updated_at);
        let text = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true);
        settings["start_date"] = json!(text(from));
        settings["end_date"] = json!(text(until));
        let emitted = workspace.read(&settings).emitted();
        let catalog = workspace.discover(&settings);
        for entry in &catalog.streams {
            let truth = workspace.sandbox.truth(&entry.api_name());
            let inside = truth
                .iter()
                .filter(|one| one.updated_at >= from && one.updated_at < until);
            let expected: BTreeSet<&str> = inside.map(|one| one.id.as_str()).collect();
            let ids = emitted.ids(&entry.stream);
            assert_eq!(ids.iter().copied().collect::<BTreeSet<&str>>(), expected);
            assert_eq!(ids.len(), expected.len());
        }
    }
}

#[test]
fn a_start_date_in_the_future_is_a_warning() {
    let workspace = Workspace::reevo("records=5");
    for (date, is_told) in [
        ("2026-07-15T12:00:01Z", true),
        ("2026-07-15T12:00:00Z", false),
    ] {
        let settings = json!({"record_types": ["note"], "start_date": date});
        let run = workspace.read(&settings).within(FakeClock::new()).ok();
        let told = format!("start_date {date} is in the future: changes before it are not read");
        assert_eq!(run.stderr.contains(&told), is_told, "{}", run.stderr);
    }
}

#[test]
fn lookback_reads_again_and_the_bookmark_does_not_go_back() {
    let workspace = workspace(REEVO, "records=60");
    let settings = json!({"record_types": ["contact"], "lookback_seconds": 86_400 * 200});
    let first = workspace.read(&settings).emitted();
    let second = workspace.read(&settings).state(first.state()).emitted();
    // The record that the bookmark names has not changed, so it is not emitted again.
    assert_eq!(second.records("contact").len(), 59);
    assert_eq!(second.state(), first.state());
}

#[test]
fn a_bookmark_in_the_future_is_kept() {
    for api in [REEVO, ASKELEPHANT] {
        let workspace = workspace(api, "records=60");
        let stream = streams(api)[0];
        let state =
            json!({"bookmarks": {stream: {"updated_at": "2030-01-01T00:00:00Z", "id": "x"}}});
        let emitted = workspace.read(&settings(api)).state(&state).emitted();
        assert_eq!(emitted.records(stream).len(), 0);
        assert_eq!(
            emitted.state()["bookmarks"][stream],
            state["bookmarks"][stream]
        );
        assert!(emitted.count() > 0);
    }
}

#[test]
fn unknown_parts_of_the_state_are_kept_in_every_state() {
    let workspace = Workspace::reevo("records=20");
    let mut state: Value = serde_json::from_str(
        r#"{"currently_syncing": "x", "mine": {"big": 12345678901234567}, "bookmarks": {
            "gone": {"version": 7}, "task": {"updated_at": "2026-03-01T00:00:00Z", "id": "t"},
            "note": {"updated_at": "2026-02-01T00:00:00+01:00", "id": "n", "extra": [1]}}}"#,
    )
    .unwrap();
    let settings = json!({"record_types": ["contact", "note", "task"]});
    let run = workspace.run(&["discover", "--config", &workspace.config_file(&settings)]);
    let mut catalog: Value = serde_json::from_str(&run.ok().stdout).unwrap();
    catalog::set(&mut catalog, "task", &[], "selected", json!(false));
    let emitted = workspace
        .read(&settings)
        .catalog(&catalog)
        .state(&state)
        .emitted();
    assert_eq!(
        emitted.schemas.keys().collect::<Vec<_>>(),
        ["contact", "note"]
    );
    let note = &emitted.state()["bookmarks"]["note"];
    assert_eq!(note["extra"], json!([1]));
    assert!(timestamp(note["updated_at"].as_str().unwrap()) > timestamp("2026-02-01T00:00:00Z"));
    for written in &emitted.states {
        for pointer in [
            "/currently_syncing",
            "/mine",
            "/bookmarks/gone",
            "/bookmarks/task",
        ] {
            assert_eq!(written.pointer(pointer), state.pointer(pointer));
        }
    }
    // Nothing else was added.
    let bookmarks = emitted.state()["bookmarks"].as_object().unwrap();
    assert_eq!(bookmarks.len(), 4);
    state["bookmarks"] = emitted.state()["bookmarks"].clone();
    assert_eq!(*emitted.state(), state);
}

#[test]
fn a_state_message_or_an_empty_file_is_accepted_as_a_state() {
    let workspace = workspace(REEVO, "records=20");
    let settings = json!({"record_types": ["contact"]});
    let first = workspace.read(&settings).emitted();
    let message = json!({"type": "STATE", "value": first.state()});
    assert_eq!(
        workspace.read(&settings).state(&message).emitted().count(),
        0
    );
    let (config, empty) = (
        workspace.config_file(&settings),
        workspace.file("state.json", ""),
    );
    let run = workspace
        .run(&["read", "--config", &config, "--state", &empty])
        .ok();
    assert_eq!(run.emitted().count(), 20);
}

#[test]
fn a_stream_that_cannot_be_filtered_is_read_in_full_each_time() {
    let workspace = Workspace::reevo("records=20&updated_at_unsortable=contact");
    let settings = json!({"record_types": ["contact"], "start_date": "2026-07-01"});
    let first = workspace.read(&settings).emitted();
    assert_eq!(first.records("contact").len(), 20);
    assert_eq!(first.schemas["contact"].bookmark_properties, None);
    let run = workspace.read(&settings).state(first.state()).run().ok();
    assert_eq!(run.emitted().records("contact").len(), 20);
    run.says("contact is read in full");
}

#[test]
fn lookback_finds_records_that_became_visible_late() {
    for api in [REEVO, ASKELEPHANT] {
        let workspace = workspace(api, "records=60&visibility_delay_seconds=30");
        let now = workspace.sandbox.now();
        workspace.sandbox.set_clock(now + TimeDelta::seconds(60));
        let stream = streams(api)[0];
        let second = |number: i64| now + TimeDelta::seconds(60 + number);
        // The first run reads this record, which is newer than the one that is not visible yet.
        workspace.sandbox.insert(stream, second(5));
        workspace.sandbox.set_clock(second(20));
        let late = workspace.sandbox.insert(stream, second(4));
        workspace.sandbox.set_clock(second(31));
        let mut settings = settings(api);
        let first = workspace.read(&settings).emitted();
        assert!(!first.ids(stream).contains(&late.as_str()));
        workspace.sandbox.set_clock(second(60));
        let without = workspace.read(&settings).state(first.state()).emitted();
        assert_eq!(without.records(stream).len(), 0);
        settings["lookback_seconds"] = json!(30);
        let with = workspace.read(&settings).state(first.state()).emitted();
        assert_eq!(with.ids(stream), [late.as_str()]);
        assert_eq!(with.state(), first.state());
    }
}

#[test]
fn a_missing_state_file_means_a_read_from_the_start() {
    let workspace = Workspace::reevo("records=10");
    let config = workspace.config_file(&json!({"record_types": ["task"]}));
    let missing = workspace.file("folder", "") + ".json";
    let run = workspace
        .run(&["--config", &config, "--state", &missing])
        .ok();
    assert_eq!(
        run.emitted().records("task").len(),
        workspace.sandbox.truth("task").len()
    );
    run.says(&format!(
        "WARNING the state file {missing} does not exist; every stream is read from its start"
    ));
}

#[test]
fn a_state_of_other_streams_is_reported_with_the_expected_form() {
    let workspace = Workspace::reevo("records=10");
    let settings = json!({"record_types": ["task", "note"]});
    let bookmark = json!({"updated_at": "2026-01-01T00:00:00Z", "id": "a"});
    let form = r#"the expected form is {"bookmarks": {"task": {"updated_at": …, "id": …}}}"#;
    for (state, names) in [
        (
            json!({"bookmarks": {"contacts": bookmark, "deals": bookmark}}),
            Some("contacts, deals"),
        ),
        (json!({"task": bookmark}), Some("task")),
        (
            json!({"bookmarks": {"task": bookmark, "deals": bookmark}}),
            None,
        ),
        (json!({"bookmarks": {}, "currently_syncing": null}), None),
        (json!({}), None),
    ] {
        let run = workspace.read(&settings).state(&state).run().ok();
        let warnings = run.logged("WARNING ");
        match names {
            Some(names) => {
                assert_eq!(warnings.len(), 1);
                run.says(&format!("(it names {names})")).says(form);
            }
            None => assert!(warnings.is_empty(), "{warnings:?}"),
        }
    }
}

#[test]
fn a_bookmark_in_the_future_reads_nothing_and_warns() {
    let workspace = Workspace::reevo("records=10");
    let state = json!({"bookmarks": {"task": {"updated_at": "2099-01-01T00:00:00Z", "id": "a"}}});
    let settings = json!({"record_types": ["task"]});
    let run = workspace.read(&settings).state(&state).run().ok();
    assert_eq!(run.emitted().count(), 0);
    run.says("WARNING task: the bookmark 2099-01-01T00:00:00Z is in the future: changes before it are not read");
}
