//! The walk through one window of the past: page after page by token, to an end that is certain.
//!
//! A token may merely name the last record of its page. When that record changes, the token moves
//! with it to the end of the order and leads there, past everything between. The stamps there are
//! later than the horizon, and a window's filter hides them. So a page that a token led to is
//! certain if it shows a new record below the edge, and an empty one is not believed.

use super::density::Density;
use super::edge::Edge;
use super::facts::{Newest, Observation, Stamp, VersionFact, may_follow};
use super::next::{GaveUp, MOST_REPEATED, Next, RESTARTS_WITHOUT_PROGRESS};
use super::seen::Seen;
use super::tokens::Tokens;
use crate::api::page::{LowerBound, PageToken, Window};
use crate::time::timestamp::{self, Timestamp};
use chrono::TimeDelta;

/// Stamps with this unit are shown as they are compared.
const EXACT: TimeDelta = TimeDelta::microseconds(1);

/// How often a page that is not full and brings nothing new is asked for again, where tokens are to be
/// followed within one instant only.
const TIMES_ASKED_AGAIN: u32 = 8;

#[derive(Clone, Debug)]
pub struct WindowWalk {
    from: Option<LowerBound>,
    /// Where a window that was split off begins.
    starts_at: Option<Timestamp>,
    /// Whether the API takes an upper bound.
    pub has_bound: bool,
    /// Whether a query had an upper bound that left something to others.
    is_narrowed: bool,
    /// The lower bound of the last query, and the settled stamp that it was made of.
    asked_from: Option<LowerBound>,
    asked_settled: Option<Timestamp>,
    /// What the page without a token began with that was asked for again, to be believed.
    doubted: Option<u64>,
    /// The `lt` that the queries send.
    filter: Option<Edge>,
    /// Records from here on are read elsewhere. It is the filter, or lies below it where the window
    /// became smaller after its last query.
    edge: Option<Edge>,
    /// The highest edge that the window has had. A token that went astray leads past it.
    highest_edge: Option<Timestamp>,
    /// What the newest page in order shows at or past the edge; the next one is read for proof.
    crossing: Option<Timestamp>,
    /// The last stamp before the newest page that is known to have come in its turn.
    settled: Option<Stamp>,
    /// The last stamp of the newest page, and its versions.
    last: Option<Stamp>,
    shown: Vec<(Timestamp, u64)>,
    newest: Option<Newest>,
    reached: Option<Timestamp>,
    density: Density,
    pub seen: Seen,
    tokens: Tokens,
    pub next: Next,
    /// What the page that was asked for last was asked by.
    asked_by: AskedBy,
    page: PageSoFar,
    repeated: u32,
    restarts: Restarts,
    /// Why the newest page made the walk start again, if it did.
    pub restarted: Option<&'static str>,
    pub seeking: Seeking,
}

/// Whether a walk goes on by the last stamp of a page instead of its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seeking {
    Not,
    /// Since the end is in doubt. A token that is followed within one instant is followed to the end.
    ToTheEnd,
    /// By choice. After one instant, tokens are left again.
    Always,
}

/// What a page was asked by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum AskedBy {
    /// The window's own start.
    #[default]
    Start,
    /// The settled stamp.
    Settled,
    Token,
}

/// The page that is being read.
#[derive(Clone, Debug, Default)]
struct PageSoFar {
    asked_by: AskedBy,
    first: Option<First>,
    last: Option<Stamp>,
    /// Its versions below the edge.
    shown: Vec<(Timestamp, u64)>,
    versions: u32,
    /// Versions that the filter should have kept out.
    beyond_filter: u32,
    brought_new: bool,
    /// It shows a record without a stamp.
    is_undated: bool,
    is_out_of_order: bool,
    /// The first stamp that it shows at or past the edge.
    crossed: Option<Timestamp>,
}

/// The first version of a page below the edge.
#[derive(Clone, Debug)]
struct First {
    stamp: Stamp,
    digest: u64,
    /// Whether a page that came in its turn has shown it before.
    is_known: bool,
}

#[derive(Clone, Debug, Default)]
struct Restarts {
    in_vain: u32,
    settled: Option<Timestamp>,
    brought_new: bool,
}

impl WindowWalk {
    /// Splits off what lies from `start` on.
    pub fn split_off(&mut self, start: Edge) -> Option<Self> {
        let edge = self.edge.clone()?;
        let from = LowerBound {
            updated_at: start.text.clone(),
            inclusive: true,
        };
        let upper = Self {
            starts_at: Some(start.timestamp),
            highest_edge: self.highest_edge,
            seeking: self.seeking,
            density: self.density.at(start.timestamp),
            ..Self::new(Some(from), Some(edge))
        };
        self.narrow(start);
        Some(upper)
    }

    /// The first walk of a stream, from its lower bound.
    pub fn new(from: Option<LowerBound>, filter: Option<Edge>) -> Self {
        Self {
            from,
            starts_at: None,
            has_bound: true,
            is_narrowed: false,
            asked_from: None,
            asked_settled: None,
            doubted: None,
            edge: filter.clone(),
            highest_edge: None,
            crossing: None,
            filter,
            settled: None,
            last: None,
            shown: Vec::new(),
            newest: None,
            reached: None,
            density: Density::default(),
            seen: Seen::default(),
            tokens: Tokens::default(),
            next: Next::Start,
            asked_by: AskedBy::Start,
            page: PageSoFar::default(),
            repeated: 0,
            restarts: Restarts::default(),
            restarted: None,
            seeking: Seeking::Not,
        }
    }

    /// The query and the token of the next page, which is on its way from now on. A token belongs
    /// to the query that it came from.
    pub fn ask(&mut self) -> (Window, Option<PageToken>) {
        let token = match &self.next {
            Next::Token(token) => Some(token.clone()),
            _ => None,
        };
        self.asked_by = match (&token, &self.settled) {
            (Some(_), _) => AskedBy::Token,
            (None, Some(_)) => AskedBy::Settled,
            (None, None) => AskedBy::Start,
        };
        if token.is_none() {
            // Records without a stamp fall out of every filter. Where they come first, nothing is
            // settled before they have been read.
            if self.settled.is_some() || self.from.is_some() {
                self.filter_by_edge();
            }
            self.asked_from = self.start();
            self.asked_settled = self.settled.as_ref().map(|settled| settled.timestamp);
        }
        let until = self.filter.as_ref().map(|edge| edge.text.clone());
        let from = self.asked_from.clone();
        (Window { from, until }, token)
    }

    fn filter_by_edge(&mut self) {
        if self.has_bound && self.filter != self.edge {
            self.filter.clone_from(&self.edge);
            self.is_narrowed = true;
        }
    }

    /// The lower bound of a query that needs no token.
    pub fn start(&self) -> Option<LowerBound> {
        let settled = self.settled.as_ref().map(|settled| LowerBound {
            updated_at: timestamp::micros(settled.lowered()),
            inclusive: true,
        });
        settled.or_else(|| self.from.clone())
    }

    /// The latest stamp that the walk has seen, also where it has started again since; before its
    /// first page, where it begins.
    pub fn position(&self) -> Option<Timestamp> {
        self.reached.or(self.starts_at)
    }

    /// About how many records are left before the end of the stream's data.
    pub fn records_left(&self, data_end: Timestamp) -> f64 {
        let edge = self.edge.as_ref().map(|edge| edge.timestamp);
        self.density
            .records_until(edge.map_or(data_end, |edge| edge.min(data_end)))
    }

    /// Where a window that was split off begins.
    pub fn begins_at(&self) -> Option<Timestamp> {
        self.starts_at
    }

    /// Asks anew instead of following a token.
    pub fn drop_token(&mut self) {
        if matches!(self.next, Next::Token(_)) {
            // Before the first stamp, records without one may go on.
            if self.reached.is_some() {
                self.filter_by_edge();
            }
            self.ask_anew();
        }
    }

    pub fn settled(&self) -> Option<&Stamp> {
        self.settled.as_ref()
    }

    pub fn newest(&self) -> Option<&Newest> {
        self.newest.as_ref()
    }

    /// Whether the walk has read all that its stream has: no query had an upper bound, and no page
    /// showed a record that is read elsewhere.
    pub fn is_whole(&self) -> bool {
        self.starts_at.is_none() && !self.is_narrowed && self.next == Next::Ended
    }

    pub fn edge(&self) -> Option<&Edge> {
        self.edge.as_ref()
    }

    /// Leaves what lies at or past an edge to others. What was read there is not certain any more; if
    /// that is so, the walk starts again below it.
    pub fn narrow(&mut self, edge: Edge) {
        let is_past = |stamp: &Stamp| stamp.timestamp >= edge.timestamp;
        let has_passed = self
            .newest
            .as_ref()
            .is_some_and(|newest| is_past(&newest.stamp));
        self.settled = self.settled.take().filter(|settled| !is_past(settled));
        self.highest_edge.get_or_insert(edge.timestamp);
        self.edge = Some(edge);
        if has_passed {
            self.newest = None;
            self.filter_by_edge();
            self.ask_anew();
        }
    }

    pub fn begin_page(&mut self) {
        self.page = PageSoFar {
            asked_by: self.asked_by,
            ..PageSoFar::default()
        };
    }

    pub fn observe(&mut self, version: &VersionFact) -> Observation {
        let Some((timestamp, text)) = version.stamp else {
            let is_new = self.seen.insert(Timestamp::MIN_UTC, version.digest);
            self.page.brought_new |= is_new;
            self.page.is_undated = true;
            return if is_new {
                Observation::Undated
            } else {
                Observation::Repeat
            };
        };
        self.page.versions += 1;
        if self.reached.is_none() && self.starts_at.is_none() {
            // The first window begins where its first record does.
            self.density = self.density.at(timestamp);
        }
        let is_past = |edge: &Option<Edge>| {
            edge.as_ref()
                .is_some_and(|edge| timestamp >= edge.timestamp)
        };
        if is_past(&self.filter) {
            // The server compares with more digits than it shows.
            let unit = timestamp::resolution(text);
            let is_far = |edge: &Edge| timestamp >= edge.timestamp + unit;
            self.page.beyond_filter += u32::from(self.filter.as_ref().is_some_and(is_far));
            return self.seen_as(timestamp, version.digest);
        }
        if is_past(&self.edge) {
            self.page.crossed.get_or_insert(timestamp);
            // The server may compare with more digits than it shows. Microseconds are all it has.
            let unit = timestamp::resolution(text);
            let is_near = |edge: &Edge| unit > EXACT && timestamp < edge.timestamp + unit;
            if !self.edge.as_ref().is_some_and(is_near) {
                return Observation::Elsewhere;
            }
            return self.seen_as(timestamp, version.digest);
        }
        let observation = self.seen_as(timestamp, version.digest);
        let is_new = observation == Observation::New;
        self.judge(version, (timestamp, text), is_new);
        observation
    }

    fn seen_as(&mut self, timestamp: Timestamp, digest: u64) -> Observation {
        if self.seen.insert(timestamp, digest) {
            Observation::New
        } else {
            Observation::Repeat
        }
    }

    /// Takes a version below the edge for what it says of the order.
    fn judge(&mut self, version: &VersionFact, stamp: (Timestamp, &str), is_new: bool) {
        let page = &mut self.page;
        if page.first.is_none() {
            page.first = Some(First {
                stamp: Stamp::new(stamp.0, stamp.1),
                digest: version.digest,
                is_known: self.seen.is_settled(stamp.0, version.digest),
            });
        }
        page.shown.push((stamp.0, version.digest));
        let before = page.last.as_ref().or(self.last.as_ref());
        if before.is_some_and(|before| !may_follow(stamp, before.timestamp)) {
            page.is_out_of_order = true;
        }
        Stamp::keep(&mut page.last, stamp);
        page.brought_new |= is_new;
        self.reached = self.reached.max(Some(stamp.0));
        Newest::keep(&mut self.newest, version.id, stamp);
    }

    /// Ends the page, and decides what comes next. `limit` is how many records it was asked for.
    pub fn end_page(&mut self, token: Option<PageToken>, limit: u16) {
        let mut page = std::mem::take(&mut self.page);
        self.restarted = None;
        self.density.add_page(page.versions, self.reached);
        self.restarts.brought_new |= page.brought_new;
        self.repeated = if page.brought_new {
            0
        } else {
            self.repeated + 1
        };
        if token.is_some() && self.repeated >= MOST_REPEATED {
            self.next = Next::GivenUp(GaveUp::Endless);
            return;
        }
        let is_beyond = page.versions > 0 && page.beyond_filter == page.versions;
        if is_beyond || (page.asked_by != AskedBy::Token && self.is_below_start(&page)) {
            self.next = Next::Unbounded;
            return;
        }
        if page.is_out_of_order {
            self.step_back(page.first.map(|first| first.stamp));
            return self.restart("pages came out of order");
        }
        self.settle(&mut page);
        if let Some(crossed) = page.crossed {
            return self.cross(crossed, page.first.is_some(), token);
        }
        match token {
            Some(_) if self.seek(&page, limit) => {}
            Some(token) => self.follow(token),
            None if self.is_end(&page) => self.next = Next::Ended,
            None => self.doubt_end(),
        }
    }

    /// Whether a page without a follower is certain to end the walk. A token that went astray leads past
    /// all stamps, to a page without records, or with some that have none.
    fn is_end(&self, page: &PageSoFar) -> bool {
        let is_all_undated = page.is_undated && self.reached.is_none();
        page.asked_by != AskedBy::Token || page.versions > 0 || is_all_undated
    }

    /// A page shows the edge. If it came in its turn, the walk has ended. The next page proves that,
    /// if it goes on past the edge and has not gone astray; otherwise, a query with the edge does.
    /// `has_own` says whether the page has records of this window.
    fn cross(&mut self, crossed: Timestamp, has_own: bool, token: Option<PageToken>) {
        let is_certain = self.highest_edge.is_some_and(|highest| crossed < highest);
        let token = token.filter(|_| self.seeking == Seeking::Not);
        if !self.has_bound {
            self.next = Next::Unbounded;
        } else if self.crossing.is_some() && is_certain && !has_own {
            self.is_narrowed = true;
            self.next = Next::Ended;
        } else if let (Some(token), true, true) = (token, is_certain, has_own) {
            self.crossing = Some(crossed);
            self.follow(token);
        } else {
            self.filter_by_edge();
            self.ask_anew();
        }
    }

    /// Whether a page begins well before its window.
    fn is_below_start(&self, page: &PageSoFar) -> bool {
        let tolerance = TimeDelta::seconds(2);
        let first = page.first.as_ref();
        let first = first.map(|first| first.stamp.timestamp + tolerance);
        first
            .zip(self.starts_at)
            .is_some_and(|(first, start)| first < start)
    }

    /// Settles what the page before has brought: the next one in order shows that it came in its
    /// turn. A page that begins where its query did shows it by itself.
    fn settle(&mut self, page: &mut PageSoFar) {
        if page.last.is_none() {
            return;
        }
        let in_turn = page.asked_by == AskedBy::Settled && self.begins_in_turn(page);
        let before = std::mem::replace(&mut self.shown, std::mem::take(&mut page.shown));
        self.seen
            .settle(if in_turn { &self.shown } else { &before });
        let settled = if in_turn {
            page.last.as_ref()
        } else {
            self.last.as_ref()
        };
        let later = |stamp: &&Stamp| {
            self.settled
                .as_ref()
                .is_none_or(|settled| settled.timestamp < stamp.timestamp)
        };
        if let Some(settled) = settled.filter(later).cloned() {
            self.settled = Some(settled);
            self.forget();
        }
        self.last.clone_from(&page.last);
    }

    /// Forgets the versions that no query from the settled stamp on brings again.
    fn forget(&mut self) {
        if let Some(settled) = &self.settled {
            self.seen.forget_before(settled);
        }
    }

    /// Whether a page begins with a version of the settled stamp, or an earlier one, that a page in its
    /// turn has shown. Another page may have come before its turn.
    fn begins_in_turn(&self, page: &PageSoFar) -> bool {
        let first = page.first.as_ref().filter(|first| first.is_known);
        let settled = self.settled.as_ref();
        first
            .zip(settled)
            .is_some_and(|(first, settled)| first.stamp.timestamp <= settled.timestamp)
    }

    /// Takes back what is settled past the first stamp of a page that came too late.
    fn step_back(&mut self, first: Option<Stamp>) {
        let is_earlier = |first: &Stamp| {
            self.settled
                .as_ref()
                .is_some_and(|settled| first.timestamp < settled.timestamp)
        };
        if first.as_ref().is_some_and(is_earlier) {
            self.settled = first;
        }
    }

    fn follow(&mut self, token: PageToken) {
        if self.tokens.insert(&token) {
            self.next = Next::Token(token);
        } else {
            self.restart("the API sent the same page token twice");
        }
    }

    /// A token led to a page that ends the window and brings nothing: it may have gone astray. So
    /// what is left is read by seeking, and only a page that no token led to ends it.
    fn doubt_end(&mut self) {
        if std::mem::replace(&mut self.seeking, Seeking::ToTheEnd) != Seeking::Not {
            return self.restart("page tokens led to pages without records");
        }
        self.ask_anew();
    }

    /// Goes on by seeking, if the page allows it: from the last stamp of a page without a token, or
    /// from what is settled since.
    fn seek(&mut self, page: &PageSoFar, limit: u16) -> bool {
        if self.seeking == Seeking::Not {
            return false;
        }
        let is_by_token = page.asked_by == AskedBy::Token;
        // What one instant fills is full, or shows records without a stamp.
        let is_filled = page.versions >= u32::from(limit) || page.is_undated;
        let may_ask_again = self.seeking == Seeking::Always && self.repeated < TIMES_ASKED_AGAIN;
        let last = page.last.as_ref().map(|last| last.timestamp);
        let settled = self.settled.as_ref().map(|settled| settled.timestamp);
        if !is_by_token && last > settled {
            if self.is_believed(page) {
                self.seen.settle(&self.shown);
                self.settled.clone_from(&page.last);
                self.forget();
            }
        } else if !is_by_token && !is_filled && may_ask_again {
            // The API may have more to show at another time.
        } else if self.seeking == Seeking::ToTheEnd || settled <= self.asked_settled {
            return false;
        }
        self.ask_anew();
        true
    }

    /// Whether a page without a token came in its turn: it begins where it was asked to, or came like
    /// this before.
    fn is_believed(&mut self, page: &PageSoFar) -> bool {
        let first = page.first.as_ref().map(|first| first.digest);
        if self.begins_in_turn(page) || self.doubted.take() == first {
            return true;
        }
        self.doubted = first;
        false
    }

    /// The token has failed.
    pub fn token_failed(&mut self) {
        self.restart("a page token failed");
    }

    /// Starts again from the settled stamp, unless that has been tried often enough.
    fn restart(&mut self, reason: &'static str) {
        let settled = self.settled.as_ref().map(|settled| settled.timestamp);
        if settled > self.restarts.settled || self.restarts.brought_new {
            self.restarts.in_vain = 0;
        }
        self.restarts = Restarts {
            in_vain: self.restarts.in_vain + 1,
            settled: settled.max(self.restarts.settled),
            brought_new: false,
        };
        if self.restarts.in_vain > RESTARTS_WITHOUT_PROGRESS {
            self.next = Next::GivenUp(GaveUp::Restarts(reason));
            return;
        }
        self.restarted = Some(reason);
        self.ask_anew();
    }

    fn ask_anew(&mut self) {
        self.tokens.clear();
        self.crossing = None;
        self.last = None;
        self.shown.clear();
        self.next = Next::Start;
    }
}
