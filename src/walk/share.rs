//! How far a plan has come, for people who watch it: the share of its time that is behind its walks.
//! The plan itself does not use it.

use crate::time::timestamp::Timestamp;

/// A part of a stream that is being read: where its walk is, and where the part ends.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    pub position: Timestamp,
    pub end: Timestamp,
}

/// The share of the time from `begin` to `end` that no part has left to read, from 0 to 1. None if
/// there is no such time.
#[expect(clippy::cast_precision_loss, reason = "people see whole percents")]
pub fn of(begin: Timestamp, end: Timestamp, parts: impl Iterator<Item = Part>) -> Option<f64> {
    let whole = (end - begin).num_milliseconds();
    let left = parts.map(|part| {
        let position = part.position.max(begin);
        (part.end.min(end) - position).num_milliseconds().max(0)
    });
    let left: i64 = left.sum();
    (whole > 0).then(|| (1.0 - left as f64 / whole as f64).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn at(day: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::days(day)
    }

    fn check(parts: &[(i64, i64)], expected: Option<f64>) {
        let parts = parts.iter().map(|(position, end)| Part {
            position: at(*position),
            end: at(*end),
        });
        assert_eq!(of(at(10), at(30), parts), expected);
    }

    #[test]
    fn the_share_is_what_no_window_has_left() {
        check(&[(10, 30)], Some(0.0));
        check(&[(15, 30)], Some(0.25));
        check(&[(15, 20), (25, 30)], Some(0.5));
        check(&[], Some(1.0));
    }

    #[test]
    fn what_lies_outside_does_not_count() {
        check(&[(0, 40)], Some(0.0));
        check(&[(30, 40)], Some(1.0));
        check(&[(50, 40)], Some(1.0));
    }

    #[test]
    fn no_time_has_no_share() {
        assert_eq!(of(at(3), at(3), std::iter::empty()), None);
        assert_eq!(of(at(3), at(1), std::iter::empty()), None);
    }
}
