//! The forms in which the configuration may write numbers and dates.

use crate::time::timestamp;
use serde_json::Value;

/// A whole number, which JSON may also write as `60.0` or `6e1`. It saturates at 64 bits.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is whole, and the cast saturates"
)]
pub fn whole(value: &Value) -> Option<u64> {
    let of_float = || value.as_f64().map(|number| number as u64);
    value.as_u64().or_else(of_float)
}

/// A date without a time means its midnight in UTC.
pub fn full_date(text: &str) -> String {
    match timestamp::date(text) {
        Some(date) if date == text => format!("{text}T00:00:00Z"),
        _ => text.to_owned(),
    }
}

/// A date of the configuration as a timestamp in UTC, as filters expect it.
pub fn utc_date(text: &str) -> String {
    let full = full_date(text);
    match timestamp::parse(&full) {
        Some(stamp) => stamp.utc.into_owned(),
        None => full,
    }
}
