//! The only owner of stdout and stderr. It writes whole lines in the order in which it gets them,
//! and a state never before the records that it covers.

use super::Protocol;
use super::message::{Line, Message};
use crate::log::{LogEntry, LogFormat};
use crate::state::State;
use crate::time::clock::Clock;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How many bytes of a page are written at once. A run can stop after each piece.
const PIECE: usize = 64 * 1024;

/// Whether the run has to stop. The writer checks it in the middle of a page too.
#[derive(Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Makes the run stop.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

pub struct Writer<'w> {
    protocol: Protocol,
    log_format: LogFormat,
    stop: Stop,
    clock: Arc<dyn Clock>,
    /// All current bookmarks: the incoming ones, and those of the streams that have ended.
    state: State,
    /// Streams that have begun and not ended.
    open: BTreeSet<String>,
    out: &'w mut dyn Write,
    err: &'w mut dyn Write,
}

impl<'w> Writer<'w> {
    pub fn new(
        protocol: Protocol,
        log_format: LogFormat,
        stop: Stop,
        clock: Arc<dyn Clock>,
        out: &'w mut dyn Write,
        err: &'w mut dyn Write,
    ) -> Self {
        Self {
            protocol,
            log_format,
            stop,
            clock,
            state: State::default(),
            open: BTreeSet::new(),
            out,
            err,
        }
    }

    /// Whether the run has to stop. Then no more messages may be written: part of the last page may
    /// be missing, and a state would cover it.
    pub fn has_to_stop(&self) -> bool {
        self.stop.is_set()
    }

    /// Writes a message, unless the run has to stop.
    pub fn write(&mut self, message: Message) -> io::Result<()> {
        if self.has_to_stop() {
            return Ok(());
        }
        match message {
            Message::Resumed(state) => {
                self.state = state;
                Ok(())
            }
            Message::Began(selection) => {
                self.open.insert(selection.stream.name.clone());
                let lines = self.protocol.began(&selection, self.clock.now());
                self.out.write_all(lines.as_bytes())
            }
            Message::Records(lines) => self.put_lines(&lines),
            Message::Ended {
                stream,
                bookmark,
                records,
            } => {
                match bookmark {
                    Some(bookmark) => self.state.set_bookmark(&stream, &bookmark),
                    None => self.state.remove_bookmark(&stream),
                }
                self.open.remove(&stream);
                let lines = self
                    .protocol
                    .ended(&self.state, &stream, records, self.clock.now());
                self.put(&lines)
            }
            Message::Left { stream } => {
                self.open.remove(&stream);
                let line = self.protocol.abandoned(&stream, self.clock.now());
                self.put(&line)
            }
            Message::Failed { stream, failure } => {
                self.open.remove(&stream);
                let lines =
                    self.protocol
                        .failed(&stream, &failure, self.log_format, self.clock.now());
                self.write_line(&lines)
            }
            Message::Document(text) => self.put(&text),
        }
    }

    /// Writes an entry of the log.
    pub fn log(&mut self, entry: &LogEntry) -> io::Result<()> {
        let is_open = |stream: &str| self.open.contains(stream);
        let line = self
            .protocol
            .log(entry, self.log_format, self.clock.now(), is_open);
        self.write_line(&line)
    }

    /// Reports the streams that are not finished when the run stops.
    pub fn abandon(&mut self) -> io::Result<()> {
        for stream in std::mem::take(&mut self.open) {
            let line = self.protocol.abandoned(&stream, self.clock.now());
            self.put(&line)?;
        }
        Ok(())
    }

    /// Writes the error that ends a run, after reporting the streams that are not finished.
    pub fn fatal(&mut self, error: &anyhow::Error, sentence: &str) -> io::Result<()> {
        self.abandon()?;
        let line = self
            .protocol
            .fatal(error, sentence, self.log_format, self.clock.now());
        self.write_line(&line)
    }

    fn write_line(&mut self, line: &Line) -> io::Result<()> {
        match line {
            Line::Out(text) => self.put(text),
            Line::Err(text) => {
                // A closed stderr does not stop the run.
                let _ = self.err.write_all(text.as_bytes());
                Ok(())
            }
        }
    }

    /// Writes lines in pieces of whole lines, until the run has to stop.
    fn put_lines(&mut self, lines: &[u8]) -> io::Result<()> {
        let mut rest = lines;
        while !rest.is_empty() && !self.stop.is_set() {
            let (piece, after) = rest.split_at(end_of_piece(rest));
            self.out.write_all(piece)?;
            rest = after;
        }
        Ok(())
    }

    fn put(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }
}

/// Where a piece ends: after its last whole line, or after the first line if that is longer than a
/// piece.
fn end_of_piece(lines: &[u8]) -> usize {
    let most = lines.len().min(PIECE);
    let is_end = |byte: &u8| *byte == b'\n';
    let last = lines[..most].iter().rposition(is_end);
    let end = last.or_else(|| lines.iter().position(is_end));
    end.map_or(lines.len(), |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::clock::SystemClock;

    #[test]
    fn nothing_is_written_once_the_run_has_to_stop() {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let stop = Stop::default();
        let format = LogFormat::Text;
        let clock = Arc::new(SystemClock::default());
        let mut writer = Writer::new(
            Protocol::Singer,
            format,
            stop.clone(),
            clock,
            &mut out,
            &mut err,
        );
        stop.set();
        writer.write(Message::Records(b"{}\n".to_vec())).unwrap();
        let ended = Message::Ended {
            stream: "contact".to_owned(),
            bookmark: None,
            records: 1,
        };
        writer.write(ended).unwrap();
        assert!(out.is_empty() && err.is_empty());
    }

    #[test]
    fn a_piece_is_whole_lines_and_at_least_one() {
        assert_eq!(end_of_piece(b"a\nbc\n"), 5);
        assert_eq!(end_of_piece(b"a\nbc"), 2);
        let mut long = vec![b'x'; PIECE + 10];
        long.extend_from_slice(b"\ny\n");
        assert_eq!(end_of_piece(&long), PIECE + 11);
        assert_eq!(end_of_piece(b"abc"), 3);
    }
}
