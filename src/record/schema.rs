//! What a property's values look like when they are emitted, and the JSON Schema that says so.
//! The schemas keep to forms that every common target reads: one base type, `"null"` last, and
//! none of `anyOf`, `oneOf`, `$ref`.

use serde_json::{Map, Value, json};

/// The form of a value. Text is the widest: it holds any value, as itself or as its JSON text.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    Text,
    Timestamp,
    Date,
    TimeOfDay,
    Integer,
    Number,
    Boolean,
    Object(Object),
    /// Any JSON object, its members not described.
    OpenObject,
    Array(Box<Item>),
    /// Any JSON array, its elements not described.
    OpenArray,
    /// Several base types at once, which only a schema that someone overrode can say.
    Any,
}

/// An object whose members are described.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    pub properties: Vec<Property>,
    /// The member that takes the value where an API sends a plain one instead of the object.
    pub principal: Option<usize>,
    /// API names of members that are known and not emitted.
    pub unselected: Vec<String>,
}

impl Object {
    /// Whether a member of this API name was to be expected.
    pub fn announces(&self, api_name: &str) -> bool {
        let emitted = self
            .properties
            .iter()
            .any(|property| property.api_name == api_name);
        emitted || self.unselected.iter().any(|name| name == api_name)
    }
}

/// What an array holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub shape: Shape,
    pub nullable: bool,
}

/// A named value within a record or an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// The name in what is emitted.
    pub name: String,
    /// The name in what the API sends.
    pub api_name: String,
    pub shape: Shape,
    pub nullable: bool,
    pub description: Option<String>,
    /// The operators by which the API can filter on it, where that is known.
    pub filter_operators: Vec<String>,
}

impl Property {
    /// A nullable property that is called the same on both sides.
    pub fn new(name: &str, shape: Shape) -> Self {
        Self {
            name: name.to_owned(),
            api_name: name.to_owned(),
            shape,
            nullable: true,
            description: None,
            filter_operators: Vec::new(),
        }
    }

    pub fn json_schema(&self) -> Value {
        let mut schema = self.shape.json_schema(self.nullable);
        if let (Some(text), Value::Object(members)) = (&self.description, &mut schema) {
            members.insert("description".to_owned(), json!(text));
        }
        schema
    }
}

impl Shape {
    /// An object of named shapes; the principal member, if any, is given by its name.
    pub fn object(members: &[(&str, Shape)], principal: Option<&str>) -> Self {
        let properties: Vec<Property> = members
            .iter()
            .map(|(name, shape)| Property::new(name, shape.clone()))
            .collect();
        let principal = properties
            .iter()
            .position(|p| Some(p.name.as_str()) == principal);
        Self::Object(Object {
            properties,
            principal,
            unselected: Vec::new(),
        })
    }

    pub fn array(item: Shape) -> Self {
        Self::Array(Box::new(Item {
            shape: item,
            nullable: true,
        }))
    }

    /// The schema of this shape. Arrays of arrays leave out what the inner ones hold: one common
    /// target cannot take it.
    pub fn json_schema(&self, nullable: bool) -> Value {
        let (base, format) = match self {
            Self::Text => ("string", None),
            Self::Timestamp => ("string", Some("date-time")),
            Self::Date => ("string", Some("date")),
            Self::TimeOfDay => ("string", Some("time")),
            Self::Integer => ("integer", None),
            Self::Number => ("number", None),
            Self::Boolean => ("boolean", None),
            Self::Object(_) | Self::OpenObject => ("object", None),
            Self::Array(_) | Self::OpenArray => ("array", None),
            Self::Any => return json!({}),
        };
        let mut schema = Map::new();
        let types = if nullable {
            json!([base, "null"])
        } else {
            json!([base])
        };
        schema.insert("type".to_owned(), types);
        if let Some(format) = format {
            schema.insert("format".to_owned(), json!(format));
        }
        match self {
            Self::Object(object) => {
                let properties = properties_schema(&object.properties);
                schema.insert("properties".to_owned(), properties);
            }
            Self::Array(item) if !matches!(item.shape, Self::Array(_)) => {
                schema.insert("items".to_owned(), item.shape.json_schema(item.nullable));
            }
            _ => {}
        }
        Value::Object(schema)
    }

    /// The shape that a schema describes, ours or one that an orchestrator changed.
    pub fn from_json_schema(schema: &Value) -> (Self, bool) {
        let mut types = declared_types(schema);
        let nullable = types.is_empty() || types.contains(&"null");
        types.retain(|name| *name != "null");
        let shape = match (
            types.as_slice(),
            schema.get("format").and_then(Value::as_str),
        ) {
            (["string"], Some("date-time")) => Self::Timestamp,
            (["string"], Some("date")) => Self::Date,
            (["string"], Some("time")) => Self::TimeOfDay,
            (["string"], _) => Self::Text,
            (["integer"], _) => Self::Integer,
            (["number"], _) => Self::Number,
            (["boolean"], _) => Self::Boolean,
            (["object"], _) => object_shape(schema),
            (["array"], _) => array_shape(schema),
            _ => Self::Any,
        };
        (shape, nullable)
    }

    /// Takes over from the API's own shape what a JSON Schema of a selection cannot say.
    pub fn adopt(&mut self, original: &Shape) {
        match (self, original) {
            (Self::Object(mine), Self::Object(theirs)) => {
                let name = theirs
                    .principal
                    .map(|at| theirs.properties[at].name.as_str());
                mine.principal = mine
                    .properties
                    .iter()
                    .position(|p| Some(p.name.as_str()) == name);
                let known = theirs
                    .properties
                    .iter()
                    .map(|property| property.api_name.clone());
                mine.unselected = known.filter(|name| !mine.announces(name)).collect();
            }
            (Self::Array(mine), Self::Array(theirs)) => mine.shape.adopt(&theirs.shape),
            _ => {}
        }
    }
}

/// The `properties` member of a schema.
pub fn properties_schema(properties: &[Property]) -> Value {
    let members = properties
        .iter()
        .map(|property| (property.name.clone(), property.json_schema()));
    Value::Object(members.collect())
}

/// The properties that a schema describes, each called the same on both sides.
pub fn properties_of(schema: &Value) -> Vec<Property> {
    let members = schema.get("properties").and_then(Value::as_object);
    let members = members.into_iter().flatten();
    members
        .map(|(name, schema)| {
            let (shape, nullable) = Shape::from_json_schema(schema);
            Property {
                nullable,
                ..Property::new(name, shape)
            }
        })
        .collect()
}

fn object_shape(schema: &Value) -> Shape {
    match schema.get("properties") {
        Some(_) => Shape::Object(Object {
            properties: properties_of(schema),
            principal: None,
            unselected: Vec::new(),
        }),
        None => Shape::OpenObject,
    }
}

fn array_shape(schema: &Value) -> Shape {
    match schema.get("items") {
        Some(items @ Value::Object(_)) => {
            let (shape, nullable) = Shape::from_json_schema(items);
            Shape::Array(Box::new(Item { shape, nullable }))
        }
        _ => Shape::OpenArray,
    }
}

/// The base types that a schema names.
fn declared_types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_shape() -> Vec<Shape> {
        let address = Shape::object(
            &[("city", Shape::Text), ("since", Shape::Date)],
            Some("city"),
        );
        vec![
            Shape::Text,
            Shape::Timestamp,
            Shape::Date,
            Shape::TimeOfDay,
            Shape::Integer,
            Shape::Number,
            Shape::Boolean,
            Shape::OpenObject,
            Shape::OpenArray,
            Shape::array(Shape::Text),
            Shape::array(address.clone()),
            address,
        ]
    }

    #[test]
    fn every_shape_survives_its_own_schema() {
        for shape in every_shape() {
            for nullable in [true, false] {
                let (mut read, read_nullable) =
                    Shape::from_json_schema(&shape.json_schema(nullable));
                read.adopt(&shape);
                assert_eq!((read, read_nullable), (shape.clone(), nullable));
            }
        }
    }

    #[test]
    fn the_base_type_stands_first_and_null_last() {
        for shape in every_shape() {
            let schema = shape.json_schema(true);
            let types = schema["type"].as_array().unwrap();
            assert_eq!(types.len(), 2);
            assert_ne!(types[0], "null");
            assert_eq!(types[1], "null");
        }
    }

    #[test]
    fn a_schema_of_several_types_takes_whatever_comes() {
        let schema = json!({"type": ["integer", "string", "null"]});
        assert_eq!(Shape::from_json_schema(&schema), (Shape::Any, true));
        let schema = json!({"anyOf": [{"type": "integer"}, {"type": "null"}]});
        assert_eq!(Shape::from_json_schema(&schema), (Shape::Any, true));
    }
}
