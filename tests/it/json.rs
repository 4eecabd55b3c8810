//! JSON as a tree whose numbers are text, so that sent and emitted values can be compared digit by
//! digit. Uses none of the tap's own JSON code.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Flag(bool),
    /// The characters as written.
    Number(String),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        match text.as_bytes()[0] {
            b'n' => Self::Null,
            b't' | b'f' => Self::Flag(text == "true"),
            b'"' => Self::Text(characters(text)),
            b'[' => {
                let elements: Vec<&RawValue> = serde_json::from_str(text).unwrap();
                Self::Array(elements.iter().map(|one| Self::parse(one.get())).collect())
            }
            b'{' => {
                let members: Members = serde_json::from_str(text).unwrap();
                let members = members.0.into_iter();
                Self::Object(
                    members
                        .map(|(name, raw)| (name, Self::parse(raw.get())))
                        .collect(),
                )
            }
            _ => Self::Number(text.to_owned()),
        }
    }

    /// A member of an object, or null if there is none.
    pub fn get(&self, name: &str) -> &Self {
        let Self::Object(members) = self else {
            return &Self::Null;
        };
        let found = members.iter().find(|(key, _)| key == name);
        found.map_or(&Self::Null, |(_, value)| value)
    }

    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            other => panic!("{other:?} is not a text"),
        }
    }

    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Object(members) => members.iter().map(|(name, _)| name.as_str()).collect(),
            other => panic!("{other:?} is not an object"),
        }
    }
}

/// Compact JSON on one line.
impl fmt::Display for Json {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Flag(flag) => write!(formatter, "{flag}"),
            Self::Number(digits) => formatter.write_str(digits),
            Self::Text(text) => formatter.write_str(&serde_json::to_string(text).unwrap()),
            Self::Array(elements) => {
                let elements: Vec<String> = elements.iter().map(Self::to_string).collect();
                write!(formatter, "[{}]", elements.join(","))
            }
            Self::Object(members) => {
                let member =
                    |(name, value): &(String, Self)| format!("{}:{value}", serde_json::json!(name));
                let members: Vec<String> = members.iter().map(member).collect();
                write!(formatter, "{{{}}}", members.join(","))
            }
        }
    }
}

/// The characters of a JSON string, without NUL, and with U+FFFD for each lone surrogate.
fn characters(raw: &str) -> String {
    let mut units: Vec<u16> = Vec::new();
    let mut letters = raw[1..raw.len() - 1].chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            units.extend(letter.encode_utf16(&mut [0; 2]).iter());
            continue;
        }
        units.push(match letters.next().unwrap() {
            'u' => {
                let digits: String = letters.by_ref().take(4).collect();
                u16::from_str_radix(&digits, 16).unwrap()
            }
            'n' => 10,
            'r' => 13,
            't' => 9,
            'b' => 8,
            'f' => 12,
            other => u16::try_from(u32::from(other)).unwrap(),
        });
    }
    String::from_utf16_lossy(&units).replace('\0', "")
}

struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
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
