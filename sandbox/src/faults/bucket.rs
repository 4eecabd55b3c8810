//! A token bucket for rate limits, by the sandbox's clock.

use crate::timestamp::SECOND;

pub struct Bucket {
    tokens: f64,
    /// When the tokens were last counted.
    at: Option<i64>,
}

impl Bucket {
    pub fn full(capacity: u64) -> Self {
        Bucket {
            tokens: as_tokens(capacity),
            at: None,
        }
    }

    /// Takes a token, or returns in how many whole seconds there will be one.
    pub fn take(&mut self, capacity: u64, refill_per_second: f64, now: i64) -> Result<(), u64> {
        // If a test sets the clock back, nothing is refilled.
        let passed = self.at.map_or(0, |at| (now - at).max(0));
        self.at = Some(now);
        let refilled = self.tokens + seconds(passed) * refill_per_second;
        self.tokens = refilled.min(as_tokens(capacity));
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        let wait = ((1.0 - self.tokens) / refill_per_second).ceil();
        Err(whole(wait))
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "scripts are held to capacities far below the precision of a float"
)]
fn as_tokens(capacity: u64) -> f64 {
    capacity as f64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a bucket need not be exact to the microsecond after centuries"
)]
fn seconds(micros: i64) -> f64 {
    micros as f64 / SECOND as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "waits are positive, and a cast holds what is too large to the largest number"
)]
fn whole(seconds: f64) -> u64 {
    seconds as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_refills_and_never_holds_more_than_its_capacity() {
        let mut bucket = Bucket::full(2);
        let mut take = |seconds: i64| bucket.take(2, 0.5, seconds * SECOND);
        assert_eq!([take(0), take(0), take(0)], [Ok(()), Ok(()), Err(2)]);
        assert_eq!([take(1), take(2), take(2)], [Err(1), Ok(()), Err(2)]);
        assert_eq!([take(900), take(900), take(900)], [Ok(()), Ok(()), Err(2)]);
        assert_eq!(take(0), Err(2));
    }
}
