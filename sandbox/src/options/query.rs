//! Options as they are written after `sandbox:`, for example `?records=20000&seed=7`.

use chrono::{DateTime, Utc};

use super::{
    Archived, AskElephantCursor, CursorEnd, CursorPlace, ErrorEnvelope, Junctions, LimitOverrun,
    NestedKeys, Nulls, Numbers, OptionalMembers, Options, RelatedList, Scope, Ties, Timestamps,
};
use crate::faults::Faults;
use crate::stream::Stream;

/// The keys in the order of `Options`.
const KEYS: &[&str] = &[
    "seed",
    "records",
    "key",
    "clock",
    "change_every_seconds",
    "streams",
    "forbid",
    "cursor_place",
    "related_list",
    "junctions",
    "cursor_end",
    "error_envelope",
    "nulls",
    "numbers",
    "timestamps",
    "ties",
    "limit_overrun",
    "max_limit",
    "cursor_expires_after",
    "id_sortable",
    "updated_at_unsortable",
    "unknown_attributes",
    "currency_code",
    "select_plain",
    "archived",
    "visibility_delay_seconds",
    "latency_milliseconds",
    "transcript_delay_seconds",
    "answers_together",
    "scopes",
    "askelephant_cursor",
    "optional_members",
    "nested_keys",
    "extra_members",
    "hostile_text",
    "faults",
];

/// Enough for any test. Ids have room for an index of 32 bits.
const MOST_RECORDS: u64 = 100_000_000;
/// A century, so that adding it to a timestamp never overflows.
const MOST_SECONDS: u64 = 3_155_760_000;

const BOOLEANS: &[(&str, bool)] = &[("true", true), ("false", false)];

impl Options {
    /// Reads the part after `sandbox:`, and the fault script if it names one. A leading `?` is
    /// optional, and an empty text gives the defaults. Reports every problem, each as a sentence
    /// that names the option and says what to write.
    pub fn parse(query: &str) -> Result<Options, Vec<String>> {
        let query = query.strip_prefix('?').unwrap_or(query);
        let mut options = Options::default();
        let mut problems = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            if seen.iter().any(|before| *before == key) {
                problems.push(format!("Option {key} is given twice; write it once."));
            } else if !KEYS.contains(&key.as_ref()) {
                let known = KEYS.join(", ");
                problems.push(format!(
                    "Option {key} does not exist; the sandbox knows {known}."
                ));
            } else if key == "faults" {
                match Faults::read(&value) {
                    Ok(rules) => options.faults = rules,
                    Err(several) => problems.extend(several),
                }
            } else if let Err(advice) = options.set(&key, &value) {
                problems.push(format!("Option {key} cannot be \"{value}\"; {advice}."));
            }
            seen.push(key.into_owned());
        }
        if problems.is_empty() {
            Ok(options)
        } else {
            Err(problems)
        }
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "seed" => self.seed = number(value, 0, u64::MAX)?,
            "records" => self.records = number(value, 0, MOST_RECORDS)?,
            "key" => self.key = visible_text(value)?,
            "clock" => self.clock = Some(timestamp(value)?),
            "change_every_seconds" => self.change_every_seconds = number(value, 0, MOST_SECONDS)?,
            "streams" => self.streams = list(Stream::MEMBERS, value)?,
            "forbid" => self.forbid = list(Stream::MEMBERS, value)?,
            "related_list" => self.related_list = one_of(RelatedList::MEMBERS, value)?,
            "junctions" => self.junctions = one_of(Junctions::MEMBERS, value)?,
            "cursor_place" => self.cursor_place = one_of(CursorPlace::MEMBERS, value)?,
            "cursor_end" => self.cursor_end = one_of(CursorEnd::MEMBERS, value)?,
            "error_envelope" => self.error_envelope = one_of(ErrorEnvelope::MEMBERS, value)?,
            "nulls" => self.nulls = one_of(Nulls::MEMBERS, value)?,
            "numbers" => self.numbers = one_of(Numbers::MEMBERS, value)?,
            "timestamps" => self.timestamps = one_of(Timestamps::MEMBERS, value)?,
            "ties" => self.ties = one_of(Ties::MEMBERS, value)?,
            "limit_overrun" => self.limit_overrun = one_of(LimitOverrun::MEMBERS, value)?,
            "max_limit" => self.set_max_limit(value)?,
            "cursor_expires_after" => {
                self.cursor_expires_after = Some(number(value, 0, MOST_SECONDS)?);
            }
            "id_sortable" => self.id_sortable = one_of(BOOLEANS, value)?,
            "updated_at_unsortable" => {
                self.updated_at_unsortable = list(Stream::MEMBERS, value)?;
            }
            "unknown_attributes" => self.unknown_attributes = number(value, 0, 1000)?,
            "currency_code" => self.currency_code = one_of(BOOLEANS, value)?,
            "select_plain" => self.select_plain = one_of(BOOLEANS, value)?,
            "archived" => self.archived = one_of(Archived::MEMBERS, value)?,
            "visibility_delay_seconds" => {
                self.visibility_delay_seconds = number(value, 0, MOST_SECONDS)?;
            }
            "latency_milliseconds" => self.latency_milliseconds = number(value, 0, 600_000)?,
            "transcript_delay_seconds" => {
                self.transcript_delay_seconds = number(value, 0, MOST_SECONDS)?;
            }
            "answers_together" => self.answers_together = number(value, 1, 1000)?,
            "scopes" => self.scopes = list(Scope::MEMBERS, value)?,
            "askelephant_cursor" => {
                self.askelephant_cursor = one_of(AskElephantCursor::MEMBERS, value)?;
            }
            "optional_members" => {
                self.optional_members = one_of(OptionalMembers::MEMBERS, value)?;
            }
            "nested_keys" => self.nested_keys = one_of(NestedKeys::MEMBERS, value)?,
            "extra_members" => self.extra_members = one_of(BOOLEANS, value)?,
            "hostile_text" => self.hostile_text = one_of(BOOLEANS, value)?,
            _ => unreachable!("a key outside of KEYS was refused before"),
        }
        Ok(())
    }

    /// `200` for both APIs, or `reevo:200,askelephant:50`, or one of the two.
    fn set_max_limit(&mut self, value: &str) -> Result<(), String> {
        if let Ok(both) = number(value, 1, 100_000) {
            self.reevo_max_limit = both;
            self.askelephant_max_limit = both;
            return Ok(());
        }
        for part in value.split(',') {
            let limit = |text| number(text, 1, 100_000).ok();
            match part.split_once(':').map(|(api, text)| (api, limit(text))) {
                Some(("reevo", Some(limit))) => self.reevo_max_limit = limit,
                Some(("askelephant", Some(limit))) => self.askelephant_max_limit = limit,
                _ => {
                    return Err("write a whole number from 1 to 100000 for both APIs, or \
                                reevo:<number>,askelephant:<number>"
                        .to_owned());
                }
            }
        }
        Ok(())
    }
}

fn number(value: &str, least: u64, most: u64) -> Result<u64, String> {
    let number = value.parse().ok().filter(|n| (least..=most).contains(n));
    number.ok_or_else(|| format!("write a whole number from {least} to {most}"))
}

fn timestamp(value: &str) -> Result<DateTime<Utc>, String> {
    // A plus sign that is not percent-encoded arrives as a space.
    let at = DateTime::parse_from_rfc3339(&value.replace(' ', "+"));
    at.map(|at| at.to_utc())
        .map_err(|_| "write an RFC 3339 time such as 2026-07-01T12:00:00Z".to_owned())
}

/// A header can contain visible ASCII only.
fn visible_text(value: &str) -> Result<String, String> {
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(value.to_owned())
    } else {
        Err("write one or more visible ASCII characters".to_owned())
    }
}

fn one_of<T: Copy>(members: &[(&str, T)], value: &str) -> Result<T, String> {
    let found = members.iter().find(|(word, _)| *word == value);
    found
        .map(|(_, member)| *member)
        .ok_or_else(|| format!("write one of {}", words(members)))
}

/// Members separated by commas; an empty value is the empty list.
fn list<T: Copy>(members: &[(&str, T)], value: &str) -> Result<Vec<T>, String> {
    value
        .split(',')
        .filter(|part| !part.is_empty())
        .map(|part| one_of(members, part))
        .collect::<Result<_, _>>()
        .map_err(|_| format!("write some of {}, separated by commas", words(members)))
}

fn words<T>(members: &[(&str, T)]) -> String {
    let words: Vec<&str> = members.iter().map(|(word, _)| *word).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_query_gives_the_defaults() {
        assert_eq!(Options::parse("").unwrap().records, 2000);
        assert_eq!(Options::parse("?").unwrap().ties, Ties::Stable);
    }

    #[test]
    fn values_are_read_with_or_without_the_question_mark() {
        for query in ["?records=5&ties=shuffled", "records=5&ties=shuffled"] {
            let options = Options::parse(query).unwrap();
            assert_eq!((options.records, options.ties), (5, Ties::Shuffled));
        }
    }

    #[test]
    fn every_key_is_known_to_the_setter() {
        for key in KEYS.iter().filter(|key| **key != "faults") {
            assert!(Options::default().set(key, "\u{7f}").is_err(), "{key}");
        }
    }

    #[test]
    fn the_manual_has_every_option_with_its_default() {
        let manual = include_str!("../../../docs/sandbox.md");
        for key in KEYS {
            let row = manual
                .lines()
                .find(|line| line.starts_with(&format!("| `{key}` |")));
            let row = row.unwrap_or_else(|| panic!("{key} is not in docs/sandbox.md"));
            let default = row.split('|').nth(2).unwrap().trim();
            if let Some(default) = default.strip_prefix('`').and_then(|d| d.strip_suffix('`')) {
                let given = Options::parse(&format!("{key}={default}")).unwrap();
                let expected = Options::default();
                assert_eq!(format!("{given:?}"), format!("{expected:?}"), "{key}");
            }
        }
    }

    #[test]
    fn every_problem_is_reported_at_once_and_says_what_to_write() {
        let problems = Options::parse("recods=1&ties=odd&seed=x&seed=1&forbid=contact,pets");
        let problems = problems.unwrap_err();
        assert_eq!(problems.len(), 5);
        assert!(
            problems[0].contains("recods does not exist"),
            "{}",
            problems[0]
        );
        assert!(problems[1].contains("stable, shuffled"), "{}", problems[1]);
        assert!(problems[2].contains("whole number"), "{}", problems[2]);
        assert!(problems[3].contains("twice"), "{}", problems[3]);
        assert!(
            problems[4].contains("implementation_project"),
            "{}",
            problems[4]
        );
    }

    #[test]
    fn the_maximum_limit_is_set_for_both_apis_or_for_each() {
        let both = Options::parse("max_limit=20").unwrap();
        assert_eq!((both.reevo_max_limit, both.askelephant_max_limit), (20, 20));
        let one = Options::parse("max_limit=askelephant:9").unwrap();
        assert_eq!((one.reevo_max_limit, one.askelephant_max_limit), (500, 9));
        assert!(Options::parse("max_limit=0").is_err());
        assert!(Options::parse("max_limit=salesforce:9").is_err());
    }

    #[test]
    fn the_clock_takes_any_offset() {
        let options = Options::parse("clock=2026-07-01T12:00:00+02:00").unwrap();
        let expected: DateTime<Utc> = "2026-07-01T10:00:00Z".parse().unwrap();
        assert_eq!(options.clock, Some(expected));
    }
}
