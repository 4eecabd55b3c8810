//! The part of the form for single streams: a list of objects, since a form cannot have keys of its
//! user's choice. The replication method is missing: it is the platform's sync mode.

use crate::config::{self, ApiName};
use serde_json::{Value, json};

/// The keys of a stream's settings that are the same in the form, after those below.
const SAME: [&str; 3] = ["start_date", "page_size", "lookback_seconds"];

/// The field of the form for the settings of one API's streams. `property` makes a field of a key's
/// schema, given its order.
pub fn streams(api: ApiName, order: u32, property: impl Fn(&Value, u32) -> Value) -> Value {
    let own = |key: &str, order: u32| {
        let place = format!("streams.stream.{key}");
        property(config::schema::at(&place), order)
    };
    let mut properties = json!({
        "name": {
            "type": "string",
            "title": "Stream",
            "description": "The stream's name, as the platform shows it.",
            "minLength": 1,
            "examples": example_names(api),
            "order": 0,
        },
        "filters": filters(api, 1),
    });
    if api == ApiName::AskElephant {
        let mut search = own("search", 2);
        search["description"] =
            json!("Read only records whose name, mail address or title contains this text.");
        properties["search"] = search;
    }
    for (order, key) in (3..).zip(SAME) {
        properties[key] = own(key, order);
    }
    json!({
        "type": "array",
        "title": "Streams",
        "description": "Settings of single streams, such as filters. Streams that are not listed here are read as a whole.",
        "items": {"type": "object", "title": "Stream", "required": ["name"], "properties": properties},
        "order": order,
    })
}

fn filters(api: ApiName, order: u32) -> Value {
    let (what, example) = match api {
        ApiName::Reevo => (
            "a list of filters",
            json!([{"field": "primary_email", "operator": "contains", "value": "@acme.com"}]),
        ),
        ApiName::AskElephant => (
            "an object of filters",
            json!({"engagement_type": {"in": ["MEETING", "CALL"]}}),
        ),
    };
    json!({
        "type": "string",
        "title": "Filters",
        "description": format!(
            "Only records that match are read. Write {what} as JSON; the documentation shows all of them. \
             After a change, clear the stream and sync it again."
        ),
        "examples": [example.to_string()],
        "multiline": true,
        "order": order,
    })
}

fn example_names(api: ApiName) -> Value {
    match api {
        ApiName::Reevo => json!(["contact"]),
        ApiName::AskElephant => json!(["engagements"]),
    }
}
