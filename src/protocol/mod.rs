//! What is said on stdout, and how. The reading core speaks in messages; a protocol decides what
//! their lines look like, and how catalogs and states come in. Another protocol would be another
//! folder here, another member of [`Protocol`], and the arms that the compiler then asks for.

pub mod airbyte;
mod document;
mod mismatch;
pub mod singer;
pub mod writer;

use crate::catalog::{Selection, Stream};
use crate::http::failure::Failure;
use crate::log::{Entry, Level, LogFormat};
use crate::record::findings::Finding;
use crate::state::{Bookmark, State};
use crate::time::timestamp::Instant;
use anyhow::Result;
use std::sync::Arc;

/// Which protocol is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Singer,
    Airbyte,
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
    pub behind: Vec<u8>,
    /// Behind that, what had to be altered; and then this.
    pub end: &'static [u8],
}

/// Text for one of the two outputs.
pub enum Line {
    Out(String),
    Err(String),
}

impl Protocol {
    /// The frame of the records of a page.
    pub fn frame(self, stream: &str, extracted_at: Instant) -> Frame {
        match self {
            Self::Singer => singer::frame(stream, extracted_at),
            Self::Airbyte => airbyte::frame(stream, extracted_at),
        }
    }

    /// Adds what had to be altered in a record, for a protocol that can say so.
    pub fn alterations(self, out: &mut Vec<u8>, findings: &[(String, Finding)]) {
        match self {
            Self::Singer => {}
            Self::Airbyte => airbyte::alterations(out, findings),
        }
    }

    /// The lines with which a stream begins.
    pub fn began(self, selection: &Selection) -> String {
        match self {
            Self::Singer => singer::schema_line(selection),
            Self::Airbyte => airbyte::began_lines(&selection.stream.name),
        }
    }

    /// The lines with which a stream ends, its state among them.
    pub fn ended(self, state: &State, stream: &str, records: u64) -> String {
        match self {
            Self::Singer => singer::state_line(state),
            Self::Airbyte => airbyte::ended_lines(state, stream, records),
        }
    }

    /// The lines with which a stream fails.
    pub fn failed(self, stream: &str, failure: &Failure, format: LogFormat) -> Line {
        match self {
            Self::Singer => {
                let entry = Entry::new(Level::Error, format!("{stream}: {failure}"));
                Line::Err(singer::log_lines(&entry, format))
            }
            Self::Airbyte => Line::Out(airbyte::failed_lines(stream, failure)),
        }
    }

    /// The lines for a stream that the run leaves unfinished as it breaks off.
    pub fn abandoned(self, stream: &str) -> String {
        match self {
            Self::Singer => String::new(),
            Self::Airbyte => airbyte::abandoned_line(stream),
        }
    }

    /// An entry of the log. `is_open` tells of a stream whether it has begun and not ended.
    pub fn log(self, entry: &Entry, format: LogFormat, is_open: impl Fn(&str) -> bool) -> Line {
        match self {
            Self::Singer => Line::Err(singer::log_lines(entry, format)),
            Self::Airbyte => Line::Out(airbyte::log_lines(entry, is_open)),
        }
    }

    /// The last word of a run that failed, which is what orchestrators show to people.
    pub fn fatal(self, error: &anyhow::Error, sentence: &str, format: LogFormat) -> Line {
        match self {
            Self::Singer => {
                let entry = Entry::new(Level::Critical, sentence);
                Line::Err(singer::log_lines(&entry, format))
            }
            Self::Airbyte => Line::Out(airbyte::fatal_line(error, sentence)),
        }
    }

    /// The catalog of what a workspace offers.
    pub fn catalog(self, streams: &[Stream]) -> String {
        match self {
            Self::Singer => singer::catalog::write(streams),
            Self::Airbyte => airbyte::catalog::write(streams),
        }
    }

    /// The selection that a catalog makes.
    pub fn selected(self, catalog: &str) -> Result<Vec<Listed>> {
        let listed = match self {
            Self::Singer => singer::catalog::read(catalog),
            Self::Airbyte => airbyte::catalog::read(catalog),
        };
        listed.map_err(|error| document::not_a_catalog(self, catalog).unwrap_or(error))
    }

    /// The state in the form in which it is handed to the program.
    pub fn state(self, text: &str) -> Result<State> {
        if let Some(error) = document::not_a_state(self, text) {
            return Err(error);
        }
        match self {
            Self::Singer => State::parse(text),
            Self::Airbyte => airbyte::state::parse(text),
        }
    }

    /// The form of a state that has a bookmark for a stream, to show to a person.
    pub fn state_form(self, stream: &str) -> String {
        match self {
            Self::Singer => singer::state_form(stream),
            Self::Airbyte => airbyte::state::form(stream),
        }
    }

    /// The outcome of a check as a document; nothing for a protocol that tells of it in the log
    /// and in the exit status.
    pub fn checked(self, outcome: Result<&str, &str>) -> Option<String> {
        match self {
            Self::Singer => None,
            Self::Airbyte => Some(airbyte::status_line(outcome)),
        }
    }
}

/// A stream that a catalog selects, before the API has been asked about it.
pub struct Listed {
    /// The name in the catalog, which is the one in what is emitted.
    pub name: String,
    /// The API's name, where the catalog has kept it.
    pub api_name: Option<String>,
    entry: Entries,
}

/// What a catalog says of a stream, in its protocol's way.
enum Entries {
    Singer(singer::catalog::Entry),
    Airbyte(airbyte::catalog::Entry),
}

impl Listed {
    /// The selection of this stream, given what the API says of it today; and what a person should
    /// know of it, a sentence each.
    pub fn resolve(&self, stream: Stream) -> (Selection, Vec<String>) {
        let stream = Stream {
            name: self.name.clone(),
            ..stream
        };
        match &self.entry {
            Entries::Singer(entry) => entry.resolve(stream),
            Entries::Airbyte(entry) => entry.resolve(stream),
        }
    }

    /// What is wrong with the catalog's wish for this stream, if anything.
    pub fn refusal(&self) -> Option<Failure> {
        match &self.entry {
            Entries::Singer(_) => None,
            Entries::Airbyte(entry) => entry.refusal(),
        }
    }
}
