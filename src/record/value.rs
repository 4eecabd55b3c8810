//! Writes a value in its declared form. What the form cannot hold becomes null and is counted;
//! numbers and strings leave with the digits and characters they came with.

use crate::record::envelope::{self, Attribute};
use crate::record::findings::{Finding, Noticed};
use crate::record::json;
use crate::record::parts::{self, Parts};
use crate::record::raw::{JsonType, Raw};
use crate::record::schema::{Item, Object, Property, Shape};
use crate::time::timestamp;
use std::borrow::Cow;

/// A member of a record that the schema does not announce.
pub struct Unknown<'a> {
    pub name: Cow<'a, str>,
    pub raw: Raw<'a>,
    pub enveloped: bool,
}

impl<'a> Unknown<'a> {
    fn attribute(&self) -> Attribute<'a> {
        if self.enveloped {
            envelope::unwrap(self.raw)
        } else {
            Attribute::One(envelope::bare(self.raw))
        }
    }
}

/// Writes the records of a page, each value in its declared form, and notes what that could not hold.
#[derive(Default)]
pub struct ValueWriter<'a> {
    pub out: Vec<u8>,
    pub noticed: Noticed,
    /// The names that lead to the value being written.
    path: Vec<&'a str>,
    /// The members of the objects being written, as they were found.
    found: Vec<Option<Raw<'a>>>,
    /// Members of a record's objects that the schema does not announce: where they are, and what.
    undeclared: Vec<(String, Raw<'a>)>,
}

/// Whether a value came out, or null in its place.
#[derive(PartialEq)]
pub enum Written {
    Value,
    Null,
}

impl<'a> ValueWriter<'a> {
    /// A writer with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            out: Vec::with_capacity(bytes),
            ..Self::default()
        }
    }

    /// Opens a record.
    pub fn open(&mut self) {
        self.undeclared.clear();
        self.out.push(b'{');
    }

    /// Closes a record or another object.
    pub fn close(&mut self) {
        self.out.push(b'}');
    }

    /// Writes a member with its comma; `key` writes its name. One that may not be null and would be is left out.
    pub fn member(
        &mut self,
        key: impl FnOnce(&mut Vec<u8>),
        property: &'a Property,
        value: impl FnOnce(&mut Self) -> Written,
    ) {
        let start = self.out.len();
        self.separate(b'{');
        key(&mut self.out);
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
    pub fn attribute(&mut self, shape: &'a Shape, raw: Raw<'a>) -> Written {
        if let (Shape::Array(item), JsonType::Array) = (shape, raw.kind) {
            let elements = envelope::elements(raw.text);
            return self.elements(item, elements.map(|value| value.raw));
        }
        match (envelope::unwrap(raw), shape) {
            (Attribute::Nothing, _) => self.null(),
            (Attribute::One(value), _) => self.value(shape, value.raw),
            (Attribute::Many(values), Shape::OpenArray | Shape::Text | Shape::Any) => {
                let bare: Vec<&str> = values.iter().map(|value| value.raw.text).collect();
                let array = format!("[{}]", bare.join(","));
                match shape {
                    Shape::Text => self.as_text(&array),
                    _ => self.copy(&array),
                }
            }
            (Attribute::Many(values), _) => match values.as_slice() {
                [] => self.null(),
                [value] => self.value(shape, value.raw),
                _ => self.refuse("single value"),
            },
        }
    }

    /// Writes a value in its declared form.
    pub fn value(&mut self, shape: &'a Shape, raw: Raw<'a>) -> Written {
        match (shape, raw.kind) {
            (_, JsonType::Null) => self.null(),
            // Most values are such.
            (Shape::Text, JsonType::String) if !raw.has_escapes => self.put(raw.text),
            (Shape::Text, JsonType::String)
            | (Shape::Any, _)
            | (Shape::OpenObject, JsonType::Object)
            | (Shape::OpenArray, JsonType::Array) => self.copy(raw.text),
            (Shape::Text, _) => self.as_text(raw.text),
            (Shape::Number, JsonType::Number) | (Shape::Boolean, JsonType::Boolean) => {
                self.put(raw.text)
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
            (Shape::Array(item), JsonType::Array) => self.elements(item, parts::elements(raw.text)),
            (Shape::Array(item), _) => self.elements(item, std::iter::once(raw)),
            (Shape::OpenArray, _) => {
                self.out.push(b'[');
                self.copy(raw.text);
                self.out.push(b']');
                Written::Value
            }
            _ => self.refuse(noun(shape)),
        }
    }

    fn copy(&mut self, raw: &str) -> Written {
        let cleaned = json::copy(&mut self.out, raw);
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
        let cleaned = json::write_as_text(&mut self.out, raw);
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

    fn number(&mut self, raw: Raw) -> Written {
        let text = raw.characters();
        match text.as_deref().and_then(json::number) {
            Some(digits) => self.put(&digits),
            None => self.refuse("number"),
        }
    }

    fn integer(&mut self, raw: Raw) -> Written {
        let text = if raw.kind == JsonType::String {
            raw.characters()
        } else {
            Some(Cow::Borrowed(raw.text))
        };
        let number = text.as_deref().and_then(json::number);
        match number.as_deref().and_then(json::integer) {
            Some(digits) => self.put(digits),
            None => self.refuse("integer"),
        }
    }

    fn boolean(&mut self, raw: Raw) -> Written {
        match raw.text {
            "\"true\"" => self.put("true"),
            "\"false\"" => self.put("false"),
            _ => self.refuse("boolean"),
        }
    }

    fn timestamp(&mut self, raw: Raw) -> Written {
        let text = raw.characters();
        let Some(stamp) = text.as_deref().and_then(timestamp::parse) else {
            return self.refuse("date-time");
        };
        if stamp.zone_assumed {
            self.find(Finding::ZoneAssumed);
        }
        self.quoted(&stamp.utc)
    }

    fn date(&mut self, raw: Raw) -> Written {
        let text = raw.characters();
        match text.as_deref().and_then(timestamp::date) {
            Some(date) => self.quoted(date),
            None => self.refuse("date"),
        }
    }

    fn time_of_day(&mut self, raw: Raw) -> Written {
        let text = raw.characters();
        let Some(time) = text.as_deref().and_then(timestamp::time_of_day) else {
            return self.refuse("time");
        };
        if time.zone_dropped {
            self.find(Finding::ZoneDropped);
        }
        self.quoted(&time.text)
    }

    fn elements(&mut self, item: &'a Item, elements: impl Iterator<Item = Raw<'a>>) -> Written {
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

    fn object(&mut self, object: &'a Object, raw: Raw<'a>) -> Written {
        let begin = self.found.len();
        self.found.resize(begin + object.properties.len(), None);
        let written = match self.find_members(object, raw, begin) {
            Some(()) => self.members(object, |writer, at| writer.found[begin + at]),
            None => self.refuse("object"),
        };
        self.found.truncate(begin);
        written
    }

    /// Finds the members of an object, from `begin` on in what was found. None if a name cannot be
    /// read.
    fn find_members(&mut self, object: &Object, raw: Raw<'a>, begin: usize) -> Option<()> {
        let mut parts = Parts::of(raw.text, b'{');
        // Members mostly come in the order of the schema.
        let mut expected = 0;
        loop {
            let next = object.properties.get(expected);
            if next.is_some_and(|next| parts.passes(&next.api_name)) {
                self.found[begin + expected] = parts.value();
                expected += 1;
                continue;
            }
            let Some(name) = parts.name() else {
                return Some(());
            };
            let (name, value) = (name.text()?, parts.value()?);
            let mut names = object.properties.iter().map(|property| &property.api_name);
            match names.position(|api_name| *api_name == name) {
                Some(at) => {
                    self.found[begin + at] = Some(value);
                    expected = at + 1;
                }
                None => self.note_undeclared(object, &name, value),
            }
        }
    }

    /// Writes an object for a plain value: the value as the principal member, all others null.
    fn principal(&mut self, object: &'a Object, raw: Raw<'a>) -> Written {
        let Some(principal) = object.principal else {
            return self.refuse("object");
        };
        self.members(object, |_, at| (at == principal).then_some(raw))
    }

    /// Writes the members of an object; `raw` says which value the member at an index has.
    fn members(
        &mut self,
        object: &'a Object,
        raw: impl Fn(&Self, usize) -> Option<Raw<'a>>,
    ) -> Written {
        self.out.push(b'{');
        for (at, property) in object.properties.iter().enumerate() {
            let raw = raw(self, at).unwrap_or(Raw::NULL);
            let key = |out: &mut Vec<u8>| json::write_key(out, &property.name);
            self.member(key, property, |writer| writer.value(&property.shape, raw));
        }
        self.close();
        Written::Value
    }

    fn note_undeclared(&mut self, object: &Object, name: &str, raw: Raw<'a>) {
        if !object.announces(name) {
            let path = format!("{}.{name}", self.path.join("."));
            self.noticed.push((path.clone(), Finding::Unannounced));
            self.undeclared.push((path, raw));
        }
    }

    /// Writes everything that the schema did not announce, in the form of the column for it.
    pub fn collect(&mut self, shape: &'a Shape, unknown: &[Unknown<'a>]) -> Written {
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
        let object = String::from_utf8_lossy(&object);
        let mut writer = ValueWriter {
            out: std::mem::take(&mut self.out),
            path: self.path.clone(),
            ..ValueWriter::default()
        };
        let written = writer.value(shape, Raw::of(&object));
        self.out = writer.out;
        self.noticed.append(&mut writer.noticed);
        written
    }

    fn collection(&mut self, unknown: &[Unknown<'a>], undeclared: &[(String, Raw<'a>)]) {
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
            self.copy_unknown(path, raw.text);
        }
        self.close();
    }

    fn name(&mut self, name: &str) {
        self.separate(b'{');
        json::write_text(&mut self.out, &name.replace('\0', ""));
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
            .and_then(Raw::characters)
            .map(|text| envelope::shape_of(&text))
            == Some(Shape::Number);
        let text = value.raw.characters().filter(|_| is_number);
        match text.as_deref().and_then(json::number) {
            Some(digits) => drop(self.put(&digits)),
            None => self.copy_unknown(name, value.raw.text),
        }
    }

    /// Writes any value of an unknown field as it is, or null for what no consumer could read.
    fn copy_unknown(&mut self, name: &str, raw: &str) {
        if json::copy(&mut self.out, raw).too_deep {
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
