//! A raw value: a slice of JSON that has been parsed before, so that its grammar is right.

use crate::record::strings::has_escapes;
use std::borrow::Cow;

/// The kinds of value that JSON has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonType {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

impl JsonType {
    /// The kind of a value, told from its first byte.
    pub fn of(first: u8) -> Self {
        match first {
            b'"' => Self::String,
            b'{' => Self::Object,
            b'[' => Self::Array,
            b't' | b'f' => Self::Boolean,
            b'n' => Self::Null,
            _ => Self::Number,
        }
    }
}

/// A raw value, and what was seen of it when it was passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw<'a> {
    pub text: &'a str,
    pub kind: JsonType,
    /// Whether it is a string with escapes.
    pub has_escapes: bool,
}

impl<'a> Raw<'a> {
    pub const NULL: Self = Self {
        text: "null",
        kind: JsonType::Null,
        has_escapes: false,
    };

    /// A value that has not been looked at since it was parsed. No text is null.
    pub fn of(text: &'a str) -> Self {
        let kind = text.bytes().next().map_or(JsonType::Null, JsonType::of);
        Self {
            text,
            kind,
            has_escapes: kind == JsonType::String && has_escapes(text),
        }
    }

    pub fn is_null(self) -> bool {
        self.kind == JsonType::Null
    }

    /// The characters of a string, or None if the value is not a string or holds a lone surrogate.
    pub fn characters(self) -> Option<Cow<'a, str>> {
        let inner = self.text.strip_prefix('"')?.strip_suffix('"')?;
        if self.has_escapes {
            return serde_json::from_str::<String>(self.text)
                .ok()
                .map(Cow::Owned);
        }
        Some(Cow::Borrowed(inner))
    }
}
