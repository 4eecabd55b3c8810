//! The present: what may still change while it is read. It is read by seeking, from the last stamp
//! on without a token, until a page has no follower or shows a stamp past the time at which the
//! present began. A token is followed only where one instant fills a page, and what it leads to
//! moves no bookmark.

use super::edge::Edge;
use super::facts::{Newest, Observation, PageTimes, Stamp, VersionFact};
use super::next::Next;
use super::seen::Seen;
use super::tokens::Tokens;
use crate::api::page::{LowerBound, PageToken, Window};
use crate::time::timestamp::{self, Timestamp};
use chrono::TimeDelta;

/// How often a page that does not begin with a known version is asked for before it is believed.
const TIMES_TO_CONFIRM: u32 = 3;

/// Stamps with a coarser unit may hide that a record changed twice within one.
const FINE: TimeDelta = TimeDelta::microseconds(1);

#[derive(Clone, Debug)]
pub struct Present {
    from: Option<LowerBound>,
    until: Option<Edge>,
    lateness: TimeDelta,
    /// Where the next page begins.
    place: Option<Stamp>,
    began: Option<PageTimes>,
    /// The server's time at the page that is being read.
    now: Timestamp,
    pub seen: Seen,
    tokens: Tokens,
    pub next: Next,
    by_token: bool,
    /// A token was followed, so that what comes is not certain any more.
    in_doubt: bool,
    confirming: Option<(u64, u32)>,
    newest: Option<Newest>,
    page: PageSoFar,
    /// Whether there is more, which is left to the next run.
    pub leaves_more: bool,
}

#[derive(Clone, Debug, Default)]
struct PageSoFar {
    first: Option<u64>,
    begins_known: bool,
    /// The versions that it shows.
    shown: Vec<(Timestamp, u64)>,
    last: Option<Stamp>,
    newest: Option<Newest>,
    /// The newest one before the instant of that.
    below: Option<Newest>,
    is_past: bool,
}

impl Present {
    /// The present from a bound on, or from the last stamp of the past, whose versions are `seen`.
    pub fn new(
        from: Option<LowerBound>,
        until: Option<Edge>,
        lateness: TimeDelta,
        place: Option<Stamp>,
        seen: Seen,
    ) -> Self {
        Self {
            from,
            until,
            lateness,
            place,
            began: None,
            now: Timestamp::MAX_UTC,
            seen,
            tokens: Tokens::default(),
            next: Next::Start,
            by_token: false,
            in_doubt: false,
            confirming: None,
            newest: None,
            page: PageSoFar::default(),
            leaves_more: false,
        }
    }

    pub fn ask(&mut self) -> (Window, Option<PageToken>) {
        let token = match &self.next {
            Next::Token(token) => Some(token.clone()),
            _ => None,
        };
        self.by_token = token.is_some();
        let place = self.place.as_ref().map(|place| LowerBound {
            updated_at: timestamp::micros(place.lowered()),
            inclusive: true,
        });
        let from = place.or_else(|| self.from.clone());
        let until = self.until.as_ref().map(|edge| edge.text.clone());
        (Window { from, until }, token)
    }

    pub fn begin_page(&mut self, times: PageTimes) {
        self.began.get_or_insert(times);
        self.now = times.latest();
        self.page = PageSoFar::default();
    }

    pub fn observe(&mut self, version: &VersionFact, is_known: bool) -> Observation {
        let Some((timestamp, text)) = version.stamp else {
            let is_new = self.seen.insert(Timestamp::MIN_UTC, version.digest);
            return if is_new {
                Observation::Undated
            } else {
                Observation::Repeat
            };
        };
        let is_new = self.seen.insert(timestamp, version.digest);
        if self.page.first.is_none() {
            self.page.first = Some(version.digest);
            // Another page may have shown a later one before its turn.
            let is_here = |place: &Stamp| timestamp <= place.timestamp;
            let was_here = self.seen.is_settled(timestamp, version.digest)
                && self.place.as_ref().is_some_and(is_here);
            self.page.begins_known = is_known || was_here;
        }
        self.page.shown.push((timestamp, version.digest));
        let began = self.began.map(PageTimes::latest);
        let is_past = began.is_some_and(|began| timestamp > began);
        if is_past {
            self.page.is_past = true;
        } else {
            self.judge(version.id, (timestamp, text));
        }
        match is_new {
            false => Observation::Repeat,
            true if timestamp > self.now => Observation::AheadOfTime,
            true => Observation::New,
        }
    }

    fn judge(&mut self, id: &str, stamp: (Timestamp, &str)) {
        let unit = timestamp::resolution(stamp.1);
        let is_settled = self
            .began
            .is_some_and(|began| self.is_settled(stamp.0, unit, began));
        let page = &mut self.page;
        Stamp::keep(&mut page.last, stamp);
        if is_settled || unit <= FINE {
            if page
                .newest
                .as_ref()
                .is_some_and(|newest| newest.stamp.timestamp < stamp.0)
            {
                page.below = page.newest.take();
            }
            Newest::keep(&mut page.newest, id, stamp);
        }
    }

    /// Whether no later change can show the same stamp, whose last digit stands for `unit`.
    fn is_settled(&self, stamp: Timestamp, unit: TimeDelta, began: PageTimes) -> bool {
        let latest = stamp.checked_add_signed(unit + self.lateness);
        began.has_date && latest.is_some_and(|latest| latest <= began.asked_at)
    }

    pub fn end_page(&mut self, token: Option<PageToken>) {
        let page = std::mem::take(&mut self.page);
        let Some(token) = token else {
            self.accept(page.newest);
            self.next = Next::Ended;
            return;
        };
        if !self.by_token && !page.begins_known && !self.is_confirmed(page.first) {
            self.next = Next::Start;
            return;
        }
        self.confirming = None;
        // More of a stamp that is rounded up may follow, and lie below what it shows.
        let is_whole = |newest: &Newest| timestamp::resolution(&newest.stamp.text) <= FINE;
        let is_fine = page.newest.as_ref().is_none_or(is_whole);
        self.accept(if is_fine { page.newest } else { page.below });
        if page.is_past {
            self.leaves_more = true;
            self.next = Next::Ended;
            return;
        }
        let is_further = match (&page.last, &self.place) {
            (Some(last), Some(place)) => last.timestamp > place.timestamp,
            (Some(_), None) => true,
            (None, _) => false,
        };
        if is_further && !self.in_doubt {
            self.place = page.last;
            self.seen.settle(&page.shown);
            if let Some(place) = &self.place {
                self.seen.forget_before(place);
            }
            self.next = Next::Start;
        } else {
            self.follow(token);
        }
    }

    /// Whether a page that begins with an unknown version came like this before. It may have come
    /// before its turn.
    fn is_confirmed(&mut self, first: Option<u64>) -> bool {
        // An empty page may be one, too.
        let first = first.unwrap_or_default();
        let times = match self.confirming {
            Some((same, _)) if same == first => return true,
            Some((_, times)) => times + 1,
            None => 1,
        };
        self.confirming = Some((first, times));
        times >= TIMES_TO_CONFIRM
    }

    fn accept(&mut self, newest: Option<Newest>) {
        if !self.in_doubt {
            self.newest = Newest::of(self.newest.take(), newest);
        }
    }

    fn follow(&mut self, token: PageToken) {
        self.in_doubt = true;
        if self.tokens.insert(&token) {
            self.next = Next::Token(token);
        } else {
            self.leave_rest();
        }
    }

    /// The token has failed.
    pub fn token_failed(&mut self) {
        self.leave_rest();
    }

    /// Whether it has shown everything up to its end, each page in its turn.
    pub fn is_proven(&self) -> bool {
        self.next == Next::Ended && !self.leaves_more && !self.in_doubt
    }

    fn leave_rest(&mut self) {
        self.leaves_more = true;
        self.next = Next::Ended;
    }

    pub fn newest(&self) -> Option<&Newest> {
        self.newest.as_ref()
    }
}
