//! Faults of schemas.

use serde_json::{Value, json};

use crate::faults::SchemaChange;

/// `None` if this is not a schema.
pub fn changed(body: &[u8], change: &SchemaChange) -> Option<Value> {
    let mut schema: Value = serde_json::from_slice(body).ok()?;
    let attributes = schema.get_mut("attributes")?.as_array_mut()?;
    let usual;
    let change = if *change == SchemaChange::default() {
        usual = usual_change(attributes);
        &usual
    } else {
        change
    };
    attributes.retain(|attribute| {
        !change
            .vanish
            .iter()
            .any(|name| attribute["api_name"] == **name)
    });
    for (name, value_type) in &change.retype {
        let mut named = attributes
            .iter_mut()
            .filter(|attribute| attribute["api_name"] == **name);
        if let Some(attribute) = named.next() {
            attribute["type_info"]["value_type"] = json!(value_type);
        }
    }
    attributes.extend(change.appear.iter().map(|name| appeared(name)));
    Some(schema)
}

fn usual_change(attributes: &[Value]) -> SchemaChange {
    let name = |attribute: &Value| attribute["api_name"].as_str().map(str::to_owned);
    let string = attributes
        .iter()
        .find(|attribute| attribute["type_info"]["value_type"] == "string");
    let retyped = string.and_then(name);
    SchemaChange {
        vanish: attributes.last().and_then(name).into_iter().collect(),
        appear: vec!["appeared_later".to_owned()],
        retype: retyped
            .map(|name| (name, "number".to_owned()))
            .into_iter()
            .collect(),
    }
}

fn appeared(name: &str) -> Value {
    json!({
        "api_name": name,
        "display_name": name,
        "is_creatable": true,
        "is_updatable": true,
        "type_info": {"is_array": false, "value_type": "string"},
        "description": null,
        "is_required_on_create": false,
        "is_unique": false,
        "is_custom": true,
        "is_sortable": false,
        "is_filterable": false,
        "filter_operators": null,
    })
}
