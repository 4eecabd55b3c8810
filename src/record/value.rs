//! Writes a value in its declared form. What the form cannot hold becomes null and is counted;
//! numbers and strings leave with the digits and characters they came with.

use crate::record::envelope::{self, Attribute};
use crate::record::findings::{Finding, Noticed};
use crate::record::json::{self, JsonType};
use crate::record::parts::{self, Parts, has_escapes};
use crate::record::schema::{Item, Object, Property, Shape};
use crate::time::timestamp;
use std::borrow::Cow;
use std::ops::Range;

/// A member of a record that the schema does not announce.
pub struct Unknown<'a> {
    pub name: Cow<'a, str>,
    pub raw: &'a str,
    pub enveloped: bool,
}

impl Unknown<'_> {
    fn attribute(&self) -> Attribute<'_> {
        if self.enveloped {
            envelope::unwrap(self.raw)
        } else {
            Attribute::One(envelope::bare(self.raw))
        }
    }
}

/// Writes values in their declared forms, counting what they could not hold.
pub struct ValueWriter<'w, 'p> {
    out: &'w mut Vec<u8>,
    noticed: &'w mut Noticed,
    /// The names that lead to the value being written.
    path: Vec<&'p str>,
    /// Members of objects that the schema does not announce: where they are, and their raw values.
    undeclared: Vec<(String, String)>,
    /// Where the members are of the objects that are being written.
    found: Vec<Option<Range<usize>>>,
}

/// Room for the members that are being written, enough for most records.
const ROOM: usize = 16;

/// Whether a value came out, or null in its place.
#[derive(PartialEq)]
pub enum Written {
    Value,
    Null,
}

impl<'w, 'p> ValueWriter<'w, 'p> {
    /// Opens an object.
    pub fn open(out: &'w mut Vec<u8>, noticed: &'w mut Noticed) -> Self {
        out.push(b'{');
        Self {
            out,
            noticed,
            path: Vec::with_capacity(ROOM),
            undeclared: Vec::new(),
            found: Vec::with_capacity(ROOM),
        }
    }

    /// Closes the object.
    pub fn close(&mut self) {
        self.out.push(b'}');
    }

    /// Writes a member with its comma; `key` writes its name. One that may not be null and would be is left out.
    pub fn member(
        &mut self,
        key: impl FnOnce(&mut Vec<u8>),
        property: &'p Property,
        value: impl FnOnce(&mut Self) -> Written,
    ) {
        let start = self.out.len();
        self.separate(b'{');
        key(self.out);
        self.path.push(&property.name);
        if value(self) == Written::Null && !property.nullable {
            self.out.truncate(start);
        }
        self.path.pop();
    }

    /// Writes a comma, unless it would follow the opening bracket.
    fn separate(&mut self, opening: u8) {
        if self.out.last() != Some(&opening) {
            self.out.push(b',');
        }
    }

    pub fn null(&mut self) -> Written {
        self.out.extend_from_slice(b"null");
        Written::Null
    }

    /// Writes null for a value that the declared form cannot hold.
    fn refuse(&mut self, declared: &'static str) -> Written {
        self.find(Finding::Nulled { declared });
        self.null()
    }

    fn find(&mut self, finding: Finding) {
        self.noticed.push((self.path.join("."), finding));
    }

    fn put(&mut self, text: &str) -> Written {
        self.out.extend_from_slice(text.as_bytes());
        Written::Value
    }

    fn quoted(&mut self, text: &str) -> Written {
        self.out.push(b'"');
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(b'"');
        Written::Value
    }

    /// Writes an attribute: one envelope, or an array of them.
    pub fn attribute(&mut self, shape: &'p Shape, raw: &str) -> Written {
        if let (Shape::Array(item), JsonType::Array) = (shape, json::type_of(raw)) {
            let elements = envelope::elements(raw);
            return self.elements(item, elements.map(|value| value.raw));
        }
        match (envelope::unwrap(raw), shape) {
            (Attribute::Nothing, _) => self.null(),
            (Attribute::One(value), _) => self.value(shape, value.raw),
            (Attribute::Many(values), Shape::OpenArray | Shape::Text | Shape::Any) => {
                let bare: Vec<&str> = values.iter().map(|value| value.raw).collect();
                let array = format!("[{}]", bare.join(","));
                self.value(shape, &array)
            }
            (Attribute::Many(values), _) => match values.as_slice() {
                [] => self.null(),
                [value] => self.value(shape, value.raw),
                _ => self.refuse("single value"),
            },
        }
    }

    /// Writes a value in its declared form.
    pub fn value(&mut self, shape: &'p Shape, raw: &str) -> Written {
        let kind = json::type_of(raw);
        if kind == JsonType::Null {
            return self.null();
        }
        match (shape, kind) {
            // Most values are such.
            (Shape::Text, JsonType::String) if !has_escapes(raw) => self.put(raw),
            (Shape::Text, JsonType::String)
            | (Shape::Any, _)
            | (Shape::OpenObject, JsonType::Object)
            | (Shape::OpenArray, JsonType::Array) => self.copy(raw),
            (Shape::Text, _) => self.as_text(raw),
            (Shape::Number, JsonType::Number) | (Shape::Boolean, JsonType::Boolean) => {
                self.put(raw)
            }
            (Shape::Number, JsonType::String) => self.number(raw),
            (Shape::Integer, JsonType::Number | JsonType::String) => self.integer(raw),
            (Shape::Boolean, JsonType::String) => self.boolean(raw),
            (Shape::Timestamp, JsonType::String) => self.timestamp(raw),
            (Shape::Date, JsonType::String) => self.date(raw),
            (Shape::TimeOfDay, JsonType::String) => self.time_of_day(raw),
            (Shape::Object(object), JsonType::Object) => self.object(object, raw),
            (Shape::Object(object), JsonType::String | JsonType::Number) => {
                self.principal(object, raw)
            }
            (Shape::Array(item), JsonType::Array) => self.array(item, raw),
            (Shape::Array(item), _) => self.elements(item, std::iter::once(raw)),
            (Shape::OpenArray, _) => {
                self.out.push(b'[');
                self.copy(raw);
                self.out.push(b']');
                Written::Value
            }
            _ => self.refuse(noun(shape)),
        }
    }

    fn copy(&mut self, raw: &str) -> Written {
        let cleaned = json::copy(self.out, raw);
        if cleaned.too_deep {
            return self.refuse_depth();
        }
        self.report(cleaned);
        Written::Value
    }

    /// Null in place of a value that is nested too deep, which has left nothing.
    fn refuse_depth(&mut self) -> Written {
        self.find(Finding::TooDeep);
        self.null()
    }

    fn as_text(&mut self, raw: &str) -> Written {
        let cleaned = json::write_as_text(self.out, raw);
        self.report(cleaned);
        self.find(Finding::KeptAsText);
        Written::Value
    }

    fn report(&mut self, cleaned: json::Cleaned) {
        if cleaned.nul {
            self.find(Finding::NulRemoved);
        }
        if cleaned.surrogate {
            self.find(Finding::SurrogateReplaced);
        }
    }

    fn number(&mut self, raw: &str) -> Written {
        let text = json::text(raw);
        match text.as_deref().and_then(json::number) {
            Some(digits) => self.put(&digits),
            None => self.refuse("number"),
        }
    }

    fn integer(&mut self, raw: &str) -> Written {
        let text = if json::type_of(raw) == JsonType::String {
            json::text(raw)
        } else {
            Some(Cow::Borrowed(raw))
        };
        let number = text.as_deref().and_then(json::number);
        match number.as_deref().and_then(json::integer) {
            Some(digits) => self.put(digits),
            None => self.refuse("integer"),
        }
    }

    fn boolean(&mut self, raw: &str) -> Written {
        match raw {
            "\"true\"" => self.put("true"),
            "\"false\"" => self.put("false"),
            _ => self.refuse("boolean"),
        }
    }

    fn timestamp(&mut self, raw: &str) -> Written {
        let text = json::text(raw);
        let Some(stamp) = text.as_deref().and_then(timestamp::parse) else {
            return self.refuse("date-time");
        };
        if stamp.zone_assumed {
            self.find(Finding::ZoneAssumed);
        }
        self.quoted(&stamp.utc)
    }

    fn date(&mut self, raw: &str) -> Written {
        let text = json::text(raw);
        match text.as_deref().and_then(timestamp::date) {
            Some(date) => self.quoted(date),
            None => self.refuse("date"),
        }
    }

    fn time_of_day(&mut self, raw: &str) -> Written {
        let text = json::text(raw);
        let Some(time) = text.as_deref().and_then(timestamp::time_of_day) else {
            return self.refuse("time");
        };
        if time.zone_dropped {
            self.find(Finding::ZoneDropped);
        }
        self.quoted(&time.text)
    }

    fn array(&mut self, item: &'p Item, raw: &str) -> Written {
        self.elements(item, parts::elements(raw))
    }

    fn elements<'r>(&mut self, item: &'p Item, elements: impl Iterator<Item = &'r str>) -> Written {
        self.out.push(b'[');
        for element in elements {
            let start = self.out.len();
            self.separate(b'[');
            if self.value(&item.shape, element) == Written::Null && !item.nullable {
                self.out.truncate(start);
            }
        }
        self.out.push(b']');
        Written::Value
    }

    fn object(&mut self, object: &'p Object, raw: &str) -> Written {
        let begin = self.found.len();
        let end = begin + object.properties.len();
        self.found.resize(end, None);
        let written = if self.find_members(object, raw, begin) {
            self.members(object, |writer, at| {
                writer.found[begin + at].clone().map(|range| &raw[range])
            })
        } else {
            self.refuse("object")
        };
        self.found.truncate(begin);
        written
    }

    /// Finds where the members of an object are, from `begin` on in what was found. Fails if a name
    /// cannot be read.
    fn find_members(&mut self, object: &Object, raw: &str, begin: usize) -> bool {
        let mut parts = Parts::of(raw, b'{');
        // Members mostly come in the order of the schema.
        let mut expected = 0;
        loop {
            let next = object.properties.get(expected);
            let at = if next.is_some_and(|next| parts.passes(&next.api_name)) {
                Some(expected)
            } else {
                let Some(name) = parts.name() else {
                    return true;
                };
                let Some(name) = name.text() else {
                    return false;
                };
                let mut names = object.properties.iter().map(|property| &property.api_name);
                let at = names.position(|api_name| *api_name == name);
                if at.is_none() {
                    let value = parts.clone().value().unwrap_or_default();
                    self.note_undeclared(object, &name, value);
                }
                at
            };
            let Some(range) = parts.range() else {
                return true;
            };
            if let Some(at) = at {
                self.found[begin + at] = Some(range);
                expected = at + 1;
            }
        }
    }

    /// Writes an object for a plain value: the value as the principal member, all others null.
    fn principal(&mut self, object: &'p Object, raw: &str) -> Written {
        let Some(principal) = object.principal else {
            return self.refuse("object");
        };
        self.members(object, |_, at| (at == principal).then_some(raw))
    }

    /// Writes the members of an object; `raw` says which value the member at an index has.
    fn members<'r>(
        &mut self,
        object: &'p Object,
        raw: impl Fn(&Self, usize) -> Option<&'r str>,
    ) -> Written {
        self.out.push(b'{');
        for (at, property) in object.properties.iter().enumerate() {
            let raw = raw(self, at);
            let key = |out: &mut Vec<u8>| json::write_key(out, &property.name);
            self.member(key, property, |writer| match raw {
                Some(raw) => writer.value(&property.shape, raw),
                None => writer.null(),
            });
        }
        self.close();
        Written::Value
    }

    fn note_undeclared(&mut self, object: &Object, name: &str, raw: &str) {
        if !object.announces(name) {
            let path = format!("{}.{name}", self.path.join("."));
            self.noticed.push((path.clone(), Finding::Unannounced));
            self.undeclared.push((path, raw.to_owned()));
        }
    }

    /// Writes everything that the schema did not announce, in the form of the column for it.
    pub fn collect(&mut self, shape: &'p Shape, unknown: &[Unknown]) -> Written {
        let undeclared = std::mem::take(&mut self.undeclared);
        if unknown.is_empty() && undeclared.is_empty() {
            return self.null();
        }
        let start = self.out.len();
        self.collection(unknown, &undeclared);
        if matches!(shape, Shape::OpenObject | Shape::Any) {
            return Written::Value;
        }
        // Somebody has changed the schema that was discovered; what it says is honoured.
        let object = self.out.split_off(start);
        self.value(shape, &String::from_utf8_lossy(&object))
    }

    fn collection(&mut self, unknown: &[Unknown], undeclared: &[(String, String)]) {
        self.out.push(b'{');
        for one in unknown {
            self.name(&one.name);
            match one.attribute() {
                Attribute::Nothing => drop(self.null()),
                Attribute::One(value) => self.collected(&one.name, &value),
                Attribute::Many(values) => self.collected_list(&one.name, &values),
            }
        }
        for (path, raw) in undeclared {
            self.name(path);
            self.copy_unknown(path, raw);
        }
        self.close();
    }

    fn name(&mut self, name: &str) {
        self.separate(b'{');
        json::write_text(self.out, &name.replace('\0', ""));
        self.out.push(b':');
    }

    fn collected_list(&mut self, name: &str, values: &[envelope::Value]) {
        self.out.push(b'[');
        for (at, value) in values.iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            self.collected(name, value);
        }
        self.out.push(b']');
    }

    /// Writes a value by its own value type: a number that was sent as a string is a number.
    fn collected(&mut self, name: &str, value: &envelope::Value) {
        let is_number = value
            .value_type
            .and_then(json::text)
            .map(|text| envelope::shape_of(&text))
            == Some(Shape::Number);
        let text = json::text(value.raw).filter(|_| is_number);
        match text.as_deref().and_then(json::number) {
            Some(digits) => drop(self.put(&digits)),
            None => self.copy_unknown(name, value.raw),
        }
    }

    /// Writes any value of an unknown field as it is, or null for what no consumer could read.
    fn copy_unknown(&mut self, name: &str, raw: &str) {
        if json::copy(self.out, raw).too_deep {
            self.noticed.push((name.to_owned(), Finding::TooDeep));
            self.null();
        }
    }
}

fn noun(shape: &Shape) -> &'static str {
    match shape {
        Shape::Text | Shape::Any => "text",
        Shape::Timestamp => "date-time",
        Shape::Date => "date",
        Shape::TimeOfDay => "time",
        Shape::Integer => "integer",
        Shape::Number => "number",
        Shape::Boolean => "boolean",
        Shape::Object(_) | Shape::OpenObject => "object",
        Shape::Array(_) | Shape::OpenArray => "array",
    }
}
