//! From a page to the lines that are written for it: [`Decoder`] makes a line of each record, which
//! needs nothing but the page, and [`Lines`] keeps those that the plan wants. Of parents, it makes the
//! lines of their children, once these have been asked for.

use crate::api::children::ParentRecord;
use crate::api::page::Page;
use crate::catalog::Selection;
use crate::http::failure::{Failure, FailureKind};
use crate::protocol::Protocol;
use crate::protocol::message::Frame;
use crate::record::findings::{Finding, Findings, Noticed};
use crate::record::projection::{Projection, Scanned, Version};
use crate::record::value::ValueWriter;
use crate::source::children::Children;
use crate::time::timestamp::Timestamp;
use crate::walk::facts::{NewestAnswer, Observation, VersionFact};
use crate::walk::plan::Plan;
use foldhash::quality::FixedState;
use std::hash::BuildHasher;
use std::ops::Range;

/// Turns the pages of one stream into lines.
pub struct Decoder {
    protocol: Protocol,
    stream: String,
    projection: Projection,
    /// Finds the versions of parents.
    parents: Projection,
    /// Whether the lines are for a file.
    batched: bool,
    /// The version of the rows, if they get one.
    version: Option<i64>,
}

/// The records of a page as lines. It holds nothing of the page itself.
#[derive(Default)]
pub struct PageLines {
    lines: Vec<u8>,
    records: Vec<RecordLine>,
    /// The ids and stamps of the records.
    texts: String,
    noticed: Noticed,
}

/// A record's part of the lines.
struct RecordLine {
    line: Range<usize>,
    /// None if the record has no usable id. Then it has no line either.
    version: Option<VersionTexts>,
    noticed: Range<usize>,
}

/// The lines of children.
#[derive(Default)]
pub struct ChildLines {
    lines: Vec<u8>,
    records: u64,
    noticed: Noticed,
    pub asked: Asked,
}

/// How much was asked for children.
#[derive(Clone, Copy, Default)]
pub struct Asked {
    pub parents: u64,
    pub pages: u64,
    /// The parents for which the API has nothing at the path of their children.
    pub without: u64,
}

/// A record's version, its texts as ranges.
struct VersionTexts {
    id: Range<usize>,
    stamp: Option<(Timestamp, Range<usize>)>,
    digest: u64,
}

impl Decoder {
    pub fn new(
        protocol: Protocol,
        selection: &Selection,
        batched: bool,
        version: Option<i64>,
    ) -> Self {
        Self {
            protocol,
            stream: selection.stream.name.clone(),
            projection: selection.projection(),
            parents: selection.stream.walked().versions(),
            batched,
            version,
        }
    }

    /// The lines of all records of a page. Fails if one does not have the documented form.
    pub fn decode(&self, page: &Page) -> Result<PageLines, Failure> {
        let frame = self.frame(page.received_at);
        let mut decoded = PageLines {
            records: Vec::with_capacity(page.records.len()),
            ..PageLines::default()
        };
        let mut scanned = Scanned::default();
        let mut writer = ValueWriter::with_capacity(page.body.len());
        for raw in page.raw_records() {
            self.projection
                .scan(raw, &mut scanned)
                .ok_or_else(broken_record)?;
            let (line, noticed) = (writer.out.len(), writer.noticed.len());
            let version = self.projection.version(&scanned);
            match &version {
                Some(_) => self.write(&mut writer, &scanned, &frame),
                None => writer.noticed.push((String::new(), Finding::WithoutId)),
            }
            let version = version.map(|version| decoded.keep(&version, digest(raw)));
            decoded.records.push(RecordLine {
                line: line..writer.out.len(),
                version,
                noticed: noticed..writer.noticed.len(),
            });
        }
        decoded.lines = writer.out;
        decoded.noticed = writer.noticed;
        Ok(decoded)
    }

    /// The records of a page of parents, without lines.
    pub fn parents(&self, page: &Page) -> Result<PageLines, Failure> {
        let (mut decoded, mut scanned) = (PageLines::default(), Scanned::default());
        for raw in page.raw_records() {
            self.parents
                .scan(raw, &mut scanned)
                .ok_or_else(broken_record)?;
            let version = self.parents.version(&scanned);
            let noticed = decoded.noticed.len();
            if version.is_none() {
                decoded.noticed.push((String::new(), Finding::WithoutId));
            }
            let version = version.map(|version| decoded.keep(&version, digest(raw)));
            decoded.records.push(RecordLine {
                line: 0..0,
                version,
                noticed: noticed..decoded.noticed.len(),
            });
        }
        Ok(decoded)
    }

    /// The lines of one parent's children. Fails if one does not have the documented form.
    pub fn children(&self, children: &Children) -> Result<ChildLines, Failure> {
        let frame = self.frame(children.received_at);
        let (mut scanned, mut writer) = (Scanned::default(), ValueWriter::default());
        let mut records = 0;
        for record in children.records.iter().flatten() {
            let Some(record) = record else {
                writer.noticed.push((String::new(), Finding::WithoutId));
                continue;
            };
            self.projection
                .scan(record, &mut scanned)
                .ok_or_else(broken_record)?;
            self.write(&mut writer, &scanned, &frame);
            records += 1;
        }
        Ok(ChildLines {
            lines: writer.out,
            records,
            noticed: writer.noticed,
            asked: Asked {
                parents: 1,
                pages: children.pages,
                without: u64::from(children.records.is_none()),
            },
        })
    }

    fn frame(&self, received_at: Timestamp) -> Frame {
        if self.batched {
            return Frame::none();
        }
        self.protocol.frame(&self.stream, self.version, received_at)
    }

    /// Writes the line of a record.
    fn write<'a>(&'a self, writer: &mut ValueWriter<'a>, scanned: &Scanned<'a>, frame: &Frame) {
        let noticed = writer.noticed.len();
        writer.out.extend_from_slice(&frame.before);
        self.projection.write(writer, scanned);
        writer.out.extend_from_slice(&frame.after);
        self.protocol
            .alterations(&mut writer.out, &writer.noticed[noticed..]);
        writer.out.extend_from_slice(frame.end);
    }

    /// Whether what the schema does not announce comes out in the column for it.
    pub fn collects(&self) -> bool {
        self.projection.collects()
    }
}

impl PageLines {
    fn keep(&mut self, version: &Version, digest: u64) -> VersionTexts {
        let mut keep = |text: &str| {
            let begin = self.texts.len();
            self.texts.push_str(text);
            begin..self.texts.len()
        };
        VersionTexts {
            id: keep(&version.id),
            stamp: version
                .updated_at
                .as_ref()
                .map(|(timestamp, text)| (*timestamp, keep(text))),
            digest,
        }
    }

    /// What a page that answers the question for the newest record says.
    pub fn newest(&self) -> NewestAnswer {
        let first = self.records.first();
        match first.and_then(|record| record.version.as_ref()) {
            None => NewestAnswer::Nothing,
            Some(VersionTexts { stamp: None, .. }) => NewestAnswer::Undated,
            Some(VersionTexts {
                stamp: Some((timestamp, _)),
                ..
            }) => NewestAnswer::At(*timestamp),
        }
    }
}

impl ChildLines {
    /// Adds the lines of other children.
    pub fn add(&mut self, mut other: Self) {
        self.lines.append(&mut other.lines);
        self.records += other.records;
        self.noticed.append(&mut other.noticed);
        self.asked.add(other.asked);
    }
}

impl Asked {
    fn add(&mut self, other: Self) {
        self.parents += other.parents;
        self.pages += other.pages;
        self.without += other.without;
    }
}

/// What is emitted of a stream, page after page.
pub struct Lines {
    findings: Findings,
    /// How many records have been emitted.
    pub records: u64,
    /// How many may be.
    most: u64,
    pub asked: Asked,
}

impl Lines {
    pub fn new(most: Option<u64>) -> Self {
        Self {
            findings: Findings::default(),
            records: 0,
            most: most.unwrap_or(u64::MAX),
            asked: Asked::default(),
        }
    }

    /// The lines of the page that answers the plan's request `ask`, without the records that the
    /// plan does not want emitted.
    pub fn wanted(&mut self, page: PageLines, plan: &mut Plan, ask: u64) -> Vec<u8> {
        let PageLines {
            mut lines,
            records,
            texts,
            noticed,
        } = page;
        let mut end = 0;
        for record in records {
            if self.records >= self.most {
                break;
            }
            if !self.wants(&record, &texts, &noticed, plan, ask) {
                continue;
            }
            self.records += 1;
            let length = record.line.len();
            if record.line.start > end {
                lines.copy_within(record.line, end);
            }
            end += length;
        }
        lines.truncate(end);
        lines
    }

    /// The parents on the page that answers the plan's request `ask`, without those whose children it
    /// does not want emitted.
    pub fn parents(&mut self, page: PageLines, plan: &mut Plan, ask: u64) -> Vec<ParentRecord> {
        let PageLines {
            records,
            texts,
            noticed,
            ..
        } = page;
        let records = records.into_iter();
        let wanted = records.filter(|record| self.wants(record, &texts, &noticed, plan, ask));
        let parent = |record: RecordLine| {
            let version = record.version?;
            Some(ParentRecord {
                id: texts[version.id].to_owned(),
                updated_at: version.stamp.map(|(_, text)| texts[text].to_owned()),
            })
        };
        wanted.filter_map(parent).collect()
    }

    /// The lines of children, as many as are still to be emitted.
    pub fn of_children(&mut self, children: ChildLines) -> Vec<u8> {
        let ChildLines {
            mut lines,
            records,
            noticed,
            asked,
        } = children;
        let left = self.most - self.records;
        if records > left {
            lines.truncate(length_of(&lines, left));
        }
        self.records += records.min(left);
        self.findings.count(&noticed);
        self.asked.add(asked);
        lines
    }

    /// Whether the plan wants a record emitted. Counts what was noticed of it.
    fn wants(
        &mut self,
        record: &RecordLine,
        texts: &str,
        noticed: &Noticed,
        plan: &mut Plan,
        ask: u64,
    ) -> bool {
        let noticed = &noticed[record.noticed.clone()];
        let Some(version) = &record.version else {
            self.findings.count(noticed);
            return false;
        };
        let stamp = version.stamp.as_ref();
        let fact = VersionFact {
            id: &texts[version.id.clone()],
            stamp: stamp.map(|(timestamp, text)| (*timestamp, &texts[text.clone()])),
            digest: version.digest,
        };
        let observation = plan.observe(ask, &fact);
        if observation.is_emitted() {
            self.findings.count(noticed);
            self.note(observation);
        }
        observation.is_emitted()
    }

    /// What was noticed of the values so far, a sentence each.
    pub fn findings(&self, collects: bool) -> Vec<String> {
        self.findings.sentences(collects)
    }

    /// Counts a version that is emitted and moves no bookmark.
    fn note(&mut self, observation: Observation) {
        let finding = match observation {
            Observation::AheadOfTime => Finding::AheadOfTime,
            Observation::Undated => Finding::WithoutUpdatedAt,
            Observation::New | Observation::Repeat | Observation::Elsewhere => return,
        };
        self.findings.count(&[(String::new(), finding)]);
    }
}

/// The length of so many lines, where there are more.
fn length_of(lines: &[u8], count: u64) -> usize {
    let lines = lines.split_inclusive(|byte| *byte == b'\n');
    let wanted = usize::try_from(count).unwrap_or(usize::MAX);
    lines.take(wanted).map(<[u8]>::len).sum()
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
