//! A plain scan of a stream that cannot be sorted or filtered by `updated_at`: token after token, in
//! whatever order the records come. It can start again only at the beginning.

use super::facts::{Newest, Observation, PageTimes, VersionFact};
use super::next::{GaveUp, MOST_REPEATED, Next, RESTARTS_WITHOUT_PROGRESS};
use super::seen::Seen;
use super::tokens::Tokens;
use crate::api::page::PageToken;
use crate::time::timestamp::Timestamp;
use chrono::TimeDelta;

#[derive(Clone, Debug)]
pub struct Scan {
    lateness: TimeDelta,
    /// Records without a stamp alone are emitted.
    only_undated: bool,
    young_from: Option<Timestamp>,
    now: Timestamp,
    seen: Seen,
    tokens: Tokens,
    pub next: Next,
    newest: Option<Newest>,
    brought_new: bool,
    page_brought_new: bool,
    repeated: u32,
    in_vain: u32,
    /// Why the newest page made the scan start again, if it did.
    pub restarted: Option<&'static str>,
}

impl Scan {
    pub fn new(lateness: TimeDelta, only_undated: bool) -> Self {
        Self {
            lateness,
            only_undated,
            young_from: None,
            now: Timestamp::MAX_UTC,
            seen: Seen::default(),
            tokens: Tokens::default(),
            next: Next::Start,
            newest: None,
            brought_new: false,
            page_brought_new: false,
            repeated: 0,
            in_vain: 0,
            restarted: None,
        }
    }

    pub fn ask(&self) -> Option<PageToken> {
        match &self.next {
            Next::Token(token) => Some(token.clone()),
            _ => None,
        }
    }

    pub fn begin_page(&mut self, times: PageTimes) {
        let young = times.asked_at.checked_sub_signed(self.lateness);
        self.young_from
            .get_or_insert(young.unwrap_or(Timestamp::MIN_UTC));
        self.now = times.latest();
    }

    pub fn observe(&mut self, version: &VersionFact) -> Observation {
        let timestamp = version.stamp.map(|(timestamp, _)| timestamp);
        if self.only_undated && timestamp.is_some() {
            return Observation::Elsewhere;
        }
        let is_new = self
            .seen
            .insert(timestamp.unwrap_or(Timestamp::MIN_UTC), version.digest);
        self.brought_new |= is_new;
        self.page_brought_new |= is_new;
        if !is_new {
            return Observation::Repeat;
        }
        let Some((timestamp, text)) = version.stamp else {
            return Observation::Undated;
        };
        if timestamp > self.now {
            return Observation::AheadOfTime;
        }
        // A younger record may have changed while the scan went on.
        if self.young_from.is_some_and(|young| timestamp < young) {
            Newest::keep(&mut self.newest, version.id, (timestamp, text));
        }
        Observation::New
    }

    pub fn end_page(&mut self, token: Option<PageToken>) {
        self.restarted = None;
        let Some(token) = token else {
            self.next = Next::Ended;
            return;
        };
        self.repeated = if self.page_brought_new {
            0
        } else {
            self.repeated + 1
        };
        self.page_brought_new = false;
        if self.repeated >= MOST_REPEATED {
            self.next = Next::GivenUp(GaveUp::Endless);
            return;
        }
        if self.tokens.insert(&token) {
            self.next = Next::Token(token);
        } else {
            self.restart("the API sent the same page token twice");
        }
    }

    /// The token has failed.
    pub fn token_failed(&mut self) {
        self.restart("a page token failed");
    }

    /// From the beginning again, as long as that brings anything.
    fn restart(&mut self, reason: &'static str) {
        self.in_vain = if self.brought_new {
            1
        } else {
            self.in_vain + 1
        };
        self.brought_new = false;
        self.tokens.clear();
        if self.in_vain > RESTARTS_WITHOUT_PROGRESS {
            self.next = Next::GivenUp(GaveUp::Restarts(reason));
        } else {
            self.restarted = Some(reason);
            self.next = Next::Start;
        }
    }

    pub fn newest(&self) -> Option<&Newest> {
        self.newest.as_ref()
    }
}
