//! Walks an ordered list of records from a place on: ascending or descending, with ties by id or
//! shuffled.

use super::store::Entry;
use crate::noise::mix;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Ascending,
    Descending,
}

/// The order among records with the same sort keys: by id, or in a permutation of its own that
/// lasts for one walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TieOrder {
    ById,
    Shuffled(u64),
}

impl TieOrder {
    /// What orders records with the same sort keys. Shuffling is a bijection, so no two records get
    /// the same number.
    pub fn tie(self, rank: u64) -> u64 {
        match self {
            TieOrder::ById => rank,
            TieOrder::Shuffled(walk) => mix(rank ^ walk),
        }
    }
}

/// A record's place: its `updated_at` and its rank.
pub type Place = (i64, u64);

/// The records after a place (or all) of a list ordered by `updated_at` and rank.
pub fn by_time(
    entries: &[Entry],
    direction: Direction,
    ties: TieOrder,
    after: Option<Place>,
) -> Box<dyn Iterator<Item = &Entry> + '_> {
    let rest = match (direction, after) {
        (_, None) => entries,
        (Direction::Ascending, Some((at, _))) => {
            &entries[entries.partition_point(|entry| entry.updated_at < at)..]
        }
        (Direction::Descending, Some((at, _))) => {
            &entries[..entries.partition_point(|entry| entry.updated_at <= at)]
        }
    };
    match ties {
        TieOrder::ById => in_order(rest, direction, after),
        TieOrder::Shuffled(_) => in_shuffled_runs(rest, direction, ties, after),
    }
}

/// The records after a rank (or all) of a list ordered by rank.
pub fn by_id(
    entries: &[Entry],
    direction: Direction,
    after: Option<u64>,
) -> Box<dyn Iterator<Item = &Entry> + '_> {
    match direction {
        Direction::Ascending => {
            let from = entries.partition_point(|e| after.is_some_and(|rank| e.rank <= rank));
            Box::new(entries[from..].iter())
        }
        Direction::Descending => {
            let to = entries.partition_point(|e| after.is_none_or(|rank| e.rank < rank));
            Box::new(entries[..to].iter().rev())
        }
    }
}

fn in_order(
    entries: &[Entry],
    direction: Direction,
    after: Option<Place>,
) -> Box<dyn Iterator<Item = &Entry> + '_> {
    match direction {
        Direction::Ascending => {
            let from = entries.partition_point(|e| after.is_some_and(|place| e.place() <= place));
            Box::new(entries[from..].iter())
        }
        Direction::Descending => {
            let to = entries.partition_point(|e| after.is_none_or(|place| e.place() < place));
            Box::new(entries[..to].iter().rev())
        }
    }
}

/// Goes run by run (a run is the records of one timestamp), so that a page sorts only the runs that
/// it touches.
fn in_shuffled_runs(
    entries: &[Entry],
    direction: Direction,
    ties: TieOrder,
    after: Option<Place>,
) -> Box<dyn Iterator<Item = &Entry> + '_> {
    let place = move |entry: &Entry| (entry.updated_at, ties.tie(entry.rank));
    let after = after.map(|(at, rank)| (at, ties.tie(rank)));
    let shuffled = move |run: &'_ [Entry]| {
        let mut order: Vec<usize> = (0..run.len()).collect();
        order.sort_unstable_by_key(|position| ties.tie(run[*position].rank));
        order
    };
    let runs = entries.chunk_by(|one, other| one.updated_at == other.updated_at);
    match direction {
        Direction::Ascending => Box::new(
            runs.flat_map(move |run| shuffled(run).into_iter().map(|at| &run[at]))
                .skip_while(move |entry| after.is_some_and(|after| place(entry) <= after)),
        ),
        Direction::Descending => Box::new(
            runs.rev()
                .flat_map(move |run| shuffled(run).into_iter().rev().map(|at| &run[at]))
                .skip_while(move |entry| after.is_some_and(|after| place(entry) >= after)),
        ),
    }
}

/// The part of a list ordered by time that lies in a range of timestamps, both ends included.
pub fn within(entries: &[Entry], from: i64, to: i64) -> &[Entry] {
    let start = entries.partition_point(|entry| entry.updated_at < from);
    let end = entries.partition_point(|entry| entry.updated_at <= to);
    &entries[start..end.max(start)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<Entry> {
        let mut entries: Vec<Entry> = (0..100)
            .map(|index| Entry {
                index,
                rank: mix(index),
                updated_at: i64::try_from(index / 30).unwrap(),
                created_at: 0,
                version: 1,
                archived: false,
            })
            .collect();
        entries.sort_by_key(Entry::place);
        entries
    }

    fn walked(direction: Direction, ties: TieOrder, page: usize) -> Vec<u64> {
        let entries = entries();
        let mut walked = Vec::new();
        let mut after = None;
        loop {
            let rest = by_time(&entries, direction, ties, after);
            let found: Vec<&Entry> = rest.take(page).collect();
            let Some(last) = found.last() else {
                return walked;
            };
            after = Some(last.place());
            walked.extend(found.iter().map(|entry| entry.index));
        }
    }

    #[test]
    fn walks_are_complete_whatever_the_page_size_the_direction_and_the_ties() {
        for direction in [Direction::Ascending, Direction::Descending] {
            for ties in [TieOrder::ById, TieOrder::Shuffled(9)] {
                let whole = walked(direction, ties, 1000);
                for page in [1, 7, 30] {
                    assert_eq!(walked(direction, ties, page), whole);
                }
                let mut indexes = whole;
                indexes.sort_unstable();
                assert_eq!(indexes, (0..100).collect::<Vec<u64>>());
            }
        }
    }

    #[test]
    fn shuffled_walks_differ_from_one_another_within_ties_only() {
        let one = walked(Direction::Ascending, TieOrder::Shuffled(1), 10);
        let other = walked(Direction::Ascending, TieOrder::Shuffled(2), 10);
        assert_ne!(one, other);
        let timestamps = |walk: &[u64]| walk.iter().map(|index| index / 30).collect::<Vec<_>>();
        assert_eq!(timestamps(&one), timestamps(&other));
    }

    #[test]
    fn a_range_includes_both_ends() {
        let entries = entries();
        assert_eq!(within(&entries, 1, 2).len(), 60);
        assert_eq!(within(&entries, 2, 1).len(), 0);
        assert_eq!(within(&entries, i64::MIN, i64::MAX).len(), 100);
    }
}
