//! Taking a secret out of a text, however it was written into it. APIs repeat keys in messages, and
//! what comes between may have escaped them for JSON, Python or a URL, or cut the message short.

/// Stands where a secret stood.
const MARK: &str = "<api_key>";

/// A secret shorter than this is none, and taking it out would garble the text. Neither does a cut
/// text tell anything with fewer characters of one.
const SHORTEST: usize = 6;

/// What cut texts end with.
const CUT: char = '…';

/// The text without the secret.
pub fn redact(text: &str, secret: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(end) = end_of(rest, secret) {
            out.push_str(MARK);
            rest = &rest[end..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// Where the secret ends, or the part of it that was left, if the text begins with it.
fn end_of(text: &str, secret: &str) -> Option<usize> {
    let is_long_enough = secret.chars().count() >= SHORTEST;
    is_long_enough.then(|| rest_ends(text, secret, 0)).flatten()
}

/// The same for the rest of a secret, of which some characters were seen before.
fn rest_ends(text: &str, secret: &str, seen: usize) -> Option<usize> {
    let Some(expected) = secret.chars().next() else {
        return Some(0);
    };
    if seen >= SHORTEST && text.starts_with(CUT) {
        return Some(0);
    }
    let rest = &secret[expected.len_utf8()..];
    let mut lengths = spellings(text, expected).into_iter().flatten();
    lengths.find_map(|length| Some(length + rest_ends(&text[length..], rest, seen + 1)?))
}

/// How many bytes of the text's beginning can stand for a character: as it is, in a URL, or behind
/// backslashes, which may have been escaped more than once.
fn spellings(text: &str, expected: char) -> [Option<usize>; 4] {
    let behind = text.trim_start_matches('\\');
    let backslashes = text.len() - behind.len();
    let is_code = |digits: Option<&str>| {
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        code == Some(expected.into())
    };
    let plain = text.starts_with(expected).then(|| expected.len_utf8());
    let in_url = match expected {
        ' ' if text.starts_with('+') => Some(1),
        _ => (text.starts_with('%') && is_code(text.get(1..3))).then_some(3),
    };
    let escaped = match expected {
        '\\' => (backslashes > 1).then_some(2),
        _ => (backslashes > 0 && behind.starts_with(expected))
            .then(|| backslashes + expected.len_utf8()),
    };
    let is_unicode = backslashes > 0 && behind.starts_with('u') && is_code(behind.get(1..5));
    [
        plain,
        in_url,
        escaped,
        is_unicode.then_some(backslashes + 5),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = r#"sk-12"34\5%6+7/8 9"#;

    #[test]
    fn a_secret_is_found_in_every_spelling() {
        for spelling in [
            SECRET,
            r#"sk-12\"34\\5%6+7/8 9"#,
            r#"sk-12\"34\\5%6+7\/8 9"#,
            r#"sk-12\\\"34\\5%6+7/8 9"#,
            r"sk-12\u002234\u005c5%6+7/8 9",
            "sk-12%2234%5C5%256%2B7%2F8%209",
            "sk%2d12%2234%5c5%256%2b7/8+9",
        ] {
            assert_eq!(
                redact(&format!("key {spelling}, {spelling}."), SECRET),
                "key <api_key>, <api_key>.",
                "{spelling}"
            );
        }
    }

    #[test]
    fn what_a_cut_text_has_left_of_a_secret_goes_too() {
        assert_eq!(redact("the key sk-12\"3…)", SECRET), "the key <api_key>…)");
        assert_eq!(redact("the key sk-1…", SECRET), "the key sk-1…");
    }

    #[test]
    fn other_texts_stay_as_they_are() {
        for text in ["", "sk-13", "Ünïcode \\ % sk-12\"34", "%", "%2", "\\u00"] {
            assert_eq!(redact(text, SECRET), text);
        }
        assert_eq!(redact("abc abc", "abc"), "abc abc");
    }
}
