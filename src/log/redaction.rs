//! Taking a secret out of a text, however it was written into it. APIs repeat keys in messages, and
//! what comes between may have escaped them for JSON, Python or a URL, or cut the message short.

use std::collections::BTreeSet;

/// Stands where a secret stood.
const MARK: &str = "<api_key>";

/// A secret shorter than this is none, and taking it out would garble the text. Neither does a cut
/// text tell anything with fewer characters of one.
const SHORTEST: usize = 6;

/// What cut texts end with.
const CUTS: [&str; 2] = ["…", "..."];

/// More backslashes come of no escaping that is still a text to read.
const MOST_BACKSLASHES: usize = 31;

/// How HTML names characters; any of them may have a number instead.
const HTML: [(char, &str); 5] = [
    ('"', "quot"),
    ('&', "amp"),
    ('\'', "apos"),
    ('<', "lt"),
    ('>', "gt"),
];

/// The text without the secret.
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

/// Where the secret ends, or the part of it that was left, if the text begins with it. A text may
/// be read in several ways, so all places are followed where the secret's next character may be.
fn end_of(text: &str, secret: &str) -> Option<usize> {
    let mut places = BTreeSet::from([0]);
    let mut cut = None;
    for (seen, expected) in secret.chars().enumerate() {
        let is_cut = |place: &&usize| CUTS.iter().any(|cut| text[**place..].starts_with(cut));
        if seen >= SHORTEST {
            cut = places.iter().rfind(is_cut).copied().or(cut);
        }
        let lengths = |place: usize| {
            let spelled = spellings(&text[place..], expected);
            spelled
                .into_iter()
                .flatten()
                .map(move |length| place + length)
        };
        places = places.iter().copied().flat_map(lengths).collect();
        if places.is_empty() {
            return cut;
        }
    }
    places.last().copied()
}

/// How many bytes of the text's beginning can stand for a character: as it is, in either case, in
/// a URL, in HTML, or behind backslashes, which may have been escaped more than once.
fn spellings(text: &str, expected: char) -> [Option<usize>; 5] {
    let leading = text.bytes().take(MOST_BACKSLASHES);
    let backslashes = leading.take_while(|byte| *byte == b'\\').count();
    let behind = &text[backslashes..];
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
        _ => (backslashes > 0 && begins(behind)).then(|| backslashes + expected.len_utf8()),
    };
    let is_unicode = backslashes > 0 && behind.starts_with('u') && is_code(behind.get(1..5), 16);
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
    fn a_secret_is_found_in_every_spelling() {
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
    fn what_a_cut_text_has_left_of_a_secret_goes_too() {
        assert_eq!(redact("the key sk-12\"3…)", SECRET), "the key <api_key>…)");
        assert_eq!(
            redact("the key sk-12\"3...", SECRET),
            "the key <api_key>..."
        );
        assert_eq!(redact("the key sk-1…", SECRET), "the key sk-1…");
    }

    #[test]
    fn a_secret_that_can_be_read_in_many_ways_takes_no_time() {
        let secret = format!("a{}z", r"\".repeat(400));
        let text = format!("a{}", r"\".repeat(1800));
        assert_eq!(redact(&text, &secret), text);
        let escaped = secret.replace('\\', r"\\");
        assert_eq!(redact(&escaped, &secret), "<api_key>");
    }

    #[test]
    fn other_texts_stay_as_they_are() {
        for text in ["", "sk-13", "Ünïcode \\ % sk-12\"34", "%", "%2", "\\u00"] {
            assert_eq!(redact(text, SECRET), text);
        }
        assert_eq!(redact("abc abc", "abc"), "abc abc");
    }
}
