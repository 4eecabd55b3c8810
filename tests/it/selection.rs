//! The tap emits what the catalog selects: streams, fields and nested fields. Catalogs may be old,
//! without metadata, or edited.

use crate::catalog::{set, stream_of};
use crate::json::Json;
use crate::messages::Emitted;
use crate::oracle::assert_valid;
use crate::support::{Run, Workspace};
use serde_json::{Value, json};

/// A workspace and its catalog of contacts and notes.
fn contacts_and_notes() -> (Workspace, Value) {
    let workspace = Workspace::reevo("records=20");
    let catalog = discovered(&workspace, &settings());
    (workspace, catalog)
}

fn settings() -> Value {
    json!({"record_types": ["contact", "note"]})
}

fn discovered(workspace: &Workspace, settings: &Value) -> Value {
    let config = workspace.config_file(settings);
    let run = workspace.run(&["discover", "--config", &config]).ok();
    serde_json::from_str(&run.stdout).unwrap()
}

/// Reads with a catalog, and checks that all records came and fit their SCHEMA.
fn read(workspace: &Workspace, catalog: &Value) -> (Run, Emitted) {
    let run = workspace.read(&settings()).catalog(catalog).run().ok();
    let emitted = run.emitted();
    assert_eq!(emitted.states.len(), emitted.schemas.len());
    for (stream, schema) in &emitted.schemas {
        assert_valid(schema, emitted.records(stream));
        if !stream.contains("__") {
            assert_eq!(
                emitted.records(stream).len(),
                workspace.sandbox.truth(stream).len()
            );
        }
    }
    (run, emitted)
}

fn streams_of(emitted: &Emitted) -> Vec<&str> {
    emitted.schemas.keys().map(String::as_str).collect()
}

#[test]
fn streams_are_selected_as_the_truth_table_says() {
    let (workspace, catalog) = contacts_and_notes();
    let table: [(&[(&str, Value)], bool); 8] = [
        (&[], true),
        (&[("selected", json!(true))], true),
        (&[("selected", json!("true"))], true),
        (&[("selected", json!(false))], false),
        (&[("selected", json!("false"))], false),
        (&[("selected-by-default", json!(false))], false),
        (
            &[
                ("selected-by-default", json!(false)),
                ("selected", json!(true)),
            ],
            true,
        ),
        (
            &[
                ("inclusion", json!("unsupported")),
                ("selected", json!(true)),
            ],
            false,
        ),
    ];
    for (metadata, selected) in table {
        let mut catalog = catalog.clone();
        for (keyword, value) in metadata {
            set(&mut catalog, "note", &[], keyword, value.clone());
        }
        let (_, emitted) = read(&workspace, &catalog);
        let expected: &[&str] = if selected {
            &["contact", "note"]
        } else {
            &["contact"]
        };
        assert_eq!(streams_of(&emitted), expected, "{metadata:?}");
    }
}

#[test]
fn a_stream_that_is_not_in_the_catalog_is_not_read() {
    let (workspace, mut catalog) = contacts_and_notes();
    catalog["streams"].as_array_mut().unwrap().remove(0);
    let (_, emitted) = read(&workspace, &catalog);
    assert_eq!(streams_of(&emitted), ["note"]);
}

#[test]
fn the_selected_key_of_an_entry_is_honoured() {
    let (workspace, mut catalog) = contacts_and_notes();
    stream_of(&mut catalog, "note")["selected"] = json!(false);
    stream_of(&mut catalog, "contact")["selected"] = json!(true);
    let (_, emitted) = read(&workspace, &catalog);
    assert_eq!(streams_of(&emitted), ["contact"]);
}

#[test]
fn selecting_no_stream_is_a_warning_not_an_error() {
    let (workspace, mut catalog) = contacts_and_notes();
    for stream in ["contact", "note"] {
        set(&mut catalog, stream, &[], "selected", json!(false));
    }
    let (run, _) = read(&workspace, &catalog);
    assert_eq!(run.stdout, "");
    run.says("WARNING no stream is selected");
}

#[test]
fn fields_are_selected_as_the_truth_table_says() {
    let (workspace, catalog) = contacts_and_notes();
    let table: [(&[(&str, Value)], bool); 8] = [
        (&[], true),
        (&[("selected", json!(true))], true),
        (&[("selected", json!(false))], false),
        (&[("selected", json!("false"))], false),
        (&[("selected-by-default", json!(false))], false),
        (
            &[
                ("selected-by-default", json!(false)),
                ("selected", json!("true")),
            ],
            true,
        ),
        (
            &[
                ("inclusion", json!("unsupported")),
                ("selected", json!(true)),
            ],
            false,
        ),
        (
            &[
                ("inclusion", json!("automatic")),
                ("selected", json!(false)),
            ],
            true,
        ),
    ];
    let field = "title";
    for (metadata, selected) in table {
        let mut catalog = catalog.clone();
        for (keyword, value) in metadata {
            set(
                &mut catalog,
                "contact",
                &["properties", field],
                keyword,
                value.clone(),
            );
        }
        let (run, emitted) = read(&workspace, &catalog);
        let declared = &emitted.schemas["contact"].schema["properties"];
        assert_eq!(declared.get(field).is_some(), selected, "{metadata:?}");
        assert_eq!(run.logged("WARNING "), [] as [&str; 0]);
    }
}

#[test]
fn the_primary_key_and_the_replication_key_are_always_emitted() {
    let (workspace, mut catalog) = contacts_and_notes();
    let properties = stream_of(&mut catalog, "contact")["schema"]["properties"].clone();
    for (at, field) in properties.as_object().unwrap().keys().enumerate() {
        let breadcrumb = ["properties", field.as_str()];
        // Even if the catalog changes the inclusion.
        if at == 0 {
            set(
                &mut catalog,
                "contact",
                &breadcrumb,
                "inclusion",
                json!("available"),
            );
        }
        set(
            &mut catalog,
            "contact",
            &breadcrumb,
            "selected",
            json!(false),
        );
    }
    let (_, emitted) = read(&workspace, &catalog);
    let declared = emitted.schemas["contact"].schema["properties"]
        .as_object()
        .unwrap();
    assert_eq!(declared.keys().collect::<Vec<_>>(), ["id", "updated_at"]);
    let record = &emitted.records("contact")[0].record;
    assert_eq!(record.names(), ["id", "updated_at"]);
}

#[test]
fn nested_fields_are_deselected_alone_or_with_their_parent() {
    let (workspace, mut catalog) = contacts_and_notes();
    let stage = ["properties", "stage", "properties", "color"];
    set(&mut catalog, "contact", &stage, "selected", json!(false));
    set(
        &mut catalog,
        "contact",
        &["properties", "address"],
        "selected",
        json!(false),
    );
    let city = ["properties", "address", "properties", "city"];
    set(&mut catalog, "contact", &city, "selected", json!(true));
    let emails = stream_of(&mut catalog, "contact")["schema"]["properties"].clone();
    let (list, _) = emails
        .as_object()
        .unwrap()
        .iter()
        .find(|(_, schema)| schema["items"]["properties"]["labels"].is_object())
        .unwrap();
    let labels = ["properties", list, "items", "properties", "labels"];
    set(&mut catalog, "contact", &labels, "selected", json!(false));
    let (run, emitted) = read(&workspace, &catalog);
    let declared = &emitted.schemas["contact"].schema["properties"];
    assert!(declared["stage"]["properties"].get("color").is_none());
    assert!(declared["stage"]["properties"].get("api_name").is_some());
    assert!(declared.get("address").is_none());
    assert!(
        declared[list]["items"]["properties"]
            .get("labels")
            .is_none()
    );
    let mut seen = (false, false);
    for one in emitted.records("contact") {
        if let Json::Object(_) = one.record.get("stage") {
            assert_eq!(
                one.record.get("stage").names(),
                ["id", "api_name", "display_value"]
            );
            seen.0 = true;
        }
        if let Json::Array(elements) = one.record.get(list) {
            seen.1 |= !elements.is_empty();
            assert!(elements.iter().all(|one| !one.names().contains(&"labels")));
        }
    }
    assert_eq!(seen, (true, true));
    // A deselected field is not reported as unannounced.
    assert_eq!(run.logged("WARNING "), [] as [&str; 0]);
}

#[test]
fn a_catalog_without_metadata_selects_everything() {
    let (workspace, mut catalog) = contacts_and_notes();
    let whole = read(&workspace, &catalog).1;
    for entry in catalog["streams"].as_array_mut().unwrap() {
        entry.as_object_mut().unwrap().remove("metadata");
    }
    let (_, emitted) = read(&workspace, &catalog);
    assert!(emitted.schemas.contains_key("contact__accounts"));
    for stream in ["contact", "note"] {
        assert_eq!(emitted.schemas[stream].schema, whole.schemas[stream].schema);
        assert_eq!(emitted.versions(stream), whole.versions(stream));
    }
}

#[test]
fn a_catalog_without_metadata_still_maps_unusual_names() {
    let workspace = Workspace::reevo("records=40");
    let settings = json!({"record_types": ["Renewal-Plan"]});
    let mut catalog = discovered(&workspace, &settings);
    let whole = workspace.read(&settings).emitted();
    catalog["streams"][0]
        .as_object_mut()
        .unwrap()
        .remove("metadata");
    let emitted = workspace.read(&settings).catalog(&catalog).emitted();
    assert_eq!(
        emitted.versions("renewal_plan"),
        whole.versions("renewal_plan")
    );
}

#[test]
fn a_catalog_needs_no_record_types_in_the_configuration() {
    let workspace = Workspace::reevo("records=40");
    let catalog = discovered(&workspace, &json!({"record_types": ["Renewal-Plan"]}));
    let emitted = workspace.read(&json!({})).catalog(&catalog).emitted();
    assert_eq!(emitted.records("renewal_plan").len(), 2);
}

#[test]
fn a_catalog_that_is_older_than_the_api_reads_what_it_knows_and_warns() {
    let (workspace, mut catalog) = contacts_and_notes();
    let entry = stream_of(&mut catalog, "contact");
    let properties = entry["schema"]["properties"].as_object_mut().unwrap();
    properties.shift_remove("title");
    properties.shift_remove("updated_at");
    let metadata = entry["metadata"].as_array_mut().unwrap();
    metadata.retain(|one| one["breadcrumb"] != json!(["properties", "title"]));
    let (run, emitted) = read(&workspace, &catalog);
    let declared = &emitted.schemas["contact"].schema["properties"];
    assert!(declared.get("title").is_none() && declared.get("updated_at").is_some());
    assert_eq!(run.logged("WARNING ").len(), 1);
    run.says("contact: the catalog is older than the API's schema and lacks title");
}

#[test]
fn a_field_that_only_the_catalog_has_is_null() {
    let (workspace, mut catalog) = contacts_and_notes();
    let properties = &mut stream_of(&mut catalog, "contact")["schema"]["properties"];
    properties["gone"] = json!({"type": ["string", "null"]});
    let (_, emitted) = read(&workspace, &catalog);
    for one in emitted.records("contact") {
        assert_eq!(*one.record.get("gone"), Json::Null);
    }
}

#[test]
fn a_schema_override_is_honoured() {
    let workspace = Workspace::reevo("records=20&numbers=number&timestamps=offset");
    let settings = json!({"record_types": ["opportunity"]});
    let mut catalog = discovered(&workspace, &settings);
    let properties = &mut stream_of(&mut catalog, "opportunity")["schema"]["properties"];
    let number = number_field(properties);
    properties[&number] = json!({"type": ["string", "null"]});
    properties["created_at"] = json!({"type": ["string", "null"]});
    let emitted = workspace.read(&settings).catalog(&catalog).emitted();
    let schema = &emitted.schemas["opportunity"];
    assert_eq!(
        schema.schema["properties"][&number],
        json!({"type": ["string", "null"]})
    );
    let records = emitted.records("opportunity");
    assert_valid(schema, records);
    for (one, truth) in records.iter().zip(workspace.sandbox.truth("opportunity")) {
        let sent = Json::parse(&truth.json);
        assert_eq!(one.record.get("created_at"), sent.get("created_at"));
        let digits = match sent.get("attributes").get(&number).get("value") {
            Json::Number(digits) => Json::Text(digits.clone()),
            _ => Json::Null,
        };
        assert_eq!(*one.record.get(&number), digits);
    }
}

/// A number field whose name is the same in the API.
fn number_field(properties: &Value) -> String {
    let mut fields = properties.as_object().unwrap().iter();
    let found = fields.find(|(_, schema)| schema["type"][0] == "number");
    found.unwrap().0.clone()
}

#[test]
fn full_table_ignores_the_bookmark() {
    let (workspace, mut catalog) = contacts_and_notes();
    let first = workspace.read(&settings()).emitted();
    set(
        &mut catalog,
        "contact",
        &[],
        "replication-method",
        json!("FULL_TABLE"),
    );
    let second = workspace
        .read(&settings())
        .catalog(&catalog)
        .state(first.state())
        .emitted();
    assert_eq!(second.records("contact").len(), 20);
    assert_eq!(second.schemas["contact"].bookmark_properties, None);
    assert!(second.records("note").len() < 5);
    assert_eq!(
        second.schemas["note"].bookmark_properties,
        Some(vec!["updated_at".to_owned()])
    );
    assert_eq!(second.state(), first.state());
    assert_eq!(second.schemas["contact"].key_properties, ["id"]);
}

#[test]
fn what_the_api_does_not_have_is_warned_about_once_per_stream() {
    let (workspace, catalog) = contacts_and_notes();
    for (keyword, value, expected) in [
        (
            "replication-method",
            "LOG_BASED",
            "replication-method LOG_BASED, which the API does not have; reading by INCREMENTAL",
        ),
        (
            "replication-key",
            "created_at",
            "the replication key created_at; reading by updated_at, the only one that works",
        ),
    ] {
        let mut catalog = catalog.clone();
        set(&mut catalog, "note", &[], keyword, json!(value));
        let (run, emitted) = read(&workspace, &catalog);
        assert_eq!(emitted.states.len(), 2);
        assert_eq!(run.logged("WARNING note: the catalog asks for ").len(), 1);
        assert_eq!(run.logged("WARNING ").len(), 1);
        run.says(expected);
    }
    let mut catalog = catalog;
    for name in ["shoe_size", "hat_size"] {
        stream_of(&mut catalog, "note")["schema"]["properties"][name] =
            json!({"type": ["string", "null"]});
    }
    let (run, emitted) = read(&workspace, &catalog);
    assert!(
        emitted
            .records("note")
            .iter()
            .all(|record| record.value["hat_size"].is_null())
    );
    assert_eq!(run.logged("WARNING ").len(), 1);
    run.says("WARNING note: the catalog has fields that the API's schema does not have (shoe_size, hat_size)");
}

#[test]
fn a_file_of_the_wrong_kind_is_named() {
    let (workspace, catalog) = contacts_and_notes();
    let config = workspace.config_file(&settings());
    let singer = workspace.file("singer.json", &catalog.to_string());
    let airbyte = json!({"streams": [{"stream": {"name": "note"}, "sync_mode": "incremental"}]});
    let airbyte = workspace.file("airbyte.json", &airbyte.to_string());
    let state = workspace.file("state.json", r#"{"bookmarks": {}}"#);
    for (flag, file, expected) in [
        (
            "--catalog",
            &airbyte,
            "the catalog file holds an Airbyte configured catalog; use source-revops",
        ),
        (
            "--catalog",
            &state,
            "the catalog file holds a Singer state; pass it with --state",
        ),
        (
            "--state",
            &singer,
            "the state file holds a Singer catalog; pass it with --catalog",
        ),
    ] {
        let run = workspace.run(&["read", "--config", &config, flag, file]);
        run.ended(2).says(expected);
    }
}
