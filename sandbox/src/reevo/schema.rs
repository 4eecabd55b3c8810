//! The answer of the schema endpoint.

use serde_json::{Value, json};

use super::record_type::{Field, RecordType, Relationship};
use crate::options::Options;

pub fn schema(record_type: &RecordType, options: &Options) -> Value {
    let attributes: Vec<Value> = record_type
        .fields(options)
        .map(|field| attribute(field, options))
        .collect();
    let relationships: Vec<Value> = record_type.relationships.iter().map(relationship).collect();
    let mut schema = json!({
        "api_name": record_type.name(),
        "display_name": record_type.display_name,
        "is_custom": record_type.is_custom,
        "is_junction": false,
        "supports_custom_fields": record_type.supports_custom_fields,
        "attributes": attributes,
        "relationships": relationships,
        "description": record_type.description,
    });
    if let Some(object_id) = record_type.object_id {
        schema["object_id"] = json!(object_id);
    }
    schema
}

fn attribute(field: Field, options: &Options) -> Value {
    let attribute = field.attribute;
    let mut type_info = json!({
        "is_array": attribute.is_array,
        "value_type": attribute.value_type.word(),
    });
    if let Some(related) = attribute.related_record_type() {
        type_info["related_record_type"] = json!(related);
    }
    let operators = attribute.operators(field.stream, options);
    json!({
        "api_name": attribute.name,
        "display_name": attribute.display_name,
        "is_creatable": attribute.is_creatable,
        "is_updatable": attribute.is_updatable,
        "type_info": type_info,
        "description": attribute.description,
        "is_required_on_create": attribute.is_required,
        "is_unique": attribute.is_unique,
        "is_custom": attribute.is_custom,
        "is_sortable": attribute.is_sortable(field.stream, options),
        "is_filterable": operators.is_some(),
        "filter_operators": operators,
    })
}

fn relationship(relationship: &Relationship) -> Value {
    json!({
        "api_name": relationship.name,
        "display_name": relationship.display_name,
        "related_object_api_name": relationship.related.name(),
        "is_creatable": true,
        "is_updatable": true,
        "description": null,
        "related_object_relationship_api_name": relationship.reverse,
        "junction_object_api_name": relationship.junction,
        "is_custom": relationship.is_custom,
        "is_array": relationship.is_array,
    })
}
