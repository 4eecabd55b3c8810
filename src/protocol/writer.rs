//! The only owner of stdout and stderr. It writes whole lines in the order in which it gets them,
//! and a state never before the records that it covers.

use super::Protocol;
use super::bars::Bars;
use super::message::{Line, Message, Rows};
use super::singer::{self, batches::Batches};
use super::streams::{self, Streams};
use crate::log::{Detail, Level, LogEntry, LogFormat};
use crate::state::State;
use crate::table;
use crate::time::clock::Clock;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

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

/// What stderr is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogOutput {
    /// A file or a pipe.
    #[default]
    Plain,
    /// A terminal, whose last lines others write to as well.
    Terminal,
    /// A terminal on which bars may be drawn.
    Bars,
}

pub struct Writer<'w> {
    protocol: Protocol,
    log_format: LogFormat,
    stop: Stop,
    clock: Arc<dyn Clock>,
    /// All current bookmarks: the incoming ones, and those of the streams that have ended.
    state: State,
    streams: Streams,
    batches: Option<Batches>,
    /// When the run began, by the clock that never goes back.
    began: Duration,
    output: LogOutput,
    bars: Option<Bars>,
    advice: Vec<String>,
    out: &'w mut dyn Write,
    err: &'w mut dyn Write,
}

impl<'w> Writer<'w> {
    pub fn new(
        protocol: Protocol,
        log_format: LogFormat,
        stop: Stop,
        clock: Arc<dyn Clock>,
        output: LogOutput,
        out: &'w mut dyn Write,
        err: &'w mut dyn Write,
    ) -> Self {
        Self {
            began: clock.monotonic(),
            bars: (output == LogOutput::Bars).then(Bars::new),
            output,
            advice: Vec::new(),
            protocol,
            log_format,
            stop,
            clock,
            state: State::default(),
            streams: Streams::default(),
            batches: None,
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
            Message::Resumed {
                state,
                streams,
                batches,
            } => {
                self.state = state;
                self.streams.plan(&streams);
                let now = self.clock.now();
                self.batches = batches.map(|config| Batches::new(config, now));
                Ok(())
            }
            Message::Began(selection) => {
                self.streams
                    .begin(&selection.stream.name, self.clock.monotonic());
                let lines = self.protocol.began(&selection, self.clock.now());
                self.out.write_all(lines.as_bytes())
            }
            Message::Records(lines) => self.put_lines(&lines),
            Message::Batched { stream, lines } => match &mut self.batches {
                Some(batches) => {
                    let messages = batches.add(&stream, &lines)?;
                    self.put(&messages)
                }
                None => Ok(()),
            },
            Message::Ended {
                stream,
                bookmark,
                records,
                rows,
            } => {
                self.finish_batch(&stream)?;
                if let Some(rows) = rows {
                    self.retire(&stream, rows)?;
                }
                match bookmark {
                    Some(bookmark) => self.state.set_bookmark(&stream, &bookmark),
                    None => self.state.remove_bookmark(&stream),
                }
                let lines = self
                    .protocol
                    .ended(&self.state, &stream, records, self.clock.now());
                self.put(&lines)?;
                self.streams.end(&stream);
                Ok(())
            }
            Message::Left { stream } => {
                self.finish_batch(&stream)?;
                self.streams.leave(&stream);
                let line = self.protocol.abandoned(&stream, self.clock.now());
                self.put(&line)
            }
            Message::Failed { stream, failure } => {
                if let Some(batches) = &mut self.batches {
                    batches.give_up(&stream);
                }
                self.streams.fail(&stream);
                let lines =
                    self.protocol
                        .failed(&stream, &failure, self.log_format, self.clock.now());
                self.write_line(&lines)
            }
            Message::Document(text) => self.put(&text),
        }
    }

    /// Lets the rows of earlier versions retire, if these are all, and keeps their version.
    fn retire(&mut self, stream: &str, rows: Rows) -> io::Result<()> {
        if rows.are_all {
            let line = singer::activate_version_line(stream, rows.version.version);
            self.put(&line)?;
        }
        self.state.set_version(stream, rows.version);
        Ok(())
    }

    /// Writes the message that names the last file of a stream, if it has one.
    fn finish_batch(&mut self, stream: &str) -> io::Result<()> {
        match &mut self.batches {
            Some(batches) => {
                let message = batches.finish(stream)?;
                self.put(&message)
            }
            None => Ok(()),
        }
    }

    /// Writes an entry of the log, or shows what it tells.
    pub fn log(&mut self, entry: &LogEntry) -> io::Result<()> {
        match &entry.detail {
            Detail::Progress(progress) => {
                self.streams.progress(progress);
                self.show();
                return self.tell_how_far();
            }
            Detail::Summary(summary) => {
                self.streams.summarize(summary);
                self.show();
                if self.bars.is_some() {
                    // The table at the end says the same.
                    return Ok(());
                }
            }
            Detail::Advice => {
                self.advice.push(entry.text.clone());
                return Ok(());
            }
            _ => {}
        }
        self.write_entry(entry)
    }

    /// Without bars, says from time to time how far the streams have come.
    fn tell_how_far(&mut self) -> io::Result<()> {
        if self.bars.is_some() {
            return Ok(());
        }
        match self.streams.line_due(self.clock.monotonic()) {
            Some(text) => self.write_entry(&LogEntry::new(Level::Info, text)),
            None => Ok(()),
        }
    }

    fn write_entry(&mut self, entry: &LogEntry) -> io::Result<()> {
        let is_open = |stream: &str| self.streams.is_open(stream);
        let line = self
            .protocol
            .log(entry, self.log_format, self.clock.now(), is_open);
        self.write_line(&line)
    }

    /// Whether bars are drawn, which have to be drawn again while nothing else happens.
    pub fn draws(&self) -> bool {
        self.bars.is_some()
    }

    /// Draws the bars as they are now.
    pub fn show(&mut self) {
        if let Some(bars) = &mut self.bars {
            bars.show(self.streams.open(), self.clock.monotonic());
            let drawn = bars.drawn();
            // A closed stderr does not stop the run.
            let _ = self.err.write_all(&drawn);
        }
    }

    /// Writes the totals of a run that read streams, and what may be done next if it succeeded.
    pub fn total(&mut self, has_succeeded: bool) -> io::Result<()> {
        self.clear_bars();
        let took = self.clock.monotonic().saturating_sub(self.began);
        let Some(totals) = self.streams.totals(took) else {
            return Ok(());
        };
        if self.output == LogOutput::Plain || self.log_format == LogFormat::Json {
            return self.write_entry(&LogEntry {
                detail: Detail::Totals(totals.clone()),
                ..LogEntry::new(Level::Info, streams::sentence(&totals))
            });
        }
        let mut text = self.streams.table(&totals, table::width_of_log());
        for advice in self.advice.iter().filter(|_| has_succeeded) {
            text.push_str(advice);
            text.push('\n');
        }
        self.write_line(&Line::Err(text))
    }

    /// Says what it means for each stream that the run is interrupted.
    pub fn interrupted(&mut self) -> io::Result<()> {
        self.clear_bars();
        for sentence in self.streams.interrupted() {
            self.write_entry(&LogEntry::new(Level::Warning, sentence))?;
        }
        Ok(())
    }

    fn clear_bars(&mut self) {
        if let Some(mut bars) = self.bars.take() {
            bars.clear();
            let _ = self.err.write_all(&bars.drawn());
        }
    }

    /// Reports the streams that are not finished when the run stops.
    pub fn abandon(&mut self) -> io::Result<()> {
        self.clear_bars();
        let open: Vec<String> = self
            .streams
            .open()
            .map(|one| one.name().to_owned())
            .collect();
        for stream in open {
            let line = self.protocol.abandoned(&stream, self.clock.now());
            self.put(&line)?;
            self.streams.leave(&stream);
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
                let drawn = self.bars.as_ref().map(|bars| {
                    bars.put_above(text);
                    bars.drawn()
                });
                let bytes = drawn.as_deref().unwrap_or(text.as_bytes());
                // A closed stderr does not stop the run.
                let _ = self.err.write_all(bytes);
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
            LogOutput::Plain,
            &mut out,
            &mut err,
        );
        stop.set();
        writer.write(Message::Records(b"{}\n".to_vec())).unwrap();
        let ended = Message::Ended {
            stream: "contact".to_owned(),
            bookmark: None,
            records: 1,
            rows: None,
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
