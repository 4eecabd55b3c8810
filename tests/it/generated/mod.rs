//! Files that are made from the schemas. The tests fail if one is stale; with the variable
//! `TAP_REVOPS_TEST_WRITE` set, they write it.

mod configuration;
mod hub;
mod streams;

use serde_json::Value;
use std::path::Path;

/// The schema of the configuration.
fn settings() -> Value {
    serde_json::from_str(include_str!("../../../catalog/config.schema.json")).unwrap()
}

/// Checks that a file of the repository has this text, or writes it.
fn assert_current(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("TAP_REVOPS_TEST_WRITE").is_some() {
        std::fs::write(&file, text).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    let advice = "run: TAP_REVOPS_TEST_WRITE=1 cargo test -p tap-revops --test it generated";
    assert!(written == text, "{path} is stale; {advice}");
}

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// The types of a schema without null, such as `array of object`.
fn kind(schema: &Value) -> String {
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => return "any JSON".to_owned(),
    };
    let named: Vec<&str> = types.into_iter().filter(|one| *one != "null").collect();
    match (named.as_slice(), schema["format"].as_str()) {
        (["array"], _) if schema["items"].is_object() => {
            format!("array of {}", kind(&schema["items"]))
        }
        (_, Some(format)) => format.to_owned(),
        (named, None) => named.join(" or "),
    }
}
