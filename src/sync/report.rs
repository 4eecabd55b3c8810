//! The log entries and metrics about reading one stream.

use crate::log::figures::{Progress, Summary};
use crate::record::findings::counted;
use crate::source::Source;
use crate::source::tally::Tally;
use crate::state::Bookmark;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// The figures of reading one stream, and the log they go to.
pub struct Report {
    source: Arc<Source>,
    stream: String,
    began: Duration,
    pub tally: Arc<Tally>,
}

/// What a run has read of a stream.
pub struct Read<'r> {
    pub pages: u64,
    pub records: u64,
    pub old: Option<&'r Bookmark>,
    pub new: Option<&'r Bookmark>,
    pub caught_up: bool,
}

impl Report {
    /// The report of a run that begins now.
    pub fn begin(source: Arc<Source>, stream: &str) -> Self {
        Self {
            began: source.clock.monotonic(),
            source,
            stream: stream.to_owned(),
            tally: Arc::new(Tally::of(stream)),
        }
    }

    /// Shows how far the stream has come.
    pub fn progress(&self, pages: u64, records: u64, share: Option<f64>) {
        self.source.log.progress(Progress {
            stream: self.stream.clone(),
            records,
            pages,
            share,
            retries: self.tally.retries(),
            waited: self.tally.waited(),
        });
    }

    pub fn info(&self, text: impl AsRef<str>) {
        let (stream, text) = (&self.stream, text.as_ref());
        self.source.log.info(format!("{stream}: {text}"));
    }

    pub fn warning(&self, text: impl AsRef<str>) {
        let (stream, text) = (&self.stream, text.as_ref());
        self.source.log.warning(format!("{stream}: {text}"));
    }

    /// Logs what was found in the stream's values.
    pub fn findings(&self, findings: &[String]) {
        for sentence in findings {
            self.warning(sentence);
        }
    }

    /// One line about the records that were read, and the requests and time it took.
    pub fn summary(&self, read: &Read) {
        let updated_at =
            |bookmark: Option<&Bookmark>| bookmark.map(|bookmark| bookmark.updated_at.clone());
        let summary = Summary {
            stream: self.stream.clone(),
            records: read.records,
            pages: read.pages,
            retries: self.tally.retries(),
            waited: self.tally.waited(),
            took: self.took(),
            old: updated_at(read.old),
            new: updated_at(read.new),
            caught_up: read.caught_up,
        };
        let none = || "none".to_owned();
        let text = format!(
            "{}: {} in {} ({} bytes), {}, {:.1} s waited for rate limits, bookmark {} -> {}, {}",
            self.stream,
            counted(read.records, "record"),
            counted(read.pages, "page"),
            self.tally.bytes(),
            counted(summary.retries, "retry"),
            summary.waited.as_secs_f64(),
            summary.old.clone().unwrap_or_else(none),
            summary.new.clone().unwrap_or_else(none),
            if read.caught_up {
                "caught up"
            } else {
                "more to read"
            },
        );
        self.source.log.summary(text, summary);
    }

    /// Logs the metrics that Singer's orchestrators collect.
    pub fn metrics(&self, status: &str, records: u64) {
        let (stream, log) = (&self.stream, &self.source.log);
        let tags = json!({"stream": stream, "endpoint": stream});
        log.metric("counter", "record_count", &json!(records), &tags);
        let took = self.took();
        let tags = json!({"stream": stream, "job_type": "sync_stream", "status": status});
        log.metric("timer", "job_duration", &json!(took.as_secs_f64()), &tags);
    }

    fn took(&self) -> Duration {
        self.source.clock.monotonic().saturating_sub(self.began)
    }
}
