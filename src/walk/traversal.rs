//! One walk through one window of one stream. It follows page tokens to their end, and fetches a
//! page while the one before is worked on.
//!
//! **Why a walk starts again.** A token may stop working; and one that merely names the last
//! record goes astray when that record changes, for then it stands at the end of the order, and
//! what lies between is passed over without a word. A record that changes gets a stamp of its
//! time, so whatever a token leads to that is well older than the walk was not passed over to.
//! From the first younger record on, or where a token leads to nothing, the walk starts again.
//! So it ends with a page that needed no token, or without any sign of change; or, where starting
//! again leads no further, with records that are emitted and move no bookmark.
//!
//! **Where it starts again.** From what it had reached before its last whole page, since that one
//! may have come before its turn. Where that is no farther than before, from what it has reached.

use crate::api::page::{LowerBound, Page, PageRequest, PageToken, Window};
use crate::catalog::Stream;
use crate::http::failure::{Failure, FailureKind};
use crate::source::Source;
use crate::source::tally::Tally;
use crate::state::Bookmark;
use crate::time::timestamp::Timestamp;
use crate::walk::progress::Progress;
use chrono::TimeDelta;
use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// How many walks from the same place are in vain before the last, which gives up where others
/// started again, or, where they did so only to be certain, goes on in doubt.
const WALKS_WITHOUT_PROGRESS: u32 = 2;

/// How much older than its change a stamp may be, by the clock of the `Date` header: clocks differ,
/// and changes show late. Where they are known to show later still, `lookback_seconds` says so.
const LATENESS: TimeDelta = TimeDelta::seconds(60);

/// What the server's time, told to the second, may lack.
const SECOND: TimeDelta = TimeDelta::seconds(1);

/// After so many pages in a row that have been there before in this walk, each with a token of its
/// own, there is no end to be seen.
const MOST_REPEATED: u32 = 1000;

pub struct Traversal {
    source: Arc<Source>,
    stream: Arc<Stream>,
    window: Window,
    limit: u16,
    pages: u64,
    tally: Arc<Tally>,
    /// Hashes of the tokens of this walk, eight bytes a page.
    tokens: HashSet<u64>,
    pending: Option<Pending>,
    /// Hashes of how the pages of this walk began, and how many in a row have been there before.
    beginnings: HashSet<u64>,
    repeated: u32,
    /// The server's time when the run reached it.
    run_began: Option<Timestamp>,
    /// The server's time when this walk began, at the earliest.
    walk_began: Option<Timestamp>,
    /// The farthest place that a walk has begun at, other than the window's own start, and how
    /// many walks have not got further.
    walks_from: Option<Timestamp>,
    walks_from_here: u32,
}

/// The page that is on its way.
struct Pending {
    by_token: bool,
    page: Fetch,
}

/// A fetch of its own; it ends with the walk that wanted it.
struct Fetch(JoinHandle<Result<(Page, u16), Failure>>);

impl Drop for Fetch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A page in its place within the walk.
pub struct Step {
    pub page: Page,
    /// Whether a token has led here; then younger records are not certain to follow those before.
    pub by_token: bool,
    /// Records from here on may have changed while the walk was under way.
    pub young_from: Timestamp,
    pub is_last: bool,
    /// Starting again has not helped before, and will not now.
    pub is_last_resort: bool,
}

impl Traversal {
    /// Begins a walk: its first page is under way at once.
    pub fn begin(
        source: Arc<Source>,
        stream: Arc<Stream>,
        window: Window,
        tally: Arc<Tally>,
    ) -> Self {
        let mut traversal = Self {
            limit: source.config.page_size,
            source,
            stream,
            window,
            pages: 0,
            tally,
            tokens: HashSet::new(),
            pending: None,
            beginnings: HashSet::new(),
            repeated: 0,
            run_began: None,
            walk_began: None,
            walks_from: None,
            walks_from_here: 1,
        };
        traversal.fetch(None);
        traversal
    }

    /// The pages so far.
    pub fn pages(&self) -> u64 {
        self.pages
    }

    /// The next page, or nothing at the end of the window. `progress` is of the records of all
    /// pages before it: a walk that has to start again does so from there.
    pub async fn next_page(&mut self, progress: &mut Progress) -> Result<Option<Step>, Failure> {
        while let Some(mut pending) = self.pending.take() {
            let answer = (&mut pending.page.0).await;
            match answer.unwrap_or_else(|_| Err(broken_off())) {
                Ok((page, limit)) => {
                    let step = self.step(page, limit, pending.by_token, progress);
                    return step.map(Some);
                }
                Err(failure) if failure.kind == FailureKind::InvalidCursor && pending.by_token => {
                    self.recover(failure, progress)?;
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(None)
    }

    /// Starts again, inclusive: what was seen there is known to `progress`.
    pub fn walk_again(&mut self, progress: &mut Progress) {
        let resume = self.place_to_resume(progress).cloned();
        self.count_walk(resume.as_ref().map(|bookmark| bookmark.timestamp));
        if let Some(bookmark) = &resume {
            self.window.from = Some(LowerBound {
                updated_at: bookmark.updated_at.clone(),
                inclusive: true,
            });
        }
        progress.begin_walk(resume);
        self.tokens.clear();
        self.beginnings.clear();
        self.walk_began = None;
        self.fetch(None);
    }

    /// Where to start again: what is settled even if the last page came before its turn. Where
    /// that leads nowhere, for pages without a token are all that can be had, the newest of these.
    /// If records did not come in order, where this walk began.
    fn place_to_resume<'a>(&self, progress: &'a Progress) -> Option<&'a Bookmark> {
        let timestamp = |bookmark: Option<&Bookmark>| bookmark.map(|bookmark| bookmark.timestamp);
        let (settled, reached) = (progress.settled(), progress.reached());
        let is_vain = self.walks_from_here > 1 && !self.gets_further(timestamp(settled));
        if is_vain && self.gets_further(timestamp(reached)) {
            reached
        } else {
            settled
        }
    }

    /// Whether everything that was there when the run began has been read, while there is more.
    /// What changes faster than it is read would hold a walk for ever. `oldest` is the oldest stamp
    /// of the last page.
    pub fn has_caught_up(
        &self,
        progress: &Progress,
        is_last_resort: bool,
        oldest: Option<Timestamp>,
    ) -> bool {
        let settled = progress.settled().map(|bookmark| bookmark.timestamp);
        // In doubt, nothing more is settled, and a page of what is new is as far as it goes.
        let reached = if is_last_resort { oldest } else { settled };
        let is_past = reached
            .zip(self.run_began)
            .is_some_and(|(reached, began)| reached > began + SECOND);
        is_past && self.pending.is_some()
    }

    fn step(
        &mut self,
        mut page: Page,
        limit: u16,
        by_token: bool,
        progress: &Progress,
    ) -> Result<Step, Failure> {
        self.pages += 1;
        self.limit = limit;
        self.run_began.get_or_insert(page.server_time);
        let walk_began = *self.walk_began.get_or_insert(page.asked_at);
        let lateness = TimeDelta::from_std(self.source.config.lookback).unwrap_or(TimeDelta::MAX);
        let young_from = walk_began.checked_sub_signed(lateness.max(LATENESS));
        let is_last = page.next.is_none();
        if let Some(token) = page.next.take() {
            self.expect_another(&page)?;
            self.follow(token);
        }
        Ok(Step {
            by_token,
            young_from: young_from.unwrap_or(Timestamp::MIN_UTC),
            is_last,
            is_last_resort: self.walks_from_here > WALKS_WITHOUT_PROGRESS
                && !self.leads_on(progress),
            page,
        })
    }

    /// Fails where pages go on without end, and the same records with them.
    fn expect_another(&mut self, page: &Page) -> Result<(), Failure> {
        let mut hasher = DefaultHasher::new();
        (page.records.len(), page.raw_records().next()).hash(&mut hasher);
        if self.beginnings.insert(hasher.finish()) {
            self.repeated = 0;
            return Ok(());
        }
        self.repeated += 1;
        if self.repeated < MOST_REPEATED {
            return Ok(());
        }
        Err(Failure::new(
            FailureKind::Malformed,
            format!(
                "the API repeated {MOST_REPEATED} pages in a row, and there are still more; \
                 run again, and report it to the API's provider if it persists"
            ),
        ))
    }

    /// Sends for the page of a token. One that this walk has followed before leads round: either
    /// the API is at fault, or its record has changed and come again.
    fn follow(&mut self, token: PageToken) {
        let mut hasher = DefaultHasher::new();
        token.hash(&mut hasher);
        if self.tokens.insert(hasher.finish()) {
            self.fetch(Some(token));
        } else {
            self.pending = Some(Pending {
                by_token: true,
                page: Fetch(tokio::spawn(async { Err(went_round()) })),
            });
        }
    }

    /// Starts again behind a token that no longer works, as long as that leads anywhere.
    fn recover(&mut self, mut failure: Failure, progress: &mut Progress) -> Result<(), Failure> {
        let resume = self.place_to_resume(progress);
        if !self.leads_on(progress) && self.walks_from_here > WALKS_WITHOUT_PROGRESS {
            let times = WALKS_WITHOUT_PROGRESS;
            failure.sentence = format!(
                "{failure}; gave up after starting again {times} times without getting further"
            );
            return Err(failure);
        }
        let place = resume.map_or("its start", |bookmark| bookmark.updated_at.as_str());
        let name = &self.stream.name;
        self.source
            .log
            .warning(format!("{name}: {failure}; starting again from {place}"));
        self.walk_again(progress);
        Ok(())
    }

    fn count_walk(&mut self, from: Option<Timestamp>) {
        if self.gets_further(from) {
            self.walks_from = from;
            self.walks_from_here = 1;
        } else {
            self.walks_from_here += 1;
        }
    }

    /// Whether a walk that starts again now begins farther along than any before.
    fn leads_on(&self, progress: &Progress) -> bool {
        let resume = self.place_to_resume(progress);
        self.gets_further(resume.map(|bookmark| bookmark.timestamp))
    }

    /// Whether starting again from here is farther along than any time before.
    fn gets_further(&self, from: Option<Timestamp>) -> bool {
        from > self.walks_from
    }

    fn fetch(&mut self, token: Option<PageToken>) {
        let source = Arc::clone(&self.source);
        let stream = Arc::clone(&self.stream);
        let tally = Arc::clone(&self.tally);
        let window = self.window.clone();
        let (limit, number, by_token) = (self.limit, self.pages + 1, token.is_some());
        let page = tokio::spawn(async move {
            let request = PageRequest {
                stream: &stream,
                window: &window,
                limit,
                token: token.as_ref(),
            };
            source.page(request, number, &tally).await
        });
        self.pending = Some(Pending {
            by_token,
            page: Fetch(page),
        });
    }
}

fn went_round() -> Failure {
    Failure::advised(
        FailureKind::InvalidCursor,
        "the API sent the same page token twice",
    )
}

fn broken_off() -> Failure {
    Failure::new(
        FailureKind::Server,
        "fetching the page was aborted; report this as a bug in the tap",
    )
}
