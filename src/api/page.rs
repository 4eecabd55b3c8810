//! What a page is requested by, and what it consists of; the same for both APIs.

use crate::catalog::Stream;
use crate::time::timestamp::Timestamp;
use std::ops::Range;

/// A range of `updated_at` that one walk reads. Without bounds it covers all records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    pub from: Option<LowerBound>,
    /// Exclusive.
    pub until: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LowerBound {
    /// The text to send: if the API wrote it, exactly as it did.
    pub updated_at: String,
    pub inclusive: bool,
}

/// What fetches the next page. Opaque: it is sent back unchanged, and never stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PageToken(pub String);

/// The order of `updated_at` in which records come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Ascending,
    Descending,
}

impl Order {
    /// The word by which both APIs call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ascending => "asc",
            Self::Descending => "desc",
        }
    }
}

/// The page to request.
#[derive(Clone, Copy, Debug)]
pub struct PageRequest<'a> {
    pub stream: &'a Stream,
    pub window: &'a Window,
    pub limit: u16,
    pub order: Order,
    pub token: Option<&'a PageToken>,
}

/// One response's records, as ranges of its body, and what fetches the next page.
pub struct Page {
    pub body: String,
    pub records: Vec<Range<usize>>,
    pub next: Option<PageToken>,
    pub received_at: Timestamp,
    /// The server's own time, in whole seconds.
    pub server_time: Timestamp,
    /// Whether the response has a `Date` header.
    pub has_date: bool,
    /// The earliest server time at which the page can have been requested.
    pub asked_at: Timestamp,
}

impl Page {
    /// The records as raw JSON.
    pub fn raw_records(&self) -> impl Iterator<Item = &str> {
        self.records.iter().map(|range| &self.body[range.clone()])
    }
}
