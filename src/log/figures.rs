//! The figures of a run that entries of the log carry, for programs and for the display.

use crate::time::timestamp::Timestamp;
use std::time::Duration;

/// A request of a stream waits for its next attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub stream: String,
    pub until: Timestamp,
    /// Whether a rate limit is the reason.
    pub is_rate_limited: bool,
}

/// How far the reading of a stream has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    pub stream: String,
    pub records: u64,
    pub pages: u64,
    /// How far `updated_at` has come, from 0 to 1, if that is known.
    pub share: Option<f64>,
    pub retries: u64,
    /// The time spent waiting for rate limits.
    pub waited: Duration,
}

/// The end of a stream's run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub stream: String,
    pub records: u64,
    pub pages: u64,
    pub retries: u64,
    pub waited: Duration,
    pub took: Duration,
    /// The `updated_at` of the old and the new bookmark.
    pub old: Option<String>,
    pub new: Option<String>,
    /// Whether there is nothing left for the next run, but for what changes from now on.
    pub caught_up: bool,
}

/// The end of a run: sums over its streams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub streams: usize,
    pub failed: usize,
    pub records: u64,
    pub pages: u64,
    pub retries: u64,
    pub waited: Duration,
    pub took: Duration,
}
