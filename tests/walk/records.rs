//! The records of the API in memory, with every version that they have had.

use super::history::{Behaviour, History, Micros, SECOND, START, Shown};
use chrono::{DateTime, Utc};

/// One version of a record. Its number says which, among those of all records.
pub struct Version {
    pub record: usize,
    /// The record's id, as answers show it.
    pub id: String,
    pub stamp: Option<Micros>,
    /// The stamp as answers show it.
    pub shown: Option<(DateTime<Utc>, String)>,
    visible_at: Micros,
}

pub struct Records {
    pub now: Micros,
    pub versions: Vec<Version>,
    /// The versions of each record, the newest last. One that has vanished has none.
    by_record: Vec<Vec<u32>>,
    shown: Shown,
    delay: Micros,
    undated_first: bool,
    ties_shuffled: bool,
}

/// Where a version stands in ascending order, in one walk.
pub type Rank = (Micros, u64, usize);

impl Records {
    pub fn new(history: &History) -> Self {
        let Behaviour {
            shown,
            delay,
            undated_first,
            ties_shuffled,
            ..
        } = history.behaviour;
        let mut records = Self {
            now: START + SECOND,
            versions: Vec::new(),
            by_record: Vec::new(),
            shown,
            delay: 0,
            undated_first,
            ties_shuffled,
        };
        let undated = std::iter::repeat_n(None, usize::from(history.undated));
        let dated = history.stamps().into_iter().map(Some);
        for stamp in dated.chain(undated) {
            let number = records.version(records.by_record.len(), stamp);
            records.by_record.push(vec![number]);
        }
        records.delay = delay;
        records
    }

    fn version(&mut self, record: usize, stamp: Option<Micros>) -> u32 {
        self.versions.push(Version {
            record,
            id: format!("{record:05}"),
            stamp,
            shown: stamp.map(|stamp| shown(stamp, self.shown)),
            visible_at: stamp.map_or(0, |stamp| stamp.min(self.now) + self.delay),
        });
        u32::try_from(self.versions.len() - 1).unwrap()
    }

    pub fn of(&self, number: u32) -> &Version {
        &self.versions[number as usize]
    }

    /// The one that a number picks of those that are there.
    fn pick(&self, which: u8) -> Option<usize> {
        let there = || (0..self.by_record.len()).filter(|one| !self.by_record[*one].is_empty());
        let number = there().count().max(1);
        there().nth(usize::from(which) % number)
    }

    pub fn change(&mut self, which: u8) {
        if let Some(record) = self.pick(which) {
            let version = self.version(record, Some(self.now));
            self.by_record[record].push(version);
        }
    }

    pub fn vanish(&mut self, which: u8) {
        if let Some(record) = self.pick(which) {
            self.by_record[record].clear();
        }
    }

    pub fn appear(&mut self) {
        let version = self.version(self.by_record.len(), Some(self.now));
        self.by_record.push(vec![version]);
    }

    /// The newest version of each record.
    pub fn truth(&self) -> impl Iterator<Item = u32> {
        self.by_record
            .iter()
            .filter_map(|versions| versions.last().copied())
    }

    /// The version of a record that answers show.
    pub fn visible(&self, record: usize) -> Option<u32> {
        let is_visible = |number: &u32| self.of(*number).visible_at <= self.now;
        self.by_record[record]
            .iter()
            .rev()
            .copied()
            .find(is_visible)
    }

    /// What a query finds, in its order. Records without a stamp are in no range.
    pub fn found(&self, walk: u64, from: Option<Micros>, until: Option<Micros>) -> Vec<u32> {
        let is_in_range = |number: &u32| match self.of(*number).stamp {
            None => from.is_none() && until.is_none(),
            Some(stamp) => {
                from.is_none_or(|from| stamp >= from) && until.is_none_or(|until| stamp < until)
            }
        };
        let mut found: Vec<(Rank, u32)> = (0..self.by_record.len())
            .filter_map(|record| self.visible(record))
            .filter(is_in_range)
            .map(|number| (self.rank(walk, number), number))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, number)| number).collect()
    }

    /// The order of a walk: by stamp, and ties by id or as it happens.
    pub fn rank(&self, walk: u64, number: u32) -> Rank {
        let version = self.of(number);
        let undated = if self.undated_first {
            Micros::MIN
        } else {
            Micros::MAX
        };
        let shuffled = if self.ties_shuffled {
            mix(walk ^ mix(version.record as u64))
        } else {
            0
        };
        (version.stamp.unwrap_or(undated), shuffled, version.record)
    }
}

/// A stamp as answers show it.
fn shown(stamp: Micros, shown: Shown) -> (DateTime<Utc>, String) {
    let unit = match shown {
        Shown::Micros => 1,
        Shown::MillisCut => 1000,
        Shown::SecondsCut | Shown::SecondsRounded => SECOND,
    };
    let stamp = match shown {
        Shown::SecondsRounded => stamp + SECOND / 2,
        _ => stamp,
    };
    let at = timestamp(stamp.div_euclid(unit) * unit);
    let format = match shown {
        Shown::Micros => chrono::SecondsFormat::Micros,
        Shown::MillisCut => chrono::SecondsFormat::Millis,
        Shown::SecondsCut | Shown::SecondsRounded => chrono::SecondsFormat::Secs,
    };
    (at, at.to_rfc3339_opts(format, true))
}

pub fn timestamp(micros: Micros) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap()
}

/// A number in which every bit of another counts (the last steps of `SplitMix64`).
pub fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
