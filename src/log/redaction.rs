//! Replaces a secret in a text. APIs repeat keys in their messages, where a key may be escaped for
//! JSON, Python, HTML or a URL, or truncated with the message.

use std::collections::BTreeSet;

/// Replaces the secret.
const MARK: &str = "<api_key>";

/// In characters. A shorter text is not a secret, and replacing it would garble the message. Of a
/// truncated secret, fewer characters reveal nothing.
const SHORTEST: usize = 6;

/// How a truncated text ends.
const ELLIPSES: [&str; 2] = ["…", "..."];

/// Repeated escaping doubles the backslashes. A legible text does not have more than this.
const MOST_BACKSLASHES: usize = 31;

/// The named character references of HTML. Any character may have a numeric one instead.
const HTML: [(char, &str); 5] = [
    ('"', "quot"),
    ('&', "amp"),
    ('\'', "apos"),
    ('<', "lt"),
    ('>', "gt"),
];

/// The text with every occurrence of the secret replaced by the mark.
pub fn redact(text: &str, secret: &str) -> String {
    let long_enough = secret.chars().count() >= SHORTEST;
    let Some(beginning) = secret.chars().next().filter(|_| long_enough) else {
        return text.to_owned();
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let may_begin = spellings(rest, beginning).iter().any(Option::is_some);
        if let Some(end) = may_begin.then(|| end_of(rest, secret)).flatten() {
            out.push_str(MARK);
            rest = &rest[end..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// The byte position where the secret ends, if the text begins with the secret or a truncated one.
/// An escaped text can be ambiguous, so this follows every position where the secret's next
/// character may begin.
fn end_of(text: &str, secret: &str) -> Option<usize> {
    let mut positions = BTreeSet::from([0]);
    let mut cut = None;
    for (seen, expected) in secret.chars().enumerate() {
        let is_cut = |at: &&usize| ELLIPSES.iter().any(|dots| text[**at..].starts_with(dots));
        if seen >= SHORTEST {
            cut = positions.iter().rfind(is_cut).copied().or(cut);
        }
        let next = |at: usize| {
            let spelled = spellings(&text[at..], expected);
            spelled.into_iter().flatten().map(move |length| at + length)
        };
        positions = positions.iter().copied().flat_map(next).collect();
        if positions.is_empty() {
            return cut;
        }
    }
    positions.last().copied()
}

/// The lengths in bytes of the ways in which the text may begin with a character: as it is, in
/// either case, or escaped for a URL, for HTML, or with backslashes, possibly more than once.
fn spellings(text: &str, expected: char) -> [Option<usize>; 5] {
    let leading = text.bytes().take(MOST_BACKSLASHES);
    let backslashes = leading.take_while(|byte| *byte == b'\\').count();
    let after = &text[backslashes..];
    let begins = |text: &str| {
        let first = text.chars().next();
        first.is_some_and(|first| first.eq_ignore_ascii_case(&expected))
    };
    let is_code = |digits: Option<&str>, radix: u32| {
        let code = digits.and_then(|digits| u32::from_str_radix(digits, radix).ok());
        code == Some(expected.into())
    };
    let in_url = match expected {
        ' ' if text.starts_with('+') => Some(1),
        _ => (text.starts_with('%') && is_code(text.get(1..3), 16)).then_some(3),
    };
    let entity = text.strip_prefix('&').and_then(|text| text.split_once(';'));
    let in_html = entity.filter(|(name, _)| match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(digits) => is_code(Some(digits), 16),
            None => is_code(Some(number), 10),
        },
        None => HTML.contains(&(expected, name)),
    });
    let escaped = match expected {
        '\\' => (backslashes > 1).then_some(2),
        _ => (backslashes > 0 && begins(after)).then(|| backslashes + expected.len_utf8()),
    };
    let is_unicode = backslashes > 0 && after.starts_with('u') && is_code(after.get(1..5), 16);
    [
        begins(text).then(|| expected.len_utf8()),
        in_url,
        in_html.map(|(name, _)| name.len() + 2),
        escaped,
        is_unicode.then_some(backslashes + 5),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = r#"sk-12"34\5%6+7/8 9"#;

    #[test]
    fn a_secret_is_found_however_it_is_escaped() {
        for spelling in [
            SECRET,
            r#"sk-12\"34\\5%6+7/8 9"#,
            r#"sk-12\"34\\5%6+7\/8 9"#,
            r#"sk-12\\\"34\\5%6+7/8 9"#,
            r"sk-12\u002234\u005c5%6+7/8 9",
            "sk-12%2234%5C5%256%2B7%2F8%209",
            "sk%2d12%2234%5c5%256%2b7/8+9",
            r#"SK-12"34\5%6+7/8 9"#,
            r"sk-12&quot;34\5%6+7/8 9",
            r"sk&#45;12&#x22;34\5%6+7/8 9",
        ] {
            assert_eq!(
                redact(&format!("key {spelling}, {spelling}."), SECRET),
                "key <api_key>, <api_key>.",
                "{spelling}"
            );
        }
    }

    #[test]
    fn a_truncated_secret_is_redacted_too() {
        assert_eq!(redact("the key sk-12\"3…)", SECRET), "the key <api_key>…)");
        assert_eq!(
            redact("the key sk-12\"3...", SECRET),
            "the key <api_key>..."
        );
        assert_eq!(redact("the key sk-1…", SECRET), "the key sk-1…");
    }

    #[test]
    fn an_ambiguous_text_is_searched_without_exponential_work() {
        let secret = format!("a{}z", r"\".repeat(400));
        let text = format!("a{}", r"\".repeat(1800));
        assert_eq!(redact(&text, &secret), text);
        let escaped = secret.replace('\\', r"\\");
        assert_eq!(redact(&escaped, &secret), "<api_key>");
    }

    #[test]
    fn other_texts_are_unchanged() {
        for text in ["", "sk-13", "Ünïcode \\ % sk-12\"34", "%", "%2", "\\u00"] {
            assert_eq!(redact(text, SECRET), text);
        }
        assert_eq!(redact("abc abc", "abc"), "abc abc");
    }
}
