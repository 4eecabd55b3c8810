//! A page of either API, parsed so that everything that a fault leaves alone keeps its bytes.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::json::{Object, array};
use crate::options::{CursorPlace, Options};
use crate::stream::Api;

/// The members of an object, in order and as they are written.
pub struct Members(Vec<(String, Box<RawValue>)>);

pub struct Page {
    members: Members,
    pub records: Vec<Box<RawValue>>,
    /// The member that contains the cursor; none if the page itself does.
    place: Option<&'static str>,
}

impl Members {
    pub fn parse(json: &[u8]) -> Option<Members> {
        serde_json::from_slice(json).ok()
    }

    pub fn get(&self, name: &str) -> Option<&RawValue> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_ref())
    }

    /// Replaces a member, or adds it.
    pub fn set(&mut self, name: &str, value: Box<RawValue>) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| known != name);
    }

    pub fn json(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut object = Object::open(&mut out);
        for (name, value) in &self.0 {
            object.raw(name, value.get());
        }
        object.close();
        out
    }

    pub fn raw(&self) -> Box<RawValue> {
        raw(self.json())
    }
}

impl Page {
    /// `None` if this is not a page with records.
    pub fn parse(json: &[u8], api: Api, options: &Options) -> Option<Page> {
        let members = Members::parse(json)?;
        let records = serde_json::from_str(members.get("data")?.get()).ok()?;
        let place = match (api, options.cursor_place) {
            (Api::AskElephant, _) | (Api::Reevo, CursorPlace::Top) => None,
            (Api::Reevo, CursorPlace::Pagination) => Some("pagination"),
            (Api::Reevo, CursorPlace::Meta) => Some("meta"),
        };
        Some(Page {
            members,
            records,
            place,
        })
    }

    pub fn next(&self) -> Option<String> {
        let nested = self.nested();
        let cursor = nested
            .as_ref()
            .unwrap_or(&self.members)
            .get("next_cursor")?;
        let cursor: Option<String> = serde_json::from_str(cursor.get()).ok()?;
        cursor.filter(|cursor| !cursor.is_empty())
    }

    /// Sets the cursor. Also sets `has_more`, if the page has it or if it contradicts the cursor.
    pub fn set_next(&mut self, cursor: Option<&str>, more: bool) {
        let nested = self.nested();
        let is_nested = nested.is_some();
        let mut holder =
            nested.unwrap_or_else(|| std::mem::replace(&mut self.members, Members(Vec::new())));
        holder.set("next_cursor", raw_value(&cursor.into()));
        if holder.get("has_more").is_some() || more != cursor.is_some() {
            holder.set("has_more", raw_value(&more.into()));
        }
        match self.place.filter(|_| is_nested) {
            Some(place) => self.members.set(place, holder.raw()),
            None => self.members = holder,
        }
    }

    pub fn json(&mut self) -> Vec<u8> {
        let mut data = Vec::new();
        array(&mut data, &self.records, |out, record| {
            out.extend_from_slice(record.get().as_bytes());
        });
        self.members.set("data", raw(data));
        self.members.json()
    }

    fn nested(&self) -> Option<Members> {
        Members::parse(self.members.get(self.place?)?.get().as_bytes())
    }
}

pub fn raw_value(value: &Value) -> Box<RawValue> {
    raw(value.to_string().into_bytes())
}

fn raw(json: Vec<u8>) -> Box<RawValue> {
    let json = String::from_utf8(json).expect("JSON is written as UTF-8");
    RawValue::from_string(json).expect("what was put together from JSON is JSON")
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str =
        r#"{"object":"list","data":[{"n":1.50},{"t":"\ud83d"}],"has_more":true,"next_cursor":"c"}"#;

    fn page(json: &str, cursor_place: CursorPlace) -> Page {
        let options = Options {
            cursor_place,
            ..Options::default()
        };
        Page::parse(json.as_bytes(), Api::Reevo, &options).unwrap()
    }

    #[test]
    fn unchanged_parts_of_a_page_keep_their_bytes() {
        let mut page = page(PAGE, CursorPlace::Top);
        assert_eq!(page.next().as_deref(), Some("c"));
        assert_eq!(page.json(), PAGE.as_bytes());
    }

    #[test]
    fn the_cursor_is_changed_where_it_is() {
        let json = r#"{"data":[],"pagination":{"has_more":false,"limit":5}}"#;
        let mut page = page(json, CursorPlace::Pagination);
        assert_eq!(page.next(), None);
        page.set_next(Some("d"), true);
        let changed = r#"{"data":[],"pagination":{"has_more":true,"limit":5,"next_cursor":"d"}}"#;
        assert_eq!(page.json(), changed.as_bytes());
    }

    #[test]
    fn has_more_is_added_where_it_contradicts_the_cursor() {
        let mut page = page(r#"{"data":[],"next_cursor":"c"}"#, CursorPlace::Top);
        page.set_next(None, true);
        let changed = r#"{"data":[],"next_cursor":null,"has_more":true}"#;
        assert_eq!(page.json(), changed.as_bytes());
    }

    #[test]
    fn an_error_is_not_a_page() {
        for json in ["[]", "{}", r#"{"data":{}}"#, "<html>"] {
            assert!(Page::parse(json.as_bytes(), Api::Reevo, &Options::default()).is_none());
        }
    }
}
