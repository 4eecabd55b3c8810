//! The one owner of stdout and stderr. It writes whole lines in the order in which it is given
//! them, and a state never before the records that it covers.

use super::{Line, Message, Protocol};
use crate::log::Entry;
use crate::state::State;
use std::collections::BTreeSet;
use std::io::{self, Write};

pub struct Writer<'w> {
    protocol: Protocol,
    /// All bookmarks in force: the incoming ones, and those of the streams that have ended.
    state: State,
    /// Streams that have begun and not ended.
    open: BTreeSet<String>,
    out: &'w mut dyn Write,
    err: &'w mut dyn Write,
}

impl<'w> Writer<'w> {
    pub fn new(protocol: Protocol, out: &'w mut dyn Write, err: &'w mut dyn Write) -> Self {
        Self {
            protocol,
            state: State::default(),
            open: BTreeSet::new(),
            out,
            err,
        }
    }

    pub fn write(&mut self, message: Message) -> io::Result<()> {
        match message {
            Message::Resumed(state) => {
                self.state = state;
                Ok(())
            }
            Message::Began(selection) => {
                self.open.insert(selection.stream.name.clone());
                let lines = self.protocol.began(&selection);
                self.out.write_all(lines.as_bytes())
            }
            Message::Records(lines) => self.out.write_all(&lines),
            Message::Ended {
                stream,
                bookmark,
                records,
            } => {
                if let Some(bookmark) = bookmark {
                    self.state.promise(&stream, &bookmark);
                }
                self.open.remove(&stream);
                let lines = self.protocol.ended(&self.state, &stream, records);
                self.put(&lines)
            }
            Message::Failed { stream, failure } => {
                self.open.remove(&stream);
                let lines = self.protocol.failed(&stream, &failure);
                self.say(&lines)
            }
            Message::Document(text) => self.put(&text),
        }
    }

    /// Tells people something.
    pub fn log(&mut self, entry: &Entry) -> io::Result<()> {
        let line = self
            .protocol
            .log(entry, |stream| self.open.contains(stream));
        self.say(&line)
    }

    /// The last word of a run that failed, behind the streams that it leaves unfinished.
    pub fn fatal(&mut self, error: &anyhow::Error, sentence: &str) -> io::Result<()> {
        for stream in std::mem::take(&mut self.open) {
            let line = self.protocol.abandoned(&stream);
            self.put(&line)?;
        }
        let line = self.protocol.fatal(error, sentence);
        self.say(&line)
    }

    fn say(&mut self, line: &Line) -> io::Result<()> {
        match line {
            Line::Out(text) => self.put(text),
            Line::Err(text) => {
                // A terminal that is gone is no reason to stop reading.
                let _ = self.err.write_all(text.as_bytes());
                Ok(())
            }
        }
    }

    fn put(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }
}
