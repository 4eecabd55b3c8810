//! Counts what reading a stream costs: bytes, retries, and time spent waiting for rate limits.

use crate::time::timestamp::Timestamp;
use chrono::TimeDelta;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Several tasks count at the same time, since several pages are on their way.
#[derive(Debug, Default)]
pub struct Tally {
    /// The emitted name of the stream.
    pub stream: String,
    bytes: AtomicU64,
    retries: AtomicU64,
    waits: Mutex<Waits>,
}

#[derive(Debug, Default)]
struct Waits {
    until: Option<Timestamp>,
    total: TimeDelta,
}

impl Tally {
    pub fn of(stream: &str) -> Self {
        Self {
            stream: stream.to_owned(),
            ..Self::default()
        }
    }

    pub fn add_bytes(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub fn add_retry(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    /// Adds time spent waiting for a rate limit until now. Where several requests wait together, it
    /// counts once.
    pub fn add_wait(&self, wait: Duration, now: Timestamp) {
        let wait = TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX);
        let from = now.checked_sub_signed(wait);
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(from) = from.max(waits.until).filter(|from| *from < now) {
            waits.total += now - from;
            waits.until = Some(now);
        }
    }

    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    pub fn waited(&self) -> Duration {
        let waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        waits.total.to_std().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_at_the_same_time_count_once() {
        let tally = Tally::default();
        let at = |second| Timestamp::UNIX_EPOCH + TimeDelta::seconds(second);
        for (wait, now) in [(3, 10), (5, 12), (1, 11), (2, 20)] {
            tally.add_wait(Duration::from_secs(wait), at(now));
        }
        // From 7 to 12, and from 18 to 20.
        assert_eq!(tally.waited(), Duration::from_secs(7));
    }
}
