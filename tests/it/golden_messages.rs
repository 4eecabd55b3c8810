//! The exact bytes of every message that a run writes, against golden files.

use crate::golden::assert_golden;
use crate::support::{ASKELEPHANT, REEVO, Workspace};
use serde_json::{Value, json};

/// The output with `time_extracted` masked: nothing else differs from run to run.
fn masked(stdout: &str) -> String {
    let mut text = String::new();
    for line in stdout.lines() {
        match line.split_once("\"time_extracted\":\"") {
            Some((before, after)) => {
                let (time, rest) = after.split_once('"').unwrap();
                assert_eq!(time.len(), "2026-07-15T12:00:00.000000Z".len());
                text.push_str(&format!("{before}\"time_extracted\":\"<now>\"{rest}\n"));
            }
            None => text.push_str(&format!("{line}\n")),
        }
    }
    text
}

fn check(api: &'static str, options: &str, settings: &Value, name: &str) {
    let workspace = Workspace::new(api, options);
    let mut settings = settings.clone();
    settings["concurrency"] = json!(1);
    let state = json!({"kept": 1.5, "bookmarks": {"gone": null}});
    let run = workspace.read(&settings).state(&state).run().ok();
    assert_golden(&format!("{name}_messages.jsonl"), &masked(&run.stdout));
}

#[test]
fn the_messages_of_reevo_have_the_same_bytes_as_before() {
    let options = "records=40&timestamps=mixed&unknown_attributes=1";
    let settings = json!({"record_types": ["Renewal-Plan", "implementation_project"]});
    check(REEVO, options, &settings, "reevo");
}

#[test]
fn the_messages_of_askelephant_have_the_same_bytes_as_before() {
    let options = "records=40&timestamps=mixed&scopes=tags:read,users:read";
    check(ASKELEPHANT, options, &json!({}), "askelephant");
}
