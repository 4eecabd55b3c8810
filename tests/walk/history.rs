//! What a made-up history consists of: the records at its start, how the API behaves, and what
//! happens at each request. All of it is plain data, so that a failing history can be shrunk.

use tap_revops::walk::terms::Reading;

/// Microseconds since the epoch.
pub type Micros = i64;

pub const SECOND: Micros = 1_000_000;

/// When the first run begins.
pub const START: Micros = 1_800_000_000 * SECOND;

/// The least lateness that a run reckons with, and the lookback of the histories that have one.
pub const LATENESS: Micros = 60 * SECOND;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// How long before the start each record was changed, in seconds; equal ones are ties.
    pub ages: Vec<u32>,
    /// How many further records have no stamp.
    pub undated: u8,
    /// How many further records have a stamp of the far future.
    pub future: u8,
    pub behaviour: Behaviour,
    pub reading: Reading,
    /// Whether the runs follow tokens only within one instant.
    pub seeks: bool,
    /// How many seconds of `updated_at` a run reads.
    pub span: Option<u32>,
    pub places: usize,
    pub lookback: bool,
    /// `end_date`, in seconds before the start.
    pub until: Option<i64>,
    /// Answers are made when they arrive, not when they are asked for.
    pub answers_late: bool,
    /// What happens at each request.
    pub events: Vec<Event>,
    /// What happens at each request from one on, until nothing happens any more.
    pub for_good: Option<(u8, Event)>,
    /// Which of the pages on their way arrives next.
    pub arrivals: Vec<u8>,
    /// The first runs, each with the page and the record on it that it is killed at, if it is.
    pub kills: Vec<Option<(u8, u8)>>,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "they are choices that have nothing to do with each other"
)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behaviour {
    pub tokens: Tokens,
    pub shown: Shown,
    pub limit: usize,
    /// How far the `Date` header is from the time that stamps are made of.
    pub date_offset: Micros,
    /// Whether there is a `Date` header. Without, the client's clock is as far off.
    pub has_date: bool,
    /// The `Date` says when an answer left, not when its records were read.
    pub dated_late: bool,
    /// How long after its change a record shows it.
    pub delay: Micros,
    pub upper_bound: UpperBound,
    /// Whether it answers a query in descending order.
    pub descends: bool,
    /// Whether records without a stamp come before all others in ascending order.
    pub undated_first: bool,
    pub ties_shuffled: bool,
    /// How much later each request is.
    pub tick: Micros,
}

/// What a page token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tokens {
    /// The last record, wherever it is by now.
    NameRecord,
    /// The stamp and id of the last record as it was.
    NamePlace,
    /// A position in the list as it was for the first page.
    Snapshot,
    /// A number of records to skip.
    CountRecords,
}

/// How many digits of a stamp answers show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    Micros,
    MillisCut,
    SecondsCut,
    SecondsRounded,
}

/// What the API makes of `lt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpperBound {
    Kept,
    Ignored,
    Refused,
}

/// What happens at a request. The number of a change says which record changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Nothing,
    Change(u8),
    /// Several records change at one moment.
    Burst(u8),
    Vanish(u8),
    Appear,
    /// A record changes while the answer takes minutes.
    Slow(u8),
    /// The token is refused.
    RefuseToken,
    /// All tokens so far are refused from now on.
    ExpireTokens,
    /// The page gives the token again that it was asked with.
    SameToken,
    /// The page gives the first token of its walk again.
    FirstToken,
    /// The page gives a new token that leads to where the first one led.
    LeadRound,
    EmptyPage,
    /// The page changes places with the one after it.
    Swap,
    /// The two pages after a page come before it, and of the page itself at first the half.
    Ahead,
    /// The page comes a second time after itself.
    Duplicate,
    /// The page has fewer records than were asked for.
    Short,
}

impl History {
    /// The stamps of the records that have one.
    pub fn stamps(&self) -> Vec<Micros> {
        let stamp = |age: &u32| {
            let age = Micros::from(*age);
            START - age * SECOND + age % 7 * 142_857
        };
        let ahead = |number| START + (200_000 + Micros::from(number)) * SECOND;
        let future = (0..self.future).map(ahead);
        self.ages.iter().map(stamp).chain(future).collect()
    }

    pub fn until(&self) -> Option<Micros> {
        self.until.map(|before| START - before * SECOND)
    }

    /// Whether nothing happens that could cost a request or repeat a record.
    pub fn is_calm(&self) -> bool {
        let behaviour = &self.behaviour;
        let is_plain = behaviour.shown == Shown::Micros
            && behaviour.upper_bound == UpperBound::Kept
            && behaviour.has_date
            && behaviour.date_offset == 0;
        let is_quiet = self.events.is_empty() && self.for_good.is_none();
        is_plain
            && is_quiet
            && self.span.is_none()
            && self.future == 0
            && self.kills == [None]
            && !self.lookback
    }

    /// Whether records go on appearing for good.
    pub fn grows(&self) -> bool {
        matches!(self.for_good, Some((_, Event::Appear)))
    }

    /// Whether every instant that is read by seeking has fewer records than a page holds.
    pub fn has_small_ties(&self) -> bool {
        let is_sought = |age: &u32| *age < 200 || self.reading != Reading::Windows || self.seeks;
        let ties = |age: &u32| self.ages.iter().filter(|other| *other == age).count();
        let mut sought = self.ages.iter().filter(|age| is_sought(age));
        sought.all(|age| ties(age) < self.behaviour.limit)
    }
}

impl Event {
    /// Whether every token still leads where it did.
    pub fn keeps_place(self) -> bool {
        matches!(
            self,
            Self::Nothing
                | Self::Change(_)
                | Self::Burst(_)
                | Self::Appear
                | Self::Slow(_)
                | Self::Short
        )
    }
}
