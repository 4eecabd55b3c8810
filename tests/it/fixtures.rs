//! Every fixture of the two APIs, read by the library. The results are in golden files.

use crate::golden::assert_golden;
use bytes::Bytes;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tap_revops::api::Api;
use tap_revops::catalog::Stream;
use tap_revops::config::{Config, RawConfig};
use tap_revops::http::failure::{Failure, FailureKind};
use tap_revops::http::reply::Reply;
use tap_revops::record::findings::Findings;
use tap_revops::record::projection::Scanned;
use tap_revops::record::value::ValueWriter;

fn folder(api: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("sandbox/tests/fixtures")
        .join(api)
}

fn text(api: &str, name: &str) -> String {
    std::fs::read_to_string(folder(api).join(name)).unwrap()
}

fn names(api: &str, prefix: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder(api)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.starts_with(prefix)).collect();
    names.sort();
    names
}

fn config(value: Value) -> Config {
    tap_revops::config::resolve(&RawConfig::from(value)).unwrap()
}

fn reevo() -> (Api, Config) {
    let config =
        config(json!({"api": "reevo", "base_url": "sandbox:", "unknown_fields": "collect"}));
    (Api::new(&config), config)
}

fn reply(status: u16, body: &str) -> Reply {
    Reply {
        status,
        body: Bytes::copy_from_slice(body.as_bytes()),
        retry_after: None,
        request_id: None,
        received_at: chrono::DateTime::UNIX_EPOCH,
        server_time: chrono::DateTime::UNIX_EPOCH,
        has_date: true,
        asked_at: chrono::DateTime::UNIX_EPOCH,
    }
}

fn described(record_type: &str, schema: &str) -> Stream {
    let (api, config) = reevo();
    api.described(record_type, &reply(200, schema), &config)
        .unwrap()
}

/// The records of a page as the tap emits them and then its findings, each on a line.
fn emitted(api: &Api, stream: &Stream, page: &str) -> String {
    let page = api.page(reply(200, page), false).unwrap();
    let projection = stream.clone().whole().projection();
    let (mut scanned, mut findings) = (Scanned::default(), Findings::default());
    let mut writer = ValueWriter::default();
    for raw in page.raw_records() {
        projection.scan(raw, &mut scanned).unwrap();
        assert!(projection.version(&scanned).is_some());
        projection.write(&mut writer, &scanned);
        writer.out.push(b'\n');
    }
    findings.count(&writer.noticed);
    let mut lines = String::from_utf8(writer.out).unwrap();
    for sentence in findings.sentences(projection.collects()) {
        lines.push_str(&sentence);
        lines.push('\n');
    }
    lines
}

#[test]
fn every_page_of_reevo_is_read() {
    let (api, _) = reevo();
    let stream = |name: &str| described(name, &text("reevo", &format!("schema_{name}.json")));
    let project = described(
        "implementation_project",
        &text("reevo", "schema_custom_implementation_project.json"),
    );
    let mut lines = String::new();
    for name in names("reevo", "query_page_") {
        let stream = match name.trim_start_matches("query_page_") {
            rest if rest.starts_with("account") => stream("account"),
            rest if rest.starts_with("opportunity") => stream("opportunity"),
            rest if rest.starts_with("custom") => project.clone(),
            _ => stream("contact"),
        };
        lines.push_str(&format!(
            "# {name}\n{}",
            emitted(&api, &stream, &text("reevo", &name))
        ));
    }
    assert_golden("reevo_pages.txt", &lines);
}

#[test]
fn every_single_record_of_reevo_is_read() {
    let (api, _) = reevo();
    let mut lines = String::new();
    for name in names("reevo", "record_") {
        let record: Value = serde_json::from_str(&text("reevo", &name)).unwrap();
        let record_type = record["data"]["record_type"].as_str().unwrap().to_owned();
        let schema = match record_type.as_str() {
            "implementation_project" => "schema_custom_implementation_project.json".to_owned(),
            other => format!("schema_{other}.json"),
        };
        let stream = described(&record_type, &text("reevo", &schema));
        // The page is built from the fixture's text, so that every digit stays.
        let inner = text("reevo", &name);
        let inner = inner
            .trim()
            .strip_prefix('{')
            .unwrap()
            .trim_start()
            .strip_prefix("\"data\":")
            .unwrap();
        let page = format!(
            "{{\"data\": [{}]}}",
            inner.trim_end().strip_suffix('}').unwrap()
        );
        lines.push_str(&format!("# {name}\n{}", emitted(&api, &stream, &page)));
    }
    assert_golden("reevo_records.txt", &lines);
}

/// A stream with one attribute of a value type.
fn stream_of(value_type: &str, is_array: bool) -> Stream {
    let attribute = json!({
        "api_name": "it", "display_name": "It",
        "type_info": {"value_type": value_type, "is_array": is_array}
    });
    described("thing", &json!({"attributes": [attribute]}).to_string())
}

fn page_of(attribute: &Value) -> String {
    let record =
        json!({"id": "x", "updated_at": "2026-01-01T00:00:00Z", "attributes": {"it": attribute}});
    json!({"data": [record]}).to_string()
}

/// The emitted value of the one attribute, and the findings.
fn emitted_value(value_type: &str, is_array: bool, attribute: &Value) -> String {
    let (api, _) = reevo();
    let lines = emitted(&api, &stream_of(value_type, is_array), &page_of(attribute));
    let (_, from_it) = lines.split_once("\"it\":").unwrap();
    from_it.trim_end().to_owned()
}

#[test]
fn every_value_type_is_unwrapped_in_all_its_forms() {
    let examples: Value = serde_json::from_str(&text("reevo", "value_type_examples.json")).unwrap();
    let mut lines = String::new();
    for (value_type, forms) in examples.as_object().unwrap() {
        for (form, is_array) in [
            ("single", false),
            ("null_in_envelope", false),
            ("array", true),
            ("empty_array", true),
        ] {
            let value = emitted_value(value_type, is_array, &forms[form]);
            lines.push_str(&format!("{value_type} {form}: {value}\n"));
        }
    }
    assert_eq!(examples.as_object().unwrap().len(), 24);
    assert_golden("value_types.txt", &lines);
}

#[test]
fn every_deviation_from_the_documentation_is_read() {
    let variants: Value =
        serde_json::from_str(&text("reevo", "value_type_tolerance_variants.json")).unwrap();
    let mut lines = String::new();
    for (name, attribute) in variants.as_object().unwrap() {
        let value_type = attribute["value_type"].as_str().unwrap_or("string");
        for is_array in [false, true] {
            let value = emitted_value(value_type, is_array, attribute);
            let declared = if is_array { "array" } else { "single" };
            lines.push_str(&format!("{name}, declared {declared}: {value}\n"));
        }
    }
    assert_golden("value_deviations.txt", &lines);
}

#[test]
fn every_list_of_askelephant_is_read() {
    let expand = [
        "companies",
        "contacts",
        "owner",
        "action_items",
        "signals",
        "transcript",
        "media_url",
        "tags",
    ];
    let config = config(json!({"api": "askelephant", "base_url": "sandbox:", "expand": expand}));
    let api = Api::new(&config);
    let mut lines = String::new();
    for name in names("askelephant", "list_") {
        let collection = name
            .trim_start_matches("list_")
            .split(['_', '.'])
            .next()
            .unwrap();
        let collection = if collection == "empty" {
            "tags"
        } else {
            collection
        };
        let stream = api.shipped(collection, &config).unwrap();
        lines.push_str(&format!(
            "# {name}\n{}",
            emitted(&api, &stream, &text("askelephant", &name))
        ));
    }
    assert_golden("askelephant_lists.txt", &lines);
}

fn failure_of(api: &Api, status: u16, body: &str) -> Failure {
    match api.page(reply(status, body), false) {
        Ok(_) => panic!("{status} was taken for a success"),
        Err(failure) => failure,
    }
}

#[test]
fn every_error_has_a_readable_message_and_the_right_kind() {
    let (api, _) = reevo();
    let index: Value = serde_json::from_str(&text("reevo", "error_index.json")).unwrap();
    let mut lines = String::new();
    for (code, entry) in index.as_object().unwrap() {
        let Some(status) = entry["http_status"].as_u64() else {
            continue;
        };
        let failure = failure_of(
            &api,
            u16::try_from(status).unwrap(),
            &text("reevo", &format!("error_{code}.json")),
        );
        lines.push_str(&format!("{code} is {:?}: {failure}\n", failure.kind));
    }
    for name in names("askelephant", "error_")
        .iter()
        .filter(|name| !name.contains("headers"))
    {
        let status = name.split('_').nth(1).unwrap().parse().unwrap();
        let failure = failure_of(&api, status, &text("askelephant", name));
        lines.push_str(&format!("{name} is {:?}: {failure}\n", failure.kind));
    }
    assert_golden("errors.txt", &lines);
}

#[test]
fn an_invalid_cursor_is_recognized_in_every_error_envelope() {
    let (api, _) = reevo();
    let variants: Value =
        serde_json::from_str(&text("reevo", "error_envelope_variants.json")).unwrap();
    for (name, body) in variants.as_object().unwrap() {
        let expected = if name == "framework_detail_string" {
            FailureKind::Rejected
        } else {
            FailureKind::InvalidCursor
        };
        assert_eq!(
            failure_of(&api, 400, &body.to_string()).kind,
            expected,
            "{name}"
        );
    }
}
