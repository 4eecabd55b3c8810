//! Faults of single records of a page.

use serde_json::Value;
use serde_json::value::RawValue;

use super::page::{Members, raw_value};
use crate::faults::RecordChange;
use crate::timestamp::{self, Form, SECOND};

pub fn changed(record: &RawValue, change: &RecordChange, now: i64) -> Box<RawValue> {
    match change {
        RecordChange::Without(member) => without(record, member),
        RecordChange::With(member, value) => with(record, member, value),
        RecordChange::Ahead(seconds) => with(record, "updated_at", &ahead(now, *seconds)),
        RecordChange::Broken(value) => raw_value(value),
    }
}

fn without(record: &RawValue, member: &str) -> Box<RawValue> {
    let Some(mut members) = Members::parse(record.get().as_bytes()) else {
        return record.to_owned();
    };
    members.remove(member);
    in_attributes(&mut members, |attributes| attributes.remove(member));
    members.raw()
}

/// Sets the member, and the value of the Reevo attribute of that name.
fn with(record: &RawValue, member: &str, value: &Value) -> Box<RawValue> {
    let Some(mut members) = Members::parse(record.get().as_bytes()) else {
        return record.to_owned();
    };
    members.set(member, raw_value(value));
    in_attributes(&mut members, |attributes| {
        let envelope = attributes.get(member).map(|raw| raw.get().as_bytes());
        if let Some(mut envelope) = envelope.and_then(Members::parse) {
            envelope.set("value", raw_value(value));
            attributes.set(member, envelope.raw());
        }
    });
    members.raw()
}

fn in_attributes(members: &mut Members, change: impl FnOnce(&mut Members)) {
    let attributes = members.get("attributes").map(|raw| raw.get().as_bytes());
    if let Some(mut attributes) = attributes.and_then(Members::parse) {
        change(&mut attributes);
        members.set("attributes", attributes.raw());
    }
}

fn ahead(now: i64, seconds: i64) -> Value {
    let mut text = Vec::new();
    timestamp::write(&mut text, now + seconds * SECOND, Form::Micros);
    String::from_utf8_lossy(&text).into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_reaches_the_member_and_the_attribute() {
        let record = json!({
            "id": "a", "updated_at": "x",
            "attributes": {"updated_at": {"value_type": "timestamp", "value": "x"}},
        });
        let record = raw_value(&record);
        let check = |change, expected: Value| {
            let changed = changed(&record, &change, 0);
            assert_eq!(changed.get(), expected.to_string());
        };
        check(
            RecordChange::Without("updated_at".to_owned()),
            json!({"id": "a", "attributes": {}}),
        );
        let at = "1970-01-01T00:01:00.000000Z";
        check(
            RecordChange::Ahead(60),
            json!({
                "id": "a", "updated_at": at,
                "attributes": {"updated_at": {"value_type": "timestamp", "value": at}},
            }),
        );
        check(RecordChange::Broken(json!([1])), json!([1]));
    }
}
