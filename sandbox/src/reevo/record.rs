//! Writes records as lists and single reads show them.

use super::attribute::{Choice, ValueType};
use super::cell::{Cell, Cells, cells};
use super::record_type::{Field, RecordType};
use crate::identity;
use crate::json::{self, Object, array};
use crate::noise::mix;
use crate::options::{Nulls, Numbers, Options};
use crate::timestamp::{self, Form};
use crate::world::store::Entry;

/// Writes the whole record object.
pub fn write(out: &mut Vec<u8>, options: &Options, record_type: &RecordType, entry: &Entry) {
    let writing = Writing {
        options,
        entry,
        form: options.timestamps.form(entry.rank),
    };
    let mut object = Object::open(out);
    let id = identity::text(options.seed, record_type.stream, entry.index);
    object.text("id", &id);
    object.text("record_type", record_type.name());
    writing.timestamp(object.key("created_at"), entry.created_at);
    writing.timestamp(object.key("updated_at"), entry.updated_at);
    writing.attributes(object.key("attributes"), record_type);
    object.close();
}

struct Writing<'a> {
    options: &'a Options,
    entry: &'a Entry,
    form: Form,
}

impl Writing<'_> {
    fn attributes(&self, out: &mut Vec<u8>, record_type: &RecordType) {
        let mut object = Object::open(out);
        for field in record_type.fields(self.options) {
            match cells(self.options, field, self.entry) {
                Cells::Missing => self.missing(&mut object, field),
                Cells::One(cell) => {
                    self.envelope(object.key(field.attribute.name), field, &cell);
                }
                Cells::Many(cells) => {
                    let out = object.key(field.attribute.name);
                    array(out, &cells, |out, cell| self.envelope(out, field, cell));
                }
            }
        }
        self.unannounced(&mut object);
        object.close();
    }

    /// Writes a missing value in one of three forms.
    fn missing(&self, object: &mut Object, field: Field) {
        let nulls = match (self.options.nulls, self.hash(field) % 3) {
            (Nulls::Mixed, 0) => Nulls::Envelope,
            (Nulls::Mixed, 1) => Nulls::Bare,
            (Nulls::Mixed, _) => Nulls::Absent,
            (one, _) => one,
        };
        match nulls {
            Nulls::Absent => {}
            Nulls::Bare => object.raw(field.attribute.name, "null"),
            Nulls::Envelope | Nulls::Mixed if field.attribute.is_array => {
                object.raw(field.attribute.name, "[]");
            }
            Nulls::Envelope | Nulls::Mixed => {
                let mut envelope = Object::open(object.key(field.attribute.name));
                envelope.text("value_type", field.attribute.value_type.word());
                envelope.raw("value", "null");
                envelope.close();
            }
        }
    }

    fn envelope(&self, out: &mut Vec<u8>, field: Field, cell: &Cell) {
        let mut envelope = Object::open(out);
        envelope.text("value_type", field.attribute.value_type.word());
        self.value(envelope.key("value"), field, cell);
        envelope.close();
    }

    fn value(&self, out: &mut Vec<u8>, field: Field, cell: &Cell) {
        match cell {
            Cell::Text(text) => self.text(out, field, text),
            Cell::Flag(flag) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
            Cell::Timestamp(timestamp) => self.timestamp(out, *timestamp),
            Cell::Day(days) => quoted(out, |out| timestamp::write_date(out, *days)),
            Cell::TimeOfDay(seconds) => quoted(out, |out| timestamp::write_time(out, *seconds)),
            Cell::Decimal(decimal) => self.decimal(out, field, decimal),
            Cell::Amount(amount) => {
                let mut object = Object::open(out);
                self.decimal(object.key("amount"), field, amount);
                if self.options.currency_code {
                    object.text("currency_code", "USD");
                }
                object.close();
            }
            Cell::Choice(choice)
                if self.options.select_plain && field.attribute.value_type == ValueType::Select =>
            {
                json::text(out, choice.api_name);
            }
            Cell::Choice(choice) => write_choice(out, choice),
            Cell::Reference(reference) => {
                let mut object = Object::open(out);
                object.text("related_record_id", &identity::uuid(reference.id));
                object.text("related_record_type", reference.record_type);
                object.close();
            }
            Cell::Json(json) => out.extend_from_slice(json),
        }
    }

    fn text(&self, out: &mut Vec<u8>, field: Field, text: &str) {
        let may_be_hostile = matches!(
            field.attribute.value_type,
            ValueType::String | ValueType::LongText | ValueType::RichText
        );
        if self.options.hostile_text && may_be_hostile {
            json::hostile_text(out, text, self.hash(field));
        } else {
            json::text(out, text);
        }
    }

    fn decimal(&self, out: &mut Vec<u8>, field: Field, decimal: &str) {
        let as_number = match self.options.numbers {
            Numbers::String => false,
            Numbers::Number => true,
            Numbers::Mixed => self.hash(field).is_multiple_of(2),
        };
        if as_number {
            out.extend_from_slice(decimal.as_bytes());
        } else {
            json::text(out, decimal);
        }
    }

    fn timestamp(&self, out: &mut Vec<u8>, timestamp: i64) {
        quoted(out, |out| timestamp::write(out, timestamp, self.form));
    }

    /// Attributes that the schema lacks: one of an unknown value type, then strings and numbers.
    fn unannounced(&self, object: &mut Object) {
        for number in 1..=self.options.unknown_attributes {
            let mut envelope = Object::open(object.key(&format!("unannounced_{number}")));
            let (value_type, value) = match number % 3 {
                1 => ("geo_point", "{\"lat\":1.0,\"lng\":2.50}"),
                2 => ("string", "\"nobody told you\""),
                _ => ("number", "\"0.10\""),
            };
            envelope.text("value_type", value_type);
            envelope.raw("value", value);
            envelope.close();
        }
    }

    /// Varies the form of values by record and attribute.
    fn hash(&self, field: Field) -> u64 {
        mix(self.entry.rank ^ field.salt)
    }
}

fn quoted(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    write(out);
    out.push(b'"');
}

fn write_choice(out: &mut Vec<u8>, choice: &Choice) {
    let mut object = Object::open(out);
    object.text("id", choice.id);
    object.text("api_name", choice.api_name);
    object.text("display_value", choice.display_value);
    object.text_or_null("color", choice.color);
    if let Some((probability, days)) = choice.forecast {
        object.text("closing_probability", probability);
        object.raw("expected_days", &days.to_string());
    }
    object.close();
}
