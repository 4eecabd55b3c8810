//! The wire form of a schema, and the stream that it describes ("Introspect a record type's public
//! schema").

use crate::api::malformed::unreadable;
use crate::catalog::name;
use crate::catalog::{PRIMARY_KEY, REPLICATION_KEY, Relationship, Replication, Stream};
use crate::http::failure::Failure;
use crate::record::envelope;
use crate::record::json;
use crate::record::projection::{Layout, UNKNOWN_FIELDS};
use crate::record::schema::{Property, Shape};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashSet;

#[derive(Deserialize)]
pub struct WireSchema {
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    description: Option<String>,
    pub attributes: Vec<WireField>,
    /// Those in another form than the documented one are left out.
    #[serde(default)]
    pub relationships: Value,
}

#[derive(Deserialize)]
pub struct WireField {
    pub api_name: String,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    description: Option<String>,
    pub type_info: WireType,
    /// False by default; likewise the next.
    #[serde(default)]
    is_sortable: Option<bool>,
    #[serde(default)]
    pub is_filterable: Option<bool>,
    #[serde(default)]
    pub filter_operators: Option<Vec<String>>,
}

#[derive(Deserialize)]
pub struct WireType {
    pub value_type: String,
    #[serde(default)]
    is_array: Option<bool>,
}

impl WireField {
    fn is_sortable(&self) -> bool {
        self.is_sortable == Some(true)
    }

    /// Whether an operator works. A filterable field that does not list its operators has all.
    pub fn filters_by(&self, operator: &str) -> bool {
        let listed = self.filter_operators.as_ref();
        self.is_filterable == Some(true)
            && listed.is_none_or(|operators| operators.iter().any(|one| one == operator))
    }

    fn shape(&self) -> Shape {
        let shape = envelope::shape_of(&self.type_info.value_type);
        match self.type_info.is_array {
            Some(true) => Shape::array(shape),
            _ => shape,
        }
    }

    fn property(self) -> Property {
        let shape = self.shape();
        let operators = if self.is_filterable == Some(true) {
            self.filter_operators
        } else {
            None
        };
        Property {
            description: description(self.description, self.display_name),
            filter_operators: operators.unwrap_or_default(),
            ..Property::new(&self.api_name, shape)
        }
    }
}

pub fn parsed(text: &str) -> Result<WireSchema, Failure> {
    json::parse_object(text).map_err(|error| unreadable(text, &error))
}

/// The stream that a schema describes.
pub fn stream(record_type: &str, text: &str) -> Result<Stream, Failure> {
    let schema = parsed(text)?;
    let replication = replication(&schema.attributes);
    let id = schema
        .attributes
        .iter()
        .find(|field| field.api_name == PRIMARY_KEY);
    Ok(Stream {
        name: name::safe_names([record_type]).remove(0),
        api_name: record_type.to_owned(),
        description: description(schema.description, schema.display_name),
        replication,
        layout: Layout::Envelopes,
        sorts_by_id: id.is_some_and(WireField::is_sortable),
        key: vec![PRIMARY_KEY.to_owned()],
        relationships: relationships(&schema.relationships),
        parent: None,
        properties: properties(schema.attributes),
    })
}

/// The relationships that a schema lists, each once.
fn relationships(listed: &Value) -> Vec<Relationship> {
    let mut seen = HashSet::new();
    let listed = listed.as_array().into_iter().flatten();
    let named = listed.filter_map(|one| {
        let text = |key: &str| one[key].as_str().map(str::to_owned);
        Some(Relationship {
            api_name: text("api_name").filter(|name| !name.is_empty())?,
            description: description(text("description"), text("display_name")),
        })
    });
    named
        .filter(|one| seen.insert(one.api_name.clone()))
        .collect()
}

/// The description, or else the display name. NUL characters are removed, since most databases
/// cannot store them.
fn description(description: Option<String>, display_name: Option<String>) -> Option<String> {
    let text = description.or(display_name)?;
    Some(text.replace('\0', ""))
}

fn replication(fields: &[WireField]) -> Replication {
    let because = match fields
        .iter()
        .find(|field| field.api_name == REPLICATION_KEY)
    {
        None => "its schema has no updated_at",
        Some(field) if !field.is_sortable() => "the API cannot sort it by updated_at",
        Some(field) if !field.filters_by("gte") => {
            "the API cannot filter it by updated_at with gte"
        }
        Some(_) => return Replication::Incremental,
    };
    Replication::FullTable {
        because: because.to_owned(),
    }
}

/// The system fields, which are at the top level of every record; then the attributes in their
/// order.
fn properties(fields: Vec<WireField>) -> Vec<Property> {
    let system = [
        (PRIMARY_KEY, Shape::Text),
        ("record_type", Shape::Text),
        ("created_at", Shape::Timestamp),
        (REPLICATION_KEY, Shape::Timestamp),
    ];
    let mut properties: Vec<Property> = system
        .map(|(name, shape)| Property::new(name, shape))
        .into();
    properties[0].nullable = false;
    // The tap uses this name for the column of unknown fields, so a field with this name goes into
    // that column.
    let mut listed = HashSet::from([UNKNOWN_FIELDS.to_owned()]);
    for field in fields {
        if !listed.insert(field.api_name.clone()) {
            continue;
        }
        let property = field.property();
        match properties
            .iter_mut()
            .find(|system| system.api_name == property.api_name)
        {
            Some(system) => {
                system.description = property.description;
                system.filter_operators = property.filter_operators;
            }
            None => properties.push(property),
        }
    }
    let api_names = properties.iter().map(|property| property.api_name.as_str());
    let names = name::safe_names(api_names.chain([UNKNOWN_FIELDS]));
    for (property, name) in properties.iter_mut().zip(names) {
        property.name = name;
    }
    properties
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn contact() -> Stream {
        let fixture = include_str!("../../../sandbox/tests/fixtures/reevo/schema_contact.json");
        stream("contact", fixture).unwrap()
    }

    #[test]
    fn nul_characters_are_removed_from_descriptions() {
        let fixture = r#"{"display_name":"a\u0000b","attributes":[
            {"api_name":"x","display_name":"\u0000","type_info":{"value_type":"date"}}]}"#;
        let stream = stream("contact", fixture).unwrap();
        assert_eq!(stream.description.as_deref(), Some("ab"));
        assert_eq!(stream.properties[4].description.as_deref(), Some(""));
    }

    #[test]
    fn no_field_takes_the_name_of_the_column_for_unknown_fields() {
        let attribute = |name: &str| json!({"api_name": name, "type_info": {"value_type": "date"}});
        let attributes = ["_unknown_fields", "_Unknown_Fields"].map(attribute);
        let stream = stream("contact", &json!({"attributes": attributes}).to_string()).unwrap();
        let [.., last] = stream.properties.as_slice() else {
            panic!("there are properties");
        };
        assert_eq!(
            (stream.properties.len(), last.api_name.as_str()),
            (5, "_Unknown_Fields")
        );
        assert_ne!(last.name, UNKNOWN_FIELDS);
    }

    #[test]
    fn incremental_needs_a_replication_key_that_sorts_and_filters() {
        assert_eq!(contact().replication, Replication::Incremental);
        for (flags, works) in [
            (
                r#""is_sortable":true,"is_filterable":true,"filter_operators":["gte"]"#,
                true,
            ),
            (
                r#""is_sortable":true,"is_filterable":true,"filter_operators":null"#,
                true,
            ),
            (
                r#""is_sortable":true,"is_filterable":true,"filter_operators":["gt"]"#,
                false,
            ),
            (r#""is_filterable":true"#, false),
            (r#""is_sortable":true"#, false),
        ] {
            let text = format!(
                r#"{{"attributes":[{{"api_name":"updated_at","type_info":{{"value_type":"timestamp"}},{flags}}}]}}"#
            );
            let found = stream("x", &text).unwrap().replication == Replication::Incremental;
            assert_eq!(found, works, "{flags}");
        }
    }
}
