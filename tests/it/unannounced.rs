//! Fields that the schema does not announce, which are reported or collected, and characters that
//! consumers cannot hold, which are replaced.

use crate::json::Json;
use crate::oracle::assert_valid;
use crate::support::Workspace;
use serde_json::{Value, json};

fn contacts_and_notes() -> Value {
    json!({"record_types": ["contact", "note"]})
}

#[test]
fn unannounced_fields_are_reported_once_with_a_count() {
    let workspace = Workspace::reevo("records=20&unknown_attributes=2");
    let run = workspace.read(&contacts_and_notes()).run().ok();
    let run = run.says("contact: unannounced_1: 20 values of a field that is not in the schema");
    let warnings = run.logged("WARNING ");
    assert_eq!(
        warnings
            .iter()
            .filter(|line| line.contains("contact: "))
            .count(),
        2
    );
    let emitted = run.emitted();
    for (stream, schema) in &emitted.schemas {
        assert_valid(schema, emitted.records(stream));
    }
}

#[test]
fn unannounced_fields_are_collected_if_configured() {
    let workspace = Workspace::reevo("records=20&unknown_attributes=3");
    let mut settings = contacts_and_notes();
    settings["unknown_fields"] = json!("collect");
    let config = workspace.config_file(&settings);
    let discovered = workspace.run(&["discover", "--config", &config]).ok();
    let catalog: Value = serde_json::from_str(&discovered.stdout).unwrap();
    for emitted in [
        workspace.read(&settings).emitted(),
        workspace.read(&settings).catalog(&catalog).emitted(),
    ] {
        let records = emitted.records("contact");
        assert_valid(&emitted.schemas["contact"], records);
        for one in records {
            assert_eq!(
                one.record.get("_unknown_fields").to_string(),
                r#"{"unannounced_1":{"lat":1.0,"lng":2.50},"unannounced_2":"nobody told you","unannounced_3":0.10}"#
            );
        }
    }
    let run = workspace.read(&settings).run().ok();
    let told = "contact: unannounced_1: 20 values of a field that is not in the schema \
                came out in the column _unknown_fields\n";
    let run = run.says(told);
    assert!(!run.stderr.contains("\"collect\""), "{}", run.stderr);
    let askelephant = Workspace::askelephant("records=400&extra_members=true");
    let emitted = askelephant
        .read(&json!({"unknown_fields": "collect"}))
        .emitted();
    for (stream, schema) in &emitted.schemas {
        assert_valid(schema, emitted.records(stream));
        let collected = emitted.records(stream).iter();
        let mut collected = collected.map(|one| one.record.get("_unknown_fields"));
        assert!(collected.any(|column| *column != Json::Null), "{stream}");
    }
}

#[test]
fn values_that_no_consumer_can_hold_are_cleaned_and_reported() {
    let workspace = Workspace::reevo("records=60&hostile_text=true");
    let run = workspace
        .read(&json!({"record_types": ["contact", "note"]}))
        .run()
        .ok();
    assert!(!run.stdout.contains("\\u0000") && !run.stdout.contains("\\ud8"));
    run.says("NUL characters were removed from")
        .says("broken UTF-16 escapes were replaced by U+FFFD");
}
