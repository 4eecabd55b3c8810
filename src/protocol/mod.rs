//! Protocols: each turns messages into lines of output, and reads catalogs and states. To add a
//! protocol, add a folder here, a variant of [`Protocol`], and the match arms that the compiler
//! asks for.

pub mod airbyte;
mod bars;
mod document;
pub mod message;
mod mismatch;
pub mod singer;
mod streams;
pub mod writer;

use self::airbyte::catalog::AirbyteEntry;
use self::document::Place;
use self::message::{Frame, Line};
use self::singer::selection::SingerEntry;
use crate::catalog::{Selection, Stream};
use crate::http::failure::Failure;
use crate::log::{Level, LogEntry, LogFormat};
use crate::record::findings::Finding;
use crate::state::State;
use crate::time::timestamp::Timestamp;
use anyhow::{Result, bail};

/// The protocol of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Singer,
    Airbyte,
}

impl Protocol {
    /// What surrounds each record of a page on its line.
    /// `version` is that of the rows, if they have one.
    pub fn frame(self, stream: &str, version: Option<i64>, extracted_at: Timestamp) -> Frame {
        match self {
            Self::Singer => singer::frame(stream, version, extracted_at),
            Self::Airbyte => airbyte::frame(stream, extracted_at),
        }
    }

    /// Adds the alterations of a record, if the protocol can report them.
    pub fn alterations(self, out: &mut Vec<u8>, findings: &[(String, Finding)]) {
        match self {
            Self::Singer => {}
            Self::Airbyte => airbyte::alterations(out, findings),
        }
    }

    /// The lines with which a stream begins.
    pub fn began(self, selection: &Selection, now: Timestamp) -> String {
        match self {
            Self::Singer => singer::schema_line(selection),
            Self::Airbyte => airbyte::began_lines(&selection.stream.name, now),
        }
    }

    /// The lines with which a stream ends, its state among them.
    pub fn ended(self, state: &State, stream: &str, records: u64, now: Timestamp) -> String {
        match self {
            Self::Singer => singer::state_line(state),
            Self::Airbyte => airbyte::ended_lines(state, stream, records, now),
        }
    }

    /// The lines with which a stream fails.
    pub fn failed(
        self,
        stream: &str,
        failure: &Failure,
        format: LogFormat,
        now: Timestamp,
    ) -> Line {
        match self {
            Self::Singer => {
                let entry = LogEntry::new(Level::Error, format!("{stream}: {failure}"));
                Line::Err(singer::log_lines(&entry, format, now))
            }
            Self::Airbyte => Line::Out(airbyte::failed_lines(stream, failure, now)),
        }
    }

    /// The lines for a stream that is not finished when the run stops.
    pub fn abandoned(self, stream: &str, now: Timestamp) -> String {
        match self {
            Self::Singer => String::new(),
            Self::Airbyte => airbyte::abandoned_line(stream, now),
        }
    }

    /// An entry of the log. `is_open` returns whether a stream has begun and not ended.
    pub fn log(
        self,
        entry: &LogEntry,
        format: LogFormat,
        now: Timestamp,
        is_open: impl Fn(&str) -> bool,
    ) -> Line {
        match self {
            Self::Singer => Line::Err(singer::log_lines(entry, format, now)),
            Self::Airbyte => Line::Out(airbyte::log_lines(entry, now, is_open)),
        }
    }

    /// The last lines of a failed run, which orchestrators show to users.
    pub fn fatal(
        self,
        error: &anyhow::Error,
        sentence: &str,
        format: LogFormat,
        now: Timestamp,
    ) -> Line {
        match self {
            Self::Singer => {
                let entry = LogEntry::new(Level::Critical, sentence);
                Line::Err(singer::log_lines(&entry, format, now))
            }
            Self::Airbyte => Line::Out(airbyte::fatal_line(error, sentence, now)),
        }
    }

    /// The catalog of a workspace's streams.
    pub fn catalog(self, streams: &[Stream]) -> String {
        match self {
            Self::Singer => singer::catalog::write(streams),
            Self::Airbyte => airbyte::catalog::write(streams),
        }
    }

    /// The streams that a catalog selects.
    pub fn selected(self, catalog: &str) -> Result<Vec<CatalogEntry>> {
        if catalog.trim().is_empty() {
            bail!("the catalog is empty; pass the one that discover prints");
        }
        let entries = match self {
            Self::Singer => singer::selection::read(catalog)
                .map(|entries| entries.into_iter().map(CatalogEntry::Singer).collect()),
            Self::Airbyte => airbyte::catalog::read(catalog)
                .map(|entries| entries.into_iter().map(CatalogEntry::Airbyte).collect()),
        };
        let place = match self {
            Self::Singer => Place::SingerCatalog,
            Self::Airbyte => Place::ConfiguredCatalog,
        };
        entries.map_err(|error| document::mistaken(place, catalog).unwrap_or(error))
    }

    /// Reads a state as the protocol's orchestrators pass it.
    pub fn state(self, text: &str) -> Result<State> {
        let place = match self {
            Self::Singer => Place::SingerState,
            Self::Airbyte => Place::AirbyteState,
        };
        if let Some(error) = document::mistaken(place, text) {
            return Err(error);
        }
        match self {
            Self::Singer => State::parse(text),
            Self::Airbyte => airbyte::state::parse(text),
        }
    }

    /// The form of a state with a bookmark for one stream, for messages.
    pub fn state_form(self, stream: &str) -> String {
        match self {
            Self::Singer => singer::state_form(stream),
            Self::Airbyte => airbyte::state::form(stream),
        }
    }

    /// How to read a stream from its start, though it has a bookmark.
    pub fn way_to_start_again(self, stream: &str) -> String {
        match self {
            Self::Singer => {
                format!("read the stream from its start with `tap-revops read --fresh {stream}`")
            }
            Self::Airbyte => format!("clear the stream {stream} in the platform and sync again"),
        }
    }

    /// The outcome of a check as a document; None if the protocol reports it only by the log and
    /// the exit status.
    pub fn checked(self, outcome: Result<&str, &str>) -> Option<String> {
        match self {
            Self::Singer => None,
            Self::Airbyte => Some(airbyte::status_line(outcome)),
        }
    }
}

/// A stream that a catalog selects; the API has not been asked about it yet.
pub enum CatalogEntry {
    Singer(SingerEntry),
    Airbyte(AirbyteEntry),
}

impl CatalogEntry {
    /// The name in the catalog and in the output.
    pub fn name(&self) -> &str {
        match self {
            Self::Singer(entry) => &entry.name,
            Self::Airbyte(entry) => &entry.name,
        }
    }

    /// The API's name, if the catalog has it.
    pub fn api_name(&self) -> Option<&str> {
        match self {
            Self::Singer(entry) => entry.api_name.as_deref(),
            Self::Airbyte(_) => None,
        }
    }

    /// The selection of this stream, from its current schema, and warnings, a sentence each.
    pub fn resolve(&self, stream: Stream) -> (Selection, Vec<String>) {
        let stream = Stream {
            name: self.name().to_owned(),
            ..stream
        };
        match self {
            Self::Singer(entry) => entry.resolve(stream),
            Self::Airbyte(entry) => entry.resolve(stream),
        }
    }

    /// The failure of a stream whose entry in the catalog is not valid.
    pub fn refusal(&self) -> Option<Failure> {
        match self {
            Self::Singer(_) => None,
            Self::Airbyte(entry) => entry.refusal(),
        }
    }
}
