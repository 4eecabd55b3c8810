//! The catalog as an orchestrator reads it, in strict types, and functions that edit it.

use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    pub streams: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub tap_stream_id: String,
    pub stream: String,
    pub key_properties: Vec<String>,
    pub schema: Value,
    pub metadata: Vec<Metadata>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    pub breadcrumb: Vec<String>,
    pub metadata: Map<String, Value>,
}

impl Catalog {
    /// The streams of a catalog that are read unless somebody deselects them.
    pub fn parse(text: &str) -> Self {
        let mut catalog = Self::whole(text);
        let by_default = |entry: &Entry| entry.metadata(&[])["selected-by-default"] == true;
        catalog.streams.retain(by_default);
        catalog
    }

    /// All streams of a catalog.
    pub fn whole(text: &str) -> Self {
        serde_json::from_str(text).unwrap()
    }

    pub fn entry(&self, stream: &str) -> &Entry {
        let found = self.streams.iter().find(|entry| entry.stream == stream);
        found.unwrap_or_else(|| panic!("{stream} is not in the catalog"))
    }
}

impl Entry {
    /// The metadata at a breadcrumb; null if there is none.
    pub fn metadata(&self, breadcrumb: &[&str]) -> Value {
        let found = self
            .metadata
            .iter()
            .find(|one| one.breadcrumb == breadcrumb);
        found.map_or(Value::Null, |one| Value::Object(one.metadata.clone()))
    }

    /// The API's name of the stream.
    pub fn api_name(&self) -> String {
        self.metadata(&[])["api-name"].as_str().unwrap().to_owned()
    }

    /// The API's name of a field.
    pub fn field_api_name(&self, name: &str) -> String {
        let metadata = self.metadata(&["properties", name]);
        metadata["api-name"].as_str().unwrap().to_owned()
    }
}

/// Sets one keyword of the metadata at a breadcrumb. Adds the metadata if there is none.
pub fn set(catalog: &mut Value, stream: &str, breadcrumb: &[&str], keyword: &str, value: Value) {
    let list = stream_of(catalog, stream)["metadata"]
        .as_array_mut()
        .unwrap();
    if let Some(found) = list
        .iter_mut()
        .find(|one| one["breadcrumb"] == json!(breadcrumb))
    {
        found["metadata"][keyword] = value;
    } else {
        list.push(json!({"breadcrumb": breadcrumb, "metadata": {keyword: value}}));
    }
}

/// The entry of a stream in a catalog, for editing.
pub fn stream_of<'c>(catalog: &'c mut Value, stream: &str) -> &'c mut Value {
    let streams = catalog["streams"].as_array_mut().unwrap();
    let found = streams.iter_mut().find(|entry| entry["stream"] == stream);
    found.unwrap_or_else(|| panic!("{stream} is not in the catalog"))
}
