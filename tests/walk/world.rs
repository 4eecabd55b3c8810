//! The world over all runs of a history: the API, what a target holds, and the bookmark. The oracle
//! is the target: it keeps the version of each record that *arrived last*.

use super::api::Api;
use super::counts::Counts;
use super::history::{Event, History, LATENESS, Micros, Shown, UpperBound};
use super::journal::Journal;
use super::records::timestamp;
use super::run::{self, Outcome};
use chrono::{DateTime, TimeDelta, Utc};
use tap_revops::api::page::LowerBound;
use tap_revops::state::Bookmark;
use tap_revops::time::timestamp::micros;
use tap_revops::walk::Edge;
use tap_revops::walk::plan::Plan;
use tap_revops::walk::terms::{Reading, Span, Terms};

/// More bounded runs than any history needs.
const MOST_PARTS: usize = 200;

pub struct World<'h> {
    pub history: &'h History,
    pub api: Api,
    /// What a target holds of each record.
    target: Vec<Option<u32>>,
    pub bookmark: Option<Bookmark>,
    pub requests: usize,
    /// How many records the run has emitted.
    pub emitted: usize,
    is_quiet: bool,
    /// Whether the last run ended at a bound of its own.
    pub is_bounded: bool,
    pub counts: Counts,
    pub journal: Journal,
}

/// Lives through a history. Fails with a sentence if a run breaks a promise.
pub fn live(history: &History, journal: Journal) -> (Result<(), String>, Counts, Journal) {
    let mut world = World {
        history,
        api: Api::new(history),
        target: Vec::new(),
        bookmark: None,
        requests: 0,
        emitted: 0,
        is_quiet: false,
        is_bounded: false,
        counts: Counts::default(),
        journal,
    };
    let outcome = world.live();
    world.counts.histories = 1;
    world.counts.records_changed = world.api.records.versions.len() as u64
        - history.stamps().len() as u64
        - u64::from(history.undated);
    (outcome, world.counts, world.journal)
}

impl World<'_> {
    fn live(&mut self) -> Result<(), String> {
        for kill in &self.history.kills {
            // A run that gives up leaves its bookmark; the next one tries again.
            run::run(self, *kill)?;
            self.check_bookmark()?;
        }
        if self.history.is_calm() && self.history.undated == 0 {
            self.check_cost()?;
        }
        self.is_quiet = true;
        for _ in 0..3 {
            self.api.records.now += 3 * LATENESS;
            self.quiet_run()?;
        }
        self.catch_up()?;
        self.check_target()
    }

    /// Runs that are bounded go on until they have caught up.
    fn catch_up(&mut self) -> Result<(), String> {
        for _ in 0..MOST_PARTS {
            if !self.is_bounded {
                return Ok(());
            }
            self.quiet_run()?;
        }
        Err("bounded runs do not catch up".to_owned())
    }

    /// A run during which nothing happens.
    fn quiet_run(&mut self) -> Result<(), String> {
        let from = self.from().map(|(_, at)| at.timestamp_micros());
        match run::run(self, None)? {
            Outcome::Ended => {}
            Outcome::Killed | Outcome::GaveUp => return Err("a quiet run does not end".to_owned()),
        }
        self.check_bookmark()?;
        // Without a stamp, a record may come again with the scan for such records.
        let again = usize::from(self.history.undated);
        let most = self.api.records.found(0, from, None).len() + again;
        // Where an edge fails, moves or lies between two digits, records come again.
        let behaviour = &self.history.behaviour;
        let is_sharp = behaviour.upper_bound == UpperBound::Kept
            && behaviour.has_date
            && behaviour.shown == Shown::Micros;
        if is_sharp && self.emitted > most {
            return Err(format!(
                "{} records are emitted, of {most} that there are",
                self.emitted
            ));
        }
        Ok(())
    }

    /// What happens at the next request.
    pub fn event(&self) -> Event {
        if self.is_quiet {
            return Event::Nothing;
        }
        let from = |at: u8| self.requests >= usize::from(at);
        if let Some((_, event)) = self.history.for_good.filter(|(at, _)| from(*at)) {
            return event;
        }
        let event = self.history.events.get(self.requests).copied();
        event.unwrap_or(Event::Nothing)
    }

    pub fn hold(&mut self, number: u32) {
        let record = self.api.records.of(number).record;
        if self.target.len() <= record {
            self.target.resize(record + 1, None);
        }
        self.target[record] = Some(number);
        self.emitted += 1;
    }

    /// The lower bound of a run, and its time.
    pub fn from(&self) -> Option<(LowerBound, DateTime<Utc>)> {
        let is_whole = self.history.reading == Reading::Scan;
        let bookmark = self.bookmark.as_ref().filter(|_| !is_whole)?;
        let (updated_at, at) = if self.history.lookback {
            let at = bookmark.timestamp - TimeDelta::microseconds(LATENESS);
            (micros(at), at)
        } else {
            (bookmark.updated_at.clone(), bookmark.timestamp)
        };
        let inclusive = true;
        let bound = LowerBound {
            updated_at,
            inclusive,
        };
        Some((bound, at))
    }

    /// The plan of a run, on the terms that `sync` gives it.
    pub fn plan(&self) -> Plan {
        let History {
            reading,
            seeks,
            places,
            ..
        } = *self.history;
        let bookmark = self.bookmark.as_ref();
        let known = bookmark.filter(|_| reading != Reading::Scan);
        Plan::new(Terms {
            from: self.from(),
            until: self.until().map(|until| Edge::at(timestamp(until))),
            lateness: TimeDelta::microseconds(LATENESS),
            reading,
            seeks,
            span: self.span(),
            places,
            known: known.and_then(|bookmark| Some((bookmark.id.clone()?, bookmark.timestamp))),
        })
    }

    /// The part of the stream that a run reads. It needs upper bounds.
    fn span(&self) -> Option<Span> {
        let seconds = self.history.span?;
        (self.history.reading == Reading::Windows).then(|| Span {
            from: self.bookmark.as_ref().map(|bookmark| bookmark.timestamp),
            length: TimeDelta::seconds(i64::from(seconds)),
        })
    }

    /// The end date.
    pub fn until(&self) -> Option<Micros> {
        let is_scan = self.history.reading == Reading::Scan;
        self.history.until().filter(|_| !is_scan)
    }

    fn holds(&self, number: u32) -> bool {
        let record = self.api.records.of(number).record;
        self.target.get(record) == Some(&Some(number))
    }

    /// Whether the next run will ask for everything that the target lacks. A record without a stamp
    /// comes only without a lower bound.
    fn check_bookmark(&self) -> Result<(), String> {
        let Some((_, from)) = self.from() else {
            return Ok(());
        };
        for number in self.api.records.truth() {
            let stamp = self.api.records.of(number).stamp;
            let is_hidden = match stamp {
                None => self.until().is_none(),
                Some(stamp) => timestamp(stamp) < from,
            };
            if is_hidden && !self.holds(number) {
                return Err(format!("the bookmark hides {}", self.name(number)));
            }
        }
        Ok(())
    }

    /// Whether the target holds what a scan could read from its beginning to its end.
    pub fn check_scan(&self, visible: &[u32]) -> Result<(), String> {
        let is_there = |number: &u32| visible.contains(number);
        let missed = self.api.records.truth().filter(is_there);
        match missed.into_iter().find(|number| !self.holds(*number)) {
            Some(number) => Err(format!("a scan misses {}", self.name(number))),
            None => Ok(()),
        }
    }

    /// Whether the target holds the newest version of every record that was asked for.
    fn check_target(&self) -> Result<(), String> {
        for number in self.api.records.truth() {
            let stamp = self.api.records.of(number).stamp;
            let is_asked_for = match (stamp, self.until()) {
                (_, None) => true,
                (None, Some(_)) => false,
                (Some(stamp), Some(until)) => stamp < until,
            };
            // Its time may be yet to come.
            let is_due = stamp.is_none_or(|stamp| stamp < self.api.records.now);
            if is_asked_for && is_due && !self.holds(number) {
                return Err(format!("the target lacks {}", self.name(number)));
            }
        }
        Ok(())
    }

    fn name(&self, number: u32) -> String {
        super::journal::version(self.api.records.of(number), number)
    }

    /// A calm run costs no more than it has to, and promises all that it has read.
    fn check_cost(&self) -> Result<(), String> {
        let truth = self.api.records.found(0, None, self.until());
        if self.emitted != truth.len() {
            return Err(format!(
                "{} records are emitted, of {}",
                self.emitted,
                truth.len()
            ));
        }
        let fits = truth.len() <= self.history.behaviour.limit;
        if fits && self.requests > 1 {
            return Err(format!("{} requests for one page", self.requests));
        }
        let newest = truth.iter().filter_map(|number| {
            let version = self.api.records.of(*number);
            Some((version.stamp?, version.id.as_str()))
        });
        let newest = newest.max();
        let promised = self.bookmark.as_ref();
        let promised = promised.and_then(|bookmark| {
            Some((
                bookmark.timestamp.timestamp_micros(),
                bookmark.id.as_deref()?,
            ))
        });
        let is_certain = self.history.has_small_ties() && self.history.reading != Reading::Scan;
        if is_certain && promised != newest {
            return Err(format!(
                "the bookmark is {promised:?}, and the newest record {newest:?}"
            ));
        }
        Ok(())
    }
}
