//! Copying and writing JSON without building a tree.
//! Every slice given to this module has already been parsed once, so its grammar is right.

use crate::record::strings::{end_of_string, has_escapes};
use serde::Deserialize;
use std::borrow::Cow;

/// Parses an object. Derived types would take an array for one too, member by member.
pub fn parse_object<'a, T: Deserialize<'a>>(text: &'a str) -> serde_json::Result<T> {
    let start = text.trim_start();
    if start.starts_with(['[', '"']) {
        return Err(serde::de::Error::custom("not an object"));
    }
    serde_json::from_str(text)
}

/// Whether arrays and objects are nested deeper in a value than consumers can read.
pub fn is_too_deep(raw: &str) -> bool {
    copy(&mut Vec::new(), raw).too_deep
}

/// What a copy had to take out, because no consumer can hold it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    pub nul: bool,
    pub surrogate: bool,
    /// It was nested too deep, and nothing was written in its place.
    pub too_deep: bool,
}

impl Cleaned {
    pub fn any(self) -> bool {
        self.nul || self.surrogate
    }
}

/// Most parsers of consumers give up, or worse, somewhat above this; the record around a value
/// takes some levels too.
const DEEPEST: usize = 100;

/// Copies any raw value on one line: white space between tokens goes, NUL characters go, and a
/// lone surrogate becomes U+FFFD. All other bytes stay as they are. What is nested too deep is not
/// copied at all.
pub fn copy(out: &mut Vec<u8>, raw: &str) -> Cleaned {
    copy_within(out, raw, DEEPEST)
}

fn copy_within(out: &mut Vec<u8>, raw: &str, deepest: usize) -> Cleaned {
    let mut cleaned = Cleaned::default();
    let copied = copy_tokens(out, raw, deepest, |out, string| {
        copy_string(out, string, &mut cleaned);
    });
    cleaned.too_deep = !copied;
    cleaned
}

/// Any raw value on one line, with nothing changed but the white space between tokens.
pub fn on_one_line(raw: &str) -> String {
    let mut line = Vec::with_capacity(raw.len());
    copy_tokens(&mut line, raw, usize::MAX, |out, string| {
        out.extend_from_slice(string.as_bytes());
    });
    String::from_utf8(line).expect("a copy of text is text")
}

/// Writes text as a JSON string.
pub fn write_text(out: &mut Vec<u8>, text: &str) {
    let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if text.bytes().all(is_plain) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
        return;
    }
    serde_json::to_writer(out, text).expect("writing to memory does not fail");
}

/// A member's name with its quotes and colon, ready to be written.
pub fn key(name: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(name.len() + 3);
    write_key(&mut key, name);
    key
}

/// Writes a member's name with its quotes and colon.
pub fn write_key(out: &mut Vec<u8>, name: &str) {
    write_text(out, name);
    out.push(b':');
}

/// Writes any raw value as a JSON string that holds its JSON text.
pub fn write_as_text(out: &mut Vec<u8>, raw: &str) -> Cleaned {
    let mut text = Vec::with_capacity(raw.len());
    let cleaned = copy_within(&mut text, raw, usize::MAX);
    write_text(out, &String::from_utf8_lossy(&text));
    cleaned
}

/// Copies a string without the escapes that no consumer can hold.
fn copy_string(out: &mut Vec<u8>, raw: &str, cleaned: &mut Cleaned) {
    if has_escapes(raw) {
        copy_escaped(out, raw, cleaned);
    } else {
        out.extend_from_slice(raw.as_bytes());
    }
}

/// Copies a value without the white space between its tokens, its strings in the given way. Says
/// whether: what nests too deep leaves nothing.
fn copy_tokens(
    out: &mut Vec<u8>,
    raw: &str,
    deepest: usize,
    mut string: impl FnMut(&mut Vec<u8>, &str),
) -> bool {
    if raw.starts_with('"') {
        string(out, raw);
        return true;
    }
    let bytes = raw.as_bytes();
    let (mut at, mut depth, start) = (0, 0_usize, out.len());
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                let end = end_of_string(bytes, at);
                string(out, &raw[at..end]);
                at = end;
                continue;
            }
            b' ' | b'\n' | b'\r' | b'\t' => {}
            byte => {
                match byte {
                    b'[' | b'{' => depth += 1,
                    b']' | b'}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                if depth > deepest {
                    out.truncate(start);
                    return false;
                }
                out.push(byte);
            }
        }
        at += 1;
    }
    true
}

/// Copies a string that has escapes, leaving out those that no consumer can hold.
fn copy_escaped(out: &mut Vec<u8>, raw: &str, cleaned: &mut Cleaned) {
    let bytes = raw.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'\\' {
            out.push(bytes[at]);
            at += 1;
            continue;
        }
        let Some(unit) = escaped_unit(bytes, at) else {
            out.extend_from_slice(&bytes[at..(at + 2).min(bytes.len())]);
            at += 2;
            continue;
        };
        match unit {
            0 => cleaned.nul = true,
            0xD800..=0xDBFF => {
                if matches!(escaped_unit(bytes, at + 6), Some(0xDC00..=0xDFFF)) {
                    out.extend_from_slice(&bytes[at..at + 12]);
                    at += 6;
                } else {
                    replace_surrogate(out, cleaned);
                }
            }
            0xDC00..=0xDFFF => replace_surrogate(out, cleaned),
            _ => out.extend_from_slice(&bytes[at..at + 6]),
        }
        at += 6;
    }
}

fn replace_surrogate(out: &mut Vec<u8>, cleaned: &mut Cleaned) {
    cleaned.surrogate = true;
    out.extend_from_slice(b"\\ufffd");
}

/// The UTF-16 unit of a `\uXXXX` escape that starts at `at`.
fn escaped_unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    let digits = std::str::from_utf8(digits).ok()?;
    u16::from_str_radix(digits, 16).ok()
}

/// A number's digits in JSON's grammar, from text that a person or an API may have written a
/// little differently (`+1`, `007`, `.5`, `5.`). The value is never computed, so no digit is lost.
pub fn number(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    if is_json_number(text) {
        return Some(Cow::Borrowed(text));
    }
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    if !digits.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (mantissa, exponent) = digits.split_at(digits.find(['e', 'E']).unwrap_or(digits.len()));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    let normal = format!("{sign}{whole}{point}{fraction}{exponent}");
    is_json_number(&normal).then_some(Cow::Owned(normal))
}

/// An integer's digits within 64 bits, from a JSON number. A fraction of zeros is dropped.
pub fn integer(number: &str) -> Option<&str> {
    let whole = match number.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|byte| byte == b'0') => whole,
        Some(_) => return None,
        None => number,
    };
    whole.parse::<i64>().is_ok().then_some(whole)
}

fn is_json_number(text: &str) -> bool {
    let rest = text.strip_prefix('-').unwrap_or(text);
    let whole = rest.bytes().take_while(u8::is_ascii_digit).count();
    if whole == 0 || (whole > 1 && rest.starts_with('0')) {
        return false;
    }
    let mut rest = &rest[whole..];
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return false;
        }
        rest = &fraction[digits..];
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        return !exponent.is_empty() && exponent.bytes().all(|byte| byte.is_ascii_digit());
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    fn copied(raw: &str) -> (String, Cleaned) {
        let mut out = Vec::new();
        let cleaned = copy(&mut out, raw);
        (String::from_utf8(out).unwrap(), cleaned)
    }

    #[test]
    fn white_space_between_tokens_goes_and_within_strings_stays() {
        let (text, cleaned) = copied("{ \"a b\" : [ 1 ,\n 2.50 , \"x \\\" y\" ] }");
        assert_eq!(text, r#"{"a b":[1,2.50,"x \" y"]}"#);
        assert!(!cleaned.any());
    }

    #[test]
    fn nul_and_lone_surrogates_are_taken_out_and_pairs_stay() {
        let table = [
            (r#""a\u0000b""#, r#""ab""#, true, false),
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#, false, false),
            (r#""x\ud83dy""#, r#""x\ufffdy""#, false, true),
            (r#""\ude00\ud83d""#, r#""\ufffd\ufffd""#, false, true),
            (r#""\\u0000""#, r#""\\u0000""#, false, false),
            (
                r#"{"k\u0000":["\ud800"]}"#,
                r#"{"k":["\ufffd"]}"#,
                true,
                true,
            ),
        ];
        for (raw, expected, nul, surrogate) in table {
            assert_eq!(
                copied(raw),
                (
                    expected.to_owned(),
                    Cleaned {
                        nul,
                        surrogate,
                        too_deep: false
                    }
                )
            );
        }
    }

    #[test]
    fn a_value_is_too_deep_by_its_brackets_alone() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let table = [
            (nested(100), false),
            (nested(101), true),
            (nested(100_000), true),
            (format!("[{}1]", "[],".repeat(1000)), false),
            (format!("\"{}\"", nested(1000)), false),
            (format!("[\"\\\"{}\"]", "[".repeat(1000)), false),
        ];
        for (raw, expected) in table {
            assert_eq!(is_too_deep(&raw), expected, "{}", &raw[..20]);
        }
    }

    #[test]
    fn numbers_keep_every_digit() {
        let table = [
            ("42", Some("42")),
            ("-0.50", Some("-0.50")),
            (
                "12345678901234567890.123456789",
                Some("12345678901234567890.123456789"),
            ),
            ("1E+5", Some("1E+5")),
            (" 7 ", Some("7")),
            ("+7", Some("7")),
            ("007.50", Some("7.50")),
            (".5", Some("0.5")),
            ("-5.", Some("-5")),
            ("", None),
            ("-", None),
            (".", None),
            ("NaN", None),
            ("1,5", None),
            ("1e", None),
            ("0x10", None),
            ("--1", None),
        ];
        for (written, expected) in table {
            assert_eq!(number(written).as_deref(), expected, "{written:?}");
        }
    }

    #[test]
    fn integers_drop_a_fraction_of_zeros_and_refuse_any_other() {
        let table = [
            ("42", Some("42")),
            ("42.00", Some("42")),
            ("-1", Some("-1")),
            ("42.5", None),
            ("9223372036854775807", Some("9223372036854775807")),
            ("9223372036854775808", None),
            ("1e3", None),
        ];
        for (written, expected) in table {
            assert_eq!(integer(written), expected, "{written:?}");
        }
    }

    proptest! {
        #[test]
        fn copying_keeps_every_value_that_has_nothing_to_clean(
            strings in prop::collection::vec("[^\u{0}]*", 0..6),
            numbers in prop::collection::vec(any::<f64>().prop_filter("finite", |n| n.is_finite()), 0..6),
        ) {
            let value = serde_json::json!({"strings": strings, "numbers": numbers});
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            prop_assert_eq!(copied(&pretty), (value.to_string(), Cleaned::default()));
        }

        #[test]
        fn whatever_is_called_a_number_is_one_for_any_json_parser(text in "[-+0-9.eE ]{0,12}") {
            if let Some(digits) = number(&text) {
                let parsed: Result<Box<RawValue>, _> = serde_json::from_str(&digits);
                prop_assert!(parsed.is_ok(), "{:?} from {:?}", digits, text);
            }
        }
    }
}
