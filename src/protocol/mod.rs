//! What is said on stdout, and how. The reading core speaks in messages; the protocol decides
//! what their lines look like, and how catalogs come in and go out.

pub mod singer;
pub mod writer;

use crate::catalog::{Selection, Stream};
use crate::state::{Bookmark, State};
use crate::timestamp::Instant;
use anyhow::Result;
use std::sync::Arc;

/// Which protocol is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Singer,
}

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
    },
    /// A document that is the whole output of a command.
    Document(String),
}

/// What stands before and behind each record of a page on its line.
pub struct Frame {
    pub before: Vec<u8>,
    pub behind: Vec<u8>,
}

impl Protocol {
    /// The frame of the records of a page.
    pub fn frame(self, stream: &str, extracted_at: Instant) -> Frame {
        match self {
            Self::Singer => singer::frame(stream, extracted_at),
        }
    }

    /// The catalog of what a workspace offers.
    pub fn catalog(self, streams: &[Stream]) -> String {
        match self {
            Self::Singer => singer::catalog::write(streams),
        }
    }

    /// The selection that a catalog makes.
    pub fn selected(self, catalog: &str) -> Result<Vec<Listed>> {
        match self {
            Self::Singer => singer::catalog::read(catalog),
        }
    }
}

/// A stream that a catalog selects, before the API has been asked about it.
pub struct Listed {
    /// The name in the catalog, which is the one in what is emitted.
    pub name: String,
    /// The API's name, where the catalog has kept it.
    pub api_name: Option<String>,
    entry: singer::catalog::Entry,
}

impl Listed {
    /// The selection of this stream, given what the API says of it today; and what of today's
    /// stream the catalog does not know.
    pub fn resolve(&self, stream: Stream) -> (Selection, Vec<String>) {
        let stream = Stream {
            name: self.name.clone(),
            ..stream
        };
        self.entry.resolve(stream)
    }
}
