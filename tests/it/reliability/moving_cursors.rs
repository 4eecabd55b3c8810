//! Cursors that name a record and move when it changes, at the moments that are hardest to notice.

use super::destination::Destination;
use super::{BOTH, Trial};
use crate::catalog::Catalog;
use chrono::{DateTime, TimeDelta, Utc};
use revops_sandbox::Sandbox;
use serde_json::{Value, json};
use std::sync::Mutex;

/// A trial of forty records, ten per page, on an API whose cursors name records.
fn trial(options: &str, settings: &Value) -> Trial {
    Trial::with("askelephant", &format!("records=80{options}"), settings)
}

/// A time on the day of the sandbox's clock, which starts at noon.
fn at(time: &str) -> DateTime<Utc> {
    format!("2026-07-15T{time}Z").parse().unwrap()
}

/// The ids of all records, the oldest first.
fn ids(trial: &Trial) -> Vec<String> {
    let truth = trial.workspace.sandbox.truth(trial.stream());
    truth.into_iter().map(|one| one.id).collect()
}

/// Calls `change` before each page of the stream, counted from 1.
fn before_page(trial: &Trial, change: impl Fn(&Sandbox, u64) + Send + Sync + 'static) {
    let (sandbox, stream) = (trial.workspace.sandbox.clone(), trial.stream());
    let pages = Mutex::new(0);
    trial.workspace.sandbox.on_request(move |announced| {
        if announced.path.contains(stream) && !announced.path.contains("_schema") {
            let mut pages = pages.lock().unwrap();
            *pages += 1;
            change(&sandbox, *pages);
        }
    });
}

/// Checks that three runs, each from the state before, emit the last version of every record.
fn assert_three_runs_bring_all(trial: &Trial) {
    let mut destination = Destination::default();
    for _ in 0..3 {
        destination.add(&trial.read(&destination.last_state()).run.ok());
    }
    let catalog = Catalog::parse(&trial.catalog.to_string());
    destination.assert_truth(&trial.workspace, &catalog);
}

#[test]
fn a_change_that_becomes_visible_late_loses_no_record() {
    for (delay, settings) in [(30, json!({})), (120, json!({"lookback_seconds": 120}))] {
        let trial = trial(&format!("&visibility_delay_seconds={delay}"), &settings);
        let (ids, sandbox) = (ids(&trial), &trial.workspace.sandbox);
        // The record that the first cursor names, and one after it.
        for (second, id) in [(0, &ids[9]), (1, &ids[15])] {
            sandbox.set_clock(at("12:00:00") + TimeDelta::seconds(second));
            sandbox.touch("contacts", id, sandbox.now());
        }
        let shows = sandbox.now() + TimeDelta::seconds(delay);
        sandbox.set_clock(shows - TimeDelta::seconds(2));
        before_page(&trial, move |sandbox, page| {
            if page == 2 {
                sandbox.set_clock(shows + TimeDelta::seconds(1));
            }
        });
        assert_three_runs_bring_all(&trial);
    }
}

#[test]
fn a_moved_cursor_is_noticed_after_walks_without_progress() {
    let trial = trial("", &json!({"page_size": 3}));
    let sandbox = &trial.workspace.sandbox;
    for id in ids(&trial).iter().take(12) {
        sandbox.touch("contacts", id, "2025-01-01T00:00:00Z".parse().unwrap());
    }
    let ids = ids(&trial);
    before_page(&trial, move |sandbox, page| {
        let named = match page {
            // Three walks see only ties before the record that their cursor names moves.
            2 => 2,
            4 => 3,
            6 => 4,
            14 => 23,
            _ => return,
        };
        sandbox.touch("contacts", &ids[named], sandbox.now());
        sandbox.set_clock(sandbox.now() + TimeDelta::seconds(1));
    });
    let mut destination = Destination::default();
    destination.add(&trial.read(&json!({})).run.ok());
    let catalog = Catalog::parse(&trial.catalog.to_string());
    destination.assert_truth(&trial.workspace, &catalog);
}

#[test]
fn a_walk_of_ties_ends_even_if_data_changes_faster_than_it_is_read() {
    for api in BOTH {
        let records = if api == "reevo" { 40 } else { 80 };
        let options = format!("records={records}&askelephant_cursor=self_contained");
        let trial = Trial::with(api, &options, &json!({}));
        let (sandbox, stream) = (&trial.workspace.sandbox, trial.stream());
        for one in sandbox.truth(stream) {
            sandbox.touch(stream, &one.id, sandbox.now());
        }
        before_page(&trial, move |sandbox, page| {
            // Fifteen records change for each page of ten.
            if (8..500).contains(&page) {
                sandbox.set_clock(sandbox.now() + TimeDelta::seconds(2));
                for one in sandbox.truth(stream).iter().take(15) {
                    sandbox.touch(stream, &one.id, sandbox.now());
                }
            }
        });
        let run = trial.read(&json!({})).run.ok();
        assert!(run.stderr.matches("_query: 200").count() < 100);
        trial.workspace.sandbox.on_request(|_| {});
        let sandbox = &trial.workspace.sandbox;
        sandbox.set_clock(sandbox.now() + TimeDelta::minutes(2));
        let next = trial.read(run.emitted().state()).run.ok();
        trial.assert_all(&[&run, &next]);
    }
}

#[test]
fn a_change_after_a_page_out_of_order_loses_no_record() {
    let trial = trial("", &json!({}));
    let ids = ids(&trial);
    trial.script(&json!([{"kind": "next_page", "times": 1, "fault": "pages_out_of_order"}]));
    before_page(&trial, move |sandbox, page| {
        if page == 3 {
            for (id, time) in [(&ids[9], "11:59:59.1"), (&ids[0], "11:59:59.2")] {
                sandbox.touch("contacts", id, at(time));
            }
        }
    });
    assert_three_runs_bring_all(&trial);
}

#[test]
fn the_bookmark_of_a_restarted_walk_covers_only_what_it_has_read_since() {
    let trial = trial("", &json!({"page_size": 1}));
    for (second, id) in ids(&trial).iter().enumerate() {
        let time = at(&format!("10:00:{second:02}"));
        trial.workspace.sandbox.touch("contacts", id, time);
    }
    trial.script(&json!([
        {"kind": "next_page", "times": 1, "fault": "pages_out_of_order"},
        {"kind": "next_page", "skip": 1, "times": 2, "fault": "invalid_cursor"}
    ]));
    let oldest = ids(&trial).remove(0);
    before_page(&trial, move |sandbox, page| {
        if page == 7 {
            sandbox.touch("contacts", &oldest, at("11:59:59"));
        }
    });
    assert_three_runs_bring_all(&trial);
}
