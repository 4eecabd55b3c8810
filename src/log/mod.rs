//! The log. Entries go through a channel to the one writer, which formats them for the protocol.

pub mod figures;
mod redaction;

use self::figures::{Progress, Summary, Totals, Waiting};
use self::redaction::redact;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::sync::{Arc, OnceLock};
use tokio::sync::mpsc::UnboundedSender;

/// The severity of an entry. The names are those in Singer's log lines.
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

/// One line of the log, without a key.
#[derive(Clone, Debug, PartialEq)]
pub struct LogEntry {
    pub level: Level,
    pub text: String,
    pub detail: Detail,
}

/// What an entry tells programs, in addition to its text for people.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Detail {
    #[default]
    Nothing,
    /// A stream waits before it tries again.
    Waiting(Waiting),
    /// A stream has got further. This is for the display alone: such an entry has no line.
    Progress(Progress),
    /// A stream has been read to its end.
    Summary(Summary),
    /// The run has ended.
    Totals(Totals),
    /// What a person may do after this run. A line only on a terminal.
    Advice,
    /// A metric, in the form of Singer's log lines.
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

/// How entries are formatted on stderr. Airbyte's protocol has a format of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    #[default]
    Text,
    /// One JSON object per line, for orchestrators that read structured logs.
    Json,
}

/// Accepts entries from any part of the program. Logging never blocks.
#[derive(Clone, Debug)]
pub struct Log {
    entries: UnboundedSender<LogEntry>,
    /// Entries below this level are dropped.
    lowest: Level,
    /// Whether metrics are logged.
    pub metrics: bool,
    secret: Arc<OnceLock<SecretString>>,
}

impl Log {
    /// A log that drops entries below the level `lowest`.
    pub fn new(entries: UnboundedSender<LogEntry>, lowest: Level) -> Self {
        Self {
            entries,
            lowest,
            metrics: true,
            secret: Arc::default(),
        }
    }

    /// Redacts a key in all later entries, in case an API repeats it. Only the first key counts: a
    /// run has one.
    pub fn keep_secret(&self, key: &SecretString) {
        let _ = self.secret.set(key.clone());
    }

    /// Logs that a stream waits before it tries again.
    pub fn waiting(&self, text: impl Into<String>, waiting: Waiting) {
        self.send(Level::Warning, text.into(), Detail::Waiting(waiting));
    }

    /// Logs how the run of a stream has ended.
    pub fn summary(&self, text: impl Into<String>, summary: Summary) {
        self.send(Level::Info, text.into(), Detail::Summary(summary));
    }

    /// Shows how far a stream has come.
    pub fn progress(&self, progress: Progress) {
        self.send(Level::Info, String::new(), Detail::Progress(progress));
    }

    /// Says on a terminal what may come after this run.
    pub fn advice(&self, text: impl Into<String>) {
        self.send(Level::Info, text.into(), Detail::Advice);
    }

    /// Logs a metric in Singer's form, if metrics are on. `kind` is `counter` or `timer`.
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

    /// Logs a text for whoever asks for all of them. It is made only then.
    pub fn debug(&self, text: impl FnOnce() -> String) {
        if self.lowest <= Level::Debug {
            self.add(Level::Debug, text());
        }
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
        if level < self.lowest {
            return;
        }
        let text = self.without_secret(text);
        // It fails only when the run is ending and the writer no longer reads entries.
        let _ = self.entries.send(LogEntry {
            level,
            text,
            detail,
        });
    }

    /// Whether a text contains the key or its secret half.
    pub fn contains_secret(&self, text: &str) -> bool {
        self.without_secret(text.to_owned()) != text
    }

    /// Redacts the key in a text, and the part of it after its last dot, which is the secret half
    /// of AskElephant's keys.
    pub fn without_secret(&self, text: String) -> String {
        let Some(secret) = self.secret.get().map(ExposeSecret::expose_secret) else {
            return text;
        };
        // Messages of an API lose their final full stop before they get here.
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
    fn a_key_that_ends_in_a_full_stop_is_redacted_without_it_too() {
        let (entries, mut logged) = unbounded_channel();
        let log = Log::new(entries, Level::Info);
        log.keep_secret(&"sk-secretkey.".into());
        log.error("wrong key sk-secretkey");
        assert_eq!(logged.try_recv().unwrap().text, "wrong key <api_key>");
    }

    #[test]
    fn a_key_that_an_api_repeats_is_redacted() {
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
