//! A run: the selected streams side by side, each to its end, and then its bookmark. A stream that
//! fails leaves its old bookmark in force, and the others finish.

pub mod conclusion;
mod wanted;

pub use wanted::Wanted;

use crate::api::page::{LowerBound, Window};
use crate::catalog::{Replication, Selection, SyncMode};
use crate::config::{Boundary, Config};
use crate::http::failure::{Failure, Kind};
use crate::protocol::Protocol;
use crate::protocol::message::Message;
use crate::record::findings::{Finding, Findings, counted};
use crate::record::projection::{Projection, Scanned};
use crate::source::Source;
use crate::source::discover;
use crate::source::tally::Tally;
use crate::state::{Bookmark, State};
use crate::support::tasks::unwound;
use crate::time::timestamp::{self, Instant};
use crate::walk::progress::{Progress, Sight};
use crate::walk::traversal::{Step, Traversal};
use chrono::{Datelike, TimeDelta};
use serde_json::json;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;

/// How a stream ended.
pub enum End {
    Complete,
    Failed(Failure),
    /// The workspace lacks it, or the key may not read it, and nobody asked for it by name.
    LeftOut(Failure),
    /// Nobody reads the output any more.
    Unread,
}

/// A stream, by its emitted name, and how it ended.
pub struct Ended {
    pub stream: String,
    pub end: End,
}

/// Reads streams to their ends. Returns how each ended; after a failure that ends the run, without
/// the rest.
pub async fn sync(
    source: &Arc<Source>,
    protocol: Protocol,
    wanted: Vec<Wanted>,
    state: &State,
    messages: &Sender<Message>,
) -> Vec<Ended> {
    let places = Arc::new(Semaphore::new(source.config.concurrency));
    let mut tasks = JoinSet::new();
    let mut ends = Vec::new();
    for (at, wanted) in wanted.into_iter().enumerate() {
        let place = Arc::clone(&places).acquire_owned().await;
        if at == 1 {
            // If the key or the address is wrong, the first stream alone finds out.
            tokio::select! {
                biased;
                Some(ended) = tasks.join_next() => ends.extend(unwound(ended)),
                () = source.answered() => {}
            }
        }
        while let Some(ended) = tasks.try_join_next() {
            ends.extend(unwound(ended));
        }
        if ends.iter().any(Ended::ends_run) {
            return ends;
        }
        // The state was checked when it was read.
        let bookmark = state.bookmark(wanted.name()).unwrap_or_default();
        let (source, messages) = (Arc::clone(source), messages.clone());
        tasks.spawn(async move {
            let _place = place;
            Ended {
                stream: wanted.name().to_owned(),
                end: read(source, protocol, wanted, bookmark, messages).await,
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ends.extend(unwound(ended));
        if ends.iter().any(Ended::ends_run) {
            break;
        }
    }
    ends
}

impl Ended {
    fn ends_run(&self) -> bool {
        matches!(&self.end, End::Failed(failure) if failure.kind.ends_run())
    }
}

/// Asks the API about a stream, and reads it. One that cannot be described has failed, and the
/// others go on.
async fn read(
    source: Arc<Source>,
    protocol: Protocol,
    wanted: Wanted,
    bookmark: Option<Bookmark>,
    messages: Sender<Message>,
) -> End {
    let failure = match wanted.select(&source).await {
        Ok(selection) => {
            let stream = StreamRun::new(&source, protocol, selection, bookmark, messages);
            return stream.read().await;
        }
        Err(failure) => failure,
    };
    if failure.kind.ends_run() {
        return End::Failed(failure);
    }
    if wanted.is_left_out(&source, &failure) {
        discover::warn_of_left_out(&source, wanted.name(), &failure);
        return End::LeftOut(failure);
    }
    tell_failed(&source, &messages, wanted.name(), failure).await
}

/// Says that a stream failed, and ends it so.
async fn tell_failed(
    source: &Source,
    messages: &Sender<Message>,
    stream: &str,
    mut failure: Failure,
) -> End {
    failure.sentence = source.log.without_secret(failure.sentence);
    let message = Message::Failed {
        stream: stream.to_owned(),
        failure: failure.clone(),
    };
    match messages.send(message).await {
        Ok(()) => End::Failed(failure),
        Err(_) => End::Unread,
    }
}

/// What became of a page.
struct Delivered {
    /// The walk has to start again before the rest can come.
    starts_again: bool,
    /// The oldest stamp of the page.
    oldest: Option<Instant>,
}

/// One stream on its way from API to output.
struct StreamRun {
    source: Arc<Source>,
    protocol: Protocol,
    selection: Arc<Selection>,
    projection: Projection,
    bookmark: Option<Bookmark>,
    progress: Progress,
    findings: Findings,
    records: u64,
    tally: Arc<Tally>,
    began: std::time::Instant,
    messages: Sender<Message>,
}

impl StreamRun {
    fn new(
        source: &Arc<Source>,
        protocol: Protocol,
        selection: Selection,
        bookmark: Option<Bookmark>,
        messages: Sender<Message>,
    ) -> Self {
        let progress = match (selection.stream.best_mode(), selection.mode) {
            (SyncMode::FullTable, _) => Progress::unsorted(bookmark.clone()),
            (_, SyncMode::FullTable) => Progress::full_table(bookmark.clone()),
            (_, SyncMode::Incremental) => Progress::incremental(bookmark.clone()),
        };
        Self {
            source: Arc::clone(source),
            protocol,
            projection: selection.projection(),
            selection: Arc::new(selection),
            bookmark,
            progress,
            findings: Findings::default(),
            records: 0,
            tally: Arc::default(),
            began: std::time::Instant::now(),
            messages,
        }
    }

    async fn read(mut self) -> End {
        if self
            .say(Message::Began(Arc::clone(&self.selection)))
            .await
            .is_err()
        {
            return End::Unread;
        }
        let window = self.window();
        let stream = Arc::new(self.selection.stream.clone());
        let (source, tally) = (Arc::clone(&self.source), Arc::clone(&self.tally));
        let mut traversal = Traversal::begin(source, stream, window, tally);
        loop {
            let step = match traversal.next_page(&mut self.progress).await {
                Ok(Some(step)) => step,
                Ok(None) => break,
                Err(failure) => return self.fail(failure).await,
            };
            let delivered = match self.deliver(&step).await {
                Ok(delivered) => delivered,
                Err(End::Failed(failure)) => return self.fail(failure).await,
                Err(end) => return end,
            };
            self.tell_progress(traversal.pages());
            if delivered.starts_again {
                traversal.walk_again(&mut self.progress);
            } else if traversal.has_caught_up(&self.progress, step.is_last_resort, delivered.oldest)
            {
                let name = &self.selection.stream.name;
                self.source.log.info(format!(
                    "{name}: what changed during this run is left to the next one"
                ));
                return self
                    .end(traversal.pages(), Progress::settled_bookmark)
                    .await;
            }
        }
        self.end(traversal.pages(), Progress::bookmark).await
    }

    /// What of the stream this run walks. A stream that cannot be filtered is walked as a whole.
    fn window(&self) -> Window {
        let config = &self.source.config;
        if self.selection.stream.best_mode() == SyncMode::Incremental {
            return window(config, self.selection.mode, self.bookmark.as_ref());
        }
        if let Replication::FullTable { because } = &self.selection.stream.replication {
            let name = &self.selection.stream.name;
            let dated = config.start_date.is_some() || config.end_date.is_some();
            let despite = if dated {
                ", whatever start_date and end_date say"
            } else {
                ""
            };
            self.source
                .log
                .info(format!("{name} is read as a whole{despite}: {because}"));
        }
        Window::default()
    }

    /// Hands over the records of a page, without those that are certain to be repeats, and those
    /// that come again when the walk is started again.
    async fn deliver(&mut self, step: &Step) -> Result<Delivered, End> {
        let (lines, delivered) = self.lines(step).map_err(End::Failed)?;
        if !lines.is_empty() {
            self.say(Message::Records(lines)).await?;
        }
        Ok(delivered)
    }

    fn lines(&mut self, step: &Step) -> Result<(Vec<u8>, Delivered), Failure> {
        let page = &step.page;
        let frame = self
            .protocol
            .frame(&self.selection.stream.name, page.received_at);
        // Only where there is an order does a record's place tell what may have been passed over.
        // Where there is none, any record may have changed behind the walk's back.
        let is_sorted = self.progress.is_sorted();
        let certain_below = (step.by_token || !is_sorted).then_some(step.young_from);
        let comes_again = step.by_token && is_sorted && !step.is_last_resort;
        // The server's time is told to the second.
        let now = page.server_time + TimeDelta::seconds(1);
        let mut lines = Vec::with_capacity(page.body.len());
        let (mut is_whole, mut oldest) = (true, None);
        let mut scanned = Scanned::default();
        self.progress.begin_page(!step.by_token);
        for raw in page.raw_records() {
            self.projection
                .scan(raw, &mut scanned)
                .map_err(|_| broken_record())?;
            let Some(version) = self.projection.version(&scanned) else {
                self.notice(Finding::WithoutId);
                continue;
            };
            let instant = version.updated_at.as_ref().map(|(instant, _)| *instant);
            oldest = [oldest, instant].into_iter().flatten().min();
            match self.progress.observe(&version, now, certain_below) {
                Sight::Repeat => continue,
                Sight::AheadOfTime | Sight::Uncertain if comes_again => {
                    is_whole = false;
                    continue;
                }
                Sight::New => {}
                Sight::Uncertain if !is_sorted => {}
                Sight::Uncertain => self.findings.add(String::new(), Finding::Uncertain),
                Sight::AheadOfTime => self.findings.add(String::new(), Finding::AheadOfTime),
                Sight::Undated => self.findings.add(String::new(), Finding::WithoutUpdatedAt),
            }
            lines.extend_from_slice(&frame.before);
            self.projection
                .write(&mut lines, &scanned, &mut self.findings);
            lines.extend_from_slice(&frame.behind);
            self.protocol.alterations(&mut lines, self.findings.fresh());
            lines.extend_from_slice(frame.end);
            self.findings.settle();
            self.records += 1;
        }
        // A walk that is led to nothing may have been led astray.
        let is_dead_end = comes_again && step.is_last && page.records.is_empty();
        if is_whole {
            self.progress.end_page();
        }
        let delivered = Delivered {
            starts_again: !is_whole || is_dead_end,
            oldest,
        };
        Ok((lines, delivered))
    }

    /// Counts what was noticed of a record that is not emitted.
    fn notice(&mut self, finding: Finding) {
        self.findings.add(String::new(), finding);
        self.findings.settle();
    }

    /// A sign of life in long walks.
    fn tell_progress(&self, pages: u64) {
        const PAGES_BETWEEN: u64 = 100;
        if pages.is_multiple_of(PAGES_BETWEEN) {
            let (name, records) = (&self.selection.stream.name, self.records);
            let place = self
                .progress
                .newest()
                .map_or("no date", |newest| newest.updated_at.as_str());
            self.source
                .log
                .info(format!("{name}: {records} records so far, up to {place}"));
        }
    }

    async fn end(mut self, pages: u64, earned: fn(Progress) -> Option<Bookmark>) -> End {
        self.report_findings();
        let progress = std::mem::replace(&mut self.progress, Progress::full_table(None));
        let bookmark = earned(progress);
        let summary = self.summary(pages, bookmark.as_ref());
        let ended = Message::Ended {
            stream: self.selection.stream.name.clone(),
            bookmark,
            records: self.records,
        };
        if let Err(unread) = self.say(ended).await {
            return unread;
        }
        self.source.log.info(summary);
        self.tell_metrics("succeeded");
        End::Complete
    }

    /// The figures that Singer's orchestrators collect.
    fn tell_metrics(&self, status: &str) {
        let stream = &self.selection.stream.name;
        let log = &self.source.log;
        let tags = json!({"stream": stream, "endpoint": stream});
        log.metric("counter", "record_count", &json!(self.records), &tags);
        let seconds = self.began.elapsed().as_secs_f64();
        let tags = json!({"stream": stream, "job_type": "sync_stream", "status": status});
        log.metric("timer", "job_duration", &json!(seconds), &tags);
    }

    /// What reading the stream has brought and cost, on one line.
    fn summary(&self, pages: u64, bookmark: Option<&Bookmark>) -> String {
        let place = |bookmark: Option<&Bookmark>| {
            bookmark.map_or("none".to_owned(), |bookmark| bookmark.updated_at.clone())
        };
        let (old, new) = (place(self.bookmark.as_ref()), place(bookmark));
        format!(
            "{}: {} in {} ({} bytes), {} retries, {:.1} s waited for rate limits, bookmark {old} -> {new}",
            self.selection.stream.name,
            counted(self.records, "record"),
            counted(pages, "page"),
            self.tally.bytes(),
            self.tally.retries(),
            self.tally.waited().as_secs_f64(),
        )
    }

    async fn fail(self, failure: Failure) -> End {
        self.report_findings();
        self.tell_metrics("failed");
        let stream = &self.selection.stream.name;
        tell_failed(&self.source, &self.messages, stream, failure).await
    }

    fn report_findings(&self) {
        let name = &self.selection.stream.name;
        for sentence in self.findings.sentences() {
            self.source.log.warning(format!("{name}: {sentence}"));
        }
    }

    async fn say(&self, message: Message) -> Result<(), End> {
        self.messages.send(message).await.map_err(|_| End::Unread)
    }
}

fn broken_record() -> Failure {
    Failure::new(
        Kind::Malformed,
        "a record has another form than documented; report it to the API's makers, with the stream's name",
    )
}

/// The window of a run: from the bookmark, less the lookback, or from the start date, or without
/// a lower bound; up to the end date.
pub fn window(config: &Config, mode: SyncMode, bookmark: Option<&Bookmark>) -> Window {
    let start_date = config.start_date.clone().map(|updated_at| LowerBound {
        updated_at,
        inclusive: true,
    });
    let from = match (mode, bookmark) {
        (SyncMode::Incremental, Some(bookmark)) => behind(config, bookmark),
        _ => start_date,
    };
    Window {
        from,
        until: config.end_date.clone(),
    }
}

/// The bound at a bookmark; none if the lookback leads to before all dates. Its text goes back to
/// the API as the API wrote it, since any other could lose digits that the API compares.
fn behind(config: &Config, bookmark: &Bookmark) -> Option<LowerBound> {
    if config.lookback.is_zero() {
        return Some(LowerBound {
            updated_at: bookmark.updated_at.clone(),
            inclusive: config.boundary == Boundary::Gte,
        });
    }
    let lookback = TimeDelta::from_std(config.lookback).ok()?;
    let earlier = bookmark.instant.checked_sub_signed(lookback)?;
    (earlier.year() > 0).then(|| LowerBound {
        updated_at: timestamp::micros(earlier),
        inclusive: true,
    })
}
