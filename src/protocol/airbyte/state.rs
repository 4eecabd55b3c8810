//! Reads a state as Airbyte platforms pass it: a list of states per stream, one global state, or
//! the legacy dictionary. Nulls and unknown members are ignored; platforms add them.

use crate::state::State;
use anyhow::{Result, anyhow};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct WireGlobal<'a> {
    #[serde(borrow, default)]
    stream_states: Option<Vec<WireStreamState<'a>>>,
}

#[derive(Deserialize)]
struct WireStreamState<'a> {
    stream_descriptor: WireDescriptor,
    #[serde(borrow, default)]
    stream_state: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct WireDescriptor {
    name: String,
}

pub fn parse(text: &str) -> Result<State> {
    let text = text.trim();
    let broken = |error: serde_json::Error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        anyhow!(
            "the state does not have Airbyte's form at {place}; pass what the platform stored, or none"
        )
    };
    if !text.starts_with('[') {
        return parse_object(text);
    }
    let states: Vec<&RawValue> = serde_json::from_str(text).map_err(broken)?;
    let mut bookmarks = BTreeMap::new();
    for raw in states {
        let state = members(raw.get())?;
        let part = |name: &str| state.get(name).map(|raw| raw.get());
        let stream: Option<WireStreamState> = optional(part("stream")).map_err(broken)?;
        let mut streams: Vec<WireStreamState> = stream.into_iter().collect();
        // One platform writes `global` back as `global_`.
        for name in ["global", "global_"] {
            let global: Option<WireGlobal> = optional(part(name)).map_err(broken)?;
            streams.extend(
                global
                    .and_then(|global| global.stream_states)
                    .unwrap_or_default(),
            );
        }
        for one in streams {
            if let Some(stream_state) = one.stream_state {
                bookmarks.insert(one.stream_descriptor.name, stream_state.to_owned());
            }
        }
        if let Some(data) = part("data").filter(|data| *data != "null") {
            bookmarks.extend(members(data)?);
        }
    }
    State::of_streams(bookmarks)
}

/// The form of a state with a bookmark for one stream, for messages.
pub fn form(stream: &str) -> String {
    let name = serde_json::json!(stream);
    format!(
        "[{{\"type\": \"STREAM\", \"stream\": {{\"stream_descriptor\": {{\"name\": {name}}}, \
         \"stream_state\": {{\"updated_at\": …, \"id\": …}}}}}}]"
    )
}

/// Reads a single object: the content of one state message, a Singer state, or the legacy
/// dictionary, which maps streams to their states. An empty text is an empty state.
fn parse_object(text: &str) -> Result<State> {
    if text.is_empty() || text == "null" {
        return Ok(State::default());
    }
    let members = members(text)?;
    if members.contains_key("bookmarks") {
        return State::parse(text);
    }
    if ["stream", "global", "global_", "data"]
        .iter()
        .any(|name| members.contains_key(*name))
    {
        return parse(&format!("[{text}]"));
    }
    let is_state = |raw: &RawValue| raw.get().starts_with('{');
    State::of_streams(
        members
            .into_iter()
            .filter(|(_, raw)| is_state(raw))
            .collect(),
    )
}

/// A part of a state that may be missing or null.
fn optional<'a, T: Deserialize<'a>>(text: Option<&'a str>) -> serde_json::Result<Option<T>> {
    text.map_or(Ok(None), serde_json::from_str)
}

/// The members of an object. One platform writes some of them twice; the last one counts.
fn members(text: &str) -> Result<BTreeMap<String, Box<RawValue>>> {
    let members: serde_json::Result<BTreeMap<String, Box<RawValue>>> = serde_json::from_str(text);
    members.map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        anyhow!(
            "the state does not have Airbyte's form at {place}; pass what the platform stored, or none"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_in_every_form_that_platforms_write() {
        let bookmark = r#"{"updated_at": "2026-01-01T00:00:00Z", "id": "a"}"#;
        let stream = format!(
            r#"{{"stream_descriptor": {{"name": "contact", "namespace": null}}, "stream_state": {bookmark}}}"#
        );
        for text in [
            format!(r#"[{{"type": "STREAM", "stream": {stream}}}]"#),
            format!(
                r#"[{{"type": "STREAM", "stream": {stream}, "global_": null, "data": null,
                    "sourceStats": {{"recordCount": 10.0, "rejectedRecordCount": null}}, "destinationStats": null}}]"#
            ),
            format!(
                r#"[{{"type": "STREAM", "stream": {stream}, "global_": null, "global_": null}}]"#
            ),
            format!(
                r#"[{{"type": "GLOBAL", "global": {{"shared_state": {{}}, "stream_states": [{stream}]}}}}]"#
            ),
            format!(
                r#"[{{"type": "GLOBAL", "global_": {{"stream_states": [{stream}]}}, "global": null}}]"#
            ),
            format!(r#"[{{"type": "LEGACY", "data": {{"contact": {bookmark}}}}}]"#),
            format!(r#"{{"type": "STREAM", "stream": {stream}}}"#),
            format!(r#"{{"contact": {bookmark}, "cdc": false}}"#),
            format!(r#"{{"bookmarks": {{"contact": {bookmark}}}}}"#),
        ] {
            let read = parse(&text).unwrap().bookmark("contact").unwrap().unwrap();
            assert_eq!(
                (read.updated_at.as_str(), read.id.as_deref()),
                ("2026-01-01T00:00:00Z", Some("a")),
                "{text}"
            );
        }
    }

    #[test]
    fn an_empty_state_is_read_in_every_form_too() {
        let empty = r#"[{"type": "STREAM", "stream": {"stream_descriptor": {"name": "contact"}, "stream_state": null}}]"#;
        let blank = r#"[{"type": "STREAM", "stream": {"stream_descriptor": {"name": "contact"}, "stream_state": {}}}]"#;
        let global =
            r#"[{"type": "GLOBAL", "global": {"shared_state": null, "stream_states": null}}]"#;
        for text in ["", "[]", "{}", "null", " [ ] ", empty, blank, global] {
            assert_eq!(
                parse(text).unwrap().bookmark("contact").unwrap(),
                None,
                "{text}"
            );
        }
    }

    #[test]
    fn a_broken_state_is_an_error() {
        for text in [
            "[",
            "[1]",
            "5",
            r#"[{"stream": {"stream_descriptor": {}}}]"#,
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
