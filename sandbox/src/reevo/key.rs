//! Values as filters and sorting compare them.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::attribute::ValueType;
use super::cell::Cell;
use crate::identity;
use crate::{decimal, timestamp};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Key {
    /// A boolean, days, seconds of the day, or nanoseconds since 1970.
    Integer(i64),
    Decimal(String),
    Text(String),
    /// Sorts after every value.
    Missing,
}

impl Key {
    pub fn of(cell: &Cell) -> Key {
        match cell {
            Cell::Text(text) => Key::Text(text.to_string()),
            Cell::Flag(flag) => Key::Integer(i64::from(*flag)),
            Cell::Timestamp(micros) => Key::Integer(micros.saturating_mul(1000)),
            Cell::Day(number) | Cell::TimeOfDay(number) => Key::Integer(*number),
            Cell::Decimal(decimal) | Cell::Amount(decimal) => Key::Decimal((*decimal).to_owned()),
            Cell::Choice(choice) => Key::Text(choice.api_name.to_owned()),
            Cell::Reference(reference) => Key::Text(identity::uuid(reference.id)),
            Cell::Json(_) => Key::Missing,
        }
    }

    /// The value in a filter; `None` if it is not a value of this type.
    pub fn of_json(value: &Value, value_type: ValueType) -> Option<Key> {
        match value_type {
            ValueType::Boolean => value.as_bool().map(|flag| Key::Integer(i64::from(flag))),
            ValueType::Number | ValueType::Percent | ValueType::Currency => decimal_of(value),
            ValueType::Timestamp => timestamp::nanos(value.as_str()?).map(Key::Integer),
            ValueType::Date => timestamp::days(value.as_str()?).map(Key::Integer),
            ValueType::Time => timestamp::seconds_of_day(value.as_str()?).map(Key::Integer),
            ValueType::Uuid | ValueType::RecordReference => {
                let bits = identity::parse_uuid(value.as_str()?)?;
                Some(Key::Text(identity::uuid(bits)))
            }
            _ => value.as_str().map(|text| Key::Text(text.to_owned())),
        }
    }

    pub fn compare(&self, other: &Key) -> Ordering {
        match (self, other) {
            (Key::Integer(one), Key::Integer(other)) => one.cmp(other),
            (Key::Decimal(one), Key::Decimal(other)) => decimal::compare(one, other),
            (Key::Text(one), Key::Text(other)) => one.cmp(other),
            (Key::Missing, Key::Missing) => Ordering::Equal,
            (Key::Missing, _) => Ordering::Greater,
            (_, Key::Missing) => Ordering::Less,
            // The values of one attribute have one type, so any order does.
            _ => Ordering::Equal,
        }
    }
}

/// Decimals may be given as texts or as JSON numbers.
fn decimal_of(value: &Value) -> Option<Key> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    decimal::is_decimal(&text).then_some(Key::Decimal(text))
}
