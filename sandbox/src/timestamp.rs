//! Timestamps: kept as microseconds since 1970, written and read in several forms.

use chrono::{DateTime, Utc};

pub const SECOND: i64 = 1_000_000;
pub const DAY: i64 = 86_400 * SECOND;

pub fn of(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

pub fn utc(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).expect("the sandbox keeps to years that chrono knows")
}

/// A form of writing a timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Micros,
    Millis,
    Seconds,
    /// Whole seconds at `+02:00`.
    Offset,
}

/// Writes a timestamp, without quotes.
pub fn write(out: &mut Vec<u8>, micros: i64, form: Form) {
    match form {
        Form::Micros => {
            write_to_the_second(out, micros);
            out.push(b'.');
            digits(out, micros.rem_euclid(SECOND), 6);
            out.push(b'Z');
        }
        Form::Millis => {
            write_to_the_second(out, micros);
            out.push(b'.');
            digits(out, micros.rem_euclid(SECOND) / 1000, 3);
            out.push(b'Z');
        }
        Form::Seconds => {
            write_to_the_second(out, micros);
            out.push(b'Z');
        }
        Form::Offset => {
            write_to_the_second(out, micros + 2 * 3600 * SECOND);
            out.extend_from_slice(b"+02:00");
        }
    }
}

/// Writes `YYYY-MM-DD` for a count of days since 1970.
pub fn write_date(out: &mut Vec<u8>, days: i64) {
    let (year, month, day) = civil(days);
    digits(out, year, 4);
    out.push(b'-');
    digits(out, month, 2);
    out.push(b'-');
    digits(out, day, 2);
}

/// Writes `HH:MM:SS` for a count of seconds since midnight.
pub fn write_time(out: &mut Vec<u8>, seconds: i64) {
    digits(out, seconds / 3600, 2);
    out.push(b':');
    digits(out, seconds / 60 % 60, 2);
    out.push(b':');
    digits(out, seconds % 60, 2);
}

fn write_to_the_second(out: &mut Vec<u8>, micros: i64) {
    write_date(out, micros.div_euclid(DAY));
    out.push(b'T');
    write_time(out, micros.rem_euclid(DAY) / SECOND);
}

fn digits(out: &mut Vec<u8>, number: i64, width: u32) {
    for place in (0..width).rev() {
        let digit = number / 10_i64.pow(place) % 10;
        out.push(b'0' + u8::try_from(digit).expect("a digit fits"));
    }
}

/// Year, month and day of a count of days since 1970, by the era arithmetic of the Gregorian
/// calendar: 400 years are 146 097 days, and years are counted from March so that the leap day
/// comes last.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// Nanoseconds since 1970 of an RFC 3339 text, clamped to the range of `i64`, so that a far date
/// that stands for "forever" compares as the latest.
pub fn nanos(text: &str) -> Option<i64> {
    let at = DateTime::parse_from_rfc3339(text).ok()?;
    Some(at.timestamp_nanos_opt().unwrap_or(if at.timestamp() < 0 {
        i64::MIN
    } else {
        i64::MAX
    }))
}

/// The same, but only for texts in UTC.
pub fn nanos_of_utc(text: &str) -> Option<i64> {
    let says_utc = text.ends_with(['Z', 'z']) || text.ends_with("+00:00");
    if says_utc { nanos(text) } else { None }
}

/// Days since 1970 of a `YYYY-MM-DD` text.
pub fn days(text: &str) -> Option<i64> {
    let date = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    let midnight = date.and_hms_opt(0, 0, 0)?.and_utc();
    (text.len() == 10).then(|| midnight.timestamp().div_euclid(86_400))
}

/// Seconds since midnight of an `HH:MM:SS` text.
pub fn seconds_of_day(text: &str) -> Option<i64> {
    let time = chrono::NaiveTime::parse_from_str(text, "%H:%M:%S").ok()?;
    let since = time.signed_duration_since(chrono::NaiveTime::MIN);
    (text.len() == 8).then(|| since.num_seconds())
}

/// The form of HTTP's `Date` header.
pub fn http_date(at: DateTime<Utc>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, form: Form) -> String {
        let mut out = Vec::new();
        write(&mut out, nanos(text).unwrap().div_euclid(1000), form);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn timestamps_are_written_in_every_form() {
        let text = "2026-02-28T23:30:05.123456Z";
        assert_eq!(written(text, Form::Micros), text);
        assert_eq!(written(text, Form::Millis), "2026-02-28T23:30:05.123Z");
        assert_eq!(written(text, Form::Seconds), "2026-02-28T23:30:05Z");
        assert_eq!(written(text, Form::Offset), "2026-03-01T01:30:05+02:00");
    }

    #[test]
    fn dates_agree_with_the_calendar_of_chrono() {
        for day in (-200_000..200_000).step_by(97) {
            let mut out = Vec::new();
            write_date(&mut out, day);
            let text = String::from_utf8(out).unwrap();
            if !text.starts_with('-') {
                assert_eq!(days(&text), Some(day), "{text}");
            }
        }
    }

    #[test]
    fn only_texts_that_say_utc_count_as_utc() {
        assert!(nanos_of_utc("2026-01-01T00:00:00Z").is_some());
        assert!(nanos_of_utc("2026-01-01T02:00:00+02:00").is_none());
        assert!(nanos_of_utc("2026-01-01").is_none());
    }
}
