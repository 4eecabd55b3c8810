//! What a walk is told of a page, and what it says of each version on it.

use crate::time::timestamp::{self, Timestamp};
use chrono::TimeDelta;

/// A version of a record, as a page shows it.
#[derive(Clone, Copy, Debug)]
pub struct VersionFact<'a> {
    pub id: &'a str,
    /// The stamp and its text as the API wrote it. None if there is none that can be read.
    pub stamp: Option<(Timestamp, &'a str)>,
    /// A hash of the record's bytes.
    pub digest: u64,
}

/// When a page came, by the server's clock.
#[derive(Clone, Copy, Debug)]
pub struct PageTimes {
    /// When the page was asked for, at the earliest.
    pub asked_at: Timestamp,
    /// The `Date` of the answer, which is told to the second.
    pub server_time: Timestamp,
    /// Whether the answer has a `Date`. Without, the times are this machine's.
    pub has_date: bool,
}

impl PageTimes {
    /// The latest time that the server can have meant.
    pub fn latest(self) -> Timestamp {
        self.server_time + TimeDelta::seconds(1)
    }
}

/// What a version is to the run that sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation {
    New,
    /// This run, or the one of the bookmark, has emitted it.
    Repeat,
    /// Another part of the plan reads it.
    Elsewhere,
    /// Its stamp is later than the server's own time.
    AheadOfTime,
    /// It has no stamp that can be read.
    Undated,
}

impl Observation {
    /// Whether the record is emitted.
    pub fn is_emitted(self) -> bool {
        !matches!(self, Self::Repeat | Self::Elsewhere)
    }
}

/// A stamp that a page showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub timestamp: Timestamp,
    /// What the API wrote.
    pub text: String,
}

impl Stamp {
    pub fn new(timestamp: Timestamp, text: &str) -> Self {
        Self {
            timestamp,
            text: text.to_owned(),
        }
    }

    /// Keeps a stamp in place of an earlier one, in the memory that has it: stamps mostly rise from one
    /// record to the next.
    pub fn keep(kept: &mut Option<Self>, (timestamp, text): (Timestamp, &str)) {
        match kept {
            None => *kept = Some(Self::new(timestamp, text)),
            Some(kept) if kept.timestamp < timestamp => kept.set((timestamp, text)),
            Some(_) => {}
        }
    }

    fn set(&mut self, (timestamp, text): (Timestamp, &str)) {
        self.timestamp = timestamp;
        text.clone_into(&mut self.text);
    }

    /// A lower bound that no record of this stamp is below. An API may round what it shows, so the
    /// bound goes one unit of the last digit lower.
    pub fn lowered(&self) -> Timestamp {
        let unit = timestamp::resolution(&self.text).max(TimeDelta::microseconds(1));
        self.timestamp
            .checked_sub_signed(unit)
            .unwrap_or(self.timestamp)
    }
}

/// The newest version that a walk is certain of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newest {
    pub stamp: Stamp,
    pub id: String,
}

impl Newest {
    fn rank(&self) -> (Timestamp, &str) {
        (self.stamp.timestamp, &self.id)
    }

    /// Keeps a version in place of an older one. Of one stamp, the larger id counts as newer.
    pub fn keep(kept: &mut Option<Self>, id: &str, stamp: (Timestamp, &str)) {
        match kept {
            None => {
                *kept = Some(Self {
                    stamp: Stamp::new(stamp.0, stamp.1),
                    id: id.to_owned(),
                });
            }
            Some(kept) if kept.rank() < (stamp.0, id) => {
                kept.stamp.set(stamp);
                id.clone_into(&mut kept.id);
            }
            Some(_) => {}
        }
    }

    /// The newer one of two, if there is one.
    pub fn of(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) if one.rank() >= other.rank() => Some(one),
            (one, other) => other.or(one),
        }
    }
}

/// What the question for the newest record has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewestAnswer {
    /// The API has no record, or does not answer the question.
    Nothing,
    /// A record without a stamp.
    Undated,
    At(Timestamp),
}

/// Whether a version may stand after a stamp in ascending order. A stamp with fewer digits may stand
/// for a later moment than it says.
pub fn may_follow(stamp: (Timestamp, &str), earlier: Timestamp) -> bool {
    stamp.0 + timestamp::resolution(stamp.1) > earlier
}
