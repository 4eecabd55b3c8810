//! The terms on which a plan reads a stream.

use super::edge::Edge;
use crate::api::page::LowerBound;
use crate::time::timestamp::Timestamp;
use chrono::TimeDelta;

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

/// A length of time that a run reads.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// From where it counts. None is the first record.
    pub from: Option<Timestamp>,
    pub length: TimeDelta,
}
