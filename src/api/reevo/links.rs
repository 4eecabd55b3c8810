//! Links: the records that a record is related to, by one relationship (`GET
//! /{record_type}/{id}/relationship/{api_name}`). The documentation shows a single link, and says of the
//! list only that it is one and has pages, so every plausible form is read.

use super::page::next;
use crate::api::children::{ChildPage, Composed, ParentRecord};
use crate::api::malformed::malformed;
use crate::api::page::PageToken;
use crate::api::path::segment;
use crate::catalog::name::safe_names;
use crate::catalog::{
    Children, Parent, REPLICATION_KEY, Relationship, Replication, Stream, SyncMode,
};
use crate::http::failure::Failure;
use crate::http::request::Request;
use crate::record::envelope::{self, Attribute};
use crate::record::parts::{elements, members};
use crate::record::projection::Layout;
use crate::record::raw::{JsonType, Raw};
use crate::record::schema::{Property, Shape};
use form_urlencoded::Serializer;

const PARENT_ID: &str = "parent_id";
const RELATED_ID: &str = "related_record_id";
const RELATED_TYPE: &str = "related_record_type";
const THROUGH_ID: &str = "through_id";
const THROUGH_ATTRIBUTES: &str = "through_attributes";

/// The attributes of links that are documented ("Manage relationships").
const ROLE: &str = "role";
const IS_PRIMARY: &str = "is_primary";

/// The streams of links from a stream's records. `of_changed` says whether a run reads those of changed
/// records only.
pub fn streams(parent: &Stream, of_changed: bool) -> Vec<Stream> {
    let names = parent.relationships.iter();
    let names: Vec<String> = names
        .map(|one| format!("{}__{}", parent.name, one.api_name))
        .collect();
    let names = safe_names(names.iter().map(String::as_str));
    let relationships = names.into_iter().zip(&parent.relationships);
    relationships
        .map(|(name, relationship)| stream(name, parent, relationship, of_changed))
        .collect()
}

fn stream(name: String, parent: &Stream, relationship: &Relationship, of_changed: bool) -> Stream {
    let because = match parent.best_mode() {
        SyncMode::FullTable => Some("its parent can only be read in full"),
        SyncMode::Incremental if of_changed => None,
        SyncMode::Incremental => Some("a link may change without its parent"),
    };
    let Relationship {
        api_name,
        description,
    } = relationship;
    let what = description.as_deref().unwrap_or(api_name);
    Stream {
        name,
        api_name: format!("{}{SEPARATOR}{api_name}", parent.api_name),
        description: Some(format!(
            "{what}: the records that each {} is linked to. It takes at least one request for each {0}.",
            parent.api_name
        )),
        properties: properties(&parent.api_name),
        replication: match because {
            None => Replication::Incremental,
            Some(because) => Replication::FullTable {
                because: because.to_owned(),
            },
        },
        layout: Layout::Plain,
        sorts_by_id: false,
        key: [PARENT_ID, RELATED_ID].map(str::to_owned).into(),
        relationships: Vec::new(),
        parent: Some(Box::new(Parent {
            stream: parent.clone(),
            children: Children::Links(api_name.clone()),
        })),
    }
}

/// What stands between the API's names of the parent and of the relationship, as in the API's paths.
const SEPARATOR: &str = "/relationship/";

/// The API's name of the parent, given that of a stream of links.
pub fn parent(api_name: &str) -> Option<&str> {
    Some(api_name.split_once(SEPARATOR)?.0)
}

fn properties(parent: &str) -> Vec<Property> {
    let of_key = |name: &str, description: String| Property {
        description: Some(description),
        nullable: false,
        ..Property::new(name, Shape::Text)
    };
    let other = |name: &str, shape: Shape, description: &str| Property {
        description: Some(description.to_owned()),
        ..Property::new(name, shape)
    };
    vec![
        of_key(PARENT_ID, format!("The id of the {parent}.")),
        of_key(RELATED_ID, "The id of the related record.".to_owned()),
        other(RELATED_TYPE, Shape::Text, "The type of the related record."),
        other(
            THROUGH_ID,
            Shape::Text,
            "The id of the link itself, if it has one.",
        ),
        other(
            ROLE,
            Shape::Text,
            "The role in which the records are linked.",
        ),
        other(
            IS_PRIMARY,
            Shape::Boolean,
            "Whether the link is the primary one.",
        ),
        other(
            THROUGH_ATTRIBUTES,
            Shape::OpenObject,
            "All attributes of the link.",
        ),
        other(
            REPLICATION_KEY,
            Shape::Timestamp,
            &format!("When the {parent} last changed, not the link."),
        ),
    ]
}

/// The request for a page of a record's links.
pub fn request(
    record_type: &str,
    id: &str,
    relationship: &str,
    limit: u16,
    token: Option<&PageToken>,
) -> Request {
    let (record_type, id) = (segment(record_type), segment(id));
    let relationship = segment(relationship);
    let mut query = Serializer::new(String::new());
    query.append_pair("limit", &limit.to_string());
    if let Some(PageToken(token)) = token {
        query.append_pair("cursor", token);
    }
    let query = query.finish();
    Request {
        path: format!("/{record_type}/{id}/relationship/{relationship}?{query}"),
        body: None,
    }
}

/// The links of a page.
pub fn page(text: &str, parent: &ParentRecord) -> Result<ChildPage, Failure> {
    let text = text.trim();
    let next = next(text)?;
    let list = list(text).ok_or_else(|| malformed("it has no list of related records"))?;
    let links = elements(list).map(|element| {
        // A list may hold what the answer to a new link holds: the link among what it belongs to.
        let within = member(element.text, "item").filter(|item| item.kind == JsonType::Object);
        link(within.unwrap_or(element), parent)
    });
    let records: Result<Vec<Option<String>>, Failure> = links.collect();
    let records = records?;
    Ok(ChildPage { records, next })
}

/// The list among an answer's members, or among those of its `data`. If there are several, a usual name
/// tells which.
fn list(text: &str) -> Option<&str> {
    const USUAL: [&str; 3] = ["items", "data", "related_records"];
    let is_list = |raw: &Raw| raw.kind == JsonType::Array;
    let named = |name: &&str| member(text, name).filter(is_list);
    let first = || members(text).map(|(_, raw)| raw).find(is_list);
    let found = USUAL.iter().find_map(named).or_else(first);
    let within = || {
        let data = member(text, "data").filter(|data| data.kind == JsonType::Object);
        list(data?.text)
    };
    found.map(|list| list.text).or_else(within)
}

/// A link as a record; None if it has no id.
fn link(item: Raw, parent: &ParentRecord) -> Result<Option<String>, Failure> {
    if item.kind != JsonType::Object {
        return Err(malformed("a related record is not an object"));
    }
    let mut link = Composed::open();
    let (mut through, mut id, mut record_type) = (Raw::NULL, Raw::NULL, Raw::NULL);
    let mut related = [Raw::NULL; 2];
    for (name, raw) in members(item.text) {
        let name = name.text();
        match name.as_deref() {
            Some("through") => through = raw,
            Some(RELATED_ID) => related[0] = raw,
            Some(RELATED_TYPE) => related[1] = raw,
            // The related record itself may stand in the list.
            Some("id") => id = raw,
            Some("record_type") => record_type = raw,
            Some(name) => link.add(name, raw.text),
            None => return Err(malformed("the name of a member is broken")),
        }
    }
    if related[0].is_null() {
        related = [id, record_type];
    }
    if related[0].is_null() {
        return Ok(None);
    }
    for (name, raw) in [RELATED_ID, RELATED_TYPE].into_iter().zip(related) {
        link.add(name, raw.text);
    }
    link.add_text(PARENT_ID, Some(&parent.id));
    link.add_text(REPLICATION_KEY, parent.updated_at.as_deref());
    let through_id = member(through.text, "id").unwrap_or(Raw::NULL);
    link.add(THROUGH_ID, through_id.text);
    add_attributes(&mut link, through);
    Ok(Some(link.close()))
}

/// Adds the attributes of a link, each out of its envelope: the known ones, and all of them together.
fn add_attributes(link: &mut Composed, through: Raw) {
    let attributes = member(through.text, "attributes");
    let Some(attributes) = attributes.filter(|raw| raw.kind == JsonType::Object) else {
        return;
    };
    let mut all = Composed::open();
    for (name, raw) in members(attributes.text) {
        let Some(name) = name.text() else {
            continue;
        };
        let value = match envelope::unwrap(raw) {
            Attribute::Nothing => "null".to_owned(),
            Attribute::One(value) => value.raw.text.to_owned(),
            Attribute::Many(values) => {
                let values: Vec<&str> = values.iter().map(|value| value.raw.text).collect();
                format!("[{}]", values.join(","))
            }
        };
        all.add(&name, &value);
        if [ROLE, IS_PRIMARY].contains(&name.as_ref()) {
            link.add(&name, &value);
        }
    }
    link.add(THROUGH_ATTRIBUTES, &all.close());
}

/// A member of an object by its name.
fn member<'a>(object: &'a str, name: &str) -> Option<Raw<'a>> {
    let mut members = members(object);
    let is_named = |written: Option<std::borrow::Cow<str>>| written.as_deref() == Some(name);
    members
        .find(|(written, _)| is_named(written.text()))
        .map(|(_, raw)| raw)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn parent() -> ParentRecord {
        ParentRecord {
            id: "p\"1".to_owned(),
            updated_at: Some("2026-01-01T00:00:00.120Z".to_owned()),
        }
    }

    fn read(text: &str) -> Vec<Option<Value>> {
        let page = page(text, &parent()).unwrap();
        let parsed =
            |record: Option<String>| record.map(|text| serde_json::from_str(&text).unwrap());
        page.records.into_iter().map(parsed).collect()
    }

    #[test]
    fn a_link_is_read_in_every_plausible_form() {
        let expected = json!({
            "parent_id": "p\"1",
            "related_record_id": "a1",
            "related_record_type": "account",
            "through_id": null,
            "updated_at": "2026-01-01T00:00:00.120Z",
        });
        let link = r#"{"related_record_id":"a1","related_record_type":"account","through":null}"#;
        let record = r#"{"id":"a1","record_type":"account"}"#;
        for text in [
            format!(
                r#"{{"parent":{{}},"api_name":"accounts","items":[{link}],"next_cursor":null}}"#
            ),
            format!(r#"{{"data":[{link}]}}"#),
            format!(r#"{{"labels":[],"related_records":[{link}]}}"#),
            format!(r#" {{"accounts": [ {record} ] }} "#),
            format!(r#"{{"data":{{"items":[{record}]}}}}"#),
            format!(
                r#"{{"items":[{{"parent":{{"id":"p"}},"api_name":"accounts","item":{link}}}]}}"#
            ),
        ] {
            assert_eq!(read(&text), [Some(expected.clone())], "{text}");
        }
    }

    #[test]
    fn the_attributes_of_a_link_come_out_of_their_envelopes() {
        let text = r#"{"items":[{"related_record_id":7,"note":"x","through":{"id":"t1","attributes":{
            "role":{"value_type":"string","value":"CTO \u00fc"},
            "is_primary":{"value_type":"boolean","value":true},
            "weight":{"value_type":"number","value":1.50},
            "tags":[{"value_type":"string","value":"a"}],
            "since":null}}}]}"#;
        let expected = json!({
            "parent_id": "p\"1",
            "updated_at": "2026-01-01T00:00:00.120Z",
            "related_record_id": 7,
            "related_record_type": null,
            "note": "x",
            "through_id": "t1",
            "role": "CTO ü",
            "is_primary": true,
            "through_attributes":
                {"role": "CTO ü", "is_primary": true, "weight": 1.5, "tags": ["a"], "since": null},
        });
        assert_eq!(read(text), [Some(expected)]);
    }

    #[test]
    fn a_link_without_an_id_is_told_from_an_answer_of_another_form() {
        let text = r#"{"items":[{"related_record_id":null},{"related_record_type":"account"}]}"#;
        assert_eq!(read(text), [None, None]);
        for text in [
            r#"{"items":["a1"]}"#,
            r#"{"items":{}}"#,
            r#"{"items":[{"\ud800":1}]}"#,
            r#"{"items":[],"has_more":true}"#,
            "[]",
            "",
        ] {
            assert!(page(text, &parent()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_page_of_links_is_asked_for_by_its_parent() {
        let token = PageToken("a+b".to_owned());
        let request = request("Renewal Plan", "1/2", "accounts", 500, Some(&token));
        let path = "/Renewal%20Plan/1%2F2/relationship/accounts?limit=500&cursor=a%2Bb";
        assert_eq!(request.path, path);
    }
}
