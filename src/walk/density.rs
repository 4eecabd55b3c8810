//! How densely a window's records lie in time, by its latest pages: a guess at how many are left.

use crate::time::timestamp::Timestamp;

/// What an older page counts, compared with the one after it.
const MEMORY: f64 = 0.5;

#[derive(Clone, Debug, Default)]
pub struct Density {
    records: f64,
    /// Records of pages that got no further. They count with the next page that does.
    ties: f64,
    /// In microseconds.
    span: f64,
    position: Option<Timestamp>,
}

impl Density {
    /// The same density, from another position on.
    pub fn at(&self, position: Timestamp) -> Self {
        Self {
            position: Some(position),
            ..self.clone()
        }
    }

    /// Takes in a page of so many records, the last of which has this stamp. A walk that starts
    /// again shows records that it has counted; they make no difference worth the trouble.
    pub fn add_page(&mut self, records: u32, last: Option<Timestamp>) {
        let span = last
            .zip(self.position)
            .map_or(0.0, |(last, position)| micros(position, last));
        self.ties += f64::from(records);
        if span > 0.0 {
            self.records = self.records * MEMORY + std::mem::take(&mut self.ties);
            self.span = self.span * MEMORY + span;
        }
        self.position = self.position.max(last);
    }

    /// About how many records lie between the last page and a later time.
    pub fn records_until(&self, end: Timestamp) -> f64 {
        let Some(position) = self.position else {
            return 0.0;
        };
        self.records / self.span.max(1.0) * micros(position, end)
    }
}

#[expect(clippy::cast_precision_loss, reason = "it is a guess")]
fn micros(from: Timestamp, to: Timestamp) -> f64 {
    (to - from).num_microseconds().unwrap_or(i64::MAX).max(0) as f64
}
