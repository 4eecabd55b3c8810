//! Singer: the lines of each message and of the log. Golden files hold their exact text.

pub mod batches;
pub mod catalog;
mod metadata;
pub mod selection;

use crate::catalog::{REPLICATION_KEY, Selection, SyncMode};
use crate::log::{Detail, LogEntry, LogFormat};
use crate::protocol::message::Frame;
use crate::record::json;
use crate::state::State;
use crate::time::timestamp::{self, Timestamp};
use serde_json::{Value, json};

pub fn schema_line(selection: &Selection) -> String {
    let mut message = json!({
        "type": "SCHEMA",
        "stream": selection.stream.name,
        "schema": selection.schema,
        "key_properties": selection.stream.key,
    });
    if selection.mode == SyncMode::Incremental {
        message["bookmark_properties"] = json!([REPLICATION_KEY]);
    }
    line(&message)
}

pub fn state_line(state: &State) -> String {
    format!("{{\"type\":\"STATE\",\"value\":{}}}\n", state.to_json())
}

/// The form of a state with a bookmark for one stream, for messages.
pub fn state_form(stream: &str) -> String {
    format!(
        "{{\"bookmarks\": {{{}: {{\"updated_at\": …, \"id\": …}}}}}}",
        json!(stream)
    )
}

/// Says that rows of earlier versions are of records that no longer exist.
pub fn activate_version_line(stream: &str, version: i64) -> String {
    line(&json!({"type": "ACTIVATE_VERSION", "stream": stream, "version": version}))
}

pub fn frame(stream: &str, version: Option<i64>, extracted_at: Timestamp) -> Frame {
    let mut before = br#"{"type":"RECORD","stream":"#.to_vec();
    json::write_text(&mut before, stream);
    before.extend_from_slice(br#","record":"#);
    let extracted_at = timestamp::micros(extracted_at);
    let version = version.map(|version| format!(",\"version\":{version}"));
    let version = version.unwrap_or_default();
    Frame {
        before,
        after: format!("{version},\"time_extracted\":\"{extracted_at}\"").into_bytes(),
        end: b"}\n",
    }
}

/// An entry of the log: each line with its level, as Singer's tools write and parse it, and its time
/// (UTC), but for metrics, which programs read; or in JSON, as Meltano reads structured logs.
pub fn log_lines(entry: &LogEntry, format: LogFormat, now: Timestamp) -> String {
    if format == LogFormat::Json {
        return line(&structured(entry, now));
    }
    let begin = match (&entry.detail, entry.level.name()) {
        (Detail::Metric(_), level) => level.to_owned(),
        (_, level) => format!("{level} {}", now.format("%H:%M:%S")),
    };
    let lines = entry.text.lines();
    lines.map(|line| format!("{begin} {line}\n")).collect()
}

fn structured(entry: &LogEntry, now: Timestamp) -> Value {
    let name = env!("CARGO_PKG_NAME");
    let mut log = json!({
        "level": entry.level.name().to_lowercase(),
        "pid": std::process::id(),
        "logger_name": name,
        "ts": now.timestamp(),
        "thread_name": "main",
        "app_name": name,
        // Meltano requires this member, and shows it.
        "stream_name": "",
        "message": entry.text,
    });
    match &entry.detail {
        Detail::Nothing | Detail::Progress(_) | Detail::Advice => {}
        Detail::Waiting(waiting) => log["stream_name"] = json!(waiting.stream),
        Detail::Summary(summary) => {
            log["stream_name"] = json!(summary.stream);
            log["caught_up"] = json!(summary.caught_up);
            log["records"] = json!(summary.records);
            log["pages"] = json!(summary.pages);
            log["retries"] = json!(summary.retries);
            log["waited"] = json!(summary.waited.as_secs_f64());
            log["seconds"] = json!(summary.took.as_secs_f64());
            log["bookmark"] = json!({"old": summary.old, "new": summary.new});
        }
        Detail::Totals(totals) => {
            log["streams"] = json!(totals.streams);
            log["failed"] = json!(totals.failed);
            log["records"] = json!(totals.records);
            log["pages"] = json!(totals.pages);
            log["seconds"] = json!(totals.took.as_secs_f64());
        }
        Detail::Metric(metric) => {
            log["stream_name"] = metric["tags"]["stream"].clone();
            log["metric_info"] = metric.clone();
        }
    }
    log
}

fn line(message: &Value) -> String {
    format!("{message}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Level;

    #[test]
    fn a_structured_entry_has_every_member_that_meltano_requires() {
        let entry = structured(
            &LogEntry::new(Level::Warning, "careful"),
            Timestamp::UNIX_EPOCH,
        );
        for member in [
            "level",
            "pid",
            "logger_name",
            "ts",
            "thread_name",
            "app_name",
            "stream_name",
            "message",
        ] {
            assert!(!entry[member].is_null(), "{member}");
        }
        assert_eq!(entry["level"], "warning");
        assert_eq!(entry["stream_name"], "");
    }

    #[test]
    fn a_structured_metric_names_its_stream() {
        let metric = json!({"metric": "record_count", "tags": {"stream": "contact"}});
        let entry = LogEntry {
            detail: Detail::Metric(metric),
            ..LogEntry::new(Level::Info, "METRIC")
        };
        assert_eq!(
            structured(&entry, Timestamp::UNIX_EPOCH)["stream_name"],
            "contact"
        );
    }
}
