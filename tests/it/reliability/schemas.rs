//! Schemas that change between discover and read.

use super::Trial;
use crate::support::REEVO;
use serde_json::json;

fn changed(change: &serde_json::Value) -> crate::support::Run {
    let trial = Trial::new(REEVO);
    trial.script(&json!([{"fault": {"changed_schema": change}}]));
    let run = trial.read(&json!({})).run.ok();
    let truth = trial.workspace.sandbox.truth("contact").len();
    assert_eq!(run.emitted().records("contact").len(), truth);
    run
}

#[test]
fn a_new_attribute_is_reported_and_a_missing_one_is_null() {
    let run = changed(&json!({"appear": ["shoe_size"], "vanish": ["title"]}));
    let run = run.says("the catalog is older than the API's schema and lacks shoe_size");
    let run = run.says("the catalog has fields that the API's schema does not have (title)");
    let emitted = run.emitted();
    let schema = &emitted.schemas["contact"];
    assert!(schema.schema["properties"]["title"].is_object());
    crate::oracle::assert_valid(schema, emitted.records("contact"));
}

#[test]
fn an_attribute_that_changes_its_type_still_fits_the_declared_schema() {
    let run = changed(&json!({"retype": {"title": "number"}}));
    let emitted = run.emitted();
    crate::oracle::assert_valid(&emitted.schemas["contact"], emitted.records("contact"));
}

#[test]
fn a_schema_that_cannot_be_fetched_fails_its_stream() {
    let rules = json!([{"kind": "schema", "fault": {"html": {"code": 502}}}]);
    Trial::new(REEVO).fails(&rules, "the API answered 502");
}
