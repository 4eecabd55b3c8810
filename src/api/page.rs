//! What is asked for with a page, and what comes back.

use crate::catalog::Stream;
use crate::time::timestamp::Timestamp;
use bytes::Bytes;
use std::ops::Range;

/// A range of `updated_at` that one traversal walks. Without bounds it is everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    pub from: Option<LowerBound>,
    /// Exclusive.
    pub until: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LowerBound {
    /// The text that is sent, which is the text that the API itself wrote if it wrote one.
    pub updated_at: String,
    pub inclusive: bool,
}

/// What fetches the next page. Opaque: it is sent back as it came, and never stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PageToken(pub String);

/// A page to ask for.
#[derive(Clone, Copy, Debug)]
pub struct PageRequest<'a> {
    pub stream: &'a Stream,
    pub window: &'a Window,
    pub limit: u16,
    pub token: Option<&'a PageToken>,
}

/// One answer's records, as ranges of its body, and what fetches the next one.
pub struct Page {
    pub body: Bytes,
    pub records: Vec<Range<usize>>,
    pub next: Option<PageToken>,
    pub received_at: Timestamp,
    /// The server's own time, to the second.
    pub server_time: Timestamp,
    /// The same when it was asked, at the earliest.
    pub asked_at: Timestamp,
}

impl Page {
    /// The records as raw JSON.
    pub fn raw_records(&self) -> impl Iterator<Item = &str> {
        // The body was checked to be UTF-8 when the page was decoded, and the ranges came from it.
        let text = std::str::from_utf8(&self.body).unwrap_or_default();
        self.records.iter().map(|range| &text[range.clone()])
    }
}
