//! Messages from the streams to the writer, and the text that a protocol makes of them.

use crate::catalog::Selection;
use crate::config::BatchConfig;
use crate::http::failure::Failure;
use crate::state::{Bookmark, RowVersion, State};
use std::sync::Arc;

/// Something to write, independent of the protocol.
pub enum Message {
    /// The run starts from this state, and is to read these streams.
    Resumed {
        state: State,
        streams: Vec<String>,
        batches: Option<BatchConfig>,
    },
    /// A stream begins; its records follow.
    Began(Arc<Selection>),
    /// Whole record lines of one page.
    Records(Vec<u8>),
    /// The records of one page, a line each, for a file.
    Batched { stream: String, lines: Vec<u8> },
    /// A stream was read to its end, and all its records have been sent. Its bookmark replaces the
    /// old one; a stream without a bookmark has none afterwards either.
    Ended {
        stream: String,
        bookmark: Option<Bookmark>,
        records: u64,
        rows: Option<Rows>,
    },
    /// Part of a stream was read, to try things. It keeps its old bookmark.
    Left { stream: String },
    /// A stream failed. It keeps its old bookmark.
    Failed { stream: String, failure: Failure },
    /// A document that is the whole output of a command.
    Document(String),
}

/// The rows of a stream whose records carry a version.
pub struct Rows {
    pub version: RowVersion,
    /// Whether they are all that the stream has, so that rows of earlier versions retire.
    pub are_all: bool,
}

/// What surrounds each record of a page on its line.
pub struct Frame {
    pub before: Vec<u8>,
    pub after: Vec<u8>,
    /// After the alterations, which follow `after`.
    pub end: &'static [u8],
}

impl Frame {
    /// A record alone on its line.
    pub fn none() -> Self {
        Self {
            before: Vec::new(),
            after: Vec::new(),
            end: b"\n",
        }
    }
}

/// Text for one of the two outputs.
pub enum Line {
    Out(String),
    Err(String),
}
