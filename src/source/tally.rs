//! Counts what reading a stream costs: bytes, retries, and time spent waiting for rate limits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Several tasks count at the same time, since pages are fetched ahead.
#[derive(Debug, Default)]
pub struct Tally {
    bytes: AtomicU64,
    retries: AtomicU64,
    waited_millis: AtomicU64,
}

impl Tally {
    pub fn add_bytes(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub fn add_retry(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    /// Adds time spent waiting for a rate limit.
    pub fn add_wait(&self, wait: Duration) {
        let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.waited_millis.fetch_add(millis, Ordering::Relaxed);
    }

    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    pub fn waited(&self) -> Duration {
        Duration::from_millis(self.waited_millis.load(Ordering::Relaxed))
    }
}
