//! Writes the Singer catalog, with full metadata.

use super::metadata::{API_NAME, FILTER_OPERATORS};
use crate::catalog::{REPLICATION_KEY, Replication, Stream};
use crate::record::schema::{Property, Shape};
use serde_json::{Value, json};

/// The catalog, indented: orchestrators read it line by line and limit the length of a line.
pub fn write(streams: &[Stream]) -> String {
    let streams: Vec<Value> = streams.iter().map(written_stream).collect();
    let catalog = json!({"streams": streams});
    let text = serde_json::to_string_pretty(&catalog).expect("a value is always written");
    format!("{text}\n")
}

fn written_stream(stream: &Stream) -> Value {
    let mut metadata = vec![json!({"breadcrumb": [], "metadata": stream_metadata(stream)})];
    for property in &stream.properties {
        list_metadata(stream, property, &[], &mut metadata);
    }
    json!({
        "tap_stream_id": stream.name,
        "stream": stream.name,
        "key_properties": stream.key,
        "schema": stream.json_schema(),
        "metadata": metadata,
    })
}

fn stream_metadata(stream: &Stream) -> Value {
    let mut metadata = json!({
        "inclusion": "available",
        "selected-by-default": stream.parent.is_none(),
        "table-key-properties": stream.key,
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

/// Adds the metadata of a property and of the properties nested in it.
fn list_metadata(stream: &Stream, property: &Property, parent: &[&str], list: &mut Vec<Value>) {
    let breadcrumb = [parent, &["properties", &property.name]].concat();
    let automatic = parent.is_empty() && stream.is_automatic(&property.name);
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
        list_metadata(stream, nested, &inner, list);
    }
}
