//! Records that are invalid, lack an id or date, are dated in the future, or change or vanish
//! during the walk.

use super::destination::Destination;
use super::{BOTH, Trial};
use crate::catalog::Catalog;
use crate::json::Json;
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Reads while one record of the first page is wrong. Returns how many records are missing, how
/// many have an unusable or future `updated_at`, and the run's bookmark.
fn spoiled(trial: &Trial, fault: &Value, sentence: &str) -> (usize, usize, Value) {
    trial.script(&json!([{"kind": "first_page", "times": 1, "fault": fault}]));
    let run = trial.read(&json!({})).run.ok().says(sentence);
    let mut destination = Destination::default();
    destination.add(&run);
    let truth = trial.workspace.sandbox.truth(trial.stream());
    let emitted = run.emitted();
    let ids: BTreeSet<&str> = emitted.ids(trial.stream()).into_iter().collect();
    let missing = truth.iter().filter(|one| !ids.contains(one.id.as_str()));
    let missing = missing.count();
    let odd = truth.iter().filter(|one| {
        let kept = destination.get(trial.stream(), &one.id);
        kept.is_some_and(|kept| match kept.get("updated_at") {
            Json::Text(text) => crate::oracle::timestamp(text) > trial.workspace.sandbox.now(),
            _ => true,
        })
    });
    let odd = odd.count();
    (
        missing,
        odd,
        destination.state["bookmarks"][trial.stream()].clone(),
    )
}

/// The bookmark of a run without faults.
fn true_bookmark(trial: &Trial) -> Value {
    let catalog = Catalog::parse(&trial.catalog.to_string());
    crate::oracle::newest(&trial.workspace, catalog.entry(trial.stream())).unwrap()
}

#[test]
fn a_record_without_updated_at_is_emitted_and_moves_no_bookmark() {
    for api in BOTH {
        let trial = Trial::new(api);
        for fault in [
            json!({"record_without": {"member": "updated_at", "at": 3}}),
            json!({"record_with": {"member": "updated_at", "value": null, "at": 3}}),
            json!({"record_with": {"member": "updated_at", "value": "soon", "at": 3}}),
        ] {
            let told = "1 record without a usable updated_at came out";
            let (missing, odd, bookmark) = spoiled(&trial, &fault, told);
            assert_eq!((missing, odd), (0, 1), "{fault}");
            assert_eq!(bookmark, true_bookmark(&trial));
        }
    }
}

#[test]
fn a_record_without_id_is_left_out_with_a_warning() {
    for api in BOTH {
        let trial = Trial::new(api);
        for fault in [
            json!({"record_without": {"member": "id", "at": 3}}),
            json!({"record_with": {"member": "id", "value": "", "at": 3}}),
        ] {
            let told = "1 record without a usable id could not be emitted";
            let (missing, odd, bookmark) = spoiled(&trial, &fault, told);
            assert_eq!((missing, odd), (1, 0), "{fault}");
            assert_eq!(bookmark, true_bookmark(&trial));
        }
    }
}

#[test]
fn an_updated_at_in_the_future_never_becomes_a_bookmark() {
    for api in BOTH {
        for seconds in [60, 31_557_600] {
            let trial = Trial::new(api);
            let expected = true_bookmark(&trial);
            let (sandbox, stream) = (&trial.workspace.sandbox, trial.stream());
            let ahead = &sandbox.truth(stream)[3].id;
            sandbox.touch(stream, ahead, sandbox.now() + TimeDelta::seconds(seconds));
            let told = "1 record with an updated_at later than the server's own time came out";
            let run = trial.read(&json!({})).run.ok().says(told);
            assert!(run.emitted().ids(stream).contains(&ahead.as_str()));
            let bookmark = run.emitted().state()["bookmarks"][stream].clone();
            assert_eq!(bookmark, expected);
            // The next run still reads what changes from now on.
            let first = &trial.workspace.sandbox.truth(trial.stream())[0];
            let now = trial.workspace.sandbox.now();
            trial
                .workspace
                .sandbox
                .touch(trial.stream(), &first.id, now);
            let state = json!({"bookmarks": {trial.stream(): bookmark}});
            let next = trial.read(&state).run.ok();
            assert!(
                next.emitted()
                    .ids(trial.stream())
                    .contains(&first.id.as_str())
            );
        }
    }
}

#[test]
fn a_record_that_is_not_an_object_fails_the_stream() {
    for api in BOTH {
        for value in [json!("no record"), json!([]), json!(7), json!(null)] {
            let rules =
                json!([{"skip": 1, "times": 1, "fault": {"broken_record": {"value": value}}}]);
            Trial::new(api).fails(&rules, "a record does not have the documented form");
        }
    }
}

#[test]
fn records_that_change_during_the_walk_are_emitted_in_their_last_version() {
    for api in BOTH {
        for kind in ["page", "next_page"] {
            let trial = Trial::new(api);
            let fault = json!({"records_change": {"count": 3}});
            trial.survives(&json!([{"kind": kind, "times": 3, "fault": fault}]));
        }
    }
}

#[test]
fn records_that_vanish_during_the_walk_lose_no_others() {
    for api in BOTH {
        let trial = Trial::new(api);
        let fault = json!({"records_vanish": {"count": 3}});
        trial.script(&json!([{"kind": "next_page", "times": 2, "fault": fault}]));
        let first = trial.read(&json!({})).run.ok();
        let mut destination = Destination::default();
        destination.add(&first);
        let catalog = Catalog::parse(&trial.catalog.to_string());
        destination.assert_truth(&trial.workspace, &catalog);
    }
}

#[test]
fn a_walk_ends_even_if_data_changes_faster_than_it_is_read() {
    for api in BOTH {
        let trial = Trial::new(api);
        let sandbox = trial.workspace.sandbox.clone();
        trial.workspace.sandbox.on_request(move |_| {
            sandbox.set_clock(sandbox.now() + TimeDelta::seconds(2));
        });
        trial.script(&json!([{"kind": "page", "fault": {"records_change": {"count": 15}}}]));
        let first = trial.read(&json!({})).run.ok();
        let first = first.says("changes made during this run are left to the next one");
        trial.script(&json!([]));
        let sandbox = &trial.workspace.sandbox;
        sandbox.set_clock(sandbox.now() + TimeDelta::minutes(2));
        let state = first.emitted().state().clone();
        let second = trial.read(&state).run.ok();
        trial.assert_all(&[&first, &second]);
    }
}

#[test]
fn recent_ties_that_exceed_a_page_are_emitted_again_by_the_next_run() {
    for api in BOTH {
        let trial = Trial::new(api);
        let sandbox = &trial.workspace.sandbox;
        for one in sandbox.truth(trial.stream()).iter().take(30) {
            sandbox.touch(trial.stream(), &one.id, sandbox.now());
        }
        // The first page needs no token; the token of the others may name a record that has moved.
        let first = trial.read(&json!({})).run.ok();
        trial.assert_all(&[&first]);
        sandbox.set_clock(sandbox.now() + TimeDelta::minutes(2));
        let second = trial.read(first.emitted().state()).run.ok();
        assert_eq!(second.emitted().records(trial.stream()).len(), 29);
        trial.assert_all(&[&first, &second]);
    }
}

#[test]
fn a_value_that_is_nested_too_deep_becomes_null_with_a_warning() {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    for (levels, warns) in [(90, false), (100_000, true)] {
        let trial = Trial::with(
            "askelephant",
            "records=80",
            &json!({"unknown_fields": "collect"}),
        );
        let truth = &trial.workspace.sandbox.truth("contacts")[0];
        let mut body = truth.json.clone();
        body.truncate(body.len() - 1);
        let body = format!(
            r#"{{"object":"list","data":[{body},"strange":{}}}],"has_more":false}}"#,
            deep(levels)
        );
        trial.script(&json!([{"times": 1, "fault": {"status": {"code": 200, "body": body}}}]));
        let run = trial.read(&json!({})).run.ok();
        let has_warned = run.stderr.contains("nested more than 100 levels deep");
        assert_eq!(has_warned, warns, "{}", run.stderr);
        assert!(run.stdout.len() < 20_000);
    }
}
