//! The form that Airbyte's users fill in. It is made from the schema of the configuration, so that
//! the two cannot differ. Keys that concern one API only are in that API's branch, under `api`.

use super::stream_form;
use crate::config::{self, ApiName};
use serde_json::{Map, Value, json};

const DOCUMENTATION: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/airbyte.md");
const CHANGELOG: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/CHANGELOG.md");

/// Platforms compare only the major version.
const PROTOCOL_VERSION: &str = "0.2.0";

/// The keys of the form that concern both APIs, each with its group.
const SHARED: [(&str, &str); 13] = [
    ("start_date", "extent"),
    ("end_date", "extent"),
    ("lookback_seconds", "extent"),
    ("boundary", "extent"),
    ("max_days_per_run", "extent"),
    ("unknown_fields", "extent"),
    ("page_size", "tuning"),
    ("concurrency", "tuning"),
    ("requests_per_second", "tuning"),
    ("paging", "tuning"),
    ("request_timeout_seconds", "tuning"),
    ("max_retry_seconds", "tuning"),
    ("user_agent", "tuning"),
];

/// A date-time in UTC. The configuration accepts dates too, but some platforms check `format`,
/// which dates do not match.
const DATE_PATTERN: &str = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$";

pub fn line() -> String {
    let spec = json!({
        "documentationUrl": DOCUMENTATION,
        "changelogUrl": CHANGELOG,
        "protocol_version": PROTOCOL_VERSION,
        "supportsIncremental": true,
        "connectionSpecification": form(),
    });
    format!("{}\n", json!({"type": "SPEC", "spec": spec}))
}

fn form() -> Value {
    let mut properties = Map::new();
    properties.insert("api".to_owned(), api());
    for (order, (key, group)) in (1..).zip(SHARED) {
        let mut property = property(key, order);
        property["group"] = json!(group);
        properties.insert(key.to_owned(), property);
    }
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Reevo and AskElephant",
        "type": "object",
        "required": ["api"],
        "groups": [
            {"id": "platform", "title": "Platform"},
            {"id": "extent", "title": "What to read"},
            {"id": "tuning", "title": "How to read it"},
        ],
        "properties": properties,
    })
}

fn api() -> Value {
    json!({
        "title": "Platform",
        "description": "The platform to read from, and the key to it.",
        "type": "object",
        "order": 0,
        "group": "platform",
        "display_type": "radio",
        "oneOf": [
            branch(ApiName::Reevo, "reevo", &["record_types", "links"]),
            branch(ApiName::AskElephant, "askelephant", &["expand"]),
        ],
    })
}

/// One API's part of the form: its name, its key, the settings that it alone has, and its address.
fn branch(api: ApiName, name: &str, own: &[&str]) -> Value {
    let title = api.title();
    let mut api_key = property("api_key", 1);
    api_key["description"] = json!(key_description(api));
    let mut properties = json!({
        "name": {"type": "string", "const": name, "order": 0},
        "api_key": api_key,
    });
    let mut order = 2;
    for key in own {
        let mut property = property(key, order);
        // The branch says already which API the field is for.
        let description = property["description"].as_str().unwrap_or_default();
        let description = description.trim_start_matches(&format!("{title} only: "));
        property["description"] = json!(capitalized(description));
        properties[key] = property;
        order += 1;
    }
    properties["streams"] = stream_form::streams(api, order, field);
    let mut base_url = property("base_url", order + 1);
    base_url["default"] = json!(api.usual_address());
    base_url["examples"] = json!([api.usual_address(), "sandbox:"]);
    base_url["airbyte_hidden"] = json!(true);
    properties["base_url"] = base_url;
    json!({
        "title": title,
        "type": "object",
        "required": ["name", "api_key"],
        "properties": properties,
    })
}

fn key_description(api: ApiName) -> &'static str {
    match api {
        ApiName::Reevo => "The API key of the workspace, with the permission to read its records.",
        ApiName::AskElephant => {
            "The API key of the workspace, with the scopes of what is to be read; or an OAuth access token."
        }
    }
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// A key of the configuration as a field of the form.
fn property(key: &str, order: u32) -> Value {
    field(config::schema::property(key), order)
}

/// A schema of the configuration as a field of the form.
fn field(schema: &Value, order: u32) -> Value {
    let mut property = schema.clone();
    if property["format"] == "date-time" {
        property["pattern"] = json!(DATE_PATTERN);
        property["pattern_descriptor"] = json!("YYYY-MM-DDTHH:MM:SSZ");
    }
    if let Value::Object(members) = &mut property {
        members.remove("writeOnly");
        members.insert("order".to_owned(), json!(order));
    }
    property
}
