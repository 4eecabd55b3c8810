//! The plan of one stream's run: which window is read when, and what the run can promise at its end.
//!
//! **The horizon** divides the stream. What has a stamp before it is the past, which only shrinks: a
//! record that changes gets a later stamp and leaves. The past is read in windows, side by side
//! where there are places. Everything else is the present. It is read last, so that no older version
//! of a record can follow a newer one.
//!
//! The plan is pure: it has no I/O, no clock and no log. It takes facts about pages, and says what to
//! emit and what to ask next.

use super::ask::{Ask, Query};
use super::edge::Edge;
use super::facts::{Newest, NewestAnswer, Observation, PageTimes, VersionFact};
use super::next::{GaveUp, Next};
use super::past::{NewestRecord, Past, Walker, page_query};
use super::present::Present;
use super::scan::Scan;
use super::seen::Seen;
use super::share::{self, Part};
use super::terms::{Reading, Span, Terms};
use super::window::{Seeking, WindowWalk};
use crate::api::page::{LowerBound, PageToken, Window};
use crate::time::timestamp::{self, Timestamp};

/// A walk has started again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restart {
    pub reason: &'static str,
    /// The stamp from which it goes on. None is its start.
    pub from: Option<String>,
}

pub struct Plan {
    terms: Terms,
    /// The end of the part of the stream that this run reads.
    bound: Option<Edge>,
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
    /// Whether the run ends at a bound of its own, before the time at which it began.
    pub is_bounded: bool,
    /// How often walks have started again.
    restarts: u32,
    /// Why it is not certain that the present, which is read last, has shown everything.
    doubt: Option<&'static str>,
    /// When its first page was asked for.
    began_at: Option<Timestamp>,
    /// The earliest and the latest stamp that it has read below its bound.
    earliest: Option<Timestamp>,
    latest: Option<Timestamp>,
    /// The stamp of the newest record, if that is known.
    data_end: Option<Timestamp>,
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
    /// The first record from a bound on is asked for, to count a run's days from.
    Oldest {
        window: Window,
        asked: Option<u64>,
    },
    /// Nothing is known yet; the first page is asked for.
    First(Walker<WindowWalk>),
    Past(Past),
    Present(Walker<Present>),
    Scan(Walker<Scan>),
    Done,
}

impl Plan {
    pub fn new(terms: Terms) -> Self {
        let mut plan = Self {
            terms,
            bound: None,
            phase: Phase::Done,
            ids: 0,
            newest_ask: None,
            past: None,
            past_seen: Seen::default(),
            has_undated_last: false,
            promised: None,
            leaves_more: false,
            is_bounded: false,
            restarts: 0,
            doubt: Some("it has not come to its end"),
            began_at: None,
            earliest: None,
            latest: None,
            data_end: None,
            restarted: None,
            limit: 1,
        };
        plan.phase = match plan.terms.span {
            Some(Span { from: None, .. }) => {
                plan.oldest_from(timestamp::micros(Timestamp::UNIX_EPOCH))
            }
            Some(Span {
                from: Some(from),
                length,
            }) => {
                plan.bound = from.checked_add_signed(length).map(Edge::at);
                plan.first_phase()
            }
            None => plan.first_phase(),
        };
        plan
    }

    /// How a run begins.
    fn first_phase(&self) -> Phase {
        let from = self.terms.from.as_ref().map(|(from, _)| from.clone());
        match self.terms.reading {
            Reading::Scan => Phase::Scan(Walker::new(Scan::new(self.terms.lateness, false))),
            Reading::Windows | Reading::Ordered => {
                let mut first = WindowWalk::new(from, self.until());
                first.has_bound = self.terms.reading == Reading::Windows;
                if self.terms.seeks {
                    first.seeking = Seeking::Always;
                }
                Phase::First(Walker::new(first))
            }
        }
    }

    /// The question for the first record from a bound on.
    fn oldest_from(&self, updated_at: String) -> Phase {
        let from = LowerBound {
            updated_at,
            inclusive: true,
        };
        let until = self.terms.until.as_ref().map(|edge| edge.text.clone());
        Phase::Oldest {
            window: Window {
                from: Some(from),
                until,
            },
            asked: None,
        }
    }

    /// The end of what this run reads: its own bound, or `end_date` if that is earlier.
    fn until(&self) -> Option<Edge> {
        let edges = [&self.bound, &self.terms.until];
        let edges = edges.into_iter().flatten();
        edges.min_by_key(|edge| edge.timestamp).cloned()
    }

    pub fn is_done(&self) -> bool {
        matches!(self.phase, Phase::Done)
    }

    /// Why it is not certain that every record has been read that the stream has; None if it is.
    pub fn doubt(&self) -> Option<&'static str> {
        let terms = &self.terms;
        if terms.from.is_some() || terms.until.is_some() || terms.span.is_some() {
            return Some("dates leave records out");
        }
        if terms.reading == Reading::Scan || self.has_undated_last {
            return Some("its records come in no certain order");
        }
        if self.restarts > 0 {
            return Some("it had to start again");
        }
        self.doubt
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
                Phase::Oldest { asked, .. } => is_asked(*asked),
                Phase::Done => false,
            }
    }

    /// The next request to send, if one can be sent now. `limit` is the size of pages.
    pub fn ask(&mut self, limit: u16) -> Option<Ask> {
        self.limit = limit;
        self.ids += 1;
        let id = self.ids;
        let until = self.terms.until.as_ref().map(|edge| edge.text.clone());
        let query = match &mut self.phase {
            Phase::First(walker) => page_query(&mut walker.asked, id, || walker.walk.ask()),
            Phase::Present(walker) => page_query(&mut walker.asked, id, || walker.walk.ask()),
            Phase::Scan(walker) => page_query(&mut walker.asked, id, || {
                (Window::default(), walker.walk.ask())
            }),
            Phase::Past(past) => {
                let wants_newest = past.wants_newest() && self.newest_ask.is_none();
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
                    Some(Query::Newest { until })
                } else if past.is_final {
                    past.ask_split(id, limit)
                } else {
                    None
                }
            }
            Phase::Oldest { window, asked } => {
                if asked.is_some() {
                    return None;
                }
                *asked = Some(id);
                Some(Query::Oldest {
                    window: window.clone(),
                })
            }
            Phase::Done => None,
        };
        let query = query?;
        let leads_on = self.leads_on(id);
        Some(Ask {
            id,
            query,
            leads_on,
        })
    }

    /// Whether the walk that has just asked goes by tokens. After the first page, others may come
    /// before the next.
    fn leads_on(&self, id: u64) -> bool {
        match &self.phase {
            Phase::Past(past) => past
                .windows
                .iter()
                .any(|one| one.asked == Some(id) && one.walk.seeking == Seeking::Not),
            Phase::Scan(_) => true,
            Phase::Oldest { .. } | Phase::First(_) | Phase::Present(_) | Phase::Done => false,
        }
    }

    /// Begins to read a page. `has_next` says whether a token came with it.
    pub fn begin_page(&mut self, id: u64, times: PageTimes, has_next: bool) {
        self.began_at.get_or_insert(times.asked_at);
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
            Phase::First(_) | Phase::Oldest { .. } | Phase::Done => {}
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
        let is_all_past = self.until().is_some_and(|until| until.timestamp <= horizon);
        let is_small = !has_next && !is_all_past;
        if is_small || self.is_all_present(horizon) {
            let mut present = self.present_from_start(Seen::default());
            // The request has been sent already; both begin alike.
            let _ = present.ask();
            self.phase = Phase::Present(Walker {
                asked: walker.asked,
                ..Walker::new(present)
            });
            return;
        }
        let mut past = Past::new(horizon, walker, self.terms.places);
        past.may_split = self.terms.reading == Reading::Windows && self.terms.places > 1;
        past.is_final = times.has_date;
        let is_full = self.terms.from.is_none() && self.until().is_none();
        if is_full && has_next {
            past.newest = NewestRecord::Needed;
        } else if (past.may_split && has_next) || !times.has_date {
            past.newest = NewestRecord::Wanted;
        }
        past.lower_top(self.edge_at(horizon));
        self.phase = Phase::Past(past);
    }

    fn is_all_present(&self, horizon: Timestamp) -> bool {
        let from = self.terms.from.as_ref();
        from.is_some_and(|(_, from)| horizon <= *from)
    }

    fn present_from_start(&self, seen: Seen) -> Present {
        let from = self.terms.from.as_ref().map(|(from, _)| from.clone());
        Present::new(from, self.until(), self.terms.lateness, None, seen)
    }

    /// The upper edge of the past: the horizon, or `end_date` if that is earlier.
    fn edge_at(&self, horizon: Timestamp) -> Edge {
        match self.until() {
            Some(until) if until.timestamp <= horizon => until,
            _ => Edge::at(horizon),
        }
    }

    pub fn observe(&mut self, id: u64, version: &VersionFact) -> Observation {
        let is_bounded = |stamp: &Timestamp| {
            let bound = self.bound.as_ref();
            bound.is_none_or(|bound| *stamp < bound.timestamp)
        };
        let stamp = version.stamp.map(|(stamp, _)| stamp).filter(is_bounded);
        self.earliest = self.earliest.into_iter().chain(stamp).min();
        self.latest = self.latest.max(stamp);
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
            Phase::First(_) | Phase::Oldest { .. } | Phase::Done => Observation::Elsewhere,
        };
        match observation {
            Observation::New if is_known => Observation::Repeat,
            other => other,
        }
    }

    /// Ends a page. `next` fetches the one after it.
    pub fn end_page(&mut self, id: u64, next: Option<PageToken>) -> Result<(), GaveUp> {
        let limit = self.limit;
        if let Phase::Past(past) = &mut self.phase {
            past.count_page(next.is_some(), limit);
        }
        self.answered(id, |walk| match walk {
            Walk::Window(walk) => walk.end_page(next, limit),
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
            Phase::First(_) | Phase::Oldest { .. } | Phase::Done => return Ok(()),
        };
        self.restarts += u32::from(self.restarted.is_some());
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
                self.data_end = Some(newest);
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
            return self.drop_ended();
        }
        let horizon = past.horizon;
        let edge = self.edge_at(horizon);
        // With neither a `Date` nor a newest record, nothing says where the past ends.
        if self.data_end.is_none() || self.is_all_present(horizon) {
            return self.begin_present_anew();
        }
        if let Phase::Past(past) = &mut self.phase {
            past.lower_top(edge);
            past.begin_anew();
        }
        self.drop_ended();
    }

    /// The question for the oldest record has been answered: a run's days count from it.
    pub fn oldest_is(&mut self, answer: NewestAnswer) {
        let Phase::Oldest { window, .. } = std::mem::replace(&mut self.phase, Phase::Done) else {
            return;
        };
        self.is_bounded = false;
        let (NewestAnswer::At(oldest), Some(span)) = (answer, &self.terms.span) else {
            return;
        };
        self.bound = oldest.checked_add_signed(span.length).map(Edge::at);
        if let (true, Some(from)) = (self.began_at.is_some(), window.from) {
            // It lies after what this run has read.
            self.terms.from = Some((from, oldest));
        }
        self.phase = self.first_phase();
    }

    /// Everything has been read. A run that was to read a part of the stream, and found nothing new
    /// in it, goes on to the next record, so that bounded runs get somewhere.
    fn finish(&mut self) {
        self.phase = Phase::Done;
        let (Some(span), Some(bound), Some(began_at)) =
            (&self.terms.span, &self.bound, self.began_at)
        else {
            return;
        };
        let is_in_force = self.until().as_ref() == Some(bound);
        let has_more = self.data_end.is_none_or(|end| end >= bound.timestamp);
        self.is_bounded = is_in_force && has_more && bound.timestamp <= began_at;
        if self.is_bounded && !self.leaves_more && self.latest <= span.from {
            self.phase = self.oldest_from(bound.text.clone());
        }
    }

    /// Reads everything from the start on as present.
    fn begin_present_anew(&mut self) {
        let Phase::Past(past) = std::mem::replace(&mut self.phase, Phase::Done) else {
            return;
        };
        self.bound = None;
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
        if let Phase::First(_) = self.phase {
            self.bound = None;
            self.terms.reading = Reading::Ordered;
            self.phase = self.first_phase();
        } else {
            self.seek_on();
        }
    }

    /// Goes on by seeking from where the lowest window is settled: no filter bounds the others.
    fn seek_on(&mut self) {
        self.bound = None;
        let Phase::Past(past) = std::mem::replace(&mut self.phase, Phase::Done) else {
            return;
        };
        let lowest = past.windows.into_iter().next();
        let Some(window) = lowest else {
            return;
        };
        // What higher windows promise would pass over what is left.
        let begins = window.walk.begins_at();
        self.past = self
            .past
            .take()
            .filter(|newest| begins > Some(newest.stamp.timestamp));
        let (from, place) = (window.walk.start(), window.walk.settled().cloned());
        let present = Present::new(
            from,
            self.until(),
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
            Phase::Past(past) if !past.is_final => {}
            Phase::Past(past) => {
                let is_ended = |one: &Walker<WindowWalk>| one.walk.next == Next::Ended;
                let (ended, rest) = std::mem::take(&mut past.windows)
                    .into_iter()
                    .partition(is_ended);
                past.windows = rest;
                past.is_whole |= ended.iter().any(|one| one.walk.is_whole());
                let is_whole = past.is_whole;
                let is_known = self.newest_ask.is_none() && past.newest != NewestRecord::Needed;
                let is_over = past.windows.is_empty() && is_known;
                for window in ended {
                    self.keep(window.walk);
                }
                if is_over && is_whole && !self.has_undated_last {
                    self.finish();
                } else if is_over {
                    self.leave_past();
                }
            }
            Phase::Present(walker) if walker.walk.next == Next::Ended => {
                self.leaves_more = walker.walk.leaves_more;
                self.promised = walker.walk.newest().cloned();
                self.doubt = (!walker.walk.is_proven())
                    .then_some("changes made during the run are left to the next one");
                if self.has_undated_last && self.terms.from.is_none() {
                    self.phase = Phase::Scan(Walker::new(Scan::new(self.terms.lateness, true)));
                } else {
                    self.finish();
                }
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
        let is_past = |edge: &Edge| edge.timestamp <= past.horizon;
        if self.until().as_ref().is_some_and(is_past) {
            return self.finish();
        }
        let from = self.edge_at(past.horizon).text;
        // A run that gets to the present reads all of it.
        self.bound = None;
        let seen = std::mem::take(&mut self.past_seen);
        let from = Some(LowerBound {
            updated_at: from,
            inclusive: true,
        });
        let present = Present::new(from, self.until(), self.terms.lateness, None, seen);
        self.phase = Phase::Present(Walker::new(present));
    }

    /// The newest version that the run can promise, once it is done.
    pub fn promised(&self) -> Option<Newest> {
        Newest::of(self.past.clone(), self.promised.clone())
    }

    /// How far `updated_at` has come from the first record to the end of the data, as far as that is
    /// known, from 0 to 1. None where records come in no order.
    pub fn share(&self) -> Option<f64> {
        let begin = self.earliest?;
        match &self.phase {
            Phase::Past(past) => {
                let edge = self.edge_at(past.horizon).timestamp;
                let end = self.data_end.map_or(edge, |data_end| data_end.min(edge));
                let parts = past.windows.iter().map(|one| Part {
                    position: one.walk.position().unwrap_or(begin),
                    end: one.walk.edge().map_or(end, |edge| edge.timestamp),
                });
                share::of(begin, end, parts)
            }
            Phase::Present(_) => {
                let (position, end) = (self.latest?, self.data_end.or(self.began_at)?);
                share::of(begin, end, std::iter::once(Part { position, end }))
            }
            Phase::First(_) | Phase::Oldest { .. } | Phase::Scan(_) | Phase::Done => None,
        }
    }
}
