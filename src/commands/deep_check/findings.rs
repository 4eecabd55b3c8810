//! What answers of the API show of its form.

use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub question: &'static str,
    pub answer: String,
    /// What was asked, or where the answer was seen.
    pub asked: String,
    pub is_settled: bool,
}

impl Finding {
    pub fn settled(question: &'static str, answer: impl Into<String>, asked: &str) -> Self {
        Self {
            question,
            answer: answer.into(),
            asked: asked.to_owned(),
            is_settled: true,
        }
    }

    pub fn open(question: &'static str, because: impl AsRef<str>, asked: &str) -> Self {
        Self {
            answer: format!("not settled: {}", because.as_ref()),
            is_settled: false,
            ..Self::settled(question, "", asked)
        }
    }

    /// The finding on a line.
    pub fn json(&self, stream: &str) -> String {
        let line = json!({
            "question": self.question,
            "answer": self.answer,
            "is_settled": self.is_settled,
            "asked": self.asked,
            "stream": stream,
        });
        format!("{line}\n")
    }
}

/// Where a page has what fetches the next one; None if it has none.
pub fn cursor_place(page: &Value) -> Option<String> {
    let named = |members: &Map<String, Value>| {
        let mut names = members.iter();
        let is_cursor =
            |(name, value): &(&String, &Value)| name.contains("cursor") && value.is_string();
        names.find(is_cursor).map(|(name, _)| name.clone())
    };
    let members = page.as_object()?;
    named(members).or_else(|| {
        members.iter().find_map(|(outer, value)| {
            let inner = named(value.as_object()?)?;
            Some(format!("{outer}.{inner}"))
        })
    })
}

/// The forms of timestamps, such as `2026-01-01T00:00:00.ffffffZ`.
pub fn stamp_forms<'t>(stamps: impl Iterator<Item = &'t str>) -> BTreeSet<String> {
    let form = |stamp: &str| {
        let (seconds, rest) = stamp.split_at_checked(19)?;
        let digits = rest.strip_prefix('.').unwrap_or_default();
        let digits = digits.bytes().take_while(u8::is_ascii_digit).count();
        let zone = &rest[if digits > 0 { digits + 1 } else { 0 }..];
        let between = &seconds[10..11];
        Some(match digits {
            0 => format!("no fraction, {zone} after \"{between}\""),
            count => format!("{count} digits after the second, {zone}"),
        })
    };
    stamps.filter_map(form).collect()
}

/// The forms in which records of Reevo leave fields empty, given the names of their fields.
pub fn null_forms(records: &[Value], fields: &[&str]) -> BTreeSet<&'static str> {
    let mut forms = BTreeSet::new();
    for record in records {
        let attributes = &record["attributes"];
        for field in fields {
            match attributes.get(field) {
                None if record.get(field).is_some() => false,
                None => forms.insert("left out"),
                Some(Value::Null) => forms.insert("null"),
                Some(value) if value.get("value").is_some_and(Value::is_null) => {
                    forms.insert("an envelope with null")
                }
                Some(_) => false,
            };
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_is_found_wherever_it_is() {
        for (page, place) in [
            (json!({"data": [], "next_cursor": "x"}), Some("next_cursor")),
            (
                json!({"data": [], "meta": {"next_cursor": "x"}}),
                Some("meta.next_cursor"),
            ),
            (json!({"data": [], "next_cursor": null}), None),
            (json!([]), None),
        ] {
            assert_eq!(cursor_place(&page).as_deref(), place, "{page}");
        }
    }

    #[test]
    fn the_digits_of_stamps_are_counted() {
        for (stamp, form) in [
            (
                "2026-01-01T00:00:00.123456Z",
                "6 digits after the second, Z",
            ),
            (
                "2026-01-01T00:00:00.1+00:00",
                "1 digits after the second, +00:00",
            ),
            ("2026-01-01T00:00:00Z", "no fraction, Z after \"T\""),
        ] {
            let forms = stamp_forms([stamp].into_iter());
            assert_eq!(forms.into_iter().collect::<Vec<_>>(), [form]);
        }
        assert!(stamp_forms(["soon"].into_iter()).is_empty());
    }

    #[test]
    fn every_form_of_null_is_told() {
        let record = json!({"top": 1, "attributes": {
            "a": null,
            "b": {"value_type": "string", "value": null},
            "c": {"value_type": "string", "value": "x"}
        }});
        let forms = null_forms(&[record], &["a", "b", "c", "d", "top"]);
        let expected = ["an envelope with null", "left out", "null"];
        assert_eq!(forms.into_iter().collect::<Vec<_>>(), expected);
    }
}
