//! The catalog that discover prints: what consumers of Singer catalogs need it to hold.

use crate::catalog::{Catalog, Entry};
use crate::golden::assert_golden;
use crate::support::{ASKELEPHANT, COLLECTIONS, RECORD_TYPES, REEVO, Workspace};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// JSON Schema keywords that some common target does not support.
const FORBIDDEN: [&str; 9] = [
    "anyOf",
    "oneOf",
    "allOf",
    "$ref",
    "const",
    "enum",
    "multipleOf",
    "additionalProperties",
    "required",
];

fn whole_catalog(api: &'static str) -> Catalog {
    let workspace = Workspace::new(api, "records=10");
    if api == REEVO {
        workspace.discover(&json!({"record_types": RECORD_TYPES}))
    } else {
        let expand = json!({"expand": ["companies", "contacts", "owner", "transcript", "tags"]});
        workspace.discover(&expand)
    }
}

fn entries_of_both_apis() -> Vec<Entry> {
    let apis = [REEVO, ASKELEPHANT].into_iter();
    let entries: Vec<Entry> = apis.flat_map(|api| whole_catalog(api).streams).collect();
    assert_eq!(entries.len(), RECORD_TYPES.len() + COLLECTIONS.len());
    entries
}

/// Checks a schema and every schema in it.
fn assert_plain(place: &str, schema: &Value, nullable: bool) {
    let members = schema.as_object().unwrap();
    for keyword in FORBIDDEN {
        assert!(!members.contains_key(keyword), "{place} has {keyword}");
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(types) => types.iter().map(|name| name.as_str().unwrap()).collect(),
        other => panic!("{place} has type {other}"),
    };
    let expected = if nullable { 2 } else { 1 };
    assert_eq!(types.len(), expected, "{place}");
    assert_ne!(types[0], "null", "{place}");
    assert!(!nullable || types[1] == "null", "{place}");
    if let Some(format) = schema.get("format") {
        assert!(
            ["date-time", "date", "time"].contains(&format.as_str().unwrap()),
            "{place}"
        );
    }
    for (name, nested) in schema["properties"].as_object().into_iter().flatten() {
        assert_safe(name);
        assert_plain(&format!("{place}.{name}"), nested, true);
    }
    if let Some(items) = schema.get("items") {
        assert!(
            types[0] == "array" && !items["type"].to_string().contains("array"),
            "{place}"
        );
        assert_plain(&format!("{place}[]"), items, true);
    }
}

fn assert_safe(name: &str) {
    let allowed =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    assert!(
        (1..=63).contains(&name.len()) && name.chars().all(allowed),
        "{name}"
    );
}

#[test]
fn every_schema_uses_only_what_targets_can_read() {
    for entry in entries_of_both_apis() {
        assert_eq!(entry.schema["type"], "object");
        let properties = entry.schema["properties"].as_object().unwrap();
        for (name, schema) in properties {
            assert_safe(name);
            assert_plain(&format!("{}.{name}", entry.stream), schema, name != "id");
        }
        assert_eq!(properties["id"]["type"], json!(["string"]));
        assert_eq!(properties["updated_at"]["format"], "date-time");
        let top: Vec<&String> = entry.schema.as_object().unwrap().keys().collect();
        assert_eq!(top, ["type", "properties"]);
    }
}

#[test]
fn every_stream_has_a_safe_name_and_keeps_its_api_name() {
    let entries = entries_of_both_apis();
    for entry in &entries {
        assert_safe(&entry.stream);
        assert_eq!(entry.stream, entry.tap_stream_id);
        assert_eq!(entry.key_properties, ["id"]);
    }
    let api_names: Vec<String> = entries.iter().map(Entry::api_name).collect();
    let all: Vec<&str> = RECORD_TYPES.iter().chain(&COLLECTIONS).copied().collect();
    assert_eq!(api_names, all);
    let renewals = entries
        .iter()
        .find(|entry| entry.api_name() == "Renewal-Plan")
        .unwrap();
    assert_eq!(renewals.stream, "renewal_plan");
}

#[test]
fn every_field_of_the_api_is_offered_under_one_name() {
    for entry in entries_of_both_apis() {
        let properties = entry.schema["properties"].as_object().unwrap();
        let api_names: BTreeSet<String> = properties
            .keys()
            .map(|name| entry.field_api_name(name))
            .collect();
        assert_eq!(api_names.len(), properties.len(), "{}", entry.stream);
    }
}

/// The breadcrumbs of all properties of a schema, including nested ones.
fn breadcrumbs(schema: &Value, parent: &[String]) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    for (name, nested) in schema["properties"].as_object().into_iter().flatten() {
        let breadcrumb = [parent, &["properties".to_owned(), name.clone()]].concat();
        found.extend(breadcrumbs(nested, &breadcrumb));
        let items = [breadcrumb.as_slice(), &["items".to_owned()]].concat();
        found.extend(breadcrumbs(&nested["items"], &items));
        found.insert(breadcrumb);
    }
    found
}

#[test]
fn every_property_has_metadata_even_if_nested() {
    for entry in entries_of_both_apis() {
        let mut expected = breadcrumbs(&entry.schema, &[]);
        expected.insert(Vec::new());
        let listed: Vec<&Vec<String>> = entry.metadata.iter().map(|one| &one.breadcrumb).collect();
        assert_eq!(listed.len(), expected.len(), "{}", entry.stream);
        assert_eq!(
            listed.into_iter().cloned().collect::<BTreeSet<_>>(),
            expected
        );
        for one in &entry.metadata {
            let automatic = ["id", "updated_at"]
                .iter()
                .any(|name| one.breadcrumb == ["properties", name]);
            let inclusion = if automatic { "automatic" } else { "available" };
            assert_eq!(one.metadata["inclusion"], inclusion, "{:?}", one.breadcrumb);
            let by_default = one.metadata.get("selected-by-default");
            assert_eq!(by_default, (!automatic).then_some(&json!(true)));
        }
    }
}

#[test]
fn every_stream_declares_its_keys_and_its_filters() {
    for entry in entries_of_both_apis() {
        let root = entry.metadata(&[]);
        assert_eq!(root["table-key-properties"], json!(["id"]));
        assert_eq!(root["valid-replication-keys"], json!(["updated_at"]));
        assert!(root.get("forced-replication-method").is_none());
        let operators = &entry.metadata(&["properties", "updated_at"])["filter-operators"];
        let operators = operators.as_array().unwrap();
        for operator in ["gt", "gte", "lt", "lte"] {
            assert!(operators.contains(&json!(operator)), "{}", entry.stream);
        }
    }
}

#[test]
fn a_stream_that_cannot_be_sorted_by_updated_at_is_full_table_only() {
    let workspace = Workspace::reevo("records=10&updated_at_unsortable=note");
    let catalog = workspace.discover(&json!({"record_types": ["contact", "note"]}));
    let root = catalog.entry("note").metadata(&[]);
    assert_eq!(root["forced-replication-method"], "FULL_TABLE");
    assert!(root.get("valid-replication-keys").is_none());
    assert!(
        catalog
            .entry("contact")
            .metadata(&[])
            .get("forced-replication-method")
            .is_none()
    );
}

#[test]
fn descriptions_of_the_api_are_in_the_catalog() {
    let catalog = whole_catalog(REEVO);
    let contact = catalog.entry("contact");
    assert!(contact.metadata(&[])["description"].is_string());
    let described = contact.schema["properties"]["display_name"]["description"].as_str();
    assert_eq!(described, Some("Computed from the name parts."));
    let catalog = whole_catalog(ASKELEPHANT);
    for entry in &catalog.streams {
        assert!(
            entry.metadata(&[])["description"].is_string(),
            "{}",
            entry.stream
        );
    }
}

#[test]
fn no_line_of_the_catalog_is_too_long_for_an_orchestrator() {
    let workspace = Workspace::reevo("records=10");
    let config = workspace.config_file(&json!({"record_types": RECORD_TYPES}));
    let run = workspace.run(&["--config", &config, "--discover"]).ok();
    assert!(run.stdout.len() > 60 * 1024);
    assert!(run.stdout.lines().all(|line| line.len() < 60 * 1024));
    assert!(run.stdout.ends_with("}\n"));
}

#[test]
fn discover_wins_over_every_other_flag() {
    let workspace = Workspace::reevo("records=10");
    let config = workspace.config_file(&json!({"record_types": ["note"]}));
    let alone = workspace.run(&["discover", "--config", &config]).ok();
    let broken = workspace.file("broken.json", "{");
    let run = workspace.run(&[
        "--config",
        &config,
        "--state",
        &broken,
        "--catalog",
        "nowhere.json",
        "--discover",
    ]);
    assert_eq!(run.ok().stdout, alone.stdout);
}

/// Nothing is answered before as many requests as `concurrency` allows have arrived, so a run that
/// waits for one answer before it asks for the next gets none.
#[test]
fn discover_and_check_ask_everything_at_once_within_concurrency() {
    // Reevo has a schema and records for each of six types, AskElephant records of five collections.
    for (api, concurrency) in [(REEVO, 12), (REEVO, 4), (ASKELEPHANT, 5), (ASKELEPHANT, 1)] {
        for command in ["discover", "check"] {
            let options = format!("records=10&answers_together={concurrency}");
            let workspace = Workspace::new(api, &options);
            let config = workspace.config_file(&json!({
                "concurrency": concurrency, "request_timeout_seconds": 5, "max_retry_seconds": 0
            }));
            workspace.run(&[command, "--config", &config]).ok();
            assert_eq!(workspace.sandbox.most_underway(), concurrency);
        }
    }
}

#[test]
fn a_catalog_has_the_same_bytes_as_before() {
    let workspace = Workspace::reevo("records=10");
    let config = workspace.config_file(&json!({"record_types": ["Renewal-Plan"]}));
    let run = workspace.run(&["discover", "--config", &config]).ok();
    assert_golden("catalog.json", &run.stdout);
}
