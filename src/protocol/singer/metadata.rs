//! The metadata of a Singer catalog that is read back: what it selects, by breadcrumb.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// The tap's own metadata: the API's name of a stream or property.
pub const API_NAME: &str = "api-name";
/// The tap's own metadata: the operators by which the API can filter on a property.
pub const FILTER_OPERATORS: &str = "filter-operators";

#[derive(Deserialize)]
pub struct WireMetadata {
    #[serde(default)]
    breadcrumb: Vec<String>,
    #[serde(default)]
    metadata: Map<String, Value>,
}

/// Metadata by breadcrumb.
#[derive(Default)]
pub struct Metadata {
    by_breadcrumb: HashMap<Vec<String>, Map<String, Value>>,
}

impl Metadata {
    pub fn new(list: Vec<WireMetadata>) -> Self {
        let by_breadcrumb = list
            .into_iter()
            .map(|one| (one.breadcrumb, one.metadata))
            .collect();
        Self { by_breadcrumb }
    }

    pub fn of(&self, breadcrumb: &[String]) -> Option<&Map<String, Value>> {
        self.by_breadcrumb.get(breadcrumb)
    }

    /// Whether the stream is selected: by its metadata, else by its entry, else by default. Without
    /// any metadata, the default is yes.
    pub fn selects_stream(&self, entry: Option<&Value>) -> bool {
        let root = self.of(&[]);
        let says = |keyword: &str| root.and_then(|root| boolean(root.get(keyword)?));
        if root.and_then(|root| root.get("inclusion")?.as_str()) == Some("unsupported") {
            return false;
        }
        let by_default = || says("selected-by-default").unwrap_or(self.by_breadcrumb.is_empty());
        says("selected")
            .or_else(|| entry.and_then(boolean))
            .unwrap_or_else(by_default)
    }

    /// Whether a field of a selected parent is selected. The default is yes.
    pub fn selects_field(&self, breadcrumb: &[String]) -> bool {
        let Some(metadata) = self.of(breadcrumb) else {
            return true;
        };
        let says = |keyword: &str| boolean(metadata.get(keyword)?);
        match metadata.get("inclusion").and_then(Value::as_str) {
            Some("automatic") => true,
            Some("unsupported") => false,
            _ => says("selected")
                .or_else(|| says("selected-by-default"))
                .unwrap_or(true),
        }
    }
}

/// A boolean, also as a string, which the example of the specification has.
fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(boolean) => Some(*boolean),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}
