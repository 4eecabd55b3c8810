//! Airbyte protocol 0.2: one message to a line, everything on stdout and nothing on stderr. States
//! are per stream, and are written when the stream has been read to its end.

pub mod catalog;
pub mod spec;
pub mod state;
mod stream_form;

use crate::http::failure::{Failure, FailureKind};
use crate::log::{Detail, Level, LogEntry};
use crate::protocol::message::Frame;
use crate::record::findings::Finding;
use crate::record::json;
use crate::state::State;
use crate::time::timestamp::Timestamp;
use serde_json::{Value, json};

pub fn frame(stream: &str, extracted_at: Timestamp) -> Frame {
    let mut before = br#"{"type":"RECORD","record":{"stream":"#.to_vec();
    json::write_text(&mut before, stream);
    before.extend_from_slice(br#","data":"#);
    let emitted_at = extracted_at.timestamp_millis();
    Frame {
        before,
        after: format!(",\"emitted_at\":{emitted_at}").into_bytes(),
        end: b"}}\n",
    }
}

/// Adds `meta.changes` for the fields whose values were changed.
pub fn alterations(out: &mut Vec<u8>, findings: &[(String, Finding)]) {
    let changes: Vec<Value> = findings.iter().filter_map(change).collect();
    if !changes.is_empty() {
        let meta = json!({"changes": changes});
        out.extend_from_slice(format!(",\"meta\":{meta}").as_bytes());
    }
}

fn change((field, finding): &(String, Finding)) -> Option<Value> {
    let change = match finding {
        Finding::Nulled { .. } | Finding::TooDeep => "NULLED",
        Finding::NulRemoved | Finding::SurrogateReplaced | Finding::ZoneDropped => "TRUNCATED",
        Finding::KeptAsText
        | Finding::ZoneAssumed
        | Finding::Unannounced
        | Finding::WithoutId
        | Finding::WithoutUpdatedAt
        | Finding::AheadOfTime => return None,
    };
    Some(json!({"field": field, "change": change, "reason": "SOURCE_SERIALIZATION_ERROR"}))
}

pub fn began_lines(stream: &str, now: Timestamp) -> String {
    stream_status(stream, "STARTED", None, now) + &stream_status(stream, "RUNNING", None, now)
}

pub fn ended_lines(state: &State, stream: &str, records: u64, now: Timestamp) -> String {
    let name = json!(stream);
    let stream_state = state.stream_json(stream);
    // The protocol defines the count as a floating-point number.
    format!(
        "{{\"type\":\"STATE\",\"state\":{{\"type\":\"STREAM\",\"stream\":{{\"stream_descriptor\":{{\"name\":{name}}},\
         \"stream_state\":{stream_state}}},\"sourceStats\":{{\"recordCount\":{records}.0}}}}}}\n"
    ) + &stream_status(stream, "COMPLETE", None, now)
}

pub fn failed_lines(stream: &str, failure: &Failure, now: Timestamp) -> String {
    let mut error = error(failure_type(failure.kind), &failure.sentence);
    error["stream_descriptor"] = json!({"name": stream});
    trace("ERROR", "error", &error, now) + &abandoned_line(stream, now)
}

pub fn abandoned_line(stream: &str, now: Timestamp) -> String {
    stream_status(stream, "INCOMPLETE", None, now)
}

pub fn log_lines(entry: &LogEntry, now: Timestamp, is_open: impl Fn(&str) -> bool) -> String {
    let level = match entry.level {
        Level::Debug => "DEBUG",
        Level::Info => "INFO",
        Level::Warning => "WARN",
        Level::Error => "ERROR",
        Level::Critical => "FATAL",
    };
    let log = line(&json!({"type": "LOG", "log": {"level": level, "message": entry.text}}));
    match &entry.detail {
        // Metrics are Singer's. Airbyte has the counts in the states.
        Detail::Metric(_) => String::new(),
        // Before its start and after its end, a stream has no status.
        Detail::Waiting(waiting) if waiting.is_rate_limited && is_open(&waiting.stream) => {
            let reset = waiting.until.timestamp_millis();
            let reason = json!({"type": "RATE_LIMITED", "rate_limited": {"quota_reset": reset}});
            log + &stream_status(&waiting.stream, "RUNNING", Some(reason), now)
        }
        _ => log,
    }
}

/// The error that ends a run. An error that no request caused is one of the configuration.
pub fn fatal_line(cause: &anyhow::Error, sentence: &str, now: Timestamp) -> String {
    let failure = cause.downcast_ref::<Failure>();
    let failure_type = failure.map_or("config_error", |failure| failure_type(failure.kind));
    trace("ERROR", "error", &error(failure_type, sentence), now)
}

pub fn status_line(outcome: Result<&str, &str>) -> String {
    let (status, message) = match outcome {
        Ok(message) => ("SUCCEEDED", message),
        Err(message) => ("FAILED", message),
    };
    line(&json!({
        "type": "CONNECTION_STATUS",
        "connectionStatus": {"status": status, "message": message},
    }))
}

/// Airbyte's type: the user has to act, time may help, or the API or the tap has a fault.
fn failure_type(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Unauthorized
        | FailureKind::Forbidden
        | FailureKind::NotFound
        | FailureKind::UnknownStream
        | FailureKind::Redirected
        | FailureKind::Rejected
        | FailureKind::LimitOutOfRange => "config_error",
        FailureKind::RateLimited
        | FailureKind::Server
        | FailureKind::Connection
        | FailureKind::Unreachable => "transient_error",
        FailureKind::InvalidCursor | FailureKind::Malformed | FailureKind::Oversized => {
            "system_error"
        }
    }
}

fn error(failure_type: &str, sentence: &str) -> Value {
    json!({"message": sentence, "internal_message": sentence, "failure_type": failure_type})
}

fn stream_status(stream: &str, status: &str, reason: Option<Value>, now: Timestamp) -> String {
    let mut member = json!({"stream_descriptor": {"name": stream}, "status": status});
    if let Some(reason) = reason {
        member["reasons"] = json!([reason]);
    }
    trace("STREAM_STATUS", "stream_status", &member, now)
}

fn trace(kind: &str, member: &str, content: &Value, now: Timestamp) -> String {
    let emitted_at = now.timestamp_millis();
    line(
        &json!({"type": "TRACE", "trace": {"type": kind, "emitted_at": emitted_at, member: content}}),
    )
}

fn line(message: &Value) -> String {
    format!("{message}\n")
}
