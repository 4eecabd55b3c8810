//! Decimal numbers as texts, compared digit by digit, since floats would round them.

use std::cmp::Ordering;

/// Whether a text is an optional minus sign, digits, and optionally a point with more digits.
pub fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    all_digits(whole) && all_digits(fraction)
}

/// Compares two texts for which `is_decimal` holds.
pub fn compare(one: &str, other: &str) -> Ordering {
    let (one_is_negative, one) = parts(one);
    let (other_is_negative, other) = parts(other);
    match (one_is_negative, other_is_negative) {
        (false, false) => magnitude(one, other),
        (true, true) => magnitude(other, one),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    }
}

/// Whether the number is below zero, and its digits before and after the point without superfluous
/// zeros.
fn parts(text: &str) -> (bool, (&str, &str)) {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = (
        whole.trim_start_matches('0'),
        fraction.trim_end_matches('0'),
    );
    let is_zero = digits == ("", "");
    (text.starts_with('-') && !is_zero, digits)
}

fn magnitude(one: (&str, &str), other: (&str, &str)) -> Ordering {
    let by_length = one.0.len().cmp(&other.0.len());
    by_length
        .then_with(|| one.0.cmp(other.0))
        .then_with(|| one.1.cmp(other.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_by_value_whatever_their_length() {
        let ascending = [
            "-12345678901234567890.5",
            "-2",
            "-1.50",
            "0",
            "0.1",
            "0.12",
            "9",
            "10.000",
            "12345678901234567890.123456788",
            "12345678901234567890.123456789",
        ];
        for pair in ascending.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        assert_eq!(compare("-0", "0.00"), Ordering::Equal);
        assert_eq!(compare("1.5", "01.50"), Ordering::Equal);
    }

    #[test]
    fn texts_that_are_not_decimals_are_recognized() {
        for text in ["", "-", ".5", "5.", "1e3", "+1", "1,5", "NaN"] {
            assert!(!is_decimal(text), "{text}");
        }
        assert!(is_decimal("-12.50"));
    }
}
