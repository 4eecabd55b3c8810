//! Bookmarks, and the state that keeps them between runs. Whatever else the incoming state holds is
//! kept.

use crate::catalog::REPLICATION_KEY;
use crate::record::json;
use crate::time::timestamp::{self, Timestamp};
use anyhow::{Context, Result, anyhow, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// How far a stream has been read: the newest record of a walk that reached its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bookmark {
    pub timestamp: Timestamp,
    /// The exact text that the API sent.
    pub updated_at: String,
    /// The record's id. A bookmark written by hand may lack it.
    pub id: Option<String>,
    /// The fingerprint of the filters with which the stream was read, if it had some.
    pub filters: Option<String>,
}

impl Bookmark {
    /// The later of two bookmarks.
    pub fn newer(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        let bookmarks = [one, other].into_iter().flatten();
        bookmarks.max_by(|one, other| one.rank().cmp(&other.rank()))
    }

    /// The order of a stream's bookmarks.
    pub fn rank(&self) -> (Timestamp, Option<&str>) {
        (self.timestamp, self.id.as_deref())
    }
}

/// The last version with which a stream's rows were written, and what its last whole reading was.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct RowVersion {
    pub version: i64,
    /// How many records its last whole reading brought; none if there was none.
    pub records: Option<u64>,
    /// The fingerprint of the filters of that reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filters: Option<String>,
}

/// All bookmarks, the fingerprints of the filters that they were made with, and the other members of
/// the incoming state, kept byte for byte.
#[derive(Clone, Debug, Default)]
pub struct State {
    bookmarks: BTreeMap<String, Box<RawValue>>,
    fingerprints: BTreeMap<String, String>,
    versions: BTreeMap<String, RowVersion>,
    foreign: BTreeMap<String, Box<RawValue>>,
}

const BOOKMARKS: &str = "bookmarks";

/// The member with the fingerprints, by stream. A state of a single stream has it beside the
/// members of its bookmark.
const FILTERS: &str = "filters";

/// The member with the versions of rows, by stream.
const VERSIONS: &str = "versions";

/// The members of a stored bookmark that a new one replaces.
const OURS: [&str; 4] = [
    "updated_at",
    "id",
    "replication_key",
    "replication_key_value",
];

#[derive(Deserialize)]
struct StoredBookmark {
    updated_at: Option<String>,
    id: Option<String>,
    /// The form of taps made with the Meltano SDK.
    replication_key: Option<String>,
    replication_key_value: Option<String>,
}

impl StoredBookmark {
    fn into_parts(self) -> Option<(String, Option<String>)> {
        let is_ours = self.replication_key.as_deref() == Some(REPLICATION_KEY);
        let of_sdk = self.replication_key_value.filter(|_| is_ours);
        Some((self.updated_at.or(of_sdk)?, self.id))
    }
}

impl State {
    /// Reads a state as targets and orchestrators store it: the value alone, or a whole STATE
    /// message. An empty text is an empty state.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim().trim_start_matches('\u{feff}');
        if text.is_empty() || text == "null" {
            return Ok(Self::default());
        }
        let mut members = parse_members(text)?;
        if is_message(&members) {
            let value = members
                .remove("value")
                .context("the state is a STATE message without a value")?;
            members = parse_members(value.get())?;
        }
        let bookmarks = by_stream(&mut members, BOOKMARKS)?;
        let fingerprints = by_stream(&mut members, FILTERS)?;
        let versions = by_stream(&mut members, VERSIONS)?;
        check_depth(&members)?;
        let state = Self::of(bookmarks)?;
        Ok(Self {
            fingerprints,
            versions,
            foreign: members,
            ..state
        })
    }

    /// The state of several streams, each as `stream_json` writes it.
    pub fn of_streams(mut streams: BTreeMap<String, Box<RawValue>>) -> Result<Self> {
        let mut fingerprints = BTreeMap::new();
        for (stream, raw) in &mut streams {
            let members: Result<BTreeMap<String, Box<RawValue>>, _> =
                serde_json::from_str(raw.get());
            let Ok(mut members) = members else { continue };
            let fingerprint = members.remove(FILTERS);
            if let Some(Ok(text)) = fingerprint.map(|raw| serde_json::from_str(raw.get())) {
                fingerprints.insert(stream.clone(), text);
                *raw = serde_json::value::to_raw_value(&members)?;
            }
        }
        Ok(Self {
            fingerprints,
            ..Self::of(streams)?
        })
    }

    /// The state with these bookmarks. Fails if one has `updated_at` in a form that cannot be read.
    fn of(bookmarks: BTreeMap<String, Box<RawValue>>) -> Result<Self> {
        let state = Self {
            bookmarks,
            ..Self::default()
        };
        check_depth(&state.bookmarks)?;
        for stream in state.bookmarks.keys() {
            state.bookmark(stream)?;
        }
        Ok(state)
    }

    /// A stream's bookmark; None if there is none, or one of another tap, without `updated_at`.
    pub fn bookmark(&self, stream: &str) -> Result<Option<Bookmark>> {
        let Some(raw) = self.bookmarks.get(stream) else {
            return Ok(None);
        };
        let advice = "correct it, or remove it to read the stream from its start";
        let stored: Option<StoredBookmark> = json::parse_object(raw.get()).map_err(|_| {
            anyhow!("the state's bookmark of {stream} is not of the form {{\"updated_at\": …, \"id\": …}}; {advice}")
        })?;
        let Some((updated_at, id)) = stored.and_then(StoredBookmark::into_parts) else {
            return Ok(None);
        };
        let timestamp = timestamp::parse(&updated_at).map(|stamp| stamp.timestamp);
        let timestamp = timestamp.with_context(|| {
            format!(
                "the state's bookmark of {stream} has an updated_at that is not a date-time; {advice}"
            )
        })?;
        Ok(Some(Bookmark {
            timestamp,
            updated_at,
            id,
            filters: self.fingerprints.get(stream).cloned(),
        }))
    }

    /// The last version of a stream's rows.
    pub fn version(&self, stream: &str) -> Option<&RowVersion> {
        self.versions.get(stream)
    }

    pub fn set_version(&mut self, stream: &str, version: RowVersion) {
        self.versions.insert(stream.to_owned(), version);
    }

    /// Whether there is a bookmark for a stream, even one of another tap.
    pub fn holds(&self, stream: &str) -> bool {
        self.bookmarks.contains_key(stream)
    }

    /// The streams that the state names, even outside of `bookmarks`.
    pub fn streams(&self) -> Vec<&str> {
        let is_bookmark = |raw: &RawValue| raw.get().starts_with('{');
        let foreign = self.foreign.iter().filter(|(_, raw)| is_bookmark(raw));
        let named = self.bookmarks.keys().chain(foreign.map(|(name, _)| name));
        named.map(String::as_str).collect()
    }

    /// Replaces a stream's bookmark. Members of the old one that the tap does not write are kept.
    pub fn set_bookmark(&mut self, stream: &str, bookmark: &Bookmark) {
        let extra = self.extra(stream);
        let mut text = format!(
            "{{\"updated_at\":{},\"id\":{}",
            serde_json::json!(bookmark.updated_at),
            serde_json::json!(bookmark.id)
        );
        for (name, raw) in extra {
            text.push_str(&format!(",{}:{}", serde_json::json!(name), compact(&raw)));
        }
        text.push('}');
        let raw = RawValue::from_string(text).expect("the parts are JSON");
        self.bookmarks.insert(stream.to_owned(), raw);
        match &bookmark.filters {
            Some(filters) => self.fingerprints.insert(stream.to_owned(), filters.clone()),
            None => self.fingerprints.remove(stream),
        };
    }

    /// Removes a stream's bookmark, if it has one of ours. Members that the tap does not write are
    /// kept.
    pub fn remove_bookmark(&mut self, stream: &str) {
        if !matches!(self.bookmark(stream), Ok(Some(_))) {
            return;
        }
        self.fingerprints.remove(stream);
        let extra = self.extra(stream);
        if extra.is_empty() {
            self.bookmarks.remove(stream);
        } else if let Ok(raw) = serde_json::value::to_raw_value(&extra) {
            self.bookmarks.insert(stream.to_owned(), raw);
        }
    }

    /// The members of a stream's bookmark that the tap does not write.
    fn extra(&self, stream: &str) -> BTreeMap<String, Box<RawValue>> {
        let old = self.bookmarks.get(stream).map_or("{}", |raw| raw.get());
        let mut extra: BTreeMap<String, Box<RawValue>> =
            serde_json::from_str(old).unwrap_or_default();
        extra.retain(|name, _| !OURS.contains(&name.as_str()));
        extra
    }

    /// The state of one stream on one line: the members of its bookmark and the fingerprint of its
    /// filters. An empty object if it has no bookmark.
    pub fn stream_json(&self, stream: &str) -> String {
        let bookmark = self.bookmarks.get(stream).map(|raw| compact(raw));
        let Some(text) = bookmark.filter(|text| text.starts_with('{')) else {
            return "{}".to_owned();
        };
        match (self.fingerprints.get(stream), text.strip_suffix('}')) {
            (Some(filters), Some(members)) if members != "{" => {
                format!("{members},\"{FILTERS}\":{}}}", serde_json::json!(filters))
            }
            _ => text,
        }
    }

    /// The state on one line.
    pub fn to_json(&self) -> String {
        let members = |of: &BTreeMap<String, Box<RawValue>>| {
            let members = of
                .iter()
                .map(|(name, raw)| format!("{}:{}", serde_json::json!(name), compact(raw)));
            members.collect::<Vec<_>>().join(",")
        };
        let mut text = format!("{{\"{BOOKMARKS}\":{{{}}}", members(&self.bookmarks));
        if !self.fingerprints.is_empty() {
            let fingerprints = serde_json::json!(self.fingerprints);
            text.push_str(&format!(",\"{FILTERS}\":{fingerprints}"));
        }
        if !self.versions.is_empty() {
            let versions = serde_json::json!(self.versions);
            text.push_str(&format!(",\"{VERSIONS}\":{versions}"));
        }
        if !self.foreign.is_empty() {
            text.push(',');
            text.push_str(&members(&self.foreign));
        }
        text.push('}');
        text
    }
}

/// Takes a member of the state that has something for each stream.
fn by_stream<T: DeserializeOwned>(
    members: &mut BTreeMap<String, Box<RawValue>>,
    name: &str,
) -> Result<BTreeMap<String, T>> {
    let raw = members.remove(name).filter(|raw| raw.get() != "null");
    let read = raw.map_or(Ok(BTreeMap::new()), |raw| serde_json::from_str(raw.get()));
    read.map_err(|_| {
        anyhow!("the state's {name:?} is not a JSON object of its streams; pass the state as the tap wrote it, or none")
    })
}

/// Whether this is a STATE message. A state that the tap wrote has `bookmarks`, even if it has a
/// member `type`.
fn is_message(members: &BTreeMap<String, Box<RawValue>>) -> bool {
    let kind = members.get("type").map(|kind| kind.get());
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case("\"state\""))
        && !members.contains_key(BOOKMARKS)
}

fn parse_members(text: &str) -> Result<BTreeMap<String, Box<RawValue>>> {
    let advice = "pass the state as the target or orchestrator stored it, or none";
    match serde_json::from_str(text) {
        Ok(members) => Ok(members),
        Err(error) if error.is_data() => bail!("the state is not a JSON object; {advice}"),
        Err(_)
            if text
                .lines()
                .filter(|line| !line.trim().is_empty())
                .all(is_json) =>
        {
            bail!("the state holds several lines of JSON; pass the last one alone")
        }
        Err(error) => {
            bail!(
                "the state is not valid JSON at line {}, column {}; {advice}",
                error.line(),
                error.column()
            )
        }
    }
}

/// The state is written again, and its readers limit the depth of JSON.
fn check_depth(members: &BTreeMap<String, Box<RawValue>>) -> Result<()> {
    match members.iter().find(|(_, raw)| json::is_too_deep(raw.get())) {
        Some((name, _)) => bail!(
            "the state's {name:?} is nested too deeply; pass the state as the tap wrote it, or none"
        ),
        None => Ok(()),
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}

/// A raw value on one line, since targets read messages line by line.
fn compact(raw: &RawValue) -> String {
    json::on_one_line(raw.get())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bookmark(updated_at: &str, id: &str) -> Bookmark {
        Bookmark {
            timestamp: timestamp::parse(updated_at).unwrap().timestamp,
            updated_at: updated_at.to_owned(),
            id: Some(id.to_owned()),
            filters: None,
        }
    }

    #[test]
    fn the_filters_of_a_bookmark_stand_beside_it_and_go_with_it() {
        let text = r#"{"bookmarks":{"contact":{"mine":1,"updated_at":"2026-01-01T00:00:00Z"},"task":{"updated_at":"2026-01-01T00:00:00Z"}},"filters":{"contact":"f0"}}"#;
        let mut state = State::parse(text).unwrap();
        let read = state.bookmark("contact").unwrap().unwrap();
        assert_eq!(read.filters.as_deref(), Some("f0"));
        state.set_bookmark(
            "contact",
            &Bookmark {
                filters: Some("f1".to_owned()),
                ..bookmark("2026-02-01T00:00:00Z", "b")
            },
        );
        let contact = r#"{"updated_at":"2026-02-01T00:00:00Z","id":"b","mine":1,"filters":"f1"}"#;
        assert_eq!(state.stream_json("contact"), contact);
        assert!(
            state
                .to_json()
                .ends_with(r#"},"filters":{"contact":"f1"}}"#)
        );
        let raw = RawValue::from_string(contact.to_owned()).unwrap();
        let again = State::of_streams(BTreeMap::from([("contact".to_owned(), raw)])).unwrap();
        let read = again.bookmark("contact").unwrap().unwrap();
        assert_eq!(read.filters.as_deref(), Some("f1"));
        assert_eq!(read.id.as_deref(), Some("b"));
        state.set_bookmark("contact", &bookmark("2026-02-01T00:00:00Z", "b"));
        let contact = r#"{"updated_at":"2026-02-01T00:00:00Z","id":"b","mine":1}"#;
        assert_eq!(state.stream_json("contact"), contact);
        let blank = r#"{"bookmarks":{"contact":{}},"filters":{"contact":"f1"}}"#;
        assert_eq!(State::parse(blank).unwrap().stream_json("contact"), "{}");
        state.remove_bookmark("contact");
        state.remove_bookmark("task");
        assert_eq!(state.to_json(), r#"{"bookmarks":{"contact":{"mine":1}}}"#);
        state.remove_bookmark("contact");
        assert_eq!(state.to_json(), r#"{"bookmarks":{"contact":{"mine":1}}}"#);
    }

    #[test]
    fn unknown_members_of_the_state_are_kept() {
        let mut state = State::parse(
            r#"{"currently_syncing": "x", "n": 1.50e3, "bookmarks": {
                "gone": {"version": 12345678901234567890123},
                "contact": {"updated_at": "2026-01-01T00:00:00Z", "id": "a", "mine": [1, 2]},
                "other": null}}"#,
        )
        .unwrap();
        state.set_bookmark("contact", &bookmark("2026-02-01T00:00:00Z", "b"));
        assert_eq!(
            state.to_json(),
            r#"{"bookmarks":{"contact":{"updated_at":"2026-02-01T00:00:00Z","id":"b","mine":[1,2]},"gone":{"version":12345678901234567890123},"other":null},"currently_syncing":"x","n":1.50e3}"#
        );
    }

    #[test]
    fn a_state_is_read_in_every_form_that_is_stored() {
        for text in [
            "",
            "  \n",
            "{}",
            "null",
            r#"{"bookmarks": null}"#,
            r#"{"bookmarks": {"contact": {}}}"#,
        ] {
            assert_eq!(
                State::parse(text).unwrap().bookmark("contact").unwrap(),
                None,
                "{text:?}"
            );
        }
        let of_sdk = r#"{"bookmarks": {"contact": {"replication_key": "updated_at", "replication_key_value": "2026-01-01T00:00:00Z"}}}"#;
        let read = State::parse(of_sdk)
            .unwrap()
            .bookmark("contact")
            .unwrap()
            .unwrap();
        assert_eq!(read.updated_at, "2026-01-01T00:00:00Z");
        let message = r#"{"type": "STATE", "value": {"bookmarks": {"contact": {"updated_at": "2026-01-01T00:00:00Z"}}}}"#;
        let read = State::parse(message)
            .unwrap()
            .bookmark("contact")
            .unwrap()
            .unwrap();
        assert_eq!(
            (read.updated_at.as_str(), read.id),
            ("2026-01-01T00:00:00Z", None)
        );
    }

    #[test]
    fn a_state_that_looks_like_a_message_is_read_back_as_it_is_written() {
        let inner = r#"{"type":"STATE","value":{"a":1}}"#;
        let text = format!(r#"{{"type":"STATE","value":{inner}}}"#);
        let written = State::parse(&text).unwrap().to_json();
        assert_eq!(State::parse(&written).unwrap().to_json(), written);
    }

    #[test]
    fn a_member_whose_name_is_almost_updated_at_is_kept() {
        let text = r#"{"bookmarks":{"contact":{"updated\u0000_at":"soon","note":"\ud800"}}}"#;
        assert_eq!(State::parse(text).unwrap().to_json(), text);
    }

    #[test]
    fn a_broken_state_is_reported_in_one_sentence() {
        for (text, expected) in [
            ("{", "not valid JSON at line 1"),
            ("[]", "not a JSON object"),
            ("{}\n{}", "several lines"),
            (r#"{"bookmarks": []}"#, "\"bookmarks\" is not a JSON object"),
            (r#"{"filters": 5}"#, "\"filters\" is not a JSON object"),
            (
                r#"{"bookmarks": {"contact": 5}}"#,
                "bookmark of contact is not of the form",
            ),
            (
                r#"{"bookmarks": {"contact": {"updated_at": "soon"}}}"#,
                "bookmark of contact has an updated_at that is not a date-time",
            ),
        ] {
            let error = State::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
