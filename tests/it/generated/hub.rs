//! examples/hub/tap-revops.yml, the definition for Meltano's hub, from the schema of the configuration;
//! and the hub's rules for such a definition.

use super::{assert_current, settings};
use crate::support::run;
use serde_json::{Map, Value, json};

/// The kinds of settings that the hub knows.
const KINDS: [&str; 8] = [
    "array",
    "boolean",
    "date_iso8601",
    "decimal",
    "integer",
    "object",
    "options",
    "string",
];
const USAGE: &str = "Meltano selects all streams. Links between records and transcripts take a request for each \
                     record. Unless you need them, leave them out: `meltano select --exclude tap-revops '*__*' '*'` and \
                     `meltano select --exclude tap-revops transcript_timelines '*'`.";
const MAINTENANCE: [&str; 5] = ["active", "beta", "development", "inactive", "unresponsive"];
const QUALITY: [&str; 4] = ["bronze", "silver", "gold", "unknown"];

fn definition() -> Value {
    let about = run(&["about", "--format", "json"], &[]).ok();
    let about: Value = serde_json::from_str(&about.stdout).unwrap();
    let mut capabilities: Vec<&str> = about["capabilities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.as_str().unwrap())
        .collect();
    capabilities.sort_unstable();
    json!({
        "capabilities": capabilities,
        "description": "Reevo is a CRM, and AskElephant records and analyses customer conversations",
        "domain_url": "https://reevo.ai",
        "executable": "tap-revops",
        "keywords": ["api", "crm"],
        "label": "Reevo and AskElephant",
        "maintenance_status": "active",
        "name": "tap-revops",
        "namespace": "tap_revops",
        "next_steps": "",
        "pip_url": "tap-revops",
        "quality": "unknown",
        "repo": env!("CARGO_PKG_REPOSITORY"),
        "settings": hub_settings(),
        "settings_group_validation": [["api", "api_key"], ["api", "base_url"]],
        "settings_preamble": "",
        "usage": USAGE,
        "variant": "tap-revops",
    })
}

/// The settings in the order of their names, as the hub lists them.
fn hub_settings() -> Vec<Value> {
    let schema = settings();
    let properties = schema["properties"].as_object().unwrap().iter();
    let mut settings: Vec<Value> = properties
        .map(|(name, one)| hub_setting(name, one))
        .collect();
    settings.sort_by_key(|one| one["name"].as_str().unwrap().to_owned());
    settings
}

fn hub_setting(name: &str, property: &Value) -> Value {
    let mut setting = Map::new();
    setting.insert("description".to_owned(), property["description"].clone());
    let kind = match (
        property["type"].as_str().unwrap(),
        property["format"].as_str(),
    ) {
        _ if property.get("enum").is_some() => "options",
        (_, Some("date-time")) => "date_iso8601",
        ("number", _) => "decimal",
        (other, _) => other,
    };
    setting.insert("kind".to_owned(), json!(kind));
    setting.insert("label".to_owned(), property["title"].clone());
    setting.insert("name".to_owned(), json!(name));
    if let Some(values) = property["enum"].as_array() {
        let option =
            |value: &Value| json!({"label": label(value.as_str().unwrap()), "value": value});
        let options: Vec<Value> = values.iter().map(option).collect();
        setting.insert("options".to_owned(), json!(options));
    }
    if property["writeOnly"] == true {
        setting.insert("sensitive".to_owned(), json!(true));
    }
    if let Some(default) = property.get("default") {
        setting.insert("value".to_owned(), default.clone());
    }
    Value::Object(setting)
}

fn label(value: &str) -> String {
    let (first, rest) = value.split_at(1);
    first.to_uppercase() + &rest.replace('_', " ")
}

/// A value as YAML in the style of the hub: keys in their order, lists not indented.
fn yaml(value: &Value, indent: usize) -> String {
    let pad = " ".repeat(indent);
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(key, value)| match value {
                Value::Array(items) if !items.is_empty() => {
                    format!("{pad}{key}:\n{}", yaml(value, indent))
                }
                _ => format!("{pad}{key}: {}\n", scalar(value)),
            });
            members.collect()
        }
        Value::Array(items) => {
            let items = items.iter().map(|item| match item {
                Value::Object(_) => {
                    let inner = yaml(item, indent + 2);
                    format!("{pad}- {}", inner.trim_start())
                }
                Value::Array(inner) => {
                    let inner: Vec<String> = inner.iter().map(scalar).collect();
                    format!("{pad}- [{}]\n", inner.join(", "))
                }
                other => format!("{pad}- {}\n", scalar(other)),
            });
            items.collect()
        }
        other => format!("{pad}{}\n", scalar(other)),
    }
}

/// A plain value on a line. A text that YAML could misread is in quotes.
fn scalar(value: &Value) -> String {
    let is_bare = |text: &str| {
        let begins = text.starts_with(|first: char| first.is_ascii_alphabetic());
        begins
            && !text.contains(": ")
            && !text.contains(" #")
            && !text.ends_with(':')
            && !text.contains('"')
    };
    match value {
        Value::String(text) if is_bare(text) => text.clone(),
        other => other.to_string(),
    }
}

#[test]
fn the_definition_for_the_hub_is_current() {
    assert_current("examples/hub/tap-revops.yml", &yaml(&definition(), 0));
}

#[test]
fn the_definition_keeps_the_rules_of_the_hub() {
    let definition = definition();
    let members = definition.as_object().unwrap();
    assert!(members.keys().is_sorted(), "keys in alphabetical order");
    for key in [
        "description",
        "label",
        "name",
        "namespace",
        "pip_url",
        "repo",
        "variant",
    ] {
        assert!(!members[key].as_str().unwrap().is_empty(), "{key}");
    }
    let namespace = members["name"].as_str().unwrap().replace('-', "_");
    assert_eq!(members["namespace"], namespace);
    assert!(members["repo"].as_str().unwrap().starts_with("https://"));
    assert!(MAINTENANCE.contains(&members["maintenance_status"].as_str().unwrap()));
    assert!(QUALITY.contains(&members["quality"].as_str().unwrap()));
    let settings = members["settings"].as_array().unwrap();
    let names: Vec<&str> = settings
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert!(names.is_sorted(), "settings in alphabetical order");
    for setting in settings {
        assert!(setting.as_object().unwrap().keys().is_sorted(), "{setting}");
        for key in ["description", "label", "kind"] {
            assert!(!setting[key].as_str().unwrap().is_empty(), "{setting}");
        }
        let kind = setting["kind"].as_str().unwrap();
        assert!(KINDS.contains(&kind), "{kind}");
        let options = setting["options"].as_array();
        assert_eq!(kind == "options", options.is_some(), "{setting}");
        if let (Some(options), Some(value)) = (options, setting.get("value")) {
            assert!(
                options.iter().any(|option| option["value"] == *value),
                "{setting}"
            );
        }
    }
    for group in members["settings_group_validation"].as_array().unwrap() {
        for name in group.as_array().unwrap() {
            assert!(names.contains(&name.as_str().unwrap()));
        }
    }
    let secret: Vec<&Value> = settings
        .iter()
        .filter(|one| one["sensitive"] == true)
        .collect();
    assert_eq!(secret.len(), 1);
    assert_eq!(secret[0]["name"], "api_key");
}
