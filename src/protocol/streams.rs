//! The streams of a run: what has become of each, and its figures so far.

use crate::log::figures::{Progress, Summary, Totals};
use crate::record::findings::counted;
use crate::table;
use std::time::Duration;

/// How often a long run tells how far it has come, without a terminal.
const BETWEEN_LINES: Duration = Duration::from_secs(30);

/// All streams that the run is to read, in their order.
#[derive(Default)]
pub struct Streams {
    list: Vec<Stream>,
    last_line: Option<Duration>,
}

#[derive(Default)]
pub struct Stream {
    name: String,
    stage: Stage,
    progress: Option<Progress>,
    summary: Option<Summary>,
    /// When it began, by the clock that never goes back.
    began: Duration,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Planned,
    Open,
    /// Read to its end, and its state is written.
    Safe,
    /// Read in part, as it was asked for.
    Left,
    Failed,
}

impl Streams {
    pub fn plan(&mut self, names: &[String]) {
        for name in names {
            self.stream(name);
        }
    }

    /// The stream of a name. One that was not planned comes last.
    fn stream(&mut self, name: &str) -> &mut Stream {
        let at = self.list.iter().position(|one| one.name == name);
        let at = at.unwrap_or_else(|| {
            let name = name.to_owned();
            self.list.push(Stream {
                name,
                ..Stream::default()
            });
            self.list.len() - 1
        });
        &mut self.list[at]
    }

    pub fn begin(&mut self, name: &str, now: Duration) {
        let stream = self.stream(name);
        stream.stage = Stage::Open;
        stream.began = now;
        self.last_line.get_or_insert(now);
    }

    pub fn end(&mut self, name: &str) {
        self.stream(name).stage = Stage::Safe;
    }

    pub fn leave(&mut self, name: &str) {
        self.stream(name).stage = Stage::Left;
    }

    pub fn fail(&mut self, name: &str) {
        self.stream(name).stage = Stage::Failed;
    }

    pub fn is_open(&self, name: &str) -> bool {
        self.open().any(|one| one.name == name)
    }

    pub fn open(&self) -> impl Iterator<Item = &Stream> {
        self.list.iter().filter(|one| one.stage == Stage::Open)
    }

    pub fn progress(&mut self, progress: &Progress) {
        self.stream(&progress.stream).progress = Some(progress.clone());
    }

    pub fn summarize(&mut self, summary: &Summary) {
        self.stream(&summary.stream).summary = Some(summary.clone());
    }

    /// A sentence about how far the open streams have come, if it is time for one.
    pub fn line_due(&mut self, now: Duration) -> Option<String> {
        let last = self.last_line.filter(|last| now >= *last + BETWEEN_LINES)?;
        self.last_line = Some(now.max(last));
        let open: Vec<String> = self.open().map(|one| one.so_far(now)).collect();
        (!open.is_empty()).then(|| format!("so far: {}", open.join("; ")))
    }

    /// Sums over the streams that have begun. None if none of them has been read to its end.
    pub fn totals(&self, took: Duration) -> Option<Totals> {
        let begun = || self.list.iter().filter(|one| one.stage != Stage::Planned);
        let mut totals = Totals {
            streams: begun().count(),
            failed: begun().filter(|one| one.stage == Stage::Failed).count(),
            took,
            ..Totals::default()
        };
        for figures in begun().map(Stream::figures) {
            totals.records += figures.records;
            totals.pages += figures.pages;
            totals.retries += figures.retries;
            totals.waited += figures.waited;
        }
        let is_known = self.list.iter().any(|one| one.summary.is_some());
        is_known.then_some(totals)
    }

    /// The table of the streams that have begun, with the totals in its last row.
    pub fn table(&self, totals: &Totals, width: usize) -> String {
        const HEADER: [&str; 8] = [
            "stream", "records", "pages", "retries", "waited", "took", "bookmark", "result",
        ];
        let begun = self.list.iter().filter(|one| one.stage != Stage::Planned);
        let mut rows: Vec<Vec<String>> = begun.map(Stream::row).collect();
        if rows.len() > 1 {
            rows.push(vec![
                counted(totals.streams as u64, "stream"),
                grouped(totals.records),
                grouped(totals.pages),
                grouped(totals.retries),
                seconds(totals.waited),
                seconds(totals.took),
            ]);
        }
        table::text(&HEADER, rows, 1, width)
    }

    /// What an interruption means for each stream, a sentence each.
    pub fn interrupted(&self) -> Vec<String> {
        let names = |stages: &[Stage]| -> Option<String> {
            let of_stage = self.list.iter().filter(|one| stages.contains(&one.stage));
            let names: Vec<&str> = of_stage.map(|one| one.name.as_str()).collect();
            (!names.is_empty()).then(|| names.join(", "))
        };
        let safe = names(&[Stage::Safe]).map(|names| {
            format!("interrupted; read to their end, with their state written: {names}")
        });
        let again = names(&[Stage::Open, Stage::Failed])
            .map(|names| format!("interrupted; read in part, and again in the next run: {names}"));
        let left = names(&[Stage::Planned])
            .map(|names| format!("interrupted; not begun, and left to the next run: {names}"));
        [safe, again, left].into_iter().flatten().collect()
    }
}

/// Sums of a stream, from its end or from its last page.
struct Figures {
    records: u64,
    pages: u64,
    retries: u64,
    waited: Duration,
}

impl Stream {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The share of the stream that has been read, from 0 to 1, if it is known.
    pub fn share(&self) -> Option<f64> {
        self.progress.as_ref()?.share
    }

    fn figures(&self) -> Figures {
        match (&self.summary, &self.progress) {
            (Some(summary), _) => Figures {
                records: summary.records,
                pages: summary.pages,
                retries: summary.retries,
                waited: summary.waited,
            },
            (None, Some(progress)) => Figures {
                records: progress.records,
                pages: progress.pages,
                retries: progress.retries,
                waited: progress.waited,
            },
            (None, None) => Figures {
                records: 0,
                pages: 0,
                retries: 0,
                waited: Duration::ZERO,
            },
        }
    }

    /// What a person wants to know while it is read.
    pub fn figures_so_far(&self, now: Duration) -> String {
        let figures = self.figures();
        let took = now.saturating_sub(self.began).as_secs_f64();
        let mut text = format!("{} records", grouped(figures.records));
        if took >= 1.0 {
            text.push_str(&format!(", {}/s", grouped(rate(figures.records, took))));
        }
        if figures.retries > 0 {
            text.push_str(&format!(", {}", counted(figures.retries, "retry")));
        }
        if figures.waited >= Duration::from_millis(100) {
            text.push_str(&format!(", waited {}", seconds(figures.waited)));
        }
        text
    }

    fn so_far(&self, now: Duration) -> String {
        let share = self
            .share()
            .map(|share| format!(" ({:.0} %)", share * 100.0));
        let (name, figures) = (&self.name, self.figures_so_far(now));
        format!("{name}{} {figures}", share.unwrap_or_default())
    }

    fn row(&self) -> Vec<String> {
        let figures = self.figures();
        let summary = self.summary.as_ref();
        let bookmark = summary.and_then(|summary| summary.new.clone());
        let result = match (self.stage, summary) {
            (Stage::Failed, _) => "failed",
            (Stage::Left, _) => "cut by --limit",
            (_, Some(summary)) if summary.caught_up => "caught up",
            (_, Some(_)) => "more to read",
            (_, None) => "not finished",
        };
        vec![
            self.name.clone(),
            grouped(figures.records),
            grouped(figures.pages),
            grouped(figures.retries),
            seconds(figures.waited),
            summary
                .map(|summary| seconds(summary.took))
                .unwrap_or_default(),
            bookmark.unwrap_or_default(),
            result.to_owned(),
        ]
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "people see whole numbers"
)]
fn rate(records: u64, seconds: f64) -> u64 {
    (records as f64 / seconds) as u64
}

/// A number with its digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A duration as people say it.
fn seconds(duration: Duration) -> String {
    match duration.as_secs() {
        0..100 => format!("{:.1} s", duration.as_secs_f64()),
        whole @ 100..6000 => format!("{} min {} s", whole / 60, whole % 60),
        whole => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// The totals as a sentence.
pub fn sentence(totals: &Totals) -> String {
    let failed = match totals.failed {
        0 => String::new(),
        count => format!(", {count} of them failed"),
    };
    format!(
        "{}{failed}: {}, {}, {}, {} waited for rate limits, {} in all",
        counted(totals.streams as u64, "stream"),
        counted(totals.records, "record"),
        counted(totals.pages, "page"),
        counted(totals.retries, "retry"),
        seconds(totals.waited),
        seconds(totals.took),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(stream: &str, records: u64, share: Option<f64>) -> Progress {
        Progress {
            stream: stream.to_owned(),
            records,
            pages: 1,
            share,
            retries: 2,
            waited: Duration::from_millis(1500),
        }
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_line_is_due_every_half_minute_and_tells_of_open_streams() {
        let mut streams = Streams::default();
        streams.plan(&names(&["a", "b", "c"]));
        let at = Duration::from_secs;
        streams.begin("a", at(10));
        streams.begin("b", at(10));
        streams.progress(&progress("a", 60_000, Some(0.251)));
        streams.progress(&progress("b", 5, None));
        streams.end("b");
        assert_eq!(streams.line_due(at(39)), None);
        assert_eq!(
            streams.line_due(at(40)).as_deref(),
            Some("so far: a (25 %) 60,000 records, 2,000/s, 2 retries, waited 1.5 s")
        );
        assert_eq!(streams.line_due(at(69)), None);
        streams.end("a");
        assert_eq!(streams.line_due(at(70)), None);
    }

    #[test]
    fn an_interruption_tells_what_is_safe() {
        let mut streams = Streams::default();
        streams.plan(&names(&["a", "b", "c", "d"]));
        streams.begin("a", Duration::ZERO);
        streams.end("a");
        streams.begin("b", Duration::ZERO);
        assert_eq!(
            streams.interrupted(),
            [
                "interrupted; read to their end, with their state written: a",
                "interrupted; read in part, and again in the next run: b",
                "interrupted; not begun, and left to the next run: c, d",
            ]
        );
        assert_eq!(Streams::default().interrupted(), [""; 0]);
    }

    #[test]
    fn numbers_and_durations_are_written_for_people() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
        for (milliseconds, text) in [
            (0, "0.0 s"),
            (99_960, "100.0 s"),
            (100_000, "1 min 40 s"),
            (5_999_000, "99 min 59 s"),
            (6_000_000, "1 h 40 min"),
        ] {
            assert_eq!(seconds(Duration::from_millis(milliseconds)), text);
        }
    }
}
