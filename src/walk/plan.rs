//! The plan of one stream's run: which window is read when, and what the run can promise at its end.
//!
//! **The horizon** divides the stream. What has a stamp before it is the past, which only shrinks: a
//! record that changes gets a later stamp and leaves. The past is read in windows, side by side
//! where there are places. Everything else is the present. It is read last, so that no older version
//! of a record can follow a newer one.
//!
//! The plan is pure: it has no I/O, no clock and no log. It takes facts about pages, and says what to
//! emit and what to ask next.

use super::facts::{Newest, NewestAnswer, Observation, PageTimes, VersionFact};
use super::present::Present;
use super::scan::Scan;
use super::seen::Seen;
use super::window::{Edge, GaveUp, Next, WindowWalk};
use crate::api::page::{LowerBound, PageToken, Window};
use crate::time::timestamp::Timestamp;
use chrono::TimeDelta;

/// Fewer pages than this are not worth a window of their own.
const PAGES_WORTH_SPLITTING: f64 = 3.0;

/// No window is narrower, since stamps may show whole seconds only.
const NARROWEST: TimeDelta = TimeDelta::seconds(2);

/// How a stream can be read, and from where.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The lower bound of the run, and its point in time.
    pub from: Option<(LowerBound, Timestamp)>,
    /// `end_date`.
    pub until: Option<Edge>,
    /// How long after its change a stamp may become visible.
    pub lateness: TimeDelta,
    pub reading: Reading,
    /// How many pages may be on their way at once, at most.
    pub places: usize,
    /// The id and the stamp of the bookmark, whose version need not come again.
    pub known: Option<(String, Timestamp)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// In windows with an upper bound.
    Windows,
    /// In order, but the API has no upper bound.
    Ordered,
    /// By seeking alone: the API's tokens count records.
    Seek,
    /// As a whole, in no order.
    Scan,
}

/// A request of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    pub id: u64,
    pub query: Query,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    Page {
        window: Window,
        token: Option<PageToken>,
    },
    /// The newest record alone, in descending order.
    Newest { until: Option<String> },
}

/// A walk has started again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restart {
    pub reason: &'static str,
    /// The stamp from which it goes on. None is its start.
    pub from: Option<String>,
}

pub struct Plan {
    terms: Terms,
    phase: Phase,
    ids: u64,
    /// The request for the newest record, while it is on its way.
    newest_ask: Option<u64>,
    /// The newest version of the windows that have ended, and what the highest of them has seen.
    past: Option<Newest>,
    past_seen: Seen,
    has_undated_last: bool,
    promised: Option<Newest>,
    pub leaves_more: bool,
    /// Whether the newest page or failure made its walk start again.
    pub restarted: Option<Restart>,
    limit: u16,
}

/// What walks: one of three.
enum Walk<'p> {
    Window(&'p mut WindowWalk),
    Present(&'p mut Present),
    Scan(&'p mut Scan),
}

enum Phase {
    /// Nothing is known yet; the first page is asked for.
    First(Walker<WindowWalk>),
    Past(Past),
    Present(Walker<Present>),
    Scan(Walker<Scan>),
    Done,
}

struct Past {
    horizon: Timestamp,
    /// Whether the horizon is certain. By the machine's own clock, it is once the newest record is
    /// known.
    is_final: bool,
    newest: NewestRecord,
    may_split: bool,
    places: usize,
    pages: usize,
    /// The records of the page that is being read that are new.
    fresh: u32,
    /// The sum of what pages lacked to be full, in pages.
    unfilled: f64,
    windows: Vec<Walker<WindowWalk>>,
}

/// The newest record of the stream, which tells where its data ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NewestRecord {
    /// It would help to know it.
    Wanted,
    Needless,
    Known(Timestamp),
}

/// Something that walks, with its request on the way.
struct Walker<W> {
    walk: W,
    asked: Option<u64>,
}

impl<W> Walker<W> {
    fn new(walk: W) -> Self {
        Self { walk, asked: None }
    }
}

impl Plan {
    pub fn new(terms: Terms) -> Self {
        let phase = match terms.reading {
            Reading::Scan => Phase::Scan(Walker::new(Scan::new(terms.lateness, false))),
            Reading::Seek => Phase::Present(Walker::new(Present::new(
                terms.from.as_ref().map(|(from, _)| from.clone()),
                terms.until.clone(),
                terms.lateness,
                None,
                Seen::default(),
            ))),
            Reading::Windows | Reading::Ordered => Phase::First(Walker::new(WindowWalk::first(
                terms.from.as_ref().map(|(from, _)| from.clone()),
                terms.until.clone(),
                terms.reading == Reading::Windows,
            ))),
        };
        Self {
            terms,
            phase,
            ids: 0,
            newest_ask: None,
            past: None,
            past_seen: Seen::default(),
            has_undated_last: false,
            promised: None,
            leaves_more: false,
            restarted: None,
            limit: 1,
        }
    }

    pub fn is_done(&self) -> bool {
        matches!(self.phase, Phase::Done)
    }

    /// Whether a page is still wanted. One that a change of the plan has made needless is not.
    pub fn is_wanted(&self, id: u64) -> bool {
        let is_asked = |asked: Option<u64>| asked == Some(id);
        self.newest_ask == Some(id)
            || match &self.phase {
                Phase::First(walker) => is_asked(walker.asked),
                Phase::Past(past) => past.windows.iter().any(|one| is_asked(one.asked)),
                Phase::Present(walker) => is_asked(walker.asked),
                Phase::Scan(walker) => is_asked(walker.asked),
                Phase::Done => false,
            }
    }

    /// The next request to send, if one can be sent now. `limit` is the size of pages.
    pub fn ask(&mut self, limit: u16) -> Option<Ask> {
        self.limit = limit;
        self.ids += 1;
        let id = self.ids;
        let until = || self.terms.until.as_ref().map(|edge| edge.text.clone());
        let query = match &mut self.phase {
            Phase::First(walker) => page_query(&mut walker.asked, id, || walker.walk.ask()),
            Phase::Present(walker) => page_query(&mut walker.asked, id, || walker.walk.ask()),
            Phase::Scan(walker) => page_query(&mut walker.asked, id, || {
                (Window::default(), walker.walk.ask())
            }),
            Phase::Past(past) => {
                let wants_newest = past.newest == NewestRecord::Wanted && self.newest_ask.is_none();
                // By the machine's own clock, the first page alone is read before the newest record
                // is known.
                let page = if past.is_final {
                    past.ask_waiting(id)
                } else {
                    None
                };
                if page.is_some() {
                    page
                } else if wants_newest {
                    self.newest_ask = Some(id);
                    Some(Query::Newest { until: until() })
                } else if past.is_final {
                    past.ask_split(id, limit)
                } else {
                    None
                }
            }
            Phase::Done => None,
        };
        query.map(|query| Ask { id, query })
    }

    /// Begins to read a page. `has_next` says whether a token came with it.
    pub fn begin_page(&mut self, id: u64, times: PageTimes, has_next: bool) {
        if let Phase::First(walker) = &self.phase
            && walker.asked == Some(id)
        {
            self.leave_first(times, has_next);
        }
        match &mut self.phase {
            Phase::Past(past) => {
                if let Some(window) = past.of(id) {
                    window.walk.begin_page();
                }
            }
            Phase::Present(walker) => walker.walk.begin_page(times),
            Phase::Scan(walker) => walker.walk.begin_page(times),
            Phase::First(_) | Phase::Done => {}
        }
    }

    /// The first page says where the horizon is at most. A stream that fits into a page is all
    /// present, and so is one whose bookmark is no older than the horizon.
    fn leave_first(&mut self, times: PageTimes, has_next: bool) {
        let Phase::First(walker) = std::mem::replace(&mut self.phase, Phase::Done) else {
            return;
        };
        let horizon = times.asked_at.checked_sub_signed(self.terms.lateness);
        let horizon = horizon.unwrap_or(Timestamp::MIN_UTC);
        if !has_next || self.is_all_present(horizon) {
            let mut present = self.present_from_start(Seen::default());
            // The request has been sent already; both begin alike.
            let _ = present.ask();
            self.phase = Phase::Present(Walker {
                asked: walker.asked,
                ..Walker::new(present)
            });
            return;
        }
        let may_split = self.terms.reading == Reading::Windows && self.terms.places > 1;
        let wants_newest = may_split || !times.has_date;
        let mut past = Past {
            horizon,
            is_final: times.has_date,
            newest: if wants_newest {
                NewestRecord::Wanted
            } else {
                NewestRecord::Needless
            },
            may_split,
            places: self.terms.places,
            pages: 0,
            fresh: 0,
            unfilled: 0.0,
            windows: vec![walker],
        };
        past.lower_top(self.edge_at(horizon));
        self.phase = Phase::Past(past);
    }

    fn is_all_present(&self, horizon: Timestamp) -> bool {
        let from = self.terms.from.as_ref();
        from.is_some_and(|(_, from)| horizon <= *from)
    }

    fn present_from_start(&self, seen: Seen) -> Present {
        let from = self.terms.from.as_ref().map(|(from, _)| from.clone());
        Present::new(
            from,
            self.terms.until.clone(),
            self.terms.lateness,
            None,
            seen,
        )
    }

    /// The upper edge of the past: the horizon, or `end_date` if that is earlier.
    fn edge_at(&self, horizon: Timestamp) -> Edge {
        match &self.terms.until {
            Some(until) if until.timestamp <= horizon => until.clone(),
            _ => Edge::at(horizon),
        }
    }

    pub fn observe(&mut self, id: u64, version: &VersionFact) -> Observation {
        if self.newest_ask == Some(id) {
            return Observation::Elsewhere;
        }
        let is_known = self.terms.known.as_ref().is_some_and(|(id, timestamp)| {
            id == version.id && version.stamp.is_some_and(|(stamp, _)| stamp == *timestamp)
        });
        let observation = match &mut self.phase {
            Phase::Past(past) => match past.of(id) {
                Some(window) => {
                    let observation = window.walk.observe(version);
                    past.fresh += u32::from(observation == Observation::New);
                    observation
                }
                None => Observation::Elsewhere,
            },
            Phase::Present(walker) => walker.walk.observe(version, is_known),
            Phase::Scan(walker) => walker.walk.observe(version),
            Phase::First(_) | Phase::Done => Observation::Elsewhere,
        };
        match observation {
            Observation::New if is_known => Observation::Repeat,
            other => other,
        }
    }

    /// Ends a page. `next` fetches the one after it.
    pub fn end_page(&mut self, id: u64, next: Option<PageToken>) -> Result<(), GaveUp> {
        if let Phase::Past(past) = &mut self.phase {
            past.count_page(next.is_some(), self.limit);
        }
        self.answered(id, |walk| match walk {
            Walk::Window(walk) => walk.end_page(next),
            Walk::Present(walk) => walk.end_page(next),
            Walk::Scan(walk) => walk.end_page(next),
        })
    }

    /// A page token has failed.
    pub fn token_failed(&mut self, id: u64) -> Result<(), GaveUp> {
        self.answered(id, |walk| match walk {
            Walk::Window(walk) => walk.token_failed(),
            Walk::Present(walk) => walk.token_failed(),
            Walk::Scan(walk) => walk.token_failed(),
        })
    }

    /// Tells the walk that asked what came of it, and does what it decides.
    fn answered(&mut self, id: u64, tell: impl FnOnce(Walk)) -> Result<(), GaveUp> {
        self.restarted = None;
        let decided = match &mut self.phase {
            Phase::Past(past) => {
                let Some(window) = past.of(id) else {
                    return Ok(());
                };
                window.asked = None;
                tell(Walk::Window(&mut window.walk));
                self.restarted = window.walk.restarted.map(|reason| Restart {
                    reason,
                    from: window.walk.settled().map(|settled| settled.text.clone()),
                });
                window.walk.next.clone()
            }
            Phase::Present(walker) => {
                walker.asked = None;
                tell(Walk::Present(&mut walker.walk));
                walker.walk.next.clone()
            }
            Phase::Scan(walker) => {
                walker.asked = None;
                tell(Walk::Scan(&mut walker.walk));
                self.restarted = walker
                    .walk
                    .restarted
                    .map(|reason| Restart { reason, from: None });
                walker.walk.next.clone()
            }
            Phase::First(_) | Phase::Done => return Ok(()),
        };
        self.decide(&decided)
    }

    /// The question for the newest record has been answered.
    pub fn newest_is(&mut self, answer: NewestAnswer) {
        self.newest_ask = None;
        let Phase::Past(past) = &mut self.phase else {
            return;
        };
        past.newest = NewestRecord::Needless;
        match answer {
            NewestAnswer::At(newest) => {
                past.newest = NewestRecord::Known(newest);
                if !past.is_final {
                    let newest = newest.checked_sub_signed(self.terms.lateness);
                    past.horizon = past.horizon.min(newest.unwrap_or(Timestamp::MIN_UTC));
                }
            }
            NewestAnswer::Undated => {
                self.has_undated_last = true;
                past.may_split = false;
            }
            NewestAnswer::Nothing => {}
        }
        if std::mem::replace(&mut past.is_final, true) {
            return;
        }
        let horizon = past.horizon;
        let edge = self.edge_at(horizon);
        if self.is_all_present(horizon) {
            return self.begin_present_anew();
        }
        if let Phase::Past(past) = &mut self.phase {
            past.lower_top(edge);
        }
        self.drop_ended();
    }

    /// Reads everything from the start on as present.
    fn begin_present_anew(&mut self) {
        let Phase::Past(past) = std::mem::replace(&mut self.phase, Phase::Done) else {
            return;
        };
        let seen = past
            .windows
            .into_iter()
            .next()
            .map(|window| window.walk.seen);
        let present = self.present_from_start(seen.unwrap_or_default());
        self.phase = Phase::Present(Walker::new(present));
    }

    /// The API has refused the upper bound of a query.
    pub fn filter_refused(&mut self) {
        self.seek_on();
    }

    /// Goes on by seeking from where the lowest window is settled: no filter bounds the others.
    fn seek_on(&mut self) {
        let Phase::Past(past) = std::mem::replace(&mut self.phase, Phase::Done) else {
            return;
        };
        let lowest = past.windows.into_iter().next();
        let Some(window) = lowest else {
            return;
        };
        let (from, place) = (window.walk.start(), window.walk.settled().cloned());
        let present = Present::new(
            from,
            self.terms.until.clone(),
            self.terms.lateness,
            place,
            window.walk.seen,
        );
        self.phase = Phase::Present(Walker::new(present));
    }

    fn decide(&mut self, next: &Next) -> Result<(), GaveUp> {
        match next {
            Next::GivenUp(gave_up) => Err(*gave_up),
            Next::Unbounded => {
                self.seek_on();
                Ok(())
            }
            Next::Ended => {
                self.drop_ended();
                Ok(())
            }
            Next::Start | Next::Token(_) => Ok(()),
        }
    }

    /// Takes leave of what has ended, and goes on to what comes after it.
    fn drop_ended(&mut self) {
        match &mut self.phase {
            Phase::Past(past) => {
                let is_ended = |one: &Walker<WindowWalk>| one.walk.next == Next::Ended;
                let (ended, rest) = std::mem::take(&mut past.windows)
                    .into_iter()
                    .partition(is_ended);
                past.windows = rest;
                let is_over = past.windows.is_empty() && past.is_final;
                let mut is_whole = false;
                for window in ended {
                    is_whole |= window.walk.is_whole();
                    self.keep(window.walk);
                }
                if is_over && is_whole && !self.has_undated_last {
                    self.phase = Phase::Done;
                } else if is_over {
                    self.leave_past();
                }
            }
            Phase::Present(walker) if walker.walk.next == Next::Ended => {
                self.leaves_more = walker.walk.leaves_more;
                self.promised = walker.walk.newest().cloned();
                self.phase = if self.has_undated_last && self.terms.from.is_none() {
                    Phase::Scan(Walker::new(Scan::new(self.terms.lateness, true)))
                } else {
                    Phase::Done
                };
            }
            Phase::Scan(walker) if walker.walk.next == Next::Ended => {
                self.promised = walker.walk.newest().cloned().or(self.promised.take());
                self.phase = Phase::Done;
            }
            _ => {}
        }
    }

    /// Keeps what an ended window knows that is later than that of all others.
    fn keep(&mut self, walk: WindowWalk) {
        let Some(newest) = walk.newest() else {
            return;
        };
        let timestamp = newest.stamp.timestamp;
        if self
            .past
            .as_ref()
            .is_none_or(|past| past.stamp.timestamp <= timestamp)
        {
            self.past = Some(newest.clone());
            self.past_seen = walk.seen;
        }
    }

    /// The past has been read. What is not past is the present.
    fn leave_past(&mut self) {
        let Phase::Past(past) = std::mem::replace(&mut self.phase, Phase::Done) else {
            return;
        };
        let until = self.terms.until.clone();
        if until
            .as_ref()
            .is_some_and(|until| until.timestamp <= past.horizon)
        {
            return;
        }
        let seen = std::mem::take(&mut self.past_seen);
        let from = Some(LowerBound {
            updated_at: self.edge_at(past.horizon).text,
            inclusive: true,
        });
        let present = Present::new(from, until, self.terms.lateness, None, seen);
        self.phase = Phase::Present(Walker::new(present));
    }

    /// The newest version that the run can promise, once it is done.
    pub fn promised(&self) -> Option<Newest> {
        Newest::of(self.past.clone(), self.promised.clone())
    }
}

fn page_query(
    asked: &mut Option<u64>,
    id: u64,
    ask: impl FnOnce() -> (Window, Option<PageToken>),
) -> Option<Query> {
    if asked.is_some() {
        return None;
    }
    *asked = Some(id);
    let (window, token) = ask();
    Some(Query::Page { window, token })
}

impl Past {
    fn of(&mut self, id: u64) -> Option<&mut Walker<WindowWalk>> {
        self.windows.iter_mut().find(|one| one.asked == Some(id))
    }

    /// Gives the highest window an upper edge. Until the horizon is final there is only one.
    fn lower_top(&mut self, edge: Edge) {
        if let Some(top) = self.windows.last_mut() {
            top.walk.narrow(edge);
        }
    }

    /// A request for the lowest window that waits.
    fn ask_waiting(&mut self, id: u64) -> Option<Query> {
        let window = self.windows.iter_mut().find(|one| one.asked.is_none())?;
        page_query(&mut window.asked, id, || window.walk.ask())
    }

    /// A request for a new window: the upper part of the one with most left.
    fn ask_split(&mut self, id: u64, limit: u16) -> Option<Query> {
        if !self.may_split || !self.is_affordable() {
            return None;
        }
        let (at, start) = self.largest_split(limit)?;
        let mut window = Walker::new(self.windows[at].walk.split_off(start)?);
        let query = page_query(&mut window.asked, id, || window.walk.ask());
        self.windows.insert(at + 1, window);
        query
    }

    /// The window with most left, and where its upper part begins: none if that is not worth its
    /// requests. The part leaves as much for each of the places that are still free.
    fn largest_split(&self, limit: u16) -> Option<(usize, Edge)> {
        let NewestRecord::Known(data_end) = self.newest else {
            return None;
        };
        let left = |one: &Walker<WindowWalk>| one.walk.records_left(data_end);
        let windows = self.windows.iter().enumerate();
        let (at, largest) = windows.max_by(|one, other| left(one.1).total_cmp(&left(other.1)))?;
        let pages = left(largest) / f64::from(limit);
        if pages < PAGES_WORTH_SPLITTING {
            return None;
        }
        let free = self.places.saturating_sub(self.windows.len()).max(1);
        let share = i32::try_from(free + 1).unwrap_or(i32::MAX);
        let position = largest.walk.position()?;
        let end = largest.walk.edge()?.timestamp.min(data_end);
        let part = ((end - position) / share).max(NARROWEST);
        (part * 2 <= end - position).then(|| (at, Edge::at(end - part)))
    }

    /// Whether one more window keeps the requests within the bound: a fifth more than the pages that
    /// the records fill, and two for each place. A window may cost two: its last page, which is not
    /// full, and the one by which the window below it finds the edge.
    #[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
    fn is_affordable(&self) -> bool {
        let expected = 2 * (self.windows.len() + 1);
        let allowed = self.pages as f64 / 5.0 + (2 * self.places) as f64;
        self.unfilled + expected as f64 <= allowed + 2.0
    }

    fn count_page(&mut self, has_next: bool, limit: u16) {
        self.pages += 1;
        let is_full = has_next && self.fresh > 0;
        if !is_full {
            self.unfilled += 1.0 - f64::from(self.fresh) / f64::from(limit);
        }
        self.fresh = 0;
    }
}
