//! Child streams: the links of Reevo's records, and the transcripts of AskElephant's engagements.

mod faults;
mod links;
mod requests;
mod transcripts;

use crate::catalog::{Catalog, Entry, set};
use crate::json::Json;
use crate::messages::Emitted;
use crate::oracle::{assert_valid, conformed, newest};
use crate::support::{ASKELEPHANT, REEVO, Read, Workspace};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const TRANSCRIPTS: &str = "transcript_timelines";

/// A child stream of each API, and the path that its requests have in common.
const BOTH: [(&str, &str, &str); 2] = [
    (REEVO, "contact__accounts", "/relationship/"),
    (ASKELEPHANT, TRANSCRIPTS, "/transcript_timeline"),
];

/// All streams of a workspace.
fn discovered(workspace: &Workspace, settings: &Value) -> Catalog {
    Catalog::whole(&catalog_text(workspace, settings))
}

fn catalog_text(workspace: &Workspace, settings: &Value) -> String {
    let config = workspace.config_file(settings);
    workspace
        .run(&["discover", "--config", &config])
        .ok()
        .stdout
}

/// The catalog with these streams selected and no others.
fn selecting(workspace: &Workspace, settings: &Value, streams: &[&str]) -> Value {
    let text = catalog_text(workspace, settings);
    let mut catalog: Value = serde_json::from_str(&text).unwrap();
    for entry in Catalog::whole(&text).streams {
        let selected = streams.contains(&entry.stream.as_str());
        set(
            &mut catalog,
            &entry.stream,
            &[],
            "selected",
            json!(selected),
        );
    }
    catalog
}

/// A run that reads these streams.
fn read<'w>(workspace: &'w Workspace, settings: &Value, streams: &[&str]) -> Read<'w> {
    let catalog = selecting(workspace, settings, streams);
    workspace.sandbox.clear_requests();
    workspace.read(settings).catalog(&catalog)
}

/// How many requests were for children.
fn child_requests(workspace: &Workspace) -> usize {
    let requests = workspace.sandbox.requests().into_iter();
    let is_of_child = |path: &str| BOTH.iter().any(|(_, _, part)| path.contains(part));
    requests.filter(|one| is_of_child(&one.path)).count()
}

/// The name of the parent, and of the relationship or the transcript.
fn names(entry: &Entry) -> (String, String) {
    let name = entry.api_name();
    let (parent, rest) = name.split_once('/').unwrap();
    let rest = rest.strip_prefix("relationship/").unwrap_or(rest);
    (parent.to_owned(), rest.to_owned())
}

/// Checks everything that a full read emitted of a child stream: every record once with the right
/// values, and the bookmark, which is that of the parent.
fn assert_complete(workspace: &Workspace, catalog: &Catalog, stream: &str, emitted: &Emitted) {
    let entry = catalog.entry(stream);
    let schema = &emitted.schemas[stream];
    let expected = expected(workspace, entry, &schema.schema);
    let mut found = BTreeMap::new();
    for one in emitted.records(stream) {
        let twice = found.insert(key(&schema.key_properties, &one.record), &one.record);
        assert!(twice.is_none(), "{stream}: {twice:?} was emitted twice");
    }
    for (key, record) in &expected {
        assert_eq!(found.get(key).copied(), Some(record), "{stream}");
    }
    assert_eq!(found.len(), expected.len(), "{stream}");
    assert_valid(schema, emitted.records(stream));
    let parent = catalog.entry(&parent_of(stream));
    let bookmark = emitted.state()["bookmarks"].get(stream);
    assert_eq!(bookmark, newest(workspace, parent).as_ref(), "{stream}");
}

fn parent_of(stream: &str) -> String {
    let parent = stream.split_once("__").map(|(parent, _)| parent);
    parent.unwrap_or("engagements").to_owned()
}

fn key(names: &[String], record: &Json) -> Vec<String> {
    let values = names.iter().map(|name| record.get(name).text().to_owned());
    values.collect()
}

/// The records that a child stream must emit, by their keys.
fn expected(workspace: &Workspace, entry: &Entry, schema: &Value) -> BTreeMap<Vec<String>, Json> {
    let (parent, child) = names(entry);
    let parents = workspace.sandbox.truth(&parent).into_iter();
    let stamps: BTreeMap<String, Json> = parents
        .map(|one| (one.id, Json::parse(&one.json).get("updated_at").clone()))
        .collect();
    let children = match child.as_str() {
        "transcript_timeline" => workspace.sandbox.transcripts(),
        relationship => workspace.sandbox.links(&parent, relationship),
    };
    let properties = schema["properties"].as_object().unwrap();
    let records = children.into_iter().map(|(parent, sent)| {
        let sent = Json::parse(&sent);
        let member = |(name, schema): (&String, &Value)| {
            let value = match name.as_str() {
                "id" | "parent_id" => Json::Text(parent.clone()),
                "updated_at" => stamps[&parent].clone(),
                name => value_of(&sent, name),
            };
            (name.clone(), conformed(schema, &value))
        };
        let record = Json::Object(properties.iter().map(member).collect());
        (key(&entry.key_properties, &record), record)
    });
    records.collect()
}

/// A member of a child as it is sent.
fn value_of(sent: &Json, name: &str) -> Json {
    let through = sent.get("through");
    let attributes = through.get("attributes");
    match name {
        "through_id" => through.get("id").clone(),
        "role" | "is_primary" => attributes.get(name).get("value").clone(),
        "through_attributes" => match attributes {
            Json::Object(members) => {
                let opened = members.iter();
                let opened = opened.map(|(name, one)| (name.clone(), one.get("value").clone()));
                Json::Object(opened.collect())
            }
            _ => Json::Null,
        },
        name => sent.get(name).clone(),
    }
}
