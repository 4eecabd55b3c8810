//! Turns a page into the lines to write for it.

use crate::api::page::Page;
use crate::catalog::Selection;
use crate::http::failure::{Failure, FailureKind};
use crate::protocol::Protocol;
use crate::protocol::message::Frame;
use crate::record::findings::{Finding, Findings};
use crate::record::projection::{Projection, Scanned};
use crate::time::timestamp::Timestamp;
use crate::walk::progress::{Observation, Progress};
use crate::walk::traversal::Step;
use chrono::TimeDelta;

/// The result of processing a page.
pub struct Delivered {
    /// The records to write, one per line. Missing are certain repeats, and records that the walk
    /// will read again after it starts again.
    pub lines: Vec<u8>,
    /// The walk has to start again to read the other records.
    pub starts_again: bool,
    /// The oldest `updated_at` of the page.
    pub oldest: Option<Timestamp>,
}

/// Turns the pages of one stream into lines.
pub struct Lines {
    protocol: Protocol,
    stream: String,
    projection: Projection,
    findings: Findings,
    /// How many records have been written.
    pub records: u64,
}

impl Lines {
    pub fn new(protocol: Protocol, selection: &Selection) -> Self {
        Self {
            protocol,
            stream: selection.stream.name.clone(),
            projection: selection.projection(),
            findings: Findings::default(),
            records: 0,
        }
    }

    /// The lines of a page. Its records advance the walk's progress.
    pub fn of_page(&mut self, step: &Step, progress: &mut Progress) -> Result<Delivered, Failure> {
        let page = &step.page;
        let frame = self.protocol.frame(&self.stream, page.received_at);
        // In a sorted walk, a record's position tells which changes it may have missed. In an
        // unsorted walk, any record may have changed since the walk began.
        let is_sorted = progress.is_sorted();
        let certain_below = (step.by_token || !is_sorted).then_some(step.young_from);
        let comes_again = step.by_token && is_sorted && !step.is_last_resort;
        let now = end_of_server_second(page);
        let mut lines = Vec::with_capacity(page.body.len());
        let (mut is_whole, mut oldest) = (true, None);
        let mut scanned = Scanned::default();
        progress.begin_page(!step.by_token);
        for raw in page.raw_records() {
            self.projection
                .scan(raw, &mut scanned)
                .map_err(|_| broken_record())?;
            let Some(version) = self.projection.version(&scanned) else {
                self.findings.add(String::new(), Finding::WithoutId);
                self.findings.settle();
                continue;
            };
            let timestamp = version.updated_at.as_ref().map(|(timestamp, _)| *timestamp);
            oldest = [oldest, timestamp].into_iter().flatten().min();
            let observation = progress.observe(&version, now, certain_below);
            if comes_again
                && matches!(
                    observation,
                    Observation::AheadOfTime | Observation::Uncertain
                )
            {
                is_whole = false;
                continue;
            }
            if observation != Observation::Repeat {
                self.note(observation, is_sorted);
                self.write(&mut lines, &frame, &scanned);
            }
        }
        // If the page token leads to an empty last page, the token may be wrong.
        let is_dead_end = comes_again && step.is_last && page.records.is_empty();
        if is_whole {
            progress.end_page();
        }
        Ok(Delivered {
            lines,
            starts_again: !is_whole || is_dead_end,
            oldest,
        })
    }

    /// The findings so far, one sentence each.
    pub fn findings(&self) -> Vec<String> {
        self.findings.sentences(self.projection.collects())
    }

    /// Counts a version that is written although it does not move the bookmark.
    fn note(&mut self, observation: Observation, is_sorted: bool) {
        let finding = match observation {
            Observation::Uncertain if is_sorted => Finding::Uncertain,
            Observation::AheadOfTime => Finding::AheadOfTime,
            Observation::Undated => Finding::WithoutUpdatedAt,
            Observation::New | Observation::Repeat | Observation::Uncertain => return,
        };
        self.findings.add(String::new(), finding);
    }

    fn write(&mut self, lines: &mut Vec<u8>, frame: &Frame, scanned: &Scanned) {
        lines.extend_from_slice(&frame.before);
        self.projection.write(lines, scanned, &mut self.findings);
        lines.extend_from_slice(&frame.after);
        self.protocol.alterations(lines, self.findings.fresh());
        lines.extend_from_slice(frame.end);
        self.findings.settle();
        self.records += 1;
    }
}

/// The latest time that the server's clock may have shown: its `Date` header has whole seconds.
fn end_of_server_second(page: &Page) -> Timestamp {
    page.server_time + TimeDelta::seconds(1)
}

fn broken_record() -> Failure {
    Failure::new(
        FailureKind::Malformed,
        "a record does not have the documented form; report it to the API's vendor, with the stream's name",
    )
}
