//! The parts of an object or an array that has been parsed before, so that its grammar is right: its
//! members or its elements, as slices of it. What is no such value has no parts.

use crate::record::raw::{JsonType, Raw};
use crate::record::strings::{end_of_string, scan};
use std::borrow::Cow;

/// A name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// As it is written, between its quotes.
    written: &'a str,
    has_escapes: bool,
}

impl<'a> Name<'a> {
    /// The name; none if it holds half a surrogate pair.
    pub fn text(self) -> Option<Cow<'a, str>> {
        if self.has_escapes {
            let quoted = format!("\"{}\"", self.written);
            return serde_json::from_str::<String>(&quoted).ok().map(Cow::Owned);
        }
        Some(Cow::Borrowed(self.written))
    }
}

/// The members of an object, in their order: names, and raw values.
pub fn members(raw: &str) -> impl Iterator<Item = (Name<'_>, Raw<'_>)> {
    let mut parts = Parts::of(raw, b'{');
    std::iter::from_fn(move || Some((parts.name()?, parts.value()?)))
}

/// The elements of an array, in their order.
pub fn elements(raw: &str) -> impl Iterator<Item = Raw<'_>> {
    let mut parts = Parts::of(raw, b'[');
    std::iter::from_fn(move || parts.value())
}

/// Goes from one part to the next, into objects and out of them, so that each byte is passed once.
#[derive(Clone)]
pub struct Parts<'a> {
    raw: &'a str,
    at: usize,
}

impl<'a> Parts<'a> {
    /// Begins in a value, or at the end of one that another bracket opens.
    pub fn of(raw: &'a str, opening: u8) -> Self {
        let at = if raw.as_bytes().first() == Some(&opening) {
            1
        } else {
            raw.len()
        };
        Self { raw, at }
    }

    /// Begins before a value.
    pub fn around(raw: &'a str) -> Self {
        Self { raw, at: 0 }
    }

    /// Passes the name of the next member if it is this one, written without escapes.
    pub fn passes(&mut self, name: &str) -> bool {
        if self.next_byte() != Some(b'"') {
            return false;
        }
        let after = &self.raw.as_bytes()[self.at + 1..];
        let is_next = after.starts_with(name.as_bytes()) && after.get(name.len()) == Some(&b'"');
        if is_next {
            self.at += name.len() + 2;
        }
        is_next
    }

    /// The name of the next member, if there is one.
    pub fn name(&mut self) -> Option<Name<'a>> {
        if self.next_byte()? != b'"' {
            return None;
        }
        let start = self.at + 1;
        let (end, has_escapes) = scan(self.raw.as_bytes(), self.at);
        self.at = end;
        Some(Name {
            written: self.raw.get(start..end - 1)?,
            has_escapes,
        })
    }

    /// The next value, if there is one.
    pub fn value(&mut self) -> Option<Raw<'a>> {
        let first = self.next_byte()?;
        let (bytes, start) = (self.raw.as_bytes(), self.at);
        let mut has_escapes = false;
        let kind = JsonType::of(first);
        self.at = match kind {
            JsonType::String => {
                let (end, escapes) = scan(bytes, start);
                has_escapes = escapes;
                end
            }
            JsonType::Object | JsonType::Array => end_of_nested(bytes, start),
            _ if matches!(first, b']' | b'}') => return None,
            _ => end_of_word(bytes, start),
        };
        Some(Raw {
            text: self.raw.get(start..self.at)?,
            kind,
            has_escapes,
        })
    }

    /// Goes into the next value if it is an object, and returns where it begins.
    pub fn enter(&mut self) -> Option<usize> {
        (self.next_byte()? == b'{').then(|| {
            self.at += 1;
            self.at - 1
        })
    }

    /// Goes out of an object whose members have all been passed. Returns it, given where it begins.
    pub fn leave(&mut self, start: usize) -> Option<Raw<'a>> {
        if self.next_byte()? != b'}' {
            return None;
        }
        self.at += 1;
        Some(Raw {
            text: self.raw.get(start..self.at)?,
            kind: JsonType::Object,
            has_escapes: false,
        })
    }

    /// The first byte of what comes next, after white space, commas and colons.
    fn next_byte(&mut self) -> Option<u8> {
        let bytes = self.raw.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !is_between(*byte) {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }
}

/// Whether a byte is white space, a comma or a colon. A quote is what mostly comes, and all other bytes
/// with which a value begins or ends are above the comma.
fn is_between(byte: u8) -> bool {
    byte != b'"' && (byte <= b',' || byte == b':')
}

/// The index just after the object or array that opens at `start`.
fn end_of_nested(bytes: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0_usize);
    while at < bytes.len() {
        let byte = bytes[at];
        if byte == b'"' {
            at = end_of_string(bytes, at);
            continue;
        }
        at += 1;
        // The two kinds of brackets differ in one bit.
        match byte | 0x20 {
            b'{' => depth += 1,
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    bytes.len()
}

/// The index just after the number, `true`, `false` or `null` that begins at `start`.
fn end_of_word(bytes: &[u8], start: usize) -> usize {
    let ends = |byte: &u8| b",]} \n\r\t".contains(byte);
    let length = bytes[start..].iter().position(ends);
    length.map_or(bytes.len(), |length| start + length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    fn listed(raw: &str) -> Vec<(String, &str)> {
        let named = members(raw).map(|(name, raw)| (name.text().unwrap().into_owned(), raw.text));
        named.collect()
    }

    #[test]
    fn the_members_of_an_object_are_its_names_and_values() {
        let raw = r#"{ "a" : 1.50 ,"b":{"c":"}\"]"},"d\n":[ {} ], "e":"x\\","":null,"b":true }"#;
        let expected = [
            ("a", "1.50"),
            ("b", r#"{"c":"}\"]"}"#),
            ("d\n", "[ {} ]"),
            ("e", r#""x\\""#),
            ("", "null"),
            ("b", "true"),
        ];
        assert_eq!(
            listed(raw),
            expected.map(|(name, raw)| (name.to_owned(), raw))
        );
        for raw in ["{}", "{ }", "[]", "[1]", "null", "\"a\"", "7", ""] {
            assert_eq!(listed(raw), [], "{raw}");
        }
        let half = r#"{"\ud800":1}"#;
        assert_eq!(members(half).next().unwrap().0.text(), None);
    }

    #[test]
    fn the_elements_of_an_array_are_its_values() {
        let raw = r#"[ 1 ,[2,3],"],", {"a":[]},null]"#;
        let expected = ["1", "[2,3]", "\"],\"", "{\"a\":[]}", "null"];
        let found = elements(raw).map(|element| element.text);
        assert_eq!(found.collect::<Vec<_>>(), expected);
        for raw in ["[]", "[ ]", "{}", "{\"a\":1}", "null"] {
            assert_eq!(elements(raw).count(), 0, "{raw}");
        }
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            ".*".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 64, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::vec((".{0,6}", inner), 0..6).prop_map(|members| members
                    .into_iter()
                    .collect::<serde_json::Map<_, _>>()
                    .into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_parts_are_those_that_a_parser_finds(value in any_json(), pretty: bool) {
            let text = if pretty {
                serde_json::to_string_pretty(&value).unwrap()
            } else {
                value.to_string()
            };
            if let serde_json::Value::Object(object) = &value {
                let parsed: std::collections::BTreeMap<String, &RawValue> = serde_json::from_str(&text).unwrap();
                let found = listed(&text);
                prop_assert_eq!(found.len(), object.len());
                for (name, raw) in found {
                    prop_assert_eq!(parsed[&name].get(), raw);
                }
            } else if value.is_array() {
                let parsed: Vec<&RawValue> = serde_json::from_str(&text).unwrap();
                let parsed: Vec<&str> = parsed.into_iter().map(RawValue::get).collect();
                let found = elements(&text).inspect(|element| assert_eq!(*element, Raw::of(element.text)));
                prop_assert_eq!(found.map(|element| element.text).collect::<Vec<_>>(), parsed);
            }
        }

        #[test]
        fn no_text_makes_it_fail(text in "[\\[\\]{}\":,\\\\a1é ]{0,40}") {
            members(&text).for_each(|(name, _)| drop(name.text()));
            let _ = elements(&text).count();
        }
    }
}
