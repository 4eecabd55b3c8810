//! Reevo's value envelopes: `{"value_type", "value"}` around every attribute. This file knows what
//! each value type looks like once unwrapped; it leaves writing it to `record`.

use crate::record::parts::Parts;
use crate::record::raw::{JsonType, Raw};
use crate::record::schema::Shape;

/// An attribute as it came, apart from its wrapping.
pub enum Attribute<'a> {
    /// No value, in any of the forms that the API may use.
    Nothing,
    One(Value<'a>),
    /// An array, each element in an envelope of its own.
    Many(Vec<Value<'a>>),
}

/// One value out of its envelope. A value without an envelope has no type of its own.
pub struct Value<'a> {
    /// A string.
    pub value_type: Option<Raw<'a>>,
    pub raw: Raw<'a>,
}

/// Takes an attribute out of its envelope or envelopes. What is not an envelope stays as it is.
pub fn unwrap(raw: Raw<'_>) -> Attribute<'_> {
    match raw.kind {
        JsonType::Null => Attribute::Nothing,
        JsonType::Array => Attribute::Many(elements(raw.text).collect()),
        _ => match open(raw) {
            value if value.raw.is_null() => Attribute::Nothing,
            value => Attribute::One(value),
        },
    }
}

/// The form of a value type's values. A type that is not known here is text, which holds anything.
pub fn shape_of(value_type: &str) -> Shape {
    use Shape::{Boolean, Date, Integer, Number, Text, TimeOfDay, Timestamp};
    match value_type {
        "number" | "percent" => Number,
        "boolean" => Boolean,
        "timestamp" => Timestamp,
        "date" => Date,
        "time" => TimeOfDay,
        // The code is not documented, but a currency without one would be no currency.
        "currency" => Shape::object(
            &[("amount", Number), ("currency_code", Text)],
            Some("amount"),
        ),
        "select" | "contact_stage" | "account_stage" => Shape::object(&OPTION, Some("api_name")),
        "opportunity_stage" => {
            let [id, api_name, display_value, color] = OPTION;
            let probability = ("closing_probability", Number);
            let members = [
                id,
                api_name,
                display_value,
                color,
                probability,
                ("expected_days", Integer),
            ];
            Shape::object(&members, Some("api_name"))
        }
        "record_reference" => Shape::object(
            &[("related_record_id", Text), ("related_record_type", Text)],
            Some("related_record_id"),
        ),
        "contact_email" => list_entry("email"),
        "contact_phone_number" => list_entry("phone_number"),
        "address" => Shape::object(&ADDRESS, None),
        "account_domain" => Shape::object(
            &[
                ("domain_name", Text),
                ("is_primary", Boolean),
                ("status", Text),
            ],
            Some("domain_name"),
        ),
        _ => Text,
    }
}

/// The value types whose values are text by documentation, not for want of knowledge.
pub fn is_known(value_type: &str) -> bool {
    const TEXTS: [&str; 8] = [
        "string",
        "long_text",
        "rich_text",
        "email",
        "phone_number",
        "url",
        "uuid",
        "enum",
    ];
    TEXTS.contains(&value_type) || shape_of(value_type) != Shape::Text
}

const OPTION: [(&str, Shape); 4] = [
    ("id", Shape::Text),
    ("api_name", Shape::Text),
    ("display_value", Shape::Text),
    ("color", Shape::Text),
];

const ADDRESS: [(&str, Shape); 6] = [
    ("street_one", Shape::Text),
    ("street_two", Shape::Text),
    ("city", Shape::Text),
    ("state", Shape::Text),
    ("country", Shape::Text),
    ("zip_code", Shape::Text),
];

/// An e-mail address or a phone number among those of a contact.
fn list_entry(principal: &str) -> Shape {
    let members = [
        ("id", Shape::Text),
        (principal, Shape::Text),
        ("is_primary", Shape::Boolean),
        ("labels", Shape::array(Shape::Text)),
    ];
    Shape::object(&members, Some(principal))
}

/// The elements of an array, out of their envelopes.
pub fn elements(raw: &str) -> impl Iterator<Item = Value<'_>> {
    let mut parts = Parts::of(raw, b'[');
    std::iter::from_fn(move || Some(Wrapped::next(&mut parts)?.value()))
}

fn open(raw: Raw<'_>) -> Value<'_> {
    let wrapped = Wrapped::next(&mut Parts::around(raw.text));
    wrapped.map_or(bare(raw), Wrapped::value)
}

/// A value with what is around it.
pub struct Wrapped<'a> {
    /// All of it.
    pub raw: Raw<'a>,
    /// What is in its envelope, if it has one.
    pub envelope: Option<Value<'a>>,
}

impl<'a> Wrapped<'a> {
    /// The next value. If it is an envelope, that is opened on the way, so that no byte is passed twice.
    pub fn next(parts: &mut Parts<'a>) -> Option<Self> {
        let Some(start) = parts.enter() else {
            let raw = parts.value()?;
            return Some(Self {
                raw,
                envelope: None,
            });
        };
        let inside = parts.clone();
        if let Some(usual) = Self::usual(parts, start) {
            return Some(usual);
        }
        *parts = inside;
        let (mut value_type, mut value, mut is_envelope) = (None, None, true);
        while let Some(name) = parts.name() {
            let raw = parts.value()?;
            let before = match name.text().as_deref() {
                Some("value_type") => value_type.replace(raw),
                Some("value") => value.replace(raw),
                _ => None,
            };
            // An envelope has one of each.
            is_envelope &= before.is_none();
        }
        let raw = parts.leave(start)?;
        let is_text = |raw: &Raw| is_envelope && raw.kind == JsonType::String;
        let value_type = value_type.filter(is_text);
        let envelope = value_type.map(|value_type| Value {
            value_type: Some(value_type),
            raw: value.unwrap_or(Raw::NULL),
        });
        Some(Self { raw, envelope })
    }

    fn value(self) -> Value<'a> {
        self.envelope.unwrap_or(bare(self.raw))
    }

    /// An envelope as the API documents it, type first, from its first member on.
    fn usual(parts: &mut Parts<'a>, start: usize) -> Option<Self> {
        let value_type = parts.passes("value_type").then(|| parts.value())??;
        let raw = parts.passes("value").then(|| parts.value())??;
        let whole = parts.leave(start)?;
        (value_type.kind == JsonType::String).then_some(Self {
            raw: whole,
            envelope: Some(Value {
                value_type: Some(value_type),
                raw,
            }),
        })
    }
}

/// A value that came without an envelope.
pub fn bare(raw: Raw<'_>) -> Value<'_> {
    Value {
        value_type: None,
        raw,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_of_no_value_are_one() {
        for raw in [
            "null",
            r#"{"value_type":"string","value":null}"#,
            r#"{"value_type":"string"}"#,
        ] {
            assert!(matches!(unwrap(Raw::of(raw)), Attribute::Nothing), "{raw}");
        }
    }

    #[test]
    fn the_order_of_an_envelopes_members_does_not_matter() {
        let Attribute::One(value) = unwrap(Raw::of(r#"{"value": 42.50, "value_type": "number"}"#))
        else {
            panic!("not one value");
        };
        let value_type = value.value_type.map(|raw| raw.text);
        assert_eq!((value_type, value.raw.text), (Some("\"number\""), "42.50"));
    }

    #[test]
    fn an_object_that_is_no_envelope_stays_whole() {
        let Attribute::One(value) = unwrap(Raw::of(r#"{"city": "Brno"}"#)) else {
            panic!("not one value");
        };
        assert_eq!(
            (value.value_type, value.raw.text),
            (None, r#"{"city": "Brno"}"#)
        );
    }
}
