//! The records that the tap must emit, computed from the API's text and the declared schema by a
//! decoder that shares no code with the tap's.

use crate::catalog::Entry;
use crate::json::Json;
use crate::messages::{Emitted, RecordMessage, SchemaMessage};
use crate::support::Workspace;
use chrono::{DateTime, FixedOffset};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The members that take a plain value where an object is declared; the first declared one does.
const PRINCIPALS: [&str; 6] = [
    "api_name",
    "amount",
    "related_record_id",
    "email",
    "phone_number",
    "domain_name",
];

/// Checks everything that a full read emitted of a stream: every record once with the right values,
/// and the bookmark.
pub fn assert_complete(workspace: &Workspace, entry: &Entry, emitted: &Emitted) {
    let name = &entry.stream;
    let schema = &emitted.schemas[name];
    let truth = workspace.sandbox.truth(&entry.api_name());
    let expected = truth
        .iter()
        .map(|one| record(entry, &schema.schema, &one.json));
    let expected: BTreeMap<(String, String), Json> =
        expected.map(|one| (version(&one), one)).collect();
    let versions = emitted.versions(name);
    for (version, record) in &expected {
        let actual = versions.get(version);
        let actual = actual.unwrap_or_else(|| panic!("{name}: {version:?} was lost"));
        assert_eq!(*actual, record, "{name}");
    }
    assert_eq!(versions.len(), expected.len(), "{name}");
    assert_valid(schema, emitted.records(name));
    let bookmark = emitted.state()["bookmarks"].get(name);
    assert_eq!(bookmark, newest(workspace, entry).as_ref(), "{name}");
}

pub fn version(record: &Json) -> (String, String) {
    let text = |name: &str| record.get(name).text().to_owned();
    (text("id"), text("updated_at"))
}

/// The bookmark of a stream that was read to its end: the latest `updated_at`, then the largest id,
/// in the API's own text.
pub fn newest(workspace: &Workspace, entry: &Entry) -> Option<Value> {
    let truth = workspace.sandbox.truth(&entry.api_name());
    let pairs = truth.iter().map(|one| {
        let record = Json::parse(&one.json);
        let text = |name: &str| record.get(name).text().to_owned();
        (
            timestamp(&text("updated_at")),
            text("id"),
            text("updated_at"),
        )
    });
    let (_, id, updated_at) = pairs.max()?;
    Some(json!({"updated_at": updated_at, "id": id}))
}

pub fn timestamp(text: &str) -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339(text).unwrap()
}

/// Checks that every record fits its SCHEMA message and has exactly the declared fields.
pub fn assert_valid(schema: &SchemaMessage, records: &[RecordMessage]) {
    let is_time = |text: &str| chrono::NaiveTime::parse_from_str(text, "%H:%M:%S%.f").is_ok();
    let options = jsonschema::draft7::options()
        .should_validate_formats(true)
        .with_format("time", is_time);
    let validator = options.build(&schema.schema).unwrap();
    let declared = schema.schema["properties"].as_object().unwrap();
    let declared: Vec<&str> = declared.keys().map(String::as_str).collect();
    for one in records {
        assert_eq!(one.record.names(), declared, "{}", schema.stream);
        if let Err(error) = validator.validate(&one.value) {
            panic!("{}: {error} in {}", schema.stream, one.record);
        }
    }
}

/// The record that a stream must emit for the API's record, with the fields that a schema declares.
pub fn record(entry: &Entry, schema: &Value, sent: &str) -> Json {
    let sent = Json::parse(sent);
    let properties = schema["properties"].as_object().unwrap();
    let member = |(name, schema): (&String, &Value)| {
        let value = value_of(&entry.field_api_name(name), &sent);
        (name.clone(), conformed(schema, &value))
    };
    Json::Object(properties.iter().map(member).collect())
}

/// A field's value, without its value envelope.
fn value_of(api_name: &str, sent: &Json) -> Json {
    let attributes = sent.get("attributes");
    let is_system = ["id", "record_type", "created_at", "updated_at"].contains(&api_name);
    if *attributes == Json::Null || (is_system && *sent.get(api_name) != Json::Null) {
        return sent.get(api_name).clone();
    }
    match attributes.get(api_name) {
        Json::Array(elements) => Json::Array(elements.iter().map(opened).collect()),
        one => opened(one),
    }
}

fn opened(attribute: &Json) -> Json {
    match attribute.get("value_type") {
        Json::Null => attribute.clone(),
        _ => attribute.get("value").clone(),
    }
}

/// A value in the form that its schema declares.
pub fn conformed(schema: &Value, value: &Json) -> Json {
    if *value == Json::Null {
        return Json::Null;
    }
    let base = schema["type"][0].as_str().unwrap();
    match (base, value) {
        ("string", Json::Text(text)) => match schema["format"].as_str() {
            Some("date-time") => Json::Text(in_utc(text)),
            _ => value.clone(),
        },
        ("string", other) => Json::Text(other.to_string()),
        ("number", Json::Text(digits)) => Json::Number(digits.clone()),
        ("integer", Json::Text(digits) | Json::Number(digits)) => {
            let whole = digits.split('.').next().unwrap();
            Json::Number(whole.to_owned())
        }
        ("number", Json::Number(_)) | ("boolean", Json::Flag(_)) => value.clone(),
        ("object", Json::Object(_)) => object(schema, value),
        ("object", plain) => object(schema, &Json::Object(vec![principal(schema, plain)])),
        ("array", Json::Array(elements)) => match schema.get("items") {
            Some(items) => Json::Array(elements.iter().map(|one| conformed(items, one)).collect()),
            None => value.clone(),
        },
        ("array", one) => Json::Array(vec![conformed(&schema["items"], one)]),
        (base, value) => panic!("no oracle for {base} and {value:?}"),
    }
}

fn object(schema: &Value, value: &Json) -> Json {
    let Some(properties) = schema["properties"].as_object() else {
        return value.clone();
    };
    let member = |(name, schema): (&String, &Value)| {
        let value = conformed(schema, value.get(name));
        (name.clone(), value)
    };
    Json::Object(properties.iter().map(member).collect())
}

fn principal(schema: &Value, plain: &Json) -> (String, Json) {
    let declared = schema["properties"].as_object().unwrap();
    let name = PRINCIPALS.iter().find(|name| declared.contains_key(**name));
    ((*name.unwrap()).to_owned(), plain.clone())
}

/// The same instant in UTC, with the fraction digits that were sent.
fn in_utc(text: &str) -> String {
    let digits: String = match text.split_once('.') {
        Some((_, fraction)) => fraction.chars().take_while(char::is_ascii_digit).collect(),
        None => String::new(),
    };
    let point = if digits.is_empty() { "" } else { "." };
    let utc = timestamp(text).to_utc().format("%Y-%m-%dT%H:%M:%S");
    format!("{utc}{point}{digits}Z")
}
