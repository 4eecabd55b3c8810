//! Filters of single streams, and their other settings: over HTTP, against the sandbox's own list of
//! records.

mod bookmarks;
mod examples;
mod mistakes;
mod picked;
mod settings;

use crate::messages::Emitted;
use crate::support::{REEVO, Workspace};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Settings that read one stream of a workspace, with settings of its own.
pub fn of_stream(workspace: &Workspace, stream: &str, own: &Value, more: &Value) -> Value {
    let mut settings = json!({"streams": {stream: own}});
    if workspace.api == REEVO {
        settings["record_types"] = json!([stream]);
    }
    for (key, value) in more.as_object().unwrap() {
        settings[key] = value.clone();
    }
    settings
}

/// The ids of the records that the sandbox lists and the test keeps.
pub fn kept(
    workspace: &Workspace,
    stream: &str,
    keep: impl Fn(&Value) -> bool,
) -> BTreeSet<String> {
    let truth = workspace.sandbox.truth(stream).into_iter();
    let records = truth.map(|one| serde_json::from_str::<Value>(&one.json).unwrap());
    let kept = records.filter(|record| keep(record));
    kept.map(|record| record["id"].as_str().unwrap().to_owned())
        .collect()
}

pub fn ids(emitted: &Emitted, stream: &str) -> BTreeSet<String> {
    emitted.ids(stream).into_iter().map(str::to_owned).collect()
}

/// A value of a Reevo record.
pub fn value<'r>(record: &'r Value, name: &str) -> &'r Value {
    let attribute = &record["attributes"][name];
    attribute.get("value").unwrap_or(attribute)
}

/// A filter of Reevo, and the records that it keeps.
pub fn of_sales() -> (Value, fn(&Value) -> bool) {
    let filters = json!([{"field": "department", "operator": "in", "value": ["Sales", "人事"]}]);
    (filters, |record| {
        ["Sales", "人事"].contains(&value(record, "department").as_str().unwrap_or_default())
    })
}
