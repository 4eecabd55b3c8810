//! What the reading core says, and the text that a protocol makes of it.

use crate::catalog::Selection;
use crate::http::failure::Failure;
use crate::state::{Bookmark, State};
use std::sync::Arc;

/// What the reading core has to say.
pub enum Message {
    /// The state that the run goes on from.
    Resumed(State),
    /// A stream begins; its records follow.
    Began(Arc<Selection>),
    /// Whole record lines of one page.
    Records(Vec<u8>),
    /// A stream was read to its end, and all its records have been handed over. Its bookmark
    /// comes into force.
    Ended {
        stream: String,
        bookmark: Option<Bookmark>,
        records: u64,
    },
    /// A stream failed. Its old bookmark stays in force.
    Failed { stream: String, failure: Failure },
    /// A document that is the whole output of a command.
    Document(String),
}

/// What stands before and behind each record of a page on its line.
pub struct Frame {
    pub before: Vec<u8>,
    pub after: Vec<u8>,
    /// Behind that, what had to be altered; and then this.
    pub end: &'static [u8],
}

/// Text for one of the two outputs.
pub enum Line {
    Out(String),
    Err(String),
}
