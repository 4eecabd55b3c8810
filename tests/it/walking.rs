//! Walks through pages while records change, cursors expire, and page tokens are wrong.

use crate::clock::FakeClock;
use crate::messages::Emitted;
use crate::support::{ASKELEPHANT, REEVO, Run, Workspace};
use chrono::{DateTime, TimeDelta, Utc};
use revops_sandbox::{Announced, Fault, Reply, Sandbox};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// The stream that changes, and settings that read it in pages of ten, one after the other.
fn stream_of(api: &str) -> (&'static str, Value) {
    if api == REEVO {
        (
            "contact",
            json!({"record_types": ["contact"], "page_size": 10, "concurrency": 1}),
        )
    } else {
        ("contacts", json!({"page_size": 10, "concurrency": 1}))
    }
}

/// Calls `change` before each page of a stream after the first.
fn between_pages(
    workspace: &Workspace,
    stream: &str,
    change: impl Fn(&Sandbox, u64) + Send + Sync + 'static,
) {
    let (sandbox, stream) = (workspace.sandbox.clone(), stream.to_owned());
    let pages = Mutex::new(0);
    workspace.sandbox.on_request(move |announced: &Announced| {
        let is_page =
            announced.path.contains(&format!("/{stream}")) && !announced.path.contains("_schema");
        if is_page {
            let mut pages = pages.lock().unwrap();
            *pages += 1;
            // The first two requests are the probe and the first page.
            if *pages > 2 {
                change(&sandbox, *pages);
            }
        }
    });
}

/// An instant after the `updated_at` of all records, later for each page.
fn later(page: u64) -> DateTime<Utc> {
    let noon: DateTime<Utc> = "2026-07-15T11:00:00Z".parse().unwrap();
    noon + TimeDelta::seconds(i64::try_from(page).unwrap())
}

/// Checks that the last version of every record was emitted, and no version twice.
fn assert_latest(workspace: &Workspace, stream: &str, emitted: &Emitted) {
    let versions = emitted.versions(stream);
    let mut latest: BTreeMap<&str, &str> = BTreeMap::new();
    for (id, updated_at) in versions.keys() {
        let newest = latest.entry(id).or_default();
        *newest = (*newest).max(updated_at);
    }
    let truth = workspace.sandbox.truth(stream);
    let lost: Vec<String> = truth
        .iter()
        .filter(|one| {
            let sent = latest.get(one.id.as_str()).copied().unwrap_or_default();
            sent.parse::<DateTime<Utc>>().ok() != Some(one.updated_at)
        })
        .map(|one| one.id.clone())
        .collect();
    assert!(lost.is_empty(), "{} of {stream} were lost", lost.len());
}

#[test]
fn records_that_change_during_the_walk_are_emitted_in_their_latest_version() {
    for (api, options) in [
        (REEVO, "records=80"),
        (REEVO, "records=80&ties=shuffled"),
        (ASKELEPHANT, "records=160&askelephant_cursor=strict"),
        (ASKELEPHANT, "records=160&askelephant_cursor=self_contained"),
        (ASKELEPHANT, "records=160&askelephant_cursor=id_only"),
    ] {
        let workspace = Workspace::new(api, options);
        let (stream, settings) = stream_of(api);
        let ids: Vec<String> = workspace
            .sandbox
            .truth(stream)
            .into_iter()
            .map(|one| one.id)
            .collect();
        let count = ids.len();
        between_pages(&workspace, stream, move |sandbox, page| {
            // One record that was read and one that was not; only a few, so that the walk ends.
            let at = usize::try_from(page).unwrap();
            if page < 8 {
                sandbox.touch(stream, &ids[at], later(page));
                sandbox.touch(stream, &ids[count - at], later(page));
                sandbox.insert(stream, later(page));
            }
        });
        let emitted = workspace.read(&settings).emitted();
        assert_latest(&workspace, stream, &emitted);
    }
}

#[test]
fn the_record_that_a_cursor_names_may_change() {
    for (api, options) in [
        (REEVO, "records=80"),
        (ASKELEPHANT, "records=160&askelephant_cursor=strict"),
        (ASKELEPHANT, "records=160&askelephant_cursor=self_contained"),
    ] {
        check_moved_cursor_record(api, options);
    }
}

#[test]
fn a_cursor_that_moves_with_its_record_loses_no_record() {
    check_moved_cursor_record(ASKELEPHANT, "records=160&askelephant_cursor=id_only");
}

fn check_moved_cursor_record(api: &'static str, options: &str) {
    let workspace = Workspace::new(api, options);
    let (stream, settings) = stream_of(api);
    let last_of_page_one = workspace.sandbox.truth(stream)[9].id.clone();
    between_pages(&workspace, stream, move |sandbox, page| {
        if page == 3 {
            sandbox.touch(stream, &last_of_page_one, later(page));
        }
    });
    let emitted = workspace.read(&settings).emitted();
    assert_latest(&workspace, stream, &emitted);
}

#[test]
fn the_record_that_a_cursor_names_may_vanish() {
    for api in [REEVO, ASKELEPHANT] {
        let workspace = Workspace::new(api, "records=80");
        let (stream, settings) = stream_of(api);
        let last_of_page_one = workspace.sandbox.truth(stream)[9].id.clone();
        between_pages(&workspace, stream, move |sandbox, page| {
            if page == 3 {
                sandbox.remove(stream, &last_of_page_one);
            }
        });
        let emitted = workspace.read(&settings).emitted();
        assert_latest(&workspace, stream, &emitted);
    }
}

#[test]
fn a_cursor_that_expires_restarts_the_walk_without_loss_and_without_repeats() {
    for (api, options) in [
        (REEVO, "records=80&cursor_expires_after=60"),
        (REEVO, "records=80&cursor_expires_after=60&ties=shuffled"),
        (
            ASKELEPHANT,
            "records=160&cursor_expires_after=60&askelephant_cursor=strict",
        ),
        (ASKELEPHANT, "records=160&cursor_expires_after=60"),
    ] {
        let workspace = Workspace::new(api, options);
        let (stream, settings) = stream_of(api);
        between_pages(&workspace, stream, |sandbox, page| {
            // The longest run of ties fits into fewer pages.
            if page % 6 == 0 {
                sandbox.set_clock(sandbox.now() + TimeDelta::seconds(61));
            }
        });
        let run = workspace
            .read(&settings)
            .run()
            .ok()
            .says("starting again from");
        let emitted = run.emitted();
        assert_latest(&workspace, stream, &emitted);
        let ids: BTreeSet<&str> = emitted.ids(stream).into_iter().collect();
        assert_eq!(ids.len(), emitted.records(stream).len());
    }
}

#[test]
fn a_walk_without_progress_gives_up() {
    // The first records tie, so that every restart finds the same instant.
    let workspace = Workspace::reevo("records=90&cursor_expires_after=60");
    between_pages(&workspace, "contact", |sandbox, _| {
        sandbox.set_clock(sandbox.now() + TimeDelta::seconds(61));
    });
    let settings = json!({"record_types": ["contact"], "page_size": 1});
    let run = workspace.read(&settings).run().ended(1);
    let run = run.says("gave up after starting again 2 times without getting further");
    assert!(run.emitted().states.is_empty());
    assert_eq!(run.logged("CRITICAL ").len(), 1);
}

/// Reads while the answers to some page requests are replaced.
fn with_pages(api: &'static str, skip: u64, times: u64, body: &str) -> (Workspace, Run) {
    let workspace = Workspace::new(api, "records=80");
    let (stream, settings) = stream_of(api);
    workspace.sandbox.inject(Fault {
        path_contains: format!("/{stream}"),
        // The schema and the probe, or only the probe.
        skip: skip + if api == REEVO { 2 } else { 1 },
        times,
        reply: Reply::Status {
            status: 200,
            headers: Vec::new(),
            body: body.to_owned(),
        },
    });
    let run = workspace.read(&settings).within(FakeClock::new());
    (workspace, run)
}

#[test]
fn a_token_that_comes_twice_fails_the_stream() {
    for (api, body) in [
        (REEVO, r#"{"data":[],"next_cursor":"again"}"#),
        (
            ASKELEPHANT,
            r#"{"object":"list","data":[],"has_more":true,"next_cursor":"again"}"#,
        ),
    ] {
        let (_, run) = with_pages(api, 1, 1000, body);
        let run = run.ended(1).says("the same page token twice");
        let (stream, _) = stream_of(api);
        let has_bookmark = run
            .emitted()
            .states
            .iter()
            .any(|state| !state["bookmarks"][stream].is_null());
        assert!(!has_bookmark);
    }
}

#[test]
fn more_without_a_token_fails_the_stream() {
    for (api, body) in [
        (
            REEVO,
            r#"{"data":[],"pagination":{"has_more":true,"next_cursor":null}}"#,
        ),
        (
            ASKELEPHANT,
            r#"{"object":"list","data":[],"has_more":true,"next_cursor":null}"#,
        ),
    ] {
        let (_, run) = with_pages(api, 1, 1000, body);
        run.ended(1)
            .says("has_more is true but next_cursor is missing");
    }
}

/// The API's token of the second page, taken from a read that the test makes.
fn token_of_page_two(workspace: &Workspace, stream: &str, settings: &Value) -> String {
    workspace.read(settings).emitted();
    let requests = workspace.page_requests(stream);
    let token = requests.iter().find_map(|request| {
        if workspace.api == REEVO {
            let body: Value = serde_json::from_str(&request.body).unwrap();
            return body["cursor"].as_str().map(str::to_owned);
        }
        let found = request
            .query
            .split('&')
            .find_map(|pair| pair.strip_prefix("cursor="));
        found.map(|token| token.replace("%3D", "="))
    });
    workspace.sandbox.clear_requests();
    token.unwrap()
}

#[test]
fn an_empty_page_with_a_token_continues() {
    for (api, options) in [(REEVO, "records=30"), (ASKELEPHANT, "records=60")] {
        let workspace = Workspace::new(api, options);
        let (stream, settings) = stream_of(api);
        let token = token_of_page_two(&workspace, stream, &settings);
        // In place of the first page; all records after the token must still come.
        workspace.sandbox.inject(Fault {
            path_contains: format!("/{stream}"),
            // The schema and the probe, or only the probe.
            skip: if api == REEVO { 2 } else { 1 },
            times: 1,
            reply: Reply::Status {
                status: 200,
                headers: Vec::new(),
                body: json!({"data": [], "has_more": true, "next_cursor": token}).to_string(),
            },
        });
        let run = workspace.read(&settings).run().ok();
        let emitted = run.emitted();
        let truth = workspace.sandbox.truth(stream);
        let rest: Vec<&str> = truth[10..].iter().map(|one| one.id.as_str()).collect();
        assert_eq!(emitted.ids(stream), rest);
    }
}

#[test]
fn an_invalid_page_is_requested_again() {
    for body in ["", "<html>", r#"{"data":{}}"#, r#"{"data":[{"id":"x""#] {
        for api in [REEVO, ASKELEPHANT] {
            let (workspace, run) = with_pages(api, 1, 1, body);
            let (stream, _) = stream_of(api);
            assert_latest(&workspace, stream, &run.ok().emitted());
        }
    }
}

#[test]
fn a_stream_of_one_page_costs_a_schema_a_probe_and_a_page() {
    let workspace = Workspace::reevo("records=10");
    workspace.read(&json!({"record_types": ["note"]})).emitted();
    let paths: Vec<String> = workspace
        .sandbox
        .requests()
        .into_iter()
        .map(|one| one.path)
        .collect();
    let expected = [
        "/api/v2/_schema/note",
        "/api/v2/note/_query",
        "/api/v2/note/_query",
    ];
    assert_eq!(paths, expected);
}
