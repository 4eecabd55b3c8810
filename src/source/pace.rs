//! How fast requests go, shared by all streams of a run. After a rate limit all requests wait, then
//! go one at a time. Each rate limit makes the interval between them longer, each success shorter.

use crate::time::clock::Clock;
use crate::time::timestamp::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The interval after the first rate limit.
const FIRST_INTERVAL: Duration = Duration::from_millis(100);

/// The longest interval, short enough for a run to make progress.
const LONGEST_INTERVAL: Duration = Duration::from_secs(10);

/// A shorter interval makes no difference, so it becomes zero.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(10);

/// The factor by which each success shortens the interval.
const EASING: f64 = 0.9;

pub struct Pace {
    clock: Arc<dyn Clock>,
    state: Mutex<PaceState>,
}

#[derive(Default)]
struct PaceState {
    interval: Duration,
    /// When the next request may go.
    next_at: Option<Timestamp>,
    /// How often the interval has been made longer.
    slowed: u64,
}

/// A request's place in the sequence of all requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    pub waited: Duration,
    /// How often the interval had been made longer by then.
    slowed: u64,
}

impl Pace {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            state: Mutex::default(),
        }
    }

    /// Waits until the next request may go.
    pub async fn turn(&self) -> Turn {
        let waited = self.book(self.clock.now());
        if !waited.is_zero() {
            self.clock.sleep(waited).await;
        }
        let slowed = self.state().slowed;
        Turn { waited, slowed }
    }

    fn state(&self) -> MutexGuard<'_, PaceState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the next place, and returns how long to wait for it.
    fn book(&self, now: Timestamp) -> Duration {
        let mut state = self.state();
        let at = state.next_at.map_or(now, |next_at| next_at.max(now));
        state.next_at = Some(at + state.interval);
        (at - now).to_std().unwrap_or_default()
    }

    /// Reports that the request of `turn` was rate limited. No request goes before `wait` is over.
    /// Of requests that were under way at the same time, only the first makes the interval longer.
    pub fn slow_down(&self, wait: Duration, turn: Turn) {
        let until = self.clock.now() + wait;
        let mut state = self.state();
        if turn.slowed == state.slowed {
            state.slowed += 1;
            state.interval = (state.interval * 2).clamp(FIRST_INTERVAL, LONGEST_INTERVAL);
        }
        state.next_at = Some(state.next_at.map_or(until, |next_at| next_at.max(until)));
    }

    /// Reports that a request has succeeded.
    pub fn speed_up(&self) {
        let mut state = self.state();
        let shorter = state.interval.mul_f64(EASING);
        state.interval = if shorter < SHORTEST_INTERVAL {
            Duration::ZERO
        } else {
            shorter
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::clock::SystemClock;
    use chrono::DateTime;

    fn millis(pace: &Pace, now: Timestamp) -> u128 {
        pace.book(now).as_millis()
    }

    /// A rate limit for a request that has just been sent.
    fn rate_limit(pace: &Pace, wait: Duration) {
        let turn = Turn {
            waited: Duration::ZERO,
            slowed: pace.state().slowed,
        };
        pace.slow_down(wait, turn);
    }

    #[test]
    fn rate_limits_of_requests_that_were_sent_together_count_once() {
        let pace = Pace::new(Arc::new(SystemClock::default()));
        let turn = Turn {
            waited: Duration::ZERO,
            slowed: 0,
        };
        for _ in 0..8 {
            pace.slow_down(Duration::ZERO, turn);
        }
        let later = chrono::Utc::now() + chrono::TimeDelta::days(1);
        assert_eq!([millis(&pace, later), millis(&pace, later)], [0, 100]);
    }

    #[test]
    fn without_a_rate_limit_no_request_waits() {
        let pace = Pace::new(Arc::new(SystemClock::default()));
        let now = DateTime::UNIX_EPOCH;
        assert!((0..5).all(|_| pace.book(now).is_zero()));
    }

    #[test]
    fn after_a_rate_limit_requests_go_one_at_a_time_and_ever_more_slowly() {
        let pace = Pace::new(Arc::new(SystemClock::default()));
        rate_limit(&pace, Duration::from_secs(3));
        let later = chrono::Utc::now() + chrono::TimeDelta::days(1);
        assert_eq!(
            [
                millis(&pace, later),
                millis(&pace, later),
                millis(&pace, later)
            ],
            [0, 100, 200]
        );
        for _ in 0..20 {
            rate_limit(&pace, Duration::ZERO);
        }
        let later = later + chrono::TimeDelta::days(1);
        assert_eq!([millis(&pace, later), millis(&pace, later)], [0, 10_000]);
    }

    #[test]
    fn successes_bring_the_speed_back() {
        let pace = Pace::new(Arc::new(SystemClock::default()));
        rate_limit(&pace, Duration::ZERO);
        for _ in 0..30 {
            pace.speed_up();
        }
        let later = chrono::Utc::now() + chrono::TimeDelta::days(1);
        assert!((0..5).all(|_| pace.book(later).is_zero()));
    }
}
