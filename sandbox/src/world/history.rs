//! When each record of a stream changed, as a function of the seed and the time. The past (January
//! to June 2026) is a list of timestamps. From July 2026 on, a few live records change in turn,
//! forever; these changes are computed, not stored.

use crate::noise::{Draw, noise};
use crate::stream::Stream;
use crate::timestamp::{DAY, SECOND};

/// 2026-01-01T00:00:00Z.
const PAST_FROM: i64 = 20_454 * DAY;
/// 2026-07-01T00:00:00Z: the past ends and live changes begin.
pub const LIVE_FROM: i64 = 20_635 * DAY;
/// How many records take turns in changing: few, so that most of a stream stays as it is.
const MOST_LIVE: u64 = 60;
/// The longest run of records with one `updated_at`: longer than the largest page of either API.
const LONGEST_RUN: u64 = 700;

/// The state of a record at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    pub updated_at: i64,
    pub version: u64,
}

pub struct History {
    seed: u64,
    stream: Stream,
    /// Microseconds between two live changes; `None` if there are none.
    period: Option<i64>,
    /// The first `updated_at` of each record.
    past: Vec<i64>,
}

impl History {
    pub fn new(seed: u64, stream: Stream, size: u64, change_every_seconds: u64) -> Self {
        let period = i64::try_from(change_every_seconds).expect("options limit the seconds");
        History {
            seed,
            stream,
            period: (period > 0 && size > 0).then_some(period * SECOND),
            past: past(seed, stream, size),
        }
    }

    pub fn size(&self) -> u64 {
        self.past.len() as u64
    }

    /// The first state of a record that the stream started with.
    pub fn first(&self, index: u64) -> Change {
        let position = usize::try_from(index).expect("an index below the size fits");
        Change {
            updated_at: self.past[position],
            version: 1,
        }
    }

    /// Up to 400 days before the first change.
    pub fn created_at(&self, index: u64) -> i64 {
        let mut draw = Draw::new(&[self.seed, self.stream.number(), index, 3]);
        let age = draw.below(400 * DAY.unsigned_abs());
        self.first(index).updated_at - i64::try_from(age).expect("400 days fit")
    }

    /// The state of a record at some time; `None` if it did not exist yet.
    pub fn at(&self, index: u64, timestamp: i64) -> Option<Change> {
        self.live(index, timestamp).or_else(|| {
            let first = self.first(index);
            (first.updated_at <= timestamp).then_some(first)
        })
    }

    /// The records with live changes up to some time.
    pub fn changed_by(&self, timestamp: i64) -> Vec<u64> {
        let Some(last) = self.last_change(timestamp) else {
            return Vec::new();
        };
        let turns = self.turns().min(last + 1);
        (0..turns).map(|turn| self.index_of_turn(turn)).collect()
    }

    /// The time of the first live change after some time.
    pub fn next_change(&self, timestamp: i64) -> Option<i64> {
        let next = self.last_change(timestamp).map_or(0, |last| last + 1);
        self.period.map(|period| self.timestamp(next, period))
    }

    fn live(&self, index: u64, timestamp: i64) -> Option<Change> {
        let last = self.last_change(timestamp)?;
        let turns = self.turns();
        let turn = (index * turns).div_ceil(self.size());
        if turn >= turns || self.index_of_turn(turn) != index || last < turn {
            return None;
        }
        let change = last - (last - turn) % turns;
        Some(Change {
            updated_at: self.timestamp(change, self.period?),
            version: 2 + change / turns,
        })
    }

    fn turns(&self) -> u64 {
        self.size().min(MOST_LIVE)
    }

    fn index_of_turn(&self, turn: u64) -> u64 {
        turn * self.size() / self.turns()
    }

    /// The number of the last live change up to some time.
    fn last_change(&self, timestamp: i64) -> Option<u64> {
        let period = self.period?;
        let since = timestamp.checked_sub(LIVE_FROM)?;
        let change = u64::try_from(since.div_euclid(period)).ok()?;
        if self.timestamp(change, period) <= timestamp {
            Some(change)
        } else {
            change.checked_sub(1)
        }
    }

    /// Changes are a fraction of a second late, so that timestamps use all their digits.
    fn timestamp(&self, change: u64, period: i64) -> i64 {
        let late = noise(&[self.seed, self.stream.number(), change, 4]) % SECOND.unsigned_abs();
        let number = i64::try_from(change).expect("a number of changes fits");
        LIVE_FROM + number * period + i64::try_from(late).expect("a second fits")
    }
}

/// Runs of records that share one timestamp, as bulk imports leave them: first a long one, then
/// mostly short ones, not in order of time.
fn past(seed: u64, stream: Stream, size: u64) -> Vec<i64> {
    let mut draw = Draw::new(&[seed, stream.number(), 5]);
    let longest = LONGEST_RUN.min(size / 3).max(1);
    let mut timestamps = Vec::with_capacity(usize::try_from(size).expect("options limit the size"));
    while (timestamps.len() as u64) < size {
        let length = if timestamps.is_empty() {
            longest
        } else {
            run_length(&mut draw).min(longest)
        };
        let span = (LIVE_FROM - PAST_FROM).unsigned_abs();
        let at = PAST_FROM + i64::try_from(draw.below(span)).expect("half a year fits");
        let length = length.min(size - timestamps.len() as u64);
        timestamps.extend((0..length).map(|_| at));
    }
    timestamps
}

fn run_length(draw: &mut Draw) -> u64 {
    match draw.below(100) {
        0..60 => 1,
        60..85 => 2 + draw.below(8),
        85..97 => 10 + draw.below(90),
        _ => 100 + draw.below(LONGEST_RUN - 99),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history() -> History {
        History::new(7, Stream::Contact, 2000, 5)
    }

    #[test]
    fn the_past_lies_in_the_first_half_of_2026_and_holds_a_run_longer_than_a_page() {
        let history = history();
        let timestamps: Vec<i64> = (0..2000)
            .map(|index| history.first(index).updated_at)
            .collect();
        assert!(
            timestamps
                .iter()
                .all(|at| (PAST_FROM..LIVE_FROM).contains(at))
        );
        let longest = timestamps.chunk_by(|a, b| a == b).map(<[i64]>::len).max();
        assert!(longest > Some(500));
        assert!(!timestamps.is_sorted());
    }

    #[test]
    fn live_records_change_one_after_another() {
        let history = history();
        let mut at = LIVE_FROM - 1;
        assert!(history.changed_by(at).is_empty());
        for expected in 1..=200_u64 {
            at = history.next_change(at).unwrap();
            let changed = history.changed_by(at);
            assert_eq!(changed.len() as u64, expected.min(60));
            let newest = changed
                .iter()
                .filter(|index| history.at(**index, at).unwrap().updated_at == at);
            assert_eq!(newest.count(), 1);
        }
    }

    #[test]
    fn versions_grow_with_every_turn() {
        let history = history();
        let minute = 60 * SECOND;
        let versions: Vec<u64> = (0..10)
            .map(|lap| {
                history
                    .at(0, LIVE_FROM + lap * 5 * minute + SECOND)
                    .unwrap()
                    .version
            })
            .collect();
        assert_eq!(versions, (2..12).collect::<Vec<u64>>());
    }

    #[test]
    fn a_stream_without_records_has_no_changes() {
        let history = History::new(7, Stream::Contact, 0, 5);
        assert!(history.changed_by(i64::MAX).is_empty());
        assert_eq!(history.next_change(LIVE_FROM), None);
    }
}
