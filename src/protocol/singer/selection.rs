//! Reads a Singer catalog as a selection. The catalog may be older than the API's schema, and an
//! orchestrator may have changed it; what it selects is read.

use super::metadata::{API_NAME, Metadata, WireMetadata};
use crate::catalog::{Selection, Stream, SyncMode};
use crate::protocol::mismatch;
use crate::record::schema::{self, Property};
use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::HashSet;

#[derive(Deserialize)]
struct WireCatalog {
    streams: Vec<WireStream>,
}

#[derive(Deserialize)]
struct WireStream {
    #[serde(default)]
    tap_stream_id: Option<String>,
    #[serde(default)]
    stream: Option<String>,
    #[serde(default)]
    schema: Value,
    #[serde(default)]
    metadata: Option<Vec<WireMetadata>>,
    #[serde(default)]
    selected: Option<Value>,
    #[serde(default)]
    replication_method: Option<String>,
    #[serde(default)]
    replication_key: Option<String>,
}

/// One selected stream of a catalog.
pub struct SingerEntry {
    pub name: String,
    /// The API's name, if the catalog has it.
    pub api_name: Option<String>,
    schema: Value,
    metadata: Metadata,
    /// The replication method and key that the catalog asks for, as written.
    method: Option<String>,
    key: Option<String>,
}

/// The streams that a catalog selects.
pub fn read(catalog: &str) -> Result<Vec<SingerEntry>> {
    let advice = "pass the one that discover prints";
    let catalog: WireCatalog = serde_json::from_str(catalog.trim_start_matches('\u{feff}'))
        .map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            if error.is_data() {
                anyhow!("the catalog does not have Singer's form at {place}; {advice}")
            } else {
                anyhow!("the catalog is not valid JSON at {place}; {advice}")
            }
        })?;
    let mut entries = Vec::new();
    let mut names = HashSet::new();
    for stream in catalog.streams {
        let Some(one) = entry(stream)? else {
            continue;
        };
        if !names.insert(one.name.clone()) {
            bail!("the catalog lists {} twice; {advice}", one.name);
        }
        entries.push(one);
    }
    Ok(entries)
}

fn entry(stream: WireStream) -> Result<Option<SingerEntry>> {
    let name = stream.tap_stream_id.or(stream.stream);
    let name = name.context(
        "the catalog has a stream without tap_stream_id; pass the one that discover prints",
    )?;
    let metadata = Metadata::new(stream.metadata.unwrap_or_default());
    if !metadata.selects_stream(stream.selected.as_ref()) {
        return Ok(None);
    }
    if !stream.schema["properties"].is_object() {
        bail!(
            "the catalog's schema of {name} has no properties; pass the catalog that discover prints"
        );
    }
    let root = metadata.of(&[]);
    let text = |keyword: &str| root.and_then(|root| Some(root.get(keyword)?.as_str()?.to_owned()));
    Ok(Some(SingerEntry {
        api_name: text(API_NAME),
        method: text("replication-method").or(stream.replication_method),
        key: text("replication-key").or(stream.replication_key),
        schema: stream.schema,
        metadata,
        name,
    }))
}

impl SingerEntry {
    /// The selection of a stream of the API, and a warning for each mismatch between the catalog
    /// and the stream.
    pub fn resolve(&self, stream: Stream) -> (Selection, Vec<String>) {
        let mut schema = self.schema.clone();
        self.prune(&mut schema, &stream, &mut Vec::new());
        add_automatic(&mut schema, &stream);
        let mut properties = schema::properties_of(&schema);
        let mut unknown = Vec::new();
        for property in &mut properties {
            if !self.find_source(property, &stream) {
                unknown.push(property.name.as_str());
            }
        }
        let mode = match stream.best_mode() {
            SyncMode::Incremental if self.asks_for("FULL_TABLE") => SyncMode::FullTable,
            mode => mode,
        };
        let warnings = [
            self.other_method(mode),
            mismatch::other_key(mode, self.key.as_deref()),
            mismatch::unknown_fields(&unknown),
            self.missing_fields(&stream),
        ];
        let warnings = warnings.into_iter().flatten().collect();
        let selection = Selection {
            stream,
            properties,
            schema,
            mode,
            replaces: false,
        };
        (selection, warnings)
    }

    fn asks_for(&self, method: &str) -> bool {
        let asked = self.method.as_deref();
        asked.is_some_and(|asked| asked.eq_ignore_ascii_case(method))
    }

    /// Warns of a replication method that neither API has.
    fn other_method(&self, mode: SyncMode) -> Option<String> {
        let method = self.method.as_ref()?;
        let is_known = self.asks_for("INCREMENTAL") || self.asks_for("FULL_TABLE");
        let instead = match mode {
            SyncMode::Incremental => "INCREMENTAL",
            SyncMode::FullTable => "FULL_TABLE",
        };
        (!is_known).then(|| {
            format!("the catalog asks for replication-method {method}, which the API does not have; reading by {instead}")
        })
    }

    /// Warns of fields that the catalog lacks.
    fn missing_fields(&self, stream: &Stream) -> Option<String> {
        let known = properties_of_entry(&self.schema);
        let names = stream.properties.iter().map(|property| &property.name);
        let missing: Vec<&str> = names
            .filter(|name| !known.contains(*name) && !stream.is_automatic(name))
            .map(String::as_str)
            .collect();
        (!missing.is_empty()).then(|| {
            let missing = missing.join(", ");
            format!("the catalog is older than the API's schema and lacks {missing}; run discover again to read them")
        })
    }

    /// Removes the deselected properties from a schema, level by level. An object whose last member
    /// is removed is removed too.
    fn prune(&self, schema: &mut Value, stream: &Stream, breadcrumb: &mut Vec<String>) {
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            breadcrumb.push("properties".to_owned());
            let top = breadcrumb.len() == 1;
            properties.retain(|name, nested| {
                breadcrumb.push(name.clone());
                let selected = self.metadata.selects_field(breadcrumb);
                let had_members = !is_hollow(nested);
                if selected {
                    self.prune(nested, stream, breadcrumb);
                }
                let kept = (selected && !(had_members && is_hollow(nested)))
                    || (top && stream.is_automatic(name));
                breadcrumb.pop();
                kept
            });
            breadcrumb.pop();
        }
        if let Some(items @ Value::Object(_)) = schema.get_mut("items") {
            breadcrumb.push("items".to_owned());
            self.prune(items, stream, breadcrumb);
            breadcrumb.pop();
        }
    }

    /// Sets the API's name and the shape of a property: by the API's name in the catalog, else by
    /// the property's own name. The primary key and the replication key always keep their names.
    /// Returns whether the stream has the property.
    fn find_source(&self, property: &mut Property, stream: &Stream) -> bool {
        let breadcrumb = ["properties".to_owned(), property.name.clone()];
        let kept = self
            .metadata
            .of(&breadcrumb)
            .and_then(|metadata| metadata.get(API_NAME)?.as_str())
            .filter(|api_name| {
                !stream.is_automatic(&property.name) && !stream.is_automatic(api_name)
            });
        let original = stream.properties.iter().find(|one| match kept {
            Some(api_name) => one.api_name == api_name,
            None => one.name == property.name,
        });
        if let Some(original) = original {
            property.api_name.clone_from(&original.api_name);
            property.shape.adopt(&original.shape);
        } else if let Some(api_name) = kept {
            api_name.clone_into(&mut property.api_name);
        }
        original.is_some()
    }
}

/// Whether a schema describes an object, or an array of objects, without members.
fn is_hollow(schema: &Value) -> bool {
    let is_empty = |schema: &Value| schema["properties"].as_object().is_some_and(Map::is_empty);
    is_empty(schema) || is_empty(&schema["items"])
}

/// Adds the key and `updated_at` to a schema that lacks them.
fn add_automatic(schema: &mut Value, stream: &Stream) {
    let Some(Value::Object(properties)) = schema.get_mut("properties") else {
        return;
    };
    let automatic = stream
        .properties
        .iter()
        .filter(|property| stream.is_automatic(&property.name));
    for property in automatic {
        if !properties.contains_key(&property.name) {
            properties.insert(property.name.clone(), property.json_schema());
        }
    }
}

fn properties_of_entry(schema: &Value) -> HashSet<&String> {
    let properties = schema["properties"].as_object();
    properties.into_iter().flat_map(Map::keys).collect()
}

#[cfg(test)]
mod tests {
    use super::super::catalog::write;
    use super::*;
    use crate::catalog::{REPLICATION_KEY, Replication};
    use crate::record::projection::{Layout, Scanned};
    use crate::record::schema::Shape;
    use serde_json::json;

    fn stream() -> Stream {
        let names = ["id", REPLICATION_KEY, "email"];
        Stream {
            name: "contacts".to_owned(),
            api_name: "contacts".to_owned(),
            description: None,
            properties: names.map(|name| Property::new(name, Shape::Text)).into(),
            replication: Replication::Incremental,
            layout: Layout::Plain,
            sorts_by_id: false,
            key: vec!["id".to_owned()],
            relationships: Vec::new(),
            parent: None,
        }
    }

    #[test]
    fn the_primary_key_keeps_its_source_whatever_a_catalog_says() {
        for (property, api_name) in [("id", "email"), ("email", "id"), ("id", "_unknown_fields")] {
            let mut catalog: Value = serde_json::from_str(&write(&[stream()])).unwrap();
            let metadata = catalog["streams"][0]["metadata"].as_array_mut().unwrap();
            metadata.push(
                json!({"breadcrumb": ["properties", property], "metadata": {API_NAME: api_name}}),
            );
            let entries = read(&catalog.to_string()).unwrap();
            let projection = entries[0].resolve(stream()).0.projection();
            let mut scanned = Scanned::default();
            projection
                .scan(r#"{"id":"a","email":"b"}"#, &mut scanned)
                .unwrap();
            assert_eq!(projection.version(&scanned).unwrap().id, "a");
        }
    }
}
