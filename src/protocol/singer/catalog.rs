//! The Singer catalog: written with full metadata, and read back as a selection. A catalog may be
//! older than the API's schema, and an orchestrator may have changed it; what it says is honoured.

use crate::catalog::{
    PRIMARY_KEY, REPLICATION_KEY, Replication, Selection, Stream, SyncMode, is_automatic,
};
use crate::protocol::mismatch;
use crate::record::schema::{self, Property, Shape};
use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};

/// Metadata of ours: the API's own name of a stream or property.
const API_NAME: &str = "api-name";
/// Metadata of ours: the operators by which the API filters on a property.
const FILTER_OPERATORS: &str = "filter-operators";

/// The catalog, indented: orchestrators read it line by line, with a limit to a line's length.
pub fn write(streams: &[Stream]) -> String {
    let streams: Vec<Value> = streams.iter().map(written_stream).collect();
    let catalog = json!({"streams": streams});
    let text = serde_json::to_string_pretty(&catalog).expect("a value is always written");
    format!("{text}\n")
}

fn written_stream(stream: &Stream) -> Value {
    let mut metadata = vec![json!({"breadcrumb": [], "metadata": stream_metadata(stream)})];
    for property in &stream.properties {
        list_metadata(property, &[], &mut metadata);
    }
    json!({
        "tap_stream_id": stream.name,
        "stream": stream.name,
        "key_properties": [PRIMARY_KEY],
        "schema": stream.json_schema(),
        "metadata": metadata,
    })
}

fn stream_metadata(stream: &Stream) -> Value {
    let mut metadata = json!({
        "inclusion": "available",
        "selected-by-default": true,
        "table-key-properties": [PRIMARY_KEY],
        API_NAME: stream.api_name,
    });
    match stream.replication {
        Replication::Incremental => metadata["valid-replication-keys"] = json!([REPLICATION_KEY]),
        Replication::FullTable { .. } => {
            metadata["forced-replication-method"] = json!("FULL_TABLE");
        }
    }
    if let Some(description) = &stream.description {
        metadata["description"] = json!(description);
    }
    metadata
}

/// Adds the metadata of a property and of all that is nested in it.
fn list_metadata(property: &Property, parent: &[&str], list: &mut Vec<Value>) {
    let breadcrumb = [parent, &["properties", &property.name]].concat();
    let automatic = parent.is_empty() && is_automatic(&property.name);
    let mut metadata = if automatic {
        json!({"inclusion": "automatic"})
    } else {
        json!({"inclusion": "available", "selected-by-default": true})
    };
    if parent.is_empty() {
        metadata[API_NAME] = json!(property.api_name);
        metadata[FILTER_OPERATORS] = json!(property.filter_operators);
    }
    list.push(json!({"breadcrumb": breadcrumb, "metadata": metadata}));
    let (object, inner) = match &property.shape {
        Shape::Object(object) => (object, breadcrumb),
        Shape::Array(item) => match &item.shape {
            Shape::Object(object) => (object, [breadcrumb.as_slice(), &["items"]].concat()),
            _ => return,
        },
        _ => return,
    };
    for nested in &object.properties {
        list_metadata(nested, &inner, list);
    }
}

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

#[derive(Deserialize)]
struct WireMetadata {
    #[serde(default)]
    breadcrumb: Vec<String>,
    #[serde(default)]
    metadata: Map<String, Value>,
}

/// One selected stream of a catalog.
pub struct SingerEntry {
    pub name: String,
    /// The API's name, where the catalog has kept it.
    pub api_name: Option<String>,
    schema: Value,
    metadata: Metadata,
    /// The replication method and key that it asks for, as written.
    method: Option<String>,
    key: Option<String>,
}

/// Metadata by breadcrumb. Without any at all, everything is selected.
#[derive(Default)]
struct Metadata {
    by_breadcrumb: HashMap<Vec<String>, Map<String, Value>>,
}

/// The streams that a catalog selects.
pub fn read(catalog: &str) -> Result<Vec<SingerEntry>> {
    let advice = "pass the one that discover prints";
    let catalog: WireCatalog = serde_json::from_str(catalog.trim_start_matches('\u{feff}'))
        .map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            if error.is_data() {
                anyhow!("the catalog is not of Singer's form at {place}; {advice}")
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

impl Metadata {
    fn new(list: Vec<WireMetadata>) -> Self {
        let by_breadcrumb = list
            .into_iter()
            .map(|one| (one.breadcrumb, one.metadata))
            .collect();
        Self { by_breadcrumb }
    }

    fn of(&self, breadcrumb: &[String]) -> Option<&Map<String, Value>> {
        self.by_breadcrumb.get(breadcrumb)
    }

    /// A stream is selected by its metadata, else by its entry, else by default; without any
    /// metadata at all, always.
    fn selects_stream(&self, entry: Option<&Value>) -> bool {
        let root = self.of(&[]);
        let says = |keyword: &str| root.and_then(|root| truth(root.get(keyword)?));
        if root.and_then(|root| root.get("inclusion")?.as_str()) == Some("unsupported") {
            return false;
        }
        let by_default = || says("selected-by-default").unwrap_or(self.by_breadcrumb.is_empty());
        says("selected")
            .or_else(|| entry.and_then(truth))
            .unwrap_or_else(by_default)
    }

    /// A field of a selected parent is kept unless something says otherwise.
    fn selects_field(&self, breadcrumb: &[String]) -> bool {
        let Some(metadata) = self.of(breadcrumb) else {
            return true;
        };
        let says = |keyword: &str| truth(metadata.get(keyword)?);
        match metadata.get("inclusion").and_then(Value::as_str) {
            Some("automatic") => true,
            Some("unsupported") => false,
            _ => says("selected")
                .or_else(|| says("selected-by-default"))
                .unwrap_or(true),
        }
    }
}

/// A truth value, also in the quotes that the specification's own example has.
fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

impl SingerEntry {
    /// The selection of a stream as the API describes it today, and a warning for each way in which
    /// the catalog and the stream do not fit together.
    pub fn resolve(&self, stream: Stream) -> (Selection, Vec<String>) {
        let mut schema = self.schema.clone();
        self.prune(&mut schema, &mut Vec::new());
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
        };
        (selection, warnings)
    }

    fn asks_for(&self, method: &str) -> bool {
        let asked = self.method.as_deref();
        asked.is_some_and(|asked| asked.eq_ignore_ascii_case(method))
    }

    /// A warning of a replication method that neither API has.
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

    /// A warning of the stream's fields that the catalog does not know.
    fn missing_fields(&self, stream: &Stream) -> Option<String> {
        let known = properties_of_entry(&self.schema);
        let names = stream.properties.iter().map(|property| &property.name);
        let missing: Vec<&str> = names
            .filter(|name| !known.contains(*name) && !is_automatic(name))
            .map(String::as_str)
            .collect();
        (!missing.is_empty()).then(|| {
            let missing = missing.join(", ");
            format!("the catalog is older than the API's schema and lacks {missing}; run discover again to read them")
        })
    }

    /// Takes the deselected properties out of a schema, level by level. An object goes with the
    /// last of its members.
    fn prune(&self, schema: &mut Value, breadcrumb: &mut Vec<String>) {
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            breadcrumb.push("properties".to_owned());
            let top = breadcrumb.len() == 1;
            properties.retain(|name, nested| {
                breadcrumb.push(name.clone());
                let selected = self.metadata.selects_field(breadcrumb);
                let had_members = !is_hollow(nested);
                if selected {
                    self.prune(nested, breadcrumb);
                }
                let kept = (selected && !(had_members && is_hollow(nested)))
                    || (top && is_automatic(name));
                breadcrumb.pop();
                kept
            });
            breadcrumb.pop();
        }
        if let Some(items @ Value::Object(_)) = schema.get_mut("items") {
            breadcrumb.push("items".to_owned());
            self.prune(items, breadcrumb);
            breadcrumb.pop();
        }
    }

    /// Where the values of a property come from: what the catalog kept of the API's name, else
    /// the property of today's stream that is called the same. The key and the replication key
    /// are called the same everywhere, whatever a catalog says of them. Says whether today's
    /// stream has the property.
    fn find_source(&self, property: &mut Property, stream: &Stream) -> bool {
        let breadcrumb = ["properties".to_owned(), property.name.clone()];
        let kept = self
            .metadata
            .of(&breadcrumb)
            .and_then(|metadata| metadata.get(API_NAME)?.as_str())
            .filter(|api_name| !is_automatic(&property.name) && !is_automatic(api_name));
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

/// Whether a schema describes an object, or an array of objects, without a single member.
fn is_hollow(schema: &Value) -> bool {
    let is_empty = |schema: &Value| schema["properties"].as_object().is_some_and(Map::is_empty);
    is_empty(schema) || is_empty(&schema["items"])
}

/// Adds `id` and `updated_at` to a schema that lacks them: no stream can do without.
fn add_automatic(schema: &mut Value, stream: &Stream) {
    let Some(Value::Object(properties)) = schema.get_mut("properties") else {
        return;
    };
    let automatic = stream
        .properties
        .iter()
        .filter(|property| is_automatic(&property.name));
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
    use super::*;
    use crate::catalog::Replication;
    use crate::record::projection::{Layout, Scanned};

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
        }
    }

    #[test]
    fn the_key_comes_from_the_key_whatever_a_catalog_says() {
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
