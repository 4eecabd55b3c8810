//! What a run noticed about values: counted per field, and told once at the stream's end, so that
//! nothing is altered silently and no log grows with the number of records.

use std::collections::BTreeMap;

/// Something that happened to a value, or a value that nobody announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// The declared form cannot hold the value; null was emitted.
    Nulled {
        declared: &'static str,
    },
    /// The field is declared as text and the value is not; its JSON text was emitted.
    KeptAsText,
    /// A timestamp named no zone and was taken as UTC.
    ZoneAssumed,
    /// A time of day named a zone and was converted to UTC.
    ZoneDropped,
    NulRemoved,
    /// The value was nested too deep for consumers; null was emitted.
    TooDeep,
    SurrogateReplaced,
    /// The schema did not announce the field.
    Unannounced,
    /// The record has no usable id and could not be emitted.
    WithoutId,
    /// The record has no usable `updated_at`; it was emitted, and moved no bookmark.
    WithoutUpdatedAt,
    /// The record's `updated_at` is later than the server's own time; likewise.
    AheadOfTime,
}

/// So many counts are kept apart; an API may make up a field for each record.
const MOST_COUNTS: usize = 1000;

/// The fields beyond those.
const OTHERS: &str = "other fields";

/// What was noticed of one record or of several: the field, and what it was.
pub type Noticed = Vec<(String, Finding)>;

/// Counts per field and finding.
#[derive(Debug, Default)]
pub struct Findings {
    counts: BTreeMap<(String, Finding), u64>,
}

impl Findings {
    /// Counts what was noticed of a record.
    pub fn count(&mut self, noticed: &[(String, Finding)]) {
        for key in noticed {
            let mut key = key.clone();
            if self.counts.len() >= MOST_COUNTS && !self.counts.contains_key(&key) {
                OTHERS.clone_into(&mut key.0);
            }
            *self.counts.entry(key).or_default() += 1;
        }
    }

    /// One sentence per field and finding, in the order of the fields. `collects` says whether
    /// unannounced values came out in the column for them.
    pub fn sentences(&self, collects: bool) -> Vec<String> {
        let sentence = |((field, finding), count): (&(String, Finding), &u64)| {
            sentence(field, *finding, *count, collects)
        };
        self.counts.iter().map(sentence).collect()
    }
}

/// A number of things, in words.
pub fn counted(count: u64, thing: &str) -> String {
    match (count, thing.strip_suffix("ry")) {
        (1, _) => format!("1 {thing}"),
        (_, Some(stem)) => format!("{count} {stem}ries"),
        (_, None) => format!("{count} {thing}s"),
    }
}

fn sentence(field: &str, finding: Finding, count: u64, collects: bool) -> String {
    let values = counted(count, "value");
    let records = counted(count, "record");
    match finding {
        Finding::Nulled { declared } => {
            format!("{field}: {values} did not fit the declared {declared} and came out as null")
        }
        Finding::KeptAsText => {
            format!("{field}: {values} came out as JSON text, since the field is declared as text")
        }
        Finding::ZoneAssumed => {
            format!("{field}: {values} had no time zone and came out as UTC")
        }
        Finding::ZoneDropped => {
            format!("{field}: {values} had a time zone and came out as the time of day in UTC")
        }
        Finding::TooDeep => {
            format!("{field}: {values} nested more than 100 levels deep came out as null")
        }
        Finding::NulRemoved => format!("{field}: NUL characters were removed from {values}"),
        Finding::SurrogateReplaced => {
            format!("{field}: broken UTF-16 escapes were replaced by U+FFFD in {values}")
        }
        Finding::Unannounced if collects => format!(
            "{field}: {values} of a field that is not in the schema came out in the column _unknown_fields"
        ),
        Finding::Unannounced => format!(
            "{field}: {values} of a field that is not in the schema; \
             unknown_fields \"collect\" keeps them in the column _unknown_fields, if the catalog selects it"
        ),
        Finding::WithoutId => {
            format!(
                "{records} without a usable id could not be emitted, since nothing identifies them"
            )
        }
        Finding::AheadOfTime => {
            format!(
                "{records} with an updated_at later than the server's own time came out, but moved no bookmark"
            )
        }
        Finding::WithoutUpdatedAt => {
            format!("{records} without a usable updated_at came out, but moved no bookmark")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_counted_as_one() {
        for (count, thing, words) in [
            (0, "record", "0 records"),
            (1, "record", "1 record"),
            (1, "retry", "1 retry"),
            (2, "retry", "2 retries"),
        ] {
            assert_eq!(counted(count, thing), words);
        }
    }

    #[test]
    fn fields_that_an_api_makes_up_are_counted_together_beyond_a_thousand() {
        let mut findings = Findings::default();
        for number in 0..5000 {
            findings.count(&[(format!("made_up_{number:04}"), Finding::Unannounced)]);
        }
        let sentences = findings.sentences(false);
        assert_eq!(sentences.len(), 1001);
        assert!(sentences[1000].starts_with("other fields: 4000 values of a field"));
    }

    #[test]
    fn findings_are_told_once_per_field_with_their_count() {
        let mut findings = Findings::default();
        let birthday = ("birthday".to_owned(), Finding::Nulled { declared: "date" });
        let notes = ("notes".to_owned(), Finding::NulRemoved);
        findings.count(&[birthday.clone(), birthday.clone()]);
        findings.count(&[birthday, notes]);
        assert_eq!(
            findings.sentences(false),
            [
                "birthday: 3 values did not fit the declared date and came out as null",
                "notes: NUL characters were removed from 1 value",
            ]
        );
    }
}
