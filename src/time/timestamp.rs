//! Parses timestamps, dates and times of day from an API's text, and writes them in one canonical
//! form that every consumer reads the same way.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, TimeDelta, Utc};
use std::borrow::Cow;

/// A point in time, whatever zone it was written in.
pub type Timestamp = DateTime<Utc>;

/// A parsed timestamp, and its text in UTC with `Z` and at most microseconds.
pub struct ParsedTimestamp<'a> {
    pub timestamp: Timestamp,
    pub utc: Cow<'a, str>,
    /// The text has no zone and was read as UTC.
    pub zone_assumed: bool,
}

/// Parses a timestamp. Text without a zone is read as UTC. Returns None if the text is not a
/// timestamp, or is one that consumers cannot hold: a leap second, or a year outside 1 to 9999.
pub fn parse(text: &str) -> Option<ParsedTimestamp<'_>> {
    if let Some(timestamp) = canonical(text) {
        return Some(ParsedTimestamp {
            timestamp,
            utc: Cow::Borrowed(text),
            zone_assumed: false,
        });
    }
    let (timestamp, zone_assumed) = match DateTime::parse_from_rfc3339(text) {
        Ok(stamp) => (stamp.with_timezone(&Utc), false),
        Err(_) => (naive(text)?.and_utc(), true),
    };
    let year = chrono::Datelike::year(&timestamp);
    if !(1..=9999).contains(&year) || timestamp.timestamp_subsec_nanos() >= 1_000_000_000 {
        return None;
    }
    Some(ParsedTimestamp {
        timestamp,
        utc: Cow::Owned(written(timestamp, fraction(text))),
        zone_assumed,
    })
}

/// How far apart two timestamps can be that have the same text, given its number of digits.
pub fn resolution(text: &str) -> TimeDelta {
    let digits = u32::try_from(fraction(text).len()).unwrap_or(u32::MAX);
    TimeDelta::nanoseconds(10_i64.pow(9_u32.saturating_sub(digits)))
}

/// A warning if a start of reading is in the future. `what` names the start, as in `start_date`,
/// and `text` is its value as written.
pub fn warning_of_future(what: &str, text: &str, now: Timestamp) -> Option<String> {
    let is_ahead = parse(text).is_some_and(|start| start.timestamp > now);
    is_ahead.then(|| {
        format!(
            "{what} {text} is in the future: changes before it are not read; correct it unless this is intended"
        )
    })
}

/// Formats a timestamp with microseconds, as in Singer's `time_extracted`.
pub fn micros(timestamp: Timestamp) -> String {
    timestamp.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// The date `YYYY-MM-DD` of a text that is such a date or a timestamp at midnight; otherwise None.
pub fn date(text: &str) -> Option<&str> {
    let (day, rest) = text.split_at_checked(10)?;
    let is_midnight = rest.is_empty() || (is_midnight(rest) && parse(text).is_some());
    (plain_day(day).is_some() && is_midnight).then_some(day)
}

/// A time of day as `HH:MM:SS`, in UTC if the text has a zone, with the text's own fraction.
pub struct TimeOfDay<'a> {
    pub text: Cow<'a, str>,
    /// The text has a zone, which the emitted form cannot hold.
    pub zone_dropped: bool,
}

pub fn time_of_day(text: &str) -> Option<TimeOfDay<'_>> {
    if is_plain_time(text) {
        return Some(TimeOfDay {
            text: Cow::Borrowed(text),
            zone_dropped: false,
        });
    }
    if let Ok(time) = NaiveTime::parse_from_str(text, "%H:%M") {
        let text = Cow::Owned(time.format("%H:%M:%S").to_string());
        return Some(TimeOfDay {
            text,
            zone_dropped: false,
        });
    }
    // Parse it on an arbitrary day, to apply the offset.
    let full = format!("2000-01-02T{text}");
    let stamp = DateTime::parse_from_rfc3339(&full).ok()?;
    let utc = written(stamp.with_timezone(&Utc), fraction(text));
    let time = utc.get(11..utc.len() - 1)?.to_owned();
    is_plain_time(&time).then_some(TimeOfDay {
        text: Cow::Owned(time),
        zone_dropped: true,
    })
}

fn is_plain_time(text: &str) -> bool {
    let (clock, fraction) = text.split_at_checked(8).unwrap_or((text, ""));
    let digits = fraction.strip_prefix('.').unwrap_or_default();
    plain_time(clock).is_some()
        && (fraction.is_empty() || (1..=6).contains(&digits.len()))
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the part of a timestamp after its date is midnight, in any zone.
fn is_midnight(rest: &str) -> bool {
    rest.get(1..9) == Some("00:00:00") && fraction(rest).bytes().all(|byte| byte == b'0')
}

fn naive(text: &str) -> Option<NaiveDateTime> {
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
}

/// The digits of the fraction of a second, as written.
fn fraction(text: &str) -> &str {
    let Some((_, after)) = text.split_once('.') else {
        return "";
    };
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    &after[..digits]
}

/// Formats a timestamp in UTC with the fraction as written, truncated to microseconds. Offsets are
/// whole minutes, so the fraction is the same in every zone.
fn written(timestamp: Timestamp, fraction: &str) -> String {
    let fraction = &fraction[..fraction.len().min(6)];
    let point = if fraction.is_empty() { "" } else { "." };
    format!(
        "{}{point}{fraction}Z",
        timestamp.format("%Y-%m-%dT%H:%M:%S")
    )
}

/// The timestamp of a text that has the canonical form already, as most have:
/// `YYYY-MM-DDTHH:MM:SS[.ffffff]Z` with up to six digits of a fraction.
fn canonical(text: &str) -> Option<Timestamp> {
    let (day, clock) = text.strip_suffix('Z')?.split_at_checked(10)?;
    let (clock, fraction) = clock.strip_prefix('T')?.split_at_checked(8)?;
    let micros = match fraction.strip_prefix('.') {
        Some(digits) if (1..=6).contains(&digits.len()) => {
            let missing = 6 - digits.len();
            number(digits)? * [1, 10, 100, 1_000, 10_000, 100_000][missing]
        }
        None if fraction.is_empty() => 0,
        _ => return None,
    };
    let time = plain_time(clock)? + TimeDelta::microseconds(micros.into());
    Some(plain_day(day)?.and_time(time).and_utc())
}

/// The day of a text `YYYY-MM-DD`, in the years 1 to 9999.
fn plain_day(text: &str) -> Option<NaiveDate> {
    let bytes = text.as_bytes();
    let is_written_so = bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-';
    let year = number(text.get(..4).filter(|_| is_written_so)?)?;
    let (month, day) = (number(text.get(5..7)?)?, number(text.get(8..)?)?);
    let year = i32::try_from(year).ok().filter(|year| *year > 0)?;
    NaiveDate::from_ymd_opt(year, month, day)
}

/// The time of a text `HH:MM:SS`; None for a leap second.
fn plain_time(text: &str) -> Option<NaiveTime> {
    let bytes = text.as_bytes();
    let is_written_so = bytes.len() == 8 && bytes[2] == b':' && bytes[5] == b':';
    let hour = number(text.get(..2).filter(|_| is_written_so)?)?;
    let (minute, second) = (number(text.get(3..5)?)?, number(text.get(6..)?)?);
    NaiveTime::from_hms_opt(hour, minute, second)
}

/// The number of some digits, up to nine.
fn number(digits: &str) -> Option<u32> {
    let add = |sum: u32, digit: u8| {
        let digit = digit.is_ascii_digit().then(|| u32::from(digit - b'0'))?;
        Some(sum * 10 + digit)
    };
    let bytes = Some(digits.as_bytes()).filter(|bytes| bytes.len() <= 9)?;
    bytes.iter().copied().try_fold(0, add)
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    proptest! {
        /// What is canonical is parsed here; chrono must agree.
        #[test]
        fn a_canonical_timestamp_is_what_chrono_says(
            text in "[0-9]{3}[1-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{1,7})?Z",
        ) {
            let parsed = DateTime::parse_from_rfc3339(&text).map(|stamp| stamp.with_timezone(&Utc));
            let is_leap = |stamp: &Timestamp| stamp.timestamp_subsec_nanos() >= 1_000_000_000;
            let expected = parsed.ok().filter(|stamp| !is_leap(stamp));
            prop_assert_eq!(parse(&text).map(|stamp| stamp.timestamp), expected);
            if text.len() <= 27 {
                prop_assert_eq!(canonical(&text), expected);
            }
        }
    }

    #[test]
    fn only_a_start_in_the_future_is_a_warning() {
        let now = parse("2026-07-15T12:00:00Z").unwrap().timestamp;
        for (text, is_warned) in [
            ("2026-07-15T12:00:00.000001Z", true),
            ("2026-07-15T13:30:00+01:00", true),
            ("2026-07-15T12:00:00Z", false),
            ("2026-07-15T12:30:00+01:00", false),
            ("soon", false),
        ] {
            let warning = warning_of_future("start_date", text, now);
            assert_eq!(warning.is_some(), is_warned, "{text}: {warning:?}");
        }
    }

    #[test]
    fn timestamps_are_converted_to_utc() {
        let table = [
            ("2026-06-01T08:00:00Z", Some("2026-06-01T08:00:00Z")),
            ("2026-06-01T08:00:00.000Z", Some("2026-06-01T08:00:00.000Z")),
            (
                "2026-06-01T08:00:00.123456Z",
                Some("2026-06-01T08:00:00.123456Z"),
            ),
            (
                "2026-06-01T08:00:00.123456789Z",
                Some("2026-06-01T08:00:00.123456Z"),
            ),
            ("2026-06-01T10:00:00+02:00", Some("2026-06-01T08:00:00Z")),
            (
                "2026-06-01T00:30:00.50-05:30",
                Some("2026-06-01T06:00:00.50Z"),
            ),
            ("2026-06-01T08:00:00+00:00", Some("2026-06-01T08:00:00Z")),
            ("2026-06-01t08:00:00z", Some("2026-06-01T08:00:00Z")),
            ("2026-06-01 08:00:00Z", Some("2026-06-01T08:00:00Z")),
            ("2026-06-01T08:00:00", Some("2026-06-01T08:00:00Z")),
            ("2026-06-01T08:00:00.25", Some("2026-06-01T08:00:00.25Z")),
            ("2026-02-30T08:00:00Z", None),
            ("2026-06-01T23:59:60Z", None),
            ("0000-06-01T23:59:00Z", None),
            ("2026-06-01", None),
            ("", None),
            ("soon", None),
        ];
        for (text, expected) in table {
            let utc = parse(text).map(|stamp| stamp.utc.into_owned());
            assert_eq!(utc.as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn the_resolution_of_a_timestamp_follows_from_its_digits() {
        for (text, nanos) in [
            ("2026-06-01T08:00:00Z", 1_000_000_000),
            ("2026-06-01T10:00:00.5+02:00", 100_000_000),
            ("2026-06-01T08:00:00.123456Z", 1000),
            ("2026-06-01T08:00:00.123456789Z", 1),
            ("2026-06-01T08:00:00.12345678901Z", 1),
        ] {
            assert_eq!(resolution(text), TimeDelta::nanoseconds(nanos), "{text}");
        }
    }

    #[test]
    fn texts_of_the_same_moment_are_equal_timestamps() {
        let plain = parse("2026-06-01T08:00:00Z").unwrap().timestamp;
        for text in [
            "2026-06-01T10:00:00+02:00",
            "2026-06-01T08:00:00.000000Z",
            "2026-06-01T08:00:00",
        ] {
            assert_eq!(parse(text).unwrap().timestamp, plain, "{text}");
        }
    }

    #[test]
    fn a_date_is_a_calendar_date_or_a_midnight() {
        let table = [
            ("2026-06-01", Some("2026-06-01")),
            ("2026-06-01T00:00:00Z", Some("2026-06-01")),
            ("2026-06-01T00:00:00.000+02:00", Some("2026-06-01")),
            ("2026-06-01T10:00:00Z", None),
            ("2026-06-31", None),
            ("2026-6-1", None),
            ("0000-01-01", None),
            ("01/06/2026", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(date(text), expected, "{text:?}");
        }
    }

    #[test]
    fn times_of_day_carry_no_zone() {
        let table = [
            ("09:30:00", Some(("09:30:00", false))),
            ("09:30:00.250", Some(("09:30:00.250", false))),
            ("09:30", Some(("09:30:00", false))),
            ("09:30:00Z", Some(("09:30:00", true))),
            ("01:30:00+02:00", Some(("23:30:00", true))),
            ("25:00:00", None),
            (" 9:30:00", None),
            ("09:30: 0", None),
            ("09:30:60", None),
            ("noon", None),
        ];
        for (text, expected) in table {
            let time = time_of_day(text).map(|time| (time.text.into_owned(), time.zone_dropped));
            let expected = expected.map(|(text, dropped)| (text.to_owned(), dropped));
            assert_eq!(time, expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn parsing_a_formatted_timestamp_gives_it_back(
            seconds in -62_135_596_800_i64..253_402_300_799,
            micros in 0_u32..1_000_000,
            offset_minutes in -1439_i32..1439,
        ) {
            let timestamp = DateTime::from_timestamp(seconds, micros * 1000).unwrap();
            let zone = chrono::FixedOffset::east_opt(offset_minutes * 60).unwrap();
            let local = timestamp.with_timezone(&zone);
            prop_assume!((1..=9999).contains(&chrono::Datelike::year(&local)));
            let text = local.to_rfc3339_opts(SecondsFormat::Micros, false);
            let stamp = parse(&text).unwrap();
            prop_assert_eq!(stamp.timestamp, timestamp);
            let again = parse(&stamp.utc).unwrap();
            prop_assert_eq!(again.timestamp, timestamp);
            prop_assert_eq!(again.utc.as_ref(), stamp.utc.as_ref());
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,30}") {
            let _ = (parse(&text).is_some(), date(&text), time_of_day(&text).is_some());
        }
    }
}
