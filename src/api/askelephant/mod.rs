//! AskElephant v2: `GET /{collection}`, with every parameter on every page. The stream schemas ship
//! with the program, since the API has none.

pub mod transcripts;

use super::malformed::{malformed, unreadable};
use super::page::{PageRequest, PageToken};
use crate::catalog::{PRIMARY_KEY, REPLICATION_KEY, Replication, Stream};
use crate::config::filters::Filters;
use crate::http::failure::Failure;
use crate::http::request::Request;
use crate::record::json;
use crate::record::projection::Layout;
use crate::record::schema::{self, Property};
use crate::time::timestamp;
use form_urlencoded::Serializer;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// API keys begin with this and are sent without "Bearer" ("Authentication and scopes").
pub const API_KEY_PREFIX: &str = "sk-apik_";

pub const COLLECTIONS: [&str; 5] = ["contacts", "companies", "users", "tags", "engagements"];

/// The only collection whose records can be expanded.
const EXPANDABLE: &str = "engagements";

/// The keyword of a shipped schema for members that exist only when expanded.
const ONLY_WITH: &str = "only_with_expand";

/// Includes the expansion, since it needs more scopes, and the filters.
pub fn probe_request(collection: &str, filters: &Filters, expand: &[String]) -> Request {
    let mut query = Serializer::new(String::new());
    query.append_pair("limit", "1");
    if let Filters::Parameters(pairs) = filters {
        query.extend_pairs(pairs);
    }
    if expands(collection, expand) {
        query.append_pair("expand", &expand.join(","));
    }
    Request {
        path: format!("/{collection}?{}", query.finish()),
        body: None,
    }
}

/// Whether a collection's records are requested with an expansion.
pub fn expands(collection: &str, expand: &[String]) -> bool {
    collection == EXPANDABLE && !expand.is_empty()
}

pub fn page_request(page: &PageRequest, filters: &Filters, expand: &[String]) -> Request {
    let collection = &page.stream.api_name;
    let mut query = Serializer::new(String::new());
    query.append_pair("limit", &page.limit.to_string());
    let order = page.order.word();
    query.append_pair("order_by", &format!("updated_at:{order}"));
    if let Some(from) = &page.window.from {
        let operator = if from.inclusive { "gte" } else { "gt" };
        let from = in_utc(&from.updated_at);
        query.append_pair(&format!("filter[updated_at][{operator}]"), &from);
    }
    if let Some(until) = &page.window.until {
        query.append_pair("filter[updated_at][lt]", until);
    }
    if let Filters::Parameters(pairs) = filters {
        query.extend_pairs(pairs);
    }
    if expands(collection, expand) {
        query.append_pair("expand", &expand.join(","));
    }
    if let Some(PageToken(token)) = page.token {
        query.append_pair("cursor", token);
    }
    Request {
        path: format!("/{collection}?{}", query.finish()),
        body: None,
    }
}

/// The API filters by UTC only ("Bulk exports"). Text that is in UTC is not changed.
fn in_utc(text: &str) -> Cow<'_, str> {
    timestamp::parse(text).map_or(Cow::Borrowed(text), |stamp| stamp.utc)
}

#[derive(Deserialize)]
struct WirePage<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
    #[serde(default)]
    has_more: Option<bool>,
    #[serde(default)]
    next_cursor: Option<String>,
}

/// The records of a page and the token of the next page. `has_more` says whether there is one;
/// without it, the cursor does.
pub fn page(text: &str) -> Result<(Vec<&RawValue>, Option<PageToken>), Failure> {
    let page: WirePage = json::parse_object(text).map_err(|error| unreadable(text, &error))?;
    let token = page
        .next_cursor
        .filter(|token| !token.is_empty())
        .map(PageToken);
    match (page.has_more, token) {
        (Some(true), None) => Err(malformed("has_more is true but next_cursor is missing")),
        (Some(false), _) => Ok((page.data, None)),
        (_, token) => Ok((page.data, token)),
    }
}

/// A collection's stream, with the expanded members; None if there is no such collection.
pub fn stream(collection: &str, expand: &[String]) -> Option<Stream> {
    let (description, properties) = described_by(shipped(collection)?, expand);
    Some(Stream {
        name: collection.to_owned(),
        api_name: collection.to_owned(),
        description,
        properties,
        replication: Replication::Incremental,
        layout: Layout::Plain,
        sorts_by_id: false,
        key: vec![PRIMARY_KEY.to_owned()],
        relationships: Vec::new(),
        parent: None,
    })
}

/// The streams that are read for the records of a stream.
pub fn children(parent: &Stream) -> Vec<Stream> {
    if parent.api_name != transcripts::PARENT {
        return Vec::new();
    }
    let (description, properties) = described_by(TRANSCRIPT_SCHEMA, &[]);
    vec![transcripts::stream(parent, description, properties)]
}

/// The description and the properties of a shipped schema.
fn described_by(schema: &str, expand: &[String]) -> (Option<String>, Vec<Property>) {
    let schema: Value = serde_json::from_str(schema).expect("the shipped schemas are JSON");
    let exists = |property: &Property| {
        let only_with = schema["properties"][&property.name][ONLY_WITH].as_str();
        only_with.is_none_or(|member| expand.iter().any(|one| one == member))
    };
    let properties = schema::properties_of(&schema).into_iter().filter(exists);
    let properties = properties
        .map(|property| described(property, &schema))
        .collect();
    (
        schema["description"].as_str().map(str::to_owned),
        properties,
    )
}

fn described(property: Property, schema: &Value) -> Property {
    let description = schema["properties"][&property.name]["description"].as_str();
    let operators = ["gt", "gte", "lt", "lte"].map(str::to_owned);
    Property {
        description: description.map(str::to_owned),
        nullable: property.name != PRIMARY_KEY,
        filter_operators: if property.name == REPLICATION_KEY {
            operators.into()
        } else {
            Vec::new()
        },
        ..property
    }
}

const TRANSCRIPT_SCHEMA: &str =
    include_str!("../../../catalog/askelephant/transcript_timelines.json");

fn shipped(collection: &str) -> Option<&'static str> {
    Some(match collection {
        "contacts" => include_str!("../../../catalog/askelephant/contacts.json"),
        "companies" => include_str!("../../../catalog/askelephant/companies.json"),
        "users" => include_str!("../../../catalog/askelephant/users.json"),
        "tags" => include_str!("../../../catalog/askelephant/tags.json"),
        "engagements" => include_str!("../../../catalog/askelephant/engagements.json"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::page::{LowerBound, Order, Window};
    use super::*;

    #[test]
    fn every_page_repeats_every_parameter() {
        let stream = stream("engagements", &[]).unwrap();
        let window = Window {
            from: Some(LowerBound {
                updated_at: "2026-03-01T00:00:00.000Z".to_owned(),
                inclusive: false,
            }),
            until: Some("2026-04-01T00:00:00Z".to_owned()),
        };
        let token = PageToken("a+b/c=".to_owned());
        let page = PageRequest {
            stream: &stream,
            window: &window,
            limit: 100,
            order: Order::Ascending,
            token: Some(&token),
        };
        let expand = ["owner".to_owned(), "tags".to_owned()];
        let pairs = [("filter[domain][eq]", "acme.com"), ("search", "a b")];
        let filters = Filters::Parameters(
            pairs
                .map(|(name, text)| (name.to_owned(), text.to_owned()))
                .into(),
        );
        assert_eq!(
            page_request(&page, &filters, &expand).path,
            "/engagements?limit=100&order_by=updated_at%3Aasc\
             &filter%5Bupdated_at%5D%5Bgt%5D=2026-03-01T00%3A00%3A00.000Z\
             &filter%5Bupdated_at%5D%5Blt%5D=2026-04-01T00%3A00%3A00Z\
             &filter%5Bdomain%5D%5Beq%5D=acme.com&search=a+b\
             &expand=owner%2Ctags&cursor=a%2Bb%2Fc%3D"
        );
    }

    #[test]
    fn has_more_says_whether_there_is_a_next_page() {
        for (text, expected) in [
            (
                r#"{"object":"list","data":[],"has_more":true,"next_cursor":"a"}"#,
                Ok(Some("a")),
            ),
            (
                r#"{"object":"list","data":[],"has_more":false,"next_cursor":"a"}"#,
                Ok(None),
            ),
            (r#"{"data":[],"next_cursor":"a"}"#, Ok(Some("a"))),
            (r#"{"data":[],"next_cursor":null}"#, Ok(None)),
            (r#"{"data":[],"has_more":true,"next_cursor":null}"#, Err(())),
            (r#"{"data":null}"#, Err(())),
        ] {
            let next = page(text).map(|(_, next)| next).map_err(|_| ());
            let expected = expected.map(|token| token.map(|token| PageToken(token.to_owned())));
            assert_eq!(next, expected, "{text}");
        }
    }

    #[test]
    fn members_that_are_not_expanded_are_not_in_the_schema() {
        let names = |expand: &[String]| -> Vec<String> {
            let stream = stream("engagements", expand).unwrap();
            stream
                .properties
                .into_iter()
                .map(|property| property.name)
                .collect()
        };
        assert!(!names(&[]).contains(&"transcript".to_owned()));
        let expanded = names(&["transcript".to_owned()]);
        assert!(
            expanded.contains(&"transcript".to_owned()) && !expanded.contains(&"owner".to_owned())
        );
    }

    #[test]
    fn every_collection_has_a_shipped_schema_with_key_and_replication_key() {
        for collection in COLLECTIONS {
            let stream = stream(collection, &[]).unwrap();
            let id = stream
                .properties
                .iter()
                .find(|property| property.name == "id")
                .unwrap();
            assert!(!id.nullable, "{collection}");
            assert!(
                stream
                    .properties
                    .iter()
                    .any(|property| property.name == "updated_at"),
                "{collection}"
            );
        }
    }
}
