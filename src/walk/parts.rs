//! Divides a stream into windows that hold about as many records each, for readers on several machines. A
//! few pages show how densely the records lie.

use crate::time::timestamp::Timestamp;
use chrono::TimeDelta;

/// What a page from the beginning of a piece shows.
#[derive(Clone, Copy, Debug)]
pub struct Probe {
    pub records: u32,
    /// The stamp of its last record.
    pub last: Option<Timestamp>,
    /// Whether more of the piece comes after it.
    pub has_more: bool,
}

/// The stream between two instants, in pieces of which more and more is known.
pub struct Parts {
    /// In their order, side by side.
    pieces: Vec<Piece>,
    /// How many parts are wanted.
    wanted: usize,
    probes: usize,
}

#[derive(Clone, Debug)]
struct Piece {
    from: Timestamp,
    until: Timestamp,
    records: f64,
    knowledge: Knowledge,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Knowledge {
    Nothing,
    Guess,
    Counted,
}

/// A window, and about how many records it holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    pub from: Timestamp,
    pub until: Timestamp,
    /// None if nothing is known of it.
    pub records: Option<u64>,
}

impl Parts {
    /// The stream from its first stamp to the horizon.
    pub fn new(from: Timestamp, until: Timestamp, wanted: usize) -> Self {
        Self {
            pieces: vec![Piece {
                from,
                until,
                records: 0.0,
                knowledge: Knowledge::Nothing,
            }],
            wanted: wanted.max(1),
            probes: 0,
        }
    }

    /// The windows to ask a page of, at most so many; none if enough is known.
    pub fn asks(&mut self, most: usize) -> Vec<(Timestamp, Timestamp)> {
        if self.wanted == 1 {
            return Vec::new();
        }
        self.divide(most);
        let unknown = self.pieces.iter();
        let unknown = unknown.filter(|piece| piece.knowledge == Knowledge::Nothing);
        let asks: Vec<_> = unknown
            .map(|piece| (piece.from, piece.until))
            .take(most)
            .collect();
        self.probes += asks.len();
        asks
    }

    /// Halves the pieces that may hold much of a part, the largest first.
    fn divide(&mut self, most: usize) {
        let total: f64 = self.pieces.iter().map(|piece| piece.records).sum();
        let is_open = |piece: &&Piece| piece.knowledge == Knowledge::Nothing;
        let mut open = self.pieces.iter().filter(is_open).count();
        while open < most && self.probes + open < self.most_probes() {
            let largest = (0..self.pieces.len())
                .filter(|at| self.is_worth_dividing(*at, total))
                .max_by(|a, b| self.pieces[*a].records.total_cmp(&self.pieces[*b].records));
            let Some(at) = largest else {
                break;
            };
            let piece = self.pieces[at].clone();
            let middle = piece.from + (piece.until - piece.from) / 2;
            self.pieces[at].until = middle;
            self.pieces[at].records = piece.records / 2.0;
            let later = Piece {
                from: middle,
                knowledge: Knowledge::Nothing,
                records: piece.records / 2.0,
                ..piece
            };
            self.pieces.insert(at + 1, later);
            open += 1;
        }
    }

    /// Whether a guess is about more than a quarter of a part.
    fn is_worth_dividing(&self, at: usize, total: f64) -> bool {
        let piece = &self.pieces[at];
        let wanted = u32::try_from(self.wanted).map_or(f64::MAX, f64::from);
        piece.knowledge == Knowledge::Guess
            && piece.until - piece.from > TimeDelta::milliseconds(2)
            && piece.records * wanted * 4.0 > total
    }

    fn most_probes(&self) -> usize {
        8 + 10 * self.wanted
    }

    /// Takes in the page of a window that was asked for.
    pub fn learn(&mut self, from: Timestamp, probe: Probe) {
        let Some(at) = self.pieces.iter().position(|piece| piece.from == from) else {
            return;
        };
        let Piece { until, .. } = self.pieces[at];
        let is_first = self.pieces.len() == 1;
        let records = f64::from(probe.records);
        let last = probe.last.filter(|last| *last < until && *last >= from);
        let piece = |from, until, records, knowledge| Piece {
            from,
            until,
            records,
            knowledge,
        };
        let pieces = match last {
            Some(last) if probe.has_more && is_first => {
                let counted = piece(from, last, records, Knowledge::Counted);
                std::iter::once(counted)
                    .chain(self.evenly(last, until))
                    .collect()
            }
            Some(last) if probe.has_more => {
                let passed = micros(from, last);
                // A page of one instant says nothing about the time after it.
                let share = if passed > 0.0 {
                    micros(last, until) / passed
                } else {
                    1.0
                };
                let rest = records * share;
                vec![
                    piece(from, last, records, Knowledge::Counted),
                    piece(last, until, rest, Knowledge::Guess),
                ]
            }
            _ => vec![piece(from, until, records, Knowledge::Counted)],
        };
        let pieces = pieces.into_iter().filter(|piece| piece.from < piece.until);
        self.pieces.splice(at..=at, pieces);
    }

    /// Pieces of the same length, of which nothing is known. Records lie in heaps, such as imports, so one
    /// page says little about the whole.
    fn evenly(&self, from: Timestamp, until: Timestamp) -> Vec<Piece> {
        let count = i32::try_from(4 * self.wanted).unwrap_or(i32::MAX);
        let length = (until - from) / count;
        let begin = |number: i32| from + length * number;
        let piece = |number: i32| Piece {
            from: begin(number),
            until: if number + 1 == count {
                until
            } else {
                begin(number + 1)
            },
            records: 0.0,
            knowledge: Knowledge::Nothing,
        };
        (0..count).map(piece).collect()
    }

    /// The parts, as far as the records divide at all.
    pub fn parts(&self) -> Vec<Part> {
        let total: f64 = self.pieces.iter().map(|piece| piece.records).sum();
        let (Some(first), Some(last)) = (self.pieces.first(), self.pieces.last()) else {
            return Vec::new();
        };
        let wanted = u32::try_from(self.wanted).map_or(f64::MAX, f64::from);
        let mut edges = vec![first.from];
        for number in 1..self.wanted {
            let number = u32::try_from(number).map_or(f64::MAX, f64::from);
            let edge = self.edge(total * number / wanted);
            if edges.last().is_some_and(|last| edge > *last) && edge < last.until {
                edges.push(edge);
            }
        }
        edges.push(last.until);
        let mut pieces = self.pieces.iter();
        let is_known = pieces.all(|piece| piece.knowledge != Knowledge::Nothing);
        let windows = edges.windows(2);
        windows
            .map(|edges| Part {
                from: edges[0],
                until: edges[1],
                records: is_known.then(|| rounded(self.before(edges[1]) - self.before(edges[0]))),
            })
            .collect()
    }

    /// Where so many records lie before.
    fn edge(&self, records: f64) -> Timestamp {
        let mut before = 0.0;
        for piece in &self.pieces {
            if piece.records > 0.0 && before + piece.records >= records {
                let share = ((records - before) / piece.records).clamp(0.0, 1.0);
                return piece.from + portion(piece.until - piece.from, share);
            }
            before += piece.records;
        }
        self.pieces
            .last()
            .map_or(Timestamp::MAX_UTC, |last| last.until)
    }

    /// About how many records lie before an instant.
    fn before(&self, instant: Timestamp) -> f64 {
        let of = |piece: &Piece| {
            let passed = micros(piece.from, instant.min(piece.until));
            piece.records * passed / micros(piece.from, piece.until).max(1.0)
        };
        self.pieces.iter().map(of).sum()
    }
}

#[expect(clippy::cast_precision_loss, reason = "it is a guess")]
fn micros(from: Timestamp, to: Timestamp) -> f64 {
    (to - from).num_microseconds().unwrap_or(i64::MAX).max(0) as f64
}

#[expect(clippy::cast_possible_truncation, reason = "it is a guess")]
fn portion(length: TimeDelta, share: f64) -> TimeDelta {
    let micros = length.num_microseconds().unwrap_or(i64::MAX);
    #[expect(clippy::cast_precision_loss, reason = "it is a guess")]
    TimeDelta::microseconds((micros as f64 * share) as i64)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is a number of records"
)]
fn rounded(records: f64) -> u64 {
    records.round().max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAGE: usize = 100;

    fn at(second: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    /// Divides records with these stamps, whole seconds in order; returns the parts and the probes.
    fn divided(stamps: &[i64], until: i64, wanted: usize) -> (Vec<Part>, usize) {
        let mut parts = Parts::new(at(stamps[0]), at(until), wanted);
        let mut probes = 0;
        loop {
            let asks = parts.asks(4);
            if asks.is_empty() {
                return (parts.parts(), probes);
            }
            probes += asks.len();
            for (from, until) in asks {
                let within = stamps
                    .iter()
                    .filter(|one| at(**one) >= from && at(**one) < until);
                let within: Vec<i64> = within.copied().collect();
                let page = &within[..within.len().min(PAGE)];
                let probe = Probe {
                    records: u32::try_from(page.len()).unwrap(),
                    last: page.last().map(|last| at(*last)),
                    has_more: within.len() > page.len(),
                };
                parts.learn(from, probe);
            }
        }
    }

    /// How many records each part holds in truth.
    fn held(stamps: &[i64], parts: &[Part]) -> Vec<usize> {
        let of = |part: &Part| {
            let within = stamps
                .iter()
                .filter(|one| at(**one) >= part.from && at(**one) < part.until);
            within.count()
        };
        parts.iter().map(of).collect()
    }

    #[test]
    fn evenly_spaced_records_are_divided_evenly() {
        let stamps: Vec<i64> = (0..100_000).map(|number| number * 60).collect();
        let (parts, probes) = divided(&stamps, 6_000_000, 8);
        let held = held(&stamps, &parts);
        assert_eq!((held.len(), held.iter().sum::<usize>()), (8, 100_000));
        assert!(
            held.iter().all(|held| (11_000..14_000).contains(held)),
            "{held:?}"
        );
        assert!(probes <= 8 + 10 * 8, "{probes}");
    }

    #[test]
    fn a_stream_that_grows_faster_and_faster_is_divided_by_its_records() {
        let stamp = |number: i64| (number * 10_000_000_000).isqrt();
        let stamps: Vec<i64> = (0..200_000).map(stamp).collect();
        let (parts, _) = divided(&stamps, 50_000_000, 8);
        let held = held(&stamps, &parts);
        assert_eq!(held.iter().sum::<usize>(), 200_000);
        assert!(held.iter().all(|held| *held < 50_000), "{held:?}");
    }

    #[test]
    fn few_records_make_fewer_parts() {
        assert_eq!(divided(&[5], 100, 8).0.len(), 8);
        let (parts, probes) = divided(&[5, 5, 5], 6, 4);
        assert!(parts.len() <= 4 && probes == 1);
    }

    proptest! {
        #[test]
        fn parts_lie_side_by_side_and_hold_everything(
            mut stamps in prop::collection::vec(0_i64..1_000_000, 1..3000),
            dense in prop::collection::vec(500_000_i64..500_100, 0..3000),
            wanted in 1_usize..20,
        ) {
            stamps.extend(dense);
            stamps.sort_unstable();
            let (parts, probes) = divided(&stamps, 1_000_000, wanted);
            prop_assert!(probes <= 8 + 10 * wanted);
            prop_assert!(parts.len() <= wanted && !parts.is_empty());
            prop_assert_eq!(parts[0].from, at(stamps[0]));
            prop_assert_eq!(parts[parts.len() - 1].until, at(1_000_000));
            prop_assert!(parts.windows(2).all(|two| two[0].until == two[1].from));
            prop_assert!(parts.iter().all(|part| part.from < part.until));
            prop_assert_eq!(held(&stamps, &parts).iter().sum::<usize>(), stamps.len());
        }
    }
}
