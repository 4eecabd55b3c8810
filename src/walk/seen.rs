//! The versions that a part of a plan has seen lately.

use super::facts::Stamp;
use crate::time::timestamp::Timestamp;
use chrono::TimeDelta;
use std::collections::BTreeMap;

/// The number of versions that are remembered. Beyond that, repeats are emitted.
const MOST: usize = 100_000;

/// What a stamp may have been cut or rounded by at most: no API writes less than seconds.
const COARSEST: TimeDelta = TimeDelta::seconds(2);

/// Versions by stamp and digest, so that two changes within one shown stamp stay apart; each with
/// whether it is certain that its page came in its turn.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    versions: BTreeMap<(Timestamp, u64), bool>,
}

impl Seen {
    /// Remembers a version. Returns whether it is new.
    pub fn insert(&mut self, timestamp: Timestamp, digest: u64) -> bool {
        let before = self.versions.len();
        self.versions.entry((timestamp, digest)).or_insert(false);
        let is_new = self.versions.len() > before;
        if self.versions.len() > MOST {
            self.versions.pop_first();
        }
        is_new
    }

    /// Remembers that the page of these versions came in its turn.
    pub fn settle(&mut self, page: &[(Timestamp, u64)]) {
        for version in page {
            self.versions
                .entry(*version)
                .and_modify(|is_settled| *is_settled = true);
        }
    }

    pub fn is_settled(&self, timestamp: Timestamp, digest: u64) -> bool {
        self.versions.get(&(timestamp, digest)) == Some(&true)
    }

    /// Forgets what no query from this stamp on can bring again.
    pub fn forget_before(&mut self, stamp: &Stamp) {
        let from = stamp.timestamp.checked_sub_signed(COARSEST);
        if let Some(from) = from {
            self.versions = self.versions.split_off(&(from, 0));
        }
    }
}
