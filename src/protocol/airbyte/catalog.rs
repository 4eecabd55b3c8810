//! Airbyte catalogs: writes the catalog of a workspace, and reads a configured catalog.

use crate::catalog::{REPLICATION_KEY, Selection, Stream, SyncMode};
use crate::http::failure::{Failure, FailureKind};
use crate::protocol::mismatch;
use crate::record::schema;
use anyhow::{Result, anyhow};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::HashSet;

pub fn write(streams: &[Stream]) -> String {
    let streams: Vec<Value> = streams.iter().map(written_stream).collect();
    format!(
        "{}\n",
        json!({"type": "CATALOG", "catalog": {"streams": streams}})
    )
}

fn written_stream(stream: &Stream) -> Value {
    let mut json_schema = airbyte_schema(&stream.json_schema());
    json_schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    let key: Vec<[&str; 1]> = stream.key.iter().map(|name| [name.as_str()]).collect();
    let mut written = json!({
        "name": stream.name,
        "json_schema": json_schema,
        "supported_sync_modes": ["full_refresh"],
        "source_defined_primary_key": key,
    });
    if stream.best_mode() == SyncMode::Incremental {
        written["supported_sync_modes"] = json!(["full_refresh", "incremental"]);
        written["source_defined_cursor"] = json!(true);
        written["default_cursor_field"] = json!([REPLICATION_KEY]);
    }
    written
}

/// A schema by Airbyte's rules: null is the first type, and date-times say whether they have a
/// zone.
fn airbyte_schema(schema: &Value) -> Value {
    let Value::Object(members) = schema else {
        return schema.clone();
    };
    let mut written = Map::new();
    for (name, member) in members {
        let value = match (name.as_str(), member) {
            ("type", Value::Array(types)) => types.iter().rev().cloned().collect(),
            ("properties", Value::Object(properties)) => {
                let properties = properties.iter();
                properties
                    .map(|(name, schema)| (name.clone(), airbyte_schema(schema)))
                    .collect()
            }
            ("items", items) => airbyte_schema(items),
            _ => member.clone(),
        };
        written.insert(name.clone(), value);
    }
    let airbyte_type = match written.get("format").and_then(Value::as_str) {
        Some("date-time") => Some("timestamp_with_timezone"),
        Some("time") => Some("time_without_timezone"),
        _ => None,
    };
    if let Some(airbyte_type) = airbyte_type {
        written.insert("airbyte_type".to_owned(), json!(airbyte_type));
    }
    Value::Object(written)
}

#[derive(Deserialize)]
struct WireCatalog {
    streams: Vec<WireConfigured>,
}

#[derive(Deserialize)]
struct WireConfigured {
    stream: WireStream,
    #[serde(default)]
    sync_mode: Option<String>,
    #[serde(default)]
    destination_sync_mode: Option<String>,
    #[serde(default)]
    cursor_field: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct WireStream {
    name: String,
    #[serde(default)]
    json_schema: Value,
}

/// One configured stream.
pub struct AirbyteEntry {
    pub name: String,
    sync_mode: String,
    /// Whether the destination drops what it has when the stream is complete.
    overwrites: bool,
    /// The path of the replication key that the catalog asks for, joined by dots.
    key: Option<String>,
    /// The fields in the catalog; None means all.
    fields: Option<HashSet<String>>,
}

/// The streams of a configured catalog.
pub fn read(catalog: &str) -> Result<Vec<AirbyteEntry>> {
    let catalog: WireCatalog = serde_json::from_str(catalog).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        anyhow!("the catalog is not a configured catalog at {place}; pass one made from what discover prints")
    })?;
    let mut names = HashSet::new();
    let mut entries = Vec::new();
    for configured in catalog.streams {
        let WireStream { name, json_schema } = configured.stream;
        if !names.insert(name.clone()) {
            return Err(anyhow!("the catalog lists {name} twice; list it once"));
        }
        let properties = json_schema["properties"]
            .as_object()
            .filter(|properties| !properties.is_empty());
        let fields = properties.map(|properties| properties.keys().cloned().collect());
        entries.push(AirbyteEntry {
            name,
            sync_mode: configured.sync_mode.unwrap_or_default(),
            overwrites: configured
                .destination_sync_mode
                .is_some_and(|mode| mode.starts_with("overwrite")),
            key: configured
                .cursor_field
                .map(|path| path.join("."))
                .filter(|key| !key.is_empty()),
            fields,
        });
    }
    Ok(entries)
}

impl AirbyteEntry {
    /// Warns of fields that the stream does not have.
    fn unknown_fields(&self, selection: &Selection) -> Option<String> {
        let of_stream = |name: &str| {
            selection
                .stream
                .properties
                .iter()
                .any(|one| one.name == name)
        };
        let fields = self.fields.iter().flatten().map(String::as_str);
        let mut unknown: Vec<&str> = fields.filter(|name| !of_stream(name)).collect();
        unknown.sort_unstable();
        mismatch::unknown_fields(&unknown)
    }

    /// The failure for a sync mode that the protocol does not have.
    pub fn refusal(&self) -> Option<Failure> {
        if matches!(self.sync_mode.as_str(), "full_refresh" | "incremental") {
            return None;
        }
        let sentence = "the catalog asks for a sync_mode that is neither full_refresh nor incremental; choose one of them";
        Some(Failure::new(FailureKind::Rejected, sentence))
    }

    /// The stream with the fields of the catalog, and a warning for each mismatch. A stream that
    /// can only be read as a whole is read as a whole, whatever is configured. Fields that the
    /// catalog lacks cause no warning: users deselect fields, and platforms detect new ones.
    pub fn resolve(&self, stream: Stream) -> (Selection, Vec<String>) {
        let is_known = |name: &str| {
            self.fields
                .as_ref()
                .is_none_or(|fields| fields.contains(name))
        };
        let is_kept = |name: &str| stream.is_automatic(name) || is_known(name);
        let properties = stream.properties.iter();
        let kept: Vec<_> = properties
            .filter(|property| is_kept(&property.name))
            .cloned()
            .collect();
        let mode = match self.sync_mode.as_str() {
            "full_refresh" => SyncMode::FullTable,
            _ => stream.best_mode(),
        };
        let selection = Selection {
            schema: json!({"type": "object", "properties": schema::properties_schema(&kept)}),
            properties: kept,
            mode,
            replaces: mode == SyncMode::FullTable && self.overwrites,
            stream,
        };
        let warnings = [
            mismatch::other_key(mode, self.key.as_deref()),
            self.unknown_fields(&selection),
        ];
        (selection, warnings.into_iter().flatten().collect())
    }
}
