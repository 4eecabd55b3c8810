//! From a page to the lines that are written for it.

use crate::api::page::Page;
use crate::catalog::Selection;
use crate::http::failure::{Failure, FailureKind};
use crate::protocol::Protocol;
use crate::protocol::message::Frame;
use crate::record::findings::{Finding, Findings};
use crate::record::projection::{Projection, Scanned};
use crate::walk::facts::{NewestAnswer, Observation, VersionFact};
use crate::walk::plan::Plan;
use foldhash::quality::FixedState;
use std::hash::BuildHasher;

/// Turns the pages of one stream into lines.
pub struct Lines {
    protocol: Protocol,
    stream: String,
    projection: Projection,
    findings: Findings,
    /// How many records have been emitted.
    pub records: u64,
    /// How many may be.
    most: u64,
    /// Whether they are for a file.
    batched: bool,
}

impl Lines {
    pub fn new(
        protocol: Protocol,
        selection: &Selection,
        most: Option<u64>,
        batched: bool,
    ) -> Self {
        Self {
            protocol,
            stream: selection.stream.name.clone(),
            projection: selection.projection(),
            findings: Findings::default(),
            records: 0,
            most: most.unwrap_or(u64::MAX),
            batched,
        }
    }

    /// The lines of the page that answers the plan's request `ask`, without the records that the
    /// plan does not want emitted.
    pub fn of_page(&mut self, page: &Page, plan: &mut Plan, ask: u64) -> Result<Vec<u8>, Failure> {
        let frame = if self.batched {
            Frame::none()
        } else {
            self.protocol.frame(&self.stream, page.received_at)
        };
        let mut lines = Vec::with_capacity(page.body.len());
        let mut scanned = Scanned::default();
        for raw in page.raw_records() {
            if self.records >= self.most {
                break;
            }
            self.projection
                .scan(raw, &mut scanned)
                .ok_or_else(broken_record)?;
            let Some(version) = self.projection.version(&scanned) else {
                self.findings.add(String::new(), Finding::WithoutId);
                self.findings.settle();
                continue;
            };
            let stamp = version.updated_at.as_ref();
            let observation = plan.observe(
                ask,
                &VersionFact {
                    id: &version.id,
                    stamp: stamp.map(|(timestamp, text)| (*timestamp, text.as_ref())),
                    digest: digest(raw),
                },
            );
            if observation.is_emitted() {
                self.note(observation);
                self.write(&mut lines, &frame, &scanned);
            }
        }
        Ok(lines)
    }

    /// What a page that answers the question for the newest record says.
    pub fn newest(&self, page: &Page) -> NewestAnswer {
        let mut scanned = Scanned::default();
        let version = page.raw_records().next().and_then(|raw| {
            self.projection.scan(raw, &mut scanned)?;
            self.projection.version(&scanned)
        });
        match version {
            None => NewestAnswer::Nothing,
            Some(version) => match version.updated_at {
                None => NewestAnswer::Undated,
                Some((timestamp, _)) => NewestAnswer::At(timestamp),
            },
        }
    }

    /// What was noticed of the values so far, a sentence each.
    pub fn findings(&self) -> Vec<String> {
        self.findings.sentences(self.projection.collects())
    }

    /// Counts a version that is emitted and moves no bookmark.
    fn note(&mut self, observation: Observation) {
        let finding = match observation {
            Observation::AheadOfTime => Finding::AheadOfTime,
            Observation::Undated => Finding::WithoutUpdatedAt,
            Observation::New | Observation::Repeat | Observation::Elsewhere => return,
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

/// A hash of a record's bytes, which tells two versions with one stamp apart.
fn digest(raw: &str) -> u64 {
    FixedState::default().hash_one(raw)
}

fn broken_record() -> Failure {
    Failure::new(
        FailureKind::Malformed,
        "a record does not have the documented form; report it to the API's vendor, with the stream's name",
    )
}
