//! Singer: lines out. The order and the wording of each are pinned by golden files.

pub mod catalog;

use super::Frame;
use crate::catalog::{PRIMARY_KEY, REPLICATION_KEY, Selection, SyncMode};
use crate::http::failure::Failure;
use crate::json;
use crate::log::{Entry, Level};
use crate::state::State;
use crate::timestamp::{self, Instant};
use serde_json::{Value, json};

pub fn schema_line(selection: &Selection) -> String {
    let mut message = json!({
        "type": "SCHEMA",
        "stream": selection.stream.name,
        "schema": selection.schema,
        "key_properties": [PRIMARY_KEY],
    });
    if selection.mode == SyncMode::Incremental {
        message["bookmark_properties"] = json!([REPLICATION_KEY]);
    }
    line(&message)
}

pub fn state_line(state: &State) -> String {
    format!("{{\"type\":\"STATE\",\"value\":{}}}\n", state.to_json())
}

pub fn frame(stream: &str, extracted_at: Instant) -> Frame {
    let mut before = br#"{"type":"RECORD","stream":"#.to_vec();
    json::write_text(&mut before, stream);
    before.extend_from_slice(br#","record":"#);
    let extracted_at = timestamp::micros(extracted_at);
    Frame {
        before,
        behind: format!(",\"time_extracted\":\"{extracted_at}\"").into_bytes(),
        end: b"}\n",
    }
}

/// A log line as Singer's own tools write and parse them.
pub fn log_lines(entry: &Entry) -> String {
    levelled(entry.level, &entry.text)
}

pub fn failed_lines(stream: &str, failure: &Failure) -> String {
    levelled(Level::Error, &format!("{stream}: {failure}"))
}

/// The last line, which is the one that orchestrators show to people.
pub fn fatal_lines(sentence: &str) -> String {
    levelled(Level::Critical, sentence)
}

/// Every line of a text bears its level.
fn levelled(level: Level, text: &str) -> String {
    let level = level.name();
    text.lines()
        .map(|line| format!("{level} {line}\n"))
        .collect()
}

fn line(message: &Value) -> String {
    format!("{message}\n")
}
