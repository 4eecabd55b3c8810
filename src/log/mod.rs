//! What the program tells people while it works. Entries go through a channel to the one writer,
//! which puts them where the protocol wants them.

mod redaction;

use self::redaction::redact;
use crate::time::timestamp::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::sync::{Arc, OnceLock};
use tokio::sync::mpsc::UnboundedSender;

/// How much an entry matters. The names are those of Singer's log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Level {
    Debug,
    Info,
    Warning,
    Error,
    Critical,
}

impl Level {
    pub fn name(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
            Self::Critical => "CRITICAL",
        }
    }
}

/// One line for people.
#[derive(Clone, Debug, PartialEq)]
pub struct LogEntry {
    pub level: Level,
    pub text: String,
    pub detail: Detail,
}

/// What an entry tells programs, beside its text for people.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Detail {
    #[default]
    Nothing,
    /// A stream waits, because the API has asked for a pause.
    Waiting(Waiting),
    /// A figure in Singer's form.
    Metric(Value),
}

impl LogEntry {
    pub fn new(level: Level, text: impl Into<String>) -> Self {
        Self {
            level,
            text: text.into(),
            detail: Detail::Nothing,
        }
    }
}

/// How entries are written where the protocol leaves it open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    #[default]
    Text,
    /// One JSON object to a line, as orchestrators that ask for structured logs read it.
    Json,
}

/// A stream that an API has asked to slow down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub stream: String,
    pub until: Timestamp,
}

/// Where any part of the program leaves its entries. It never waits.
#[derive(Clone, Debug)]
pub struct Log {
    entries: UnboundedSender<LogEntry>,
    least: Level,
    /// Whether anybody collects figures. Without, they are not told.
    pub metrics: bool,
    secret: Arc<OnceLock<SecretString>>,
}

impl Log {
    /// A log without what matters less than `least`.
    pub fn new(entries: UnboundedSender<LogEntry>, least: Level) -> Self {
        Self {
            entries,
            least,
            metrics: true,
            secret: Arc::default(),
        }
    }

    /// Keeps a key out of everything that is said from now on, in case an API repeats it.
    pub fn keep_secret(&self, key: &SecretString) {
        // A second key in one run would be a fault of the program; the first stays kept.
        let _ = self.secret.set(key.clone());
    }

    /// Tells that a stream waits because the API has asked for it.
    pub fn waiting(&self, text: impl Into<String>, waiting: Waiting) {
        self.send(Level::Warning, text.into(), Detail::Waiting(waiting));
    }

    /// Tells a figure: what it is, its value, and what it is about.
    pub fn metric(&self, kind: &str, name: &str, value: &Value, tags: &Value) {
        if !self.metrics {
            return;
        }
        let metric = json!({"type": kind, "metric": name, "value": value, "tags": tags});
        self.send(
            Level::Info,
            format!("METRIC: {metric}"),
            Detail::Metric(metric),
        );
    }

    pub fn debug(&self, text: impl Into<String>) {
        self.add(Level::Debug, text.into());
    }

    pub fn info(&self, text: impl Into<String>) {
        self.add(Level::Info, text.into());
    }

    pub fn warning(&self, text: impl Into<String>) {
        self.add(Level::Warning, text.into());
    }

    pub fn error(&self, text: impl Into<String>) {
        self.add(Level::Error, text.into());
    }

    fn add(&self, level: Level, text: String) {
        self.send(level, text, Detail::Nothing);
    }

    fn send(&self, level: Level, text: String, detail: Detail) {
        if level < self.least {
            return;
        }
        let text = self.without_secret(text);
        // Nobody listens any more once the run is ending; then there is nobody to tell.
        let _ = self.entries.send(LogEntry {
            level,
            text,
            detail,
        });
    }

    /// Whether a text holds the key.
    pub fn tells_secret(&self, text: &str) -> bool {
        self.without_secret(text.to_owned()) != text
    }

    /// The text without the key, or the part of it behind its last point, which is the secret
    /// half of AskElephant's keys.
    pub fn without_secret(&self, text: String) -> String {
        let Some(secret) = self.secret.get().map(ExposeSecret::expose_secret) else {
            return text;
        };
        // Texts of an API lose their last full stop on their way to the log.
        let secret = secret.trim().trim_end_matches('.');
        let half = secret.rsplit('.').next().unwrap_or(secret);
        redact(&redact(&text, secret), half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc::unbounded_channel;

    #[test]
    fn a_key_that_ends_in_a_full_stop_does_not_reach_the_log_without_it() {
        let (entries, mut logged) = unbounded_channel();
        let log = Log::new(entries, Level::Info);
        log.keep_secret(&"sk-secretkey.".into());
        log.error("wrong key sk-secretkey");
        assert_eq!(logged.try_recv().unwrap().text, "wrong key <api_key>");
    }

    #[test]
    fn a_key_that_an_api_repeats_does_not_reach_the_log() {
        let (entries, mut logged) = unbounded_channel();
        let log = Log::new(entries, Level::Info);
        log.keep_secret(&"sk-apik_12.topsecret".into());
        log.error("wrong key sk-apik_12.topsecret, ends in topsecret");
        assert_eq!(
            logged.try_recv().unwrap().text,
            "wrong key <api_key>, ends in <api_key>"
        );
    }
}
