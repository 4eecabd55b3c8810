//! The one owner of stdout and stderr. It writes whole lines in the order in which it is given
//! them, and a STATE never before the records that it covers.

use super::{Message, Protocol, singer};
use crate::log::Entry;
use crate::state::State;
use std::io::{self, Write};

pub struct Writer<'w> {
    protocol: Protocol,
    /// All bookmarks in force: the incoming ones, and those of the streams that have ended.
    state: State,
    out: &'w mut dyn Write,
    err: &'w mut dyn Write,
}

impl<'w> Writer<'w> {
    pub fn new(protocol: Protocol, out: &'w mut dyn Write, err: &'w mut dyn Write) -> Self {
        Self {
            protocol,
            state: State::default(),
            out,
            err,
        }
    }

    pub fn write(&mut self, message: Message) -> io::Result<()> {
        let Protocol::Singer = self.protocol;
        match message {
            Message::Resumed(state) => {
                self.state = state;
                Ok(())
            }
            Message::Began(selection) => self
                .out
                .write_all(singer::schema_line(&selection).as_bytes()),
            Message::Records(lines) => self.out.write_all(&lines),
            Message::Ended { stream, bookmark } => {
                if let Some(bookmark) = bookmark {
                    self.state.promise(&stream, &bookmark);
                }
                self.out
                    .write_all(singer::state_line(&self.state).as_bytes())?;
                self.out.flush()
            }
            Message::Document(text) => {
                self.out.write_all(text.as_bytes())?;
                self.out.flush()
            }
        }
    }

    /// Tells people something. A terminal that is gone is no reason to stop reading.
    pub fn log(&mut self, entry: &Entry) {
        let _ = self.err.write_all(singer::log_lines(entry).as_bytes());
    }
}
