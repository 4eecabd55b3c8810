//! The terms on which a plan reads a stream.

use super::edge::Edge;
use crate::api::page::LowerBound;
use crate::catalog::{REPLICATION_KEY, Stream, SyncMode};
use crate::time::timestamp::Timestamp;
use chrono::TimeDelta;
use std::time::Duration;

/// How much older than its change a stamp may be by the clock of the `Date` header: clocks differ,
/// and changes become visible late. Where it takes longer, `lookback_seconds` says so.
const LATENESS: TimeDelta = TimeDelta::seconds(60);

/// How long after its change a stamp may become visible, given the setting.
pub fn lateness(lookback: Duration) -> TimeDelta {
    // A longer one would leave the range of timestamps.
    let lookback = TimeDelta::from_std(lookback).unwrap_or(TimeDelta::MAX);
    lookback.min(TimeDelta::days(3_000_000)).max(LATENESS)
}

/// How a stream can be read, and from where.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The lower bound of the run, and its point in time.
    pub from: Option<(LowerBound, Timestamp)>,
    /// `end_date`.
    pub until: Option<Edge>,
    /// How long after its change a stamp may become visible.
    pub lateness: TimeDelta,
    pub reading: Reading,
    /// Whether page tokens are followed only within one instant.
    pub seeks: bool,
    /// The part of the stream that one run reads, if it is bounded.
    pub span: Option<Span>,
    /// How many pages may be on their way at once, at most.
    pub places: usize,
    /// The id and the stamp of the bookmark, whose version need not come again.
    pub known: Option<(String, Timestamp)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// In windows with an upper bound.
    Windows,
    /// In order, but the API has no upper bound.
    Ordered,
    /// As a whole, in no order.
    Scan,
}

impl Reading {
    /// How a stream can be read at most.
    pub fn of(stream: &Stream) -> Self {
        let stream = stream.walked();
        if stream.best_mode() == SyncMode::FullTable {
            return Self::Scan;
        }
        let mut properties = stream.properties.iter();
        let key = properties.find(|property| property.api_name == REPLICATION_KEY);
        let operators = key.map_or(&[][..], |key| &key.filter_operators);
        // A field whose operators are not listed takes them all.
        if operators.is_empty() || operators.iter().any(|operator| operator == "lt") {
            Self::Windows
        } else {
            Self::Ordered
        }
    }
}

/// A length of time that a run reads.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// From where it counts. None is the first record.
    pub from: Option<Timestamp>,
    pub length: TimeDelta,
}
