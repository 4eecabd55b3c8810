//! The JSON Schema of the configuration: its keys and their allowed values.

use serde_json::Value;
use std::sync::LazyLock;

/// The JSON Schema of the configuration, as it ships.
pub const SCHEMA: &str = include_str!("../../catalog/config.schema.json");

static PARSED: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(SCHEMA).expect("the shipped schema is JSON"));

/// The schema as JSON.
pub fn parsed() -> &'static Value {
    &PARSED
}

/// The keys of the configuration.
pub fn keys() -> impl Iterator<Item = &'static str> {
    let properties = PARSED["properties"].as_object().into_iter().flatten();
    properties.map(|(key, _)| key.as_str())
}

/// A key's schema, or null for an unknown key.
pub fn property(key: &str) -> &'static Value {
    PARSED["properties"].get(key).unwrap_or(&Value::Null)
}

/// The schema of a place such as `expand.0`, or null for an unknown one.
pub fn at(place: &str) -> &'static Value {
    place.split('.').fold(&*PARSED, |schema, part| {
        let named = schema["properties"].get(part);
        named
            .or(schema.get("items"))
            .or(schema.get("additionalProperties"))
            .unwrap_or(&Value::Null)
    })
}
