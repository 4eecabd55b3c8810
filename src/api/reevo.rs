//! Reevo v2: `POST /{record_type}/_query`, `GET /_schema/{record_type}`, and their wire forms.
//! Where the documentation is silent, everything that is plausible is taken.

use super::malformed::{malformed, unreadable};
use super::page::{PageRequest, PageToken};
use crate::catalog::name;
use crate::catalog::{PRIMARY_KEY, REPLICATION_KEY, Replication, Stream};
use crate::http::client::Request;
use crate::http::failure::Failure;
use crate::record::envelope;
use crate::record::json;
use crate::record::projection::{Layout, UNKNOWN_FIELDS};
use crate::record::schema::{Property, Shape};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::HashSet;

/// The record types that every workspace has. There is no documented call that lists them.
pub const STANDARD_TYPES: [&str; 6] = [
    "contact",
    "account",
    "opportunity",
    "task",
    "note",
    "meeting",
];

/// What may stand in a path segment as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

pub fn schema_request(record_type: &str) -> Request {
    Request {
        path: format!("/_schema/{}", segment(record_type)),
        body: None,
    }
}

pub fn probe_request(record_type: &str) -> Request {
    query(record_type, &json!({"limit": 1}))
}

/// The first page carries filters and sort; every other one the cursor and the limit alone.
pub fn page_request(page: &PageRequest) -> Request {
    let body = match page.token {
        Some(PageToken(token)) => json!({"cursor": token, "limit": page.limit}),
        None => first_page(page),
    };
    query(&page.stream.api_name, &body)
}

fn first_page(page: &PageRequest) -> Value {
    let mut body = json!({});
    let mut filters = Vec::new();
    if let Some(from) = &page.window.from {
        let operator = if from.inclusive { "gte" } else { "gt" };
        filters.push(condition(operator, &from.updated_at));
    }
    if let Some(until) = &page.window.until {
        filters.push(condition("lt", until));
    }
    if !filters.is_empty() {
        body["filters"] = Value::Array(filters);
    }
    let mut sort = Vec::new();
    if page.stream.replication == Replication::Incremental {
        sort.push(json!({"field": REPLICATION_KEY, "direction": "asc"}));
    }
    if page.stream.sorts_by_id {
        sort.push(json!({"field": PRIMARY_KEY, "direction": "asc"}));
    }
    if !sort.is_empty() {
        body["sort"] = Value::Array(sort);
    }
    body["limit"] = json!(page.limit);
    body
}

fn condition(operator: &str, value: &str) -> Value {
    json!({"field": REPLICATION_KEY, "operator": operator, "value": value})
}

fn query(record_type: &str, body: &Value) -> Request {
    Request {
        path: format!("/{}/_query", segment(record_type)),
        body: Some(body.to_string()),
    }
}

fn segment(record_type: &str) -> String {
    utf8_percent_encode(record_type, SEGMENT).to_string()
}

#[derive(Deserialize)]
struct WirePage<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    next_cursor: Option<&'a RawValue>,
    #[serde(borrow, default)]
    has_more: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pagination: Option<&'a RawValue>,
    #[serde(borrow, default)]
    meta: Option<&'a RawValue>,
}

/// Where else the cursor may stand.
#[derive(Deserialize, Default)]
struct WirePlace<'a> {
    #[serde(borrow, default)]
    next_cursor: Option<&'a RawValue>,
    #[serde(borrow, default)]
    has_more: Option<&'a RawValue>,
}

/// The records of a page and the token of the next. The cursor is looked for at the top, in
/// `pagination` and in `meta`; null, an empty text and nothing at all mean the end.
pub fn page(text: &str) -> Result<(Vec<&RawValue>, Option<PageToken>), Failure> {
    let page: WirePage = json::parse_object(text).map_err(|error| unreadable(text, &error))?;
    let top = WirePlace {
        next_cursor: page.next_cursor,
        has_more: page.has_more,
    };
    let places = [top, place(page.pagination)?, place(page.meta)?];
    for raw in places.iter().filter_map(|place| place.next_cursor) {
        let token: Option<String> =
            serde_json::from_str(raw.get()).map_err(|_| malformed("its next_cursor is no text"))?;
        if let Some(token) = token.filter(|token| !token.is_empty()) {
            return Ok((page.data, Some(PageToken(token))));
        }
    }
    for raw in places.iter().filter_map(|place| place.has_more) {
        match raw.get() {
            "false" => {}
            "true" => return Err(malformed("it says that there is more, and not where")),
            _ => return Err(malformed("its has_more is neither true nor false")),
        }
    }
    Ok((page.data, None))
}

/// What has members and cannot be read might say that there is more.
fn place(raw: Option<&RawValue>) -> Result<WirePlace<'_>, Failure> {
    let raw = raw.map(RawValue::get);
    match raw.filter(|raw| raw.starts_with('{')) {
        Some(raw) => json::parse_object(raw)
            .map_err(|_| malformed("its pagination has another form than documented")),
        None => Ok(WirePlace::default()),
    }
}

#[derive(Deserialize)]
struct WireSchema {
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    description: Option<String>,
    attributes: Vec<WireField>,
}

#[derive(Deserialize)]
struct WireField {
    api_name: String,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    description: Option<String>,
    type_info: WireType,
    /// Absent means no.
    #[serde(default)]
    is_sortable: Option<bool>,
    #[serde(default)]
    is_filterable: Option<bool>,
    #[serde(default)]
    filter_operators: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct WireType {
    value_type: String,
    #[serde(default)]
    is_array: Option<bool>,
}

impl WireField {
    fn is_sortable(&self) -> bool {
        self.is_sortable == Some(true)
    }

    /// Whether an operator works. A filterable field whose operators are not listed takes them all.
    fn filters_by(&self, operator: &str) -> bool {
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

/// The stream that a schema describes.
pub fn stream(record_type: &str, text: &str) -> Result<Stream, Failure> {
    let schema: WireSchema = json::parse_object(text).map_err(|error| unreadable(text, &error))?;
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
        properties: properties(schema.attributes),
    })
}

/// What a description says, else a display name. Targets keep it in databases, few of which can
/// hold NUL characters.
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

/// The system fields, which every record has at its top, and then the attributes in their order.
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
    // The column for unknown fields is ours. A field of its name is among those that it collects.
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
    use super::super::page::{LowerBound, Window};
    use super::*;

    fn contact() -> Stream {
        let fixture = include_str!("../../sandbox/tests/fixtures/reevo/schema_contact.json");
        stream("contact", fixture).unwrap()
    }

    fn body_of(page: &PageRequest) -> Value {
        serde_json::from_str(&page_request(page).body.unwrap()).unwrap()
    }

    #[test]
    fn no_page_ends_a_walk_while_it_may_say_that_there_is_more() {
        for (rest, next) in [
            (r#""next_cursor":null"#, Some(None)),
            (r#""meta":"v2","pagination":null"#, Some(None)),
            (
                r#""pagination":{"next_cursor":"c","has_more":1}"#,
                Some(Some("c")),
            ),
            (
                r#""meta":{"next_cursor":"c","has_more":"yes"}"#,
                Some(Some("c")),
            ),
            (
                r#""pagination":{"next_cursor":"c","next_cursor":null}"#,
                None,
            ),
            (r#""has_more":"true""#, None),
            (r#""pagination":{"has_more":1}"#, None),
            (r#""next_cursor":7"#, None),
        ] {
            let text = format!(r#"{{"data":[],{rest}}}"#);
            let token = page(&text).map(|(_, token)| token.map(|PageToken(token)| token));
            let expected = next.map(|next| next.map(str::to_owned));
            assert_eq!(token.ok(), expected, "{rest}");
        }
    }

    #[test]
    fn no_description_holds_what_databases_cannot() {
        let fixture = r#"{"display_name":"a\u0000b","attributes":[
            {"api_name":"x","display_name":"\u0000","type_info":{"value_type":"date"}}]}"#;
        let stream = stream("contact", fixture).unwrap();
        assert_eq!(stream.description.as_deref(), Some("ab"));
        assert_eq!(stream.properties[4].description.as_deref(), Some(""));
    }

    #[test]
    fn the_column_for_unknown_fields_is_ours_alone() {
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
    fn a_full_export_sorts_and_does_not_filter() {
        let (stream, window) = (contact(), Window::default());
        let page = PageRequest {
            stream: &stream,
            window: &window,
            limit: 500,
            token: None,
        };
        assert_eq!(page_request(&page).path, "/contact/_query");
        assert_eq!(
            body_of(&page),
            json!({
                "sort": [{"field": "updated_at", "direction": "asc"}, {"field": "id", "direction": "asc"}],
                "limit": 500
            })
        );
    }

    #[test]
    fn a_window_becomes_filters_and_the_next_page_sends_the_cursor_and_limit_alone() {
        let stream = contact();
        let window = Window {
            from: Some(LowerBound {
                updated_at: "2026-06-01T08:00:00.123456Z".to_owned(),
                inclusive: true,
            }),
            until: Some("2026-07-01T00:00:00Z".to_owned()),
        };
        let mut page = PageRequest {
            stream: &stream,
            window: &window,
            limit: 7,
            token: None,
        };
        assert_eq!(
            body_of(&page)["filters"],
            json!([
                {"field": "updated_at", "operator": "gte", "value": "2026-06-01T08:00:00.123456Z"},
                {"field": "updated_at", "operator": "lt", "value": "2026-07-01T00:00:00Z"}
            ])
        );
        let token = PageToken("Y29".to_owned());
        page.token = Some(&token);
        assert_eq!(body_of(&page), json!({"cursor": "Y29", "limit": 7}));
    }

    #[test]
    fn an_api_name_is_quoted_in_the_path() {
        assert_eq!(
            schema_request("Renewal Plan/ü").path,
            "/_schema/Renewal%20Plan%2F%C3%BC"
        );
    }

    #[test]
    fn the_cursor_is_found_in_all_its_places_and_its_end_in_all_its_forms() {
        for (text, expected) in [
            (r#"{"data":[],"next_cursor":"a"}"#, Some("a")),
            (
                r#"{"data":[],"pagination":{"next_cursor":"a","has_more":true}}"#,
                Some("a"),
            ),
            (
                r#"{"data":[],"meta":{"next_cursor":"a"},"pagination":null}"#,
                Some("a"),
            ),
            (r#"{"data":[],"next_cursor":null,"meta":[1]}"#, None),
            (r#"{"data":[],"next_cursor":""}"#, None),
            (r#"{"data":[]}"#, None),
        ] {
            let (_, next) = page(text).unwrap();
            assert_eq!(
                next,
                expected.map(|token| PageToken(token.to_owned())),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_page_is_refused() {
        for text in [
            "",
            "<html>",
            "{}",
            r#"{"data":{}}"#,
            r#"{"data":[1"#,
            r#"{"data":[],"next_cursor":5}"#,
            r#"{"data":[],"pagination":{"has_more":true}}"#,
            r#"{"data":[],"next_cursor":null,"has_more":true}"#,
        ] {
            assert!(page(text).is_err(), "{text}");
        }
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
