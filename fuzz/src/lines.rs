//! The checks for every line of the output, and for every value in its declared shape.

use serde_json::value::RawValue;
use std::collections::HashSet;
use tap_revops::record::parts;
use tap_revops::record::raw::{JsonType, Raw};
use tap_revops::record::schema::{Property, Shape};

/// Checks that a line is one JSON value and one line feed, and that consumers can hold its strings.
pub fn check_line(line: &[u8]) {
    let (last, text) = line.split_last().expect("a line is not empty");
    assert_eq!(*last, b'\n', "a line ends in a line feed");
    check_json(text);
}

/// Checks that a text is JSON on one line, without NUL characters and lone surrogates.
pub fn check_json(text: &[u8]) {
    let text = check_syntax(text);
    for token in strings(text) {
        let string: String = serde_json::from_str(token).expect("strings have no lone surrogates");
        assert!(!string.contains('\0'), "NUL in {token}");
    }
}

/// Checks that a text is JSON on one line, and returns it.
pub fn check_syntax(text: &[u8]) -> &str {
    let text = std::str::from_utf8(text).expect("output is UTF-8");
    assert!(
        !text.contains(['\n', '\r', '\0']),
        "the text has several lines"
    );
    if let Err(error) = serde_json::from_str::<&RawValue>(text) {
        panic!("{error}: {text}");
    }
    text
}

/// The string tokens of a JSON text.
fn strings(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = None;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match (byte, start) {
            _ if escaped => escaped = false,
            (b'\\', Some(_)) => escaped = true,
            (b'"', Some(from)) => {
                found.push(&text[from..=at]);
                start = None;
            }
            (b'"', None) => start = Some(at),
            _ => {}
        }
    }
    found
}

/// Checks that a record has only selected members, each once and in its shape, and every nullable
/// one.
pub fn check_record(record: &str, properties: &[Property]) {
    assert_eq!(Raw::of(record).kind, JsonType::Object);
    let named =
        parts::members(record).map(|(name, raw)| (name.text().expect("a name is text"), raw.text));
    let members: Vec<_> = named.collect();
    let mut names = HashSet::new();
    for (name, raw) in &members {
        assert!(names.insert(name.clone()), "{name} is in the record twice");
        let property = properties.iter().find(|property| property.name == *name);
        let property = property.unwrap_or_else(|| panic!("{name} was not selected"));
        check_value(&property.shape, property.nullable, raw);
    }
    for property in properties.iter().filter(|property| property.nullable) {
        assert!(
            names.contains(property.name.as_str()),
            "{} is missing",
            property.name
        );
    }
}

fn check_value(shape: &Shape, nullable: bool, raw: &str) {
    let kind = Raw::of(raw).kind;
    if kind == JsonType::Null {
        assert!(nullable, "null in a field that is not nullable");
        return;
    }
    let text = || serde_json::from_str::<String>(raw).expect("a string");
    let holds = match shape {
        Shape::Any => true,
        Shape::Text => kind == JsonType::String,
        Shape::Timestamp => kind == JsonType::String && is_timestamp(&text()),
        Shape::Date => kind == JsonType::String && is_like(&text(), "0000-00-00"),
        Shape::TimeOfDay => kind == JsonType::String && is_time(&text()),
        Shape::Integer => raw.parse::<i64>().is_ok(),
        Shape::Number => kind == JsonType::Number,
        Shape::Boolean => kind == JsonType::Boolean,
        Shape::OpenObject => kind == JsonType::Object,
        Shape::OpenArray => kind == JsonType::Array,
        Shape::Object(object) => {
            check_record(raw, &object.properties);
            true
        }
        Shape::Array(item) => {
            let elements: Vec<&RawValue> = serde_json::from_str(raw).expect("an array");
            for element in elements {
                check_value(&item.shape, item.nullable, element.get());
            }
            true
        }
    };
    assert!(holds, "{raw} does not fit {shape:?}");
}

/// Whether a text has digits where the pattern has 0, and otherwise the same characters.
fn is_like(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text
            .bytes()
            .zip(pattern.bytes())
            .all(|(byte, like)| match like {
                b'0' => byte.is_ascii_digit(),
                _ => byte == like,
            })
}

fn is_timestamp(text: &str) -> bool {
    let Some(text) = text.strip_suffix('Z') else {
        return false;
    };
    text.split_at_checked(11)
        .is_some_and(|(date, time)| is_like(date, "0000-00-00T") && is_time(time))
}

fn is_time(text: &str) -> bool {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    is_like(clock, "00:00:00")
        && (1..=6).contains(&fraction.len())
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
}

/// Checks that the raw record holds the digits of every number in the emitted record.
pub fn check_digits(emitted: &str, raw: &str) {
    if raw.contains("\\u") {
        return;
    }
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let source = digits(raw);
    for number in numbers(emitted) {
        let number = digits(number);
        let number = number.trim_start_matches('0');
        assert!(source.contains(number), "{number} is not in {raw}");
    }
}

/// The number tokens of a JSON text outside of strings.
fn numbers(text: &str) -> Vec<&str> {
    let mut outside = text.to_owned();
    for token in strings(text) {
        let start = token.as_ptr().addr() - text.as_ptr().addr();
        outside.replace_range(start..start + token.len(), &" ".repeat(token.len()));
    }
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = outside[at..].find(|c: char| c.is_ascii_digit() || c == '-') {
        let start = at + start;
        let length = outside[start..].find(|c| !is_part(c));
        at = start + length.unwrap_or(outside.len() - start);
        found.push(&text[start..at]);
    }
    found
}
