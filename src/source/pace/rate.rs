//! The rate of a run's requests: without a limit until the API refuses one with a 429, then learned
//! by halving the distance between a rate that was accepted and one that was refused. It is pure:
//! facts and the time go in, and out comes whether the next request may go. All times are those of
//! the monotonic clock.

use std::collections::VecDeque;
use std::time::Duration;

/// A period starts with this share of the estimate, so that the API's allowance recovers.
const FIRST_SHARE: f64 = 0.9;

/// The longest trial, in time.
const LONGEST_TRIAL: Duration = Duration::from_secs(16);

/// The longest trial, in accepted requests. The rate rises with success, not with time alone.
const TRIAL_REQUESTS: f64 = 128.0;

/// The shortest trial, as a share of the longest.
const SHORTEST_TRIAL: f64 = 1.0 / 16.0;

/// The number of requests that show how fast the last ones were accepted.
const SAMPLE: usize = 16;

/// The shortest time that counts for an estimate. A burst says little: APIs allow short ones.
const SHORTEST_SAMPLE: Duration = Duration::from_millis(250);

/// The estimate if the API refuses the very first requests, in requests a second.
const FIRST_ESTIMATE: f64 = 10.0;

/// The slowest rate, in requests a second, so that a run makes progress.
const SLOWEST: f64 = 0.1;

/// How late a request may go without delaying those after it: timers are not exact.
const LATENESS: Duration = Duration::from_millis(5);

#[derive(Debug)]
pub struct Rate {
    /// The most requests a second that the user allows; infinite without a limit.
    ceiling: f64,
    /// None until the first refusal.
    learned: Option<Learned>,
    period: Period,
    /// When the last requests of the period were accepted, the oldest first.
    sample: VecDeque<Duration>,
    /// No request goes before.
    next_at: Duration,
}

/// The time from one refusal that changed the rate to the next. Refusals of requests from an
/// earlier period say nothing new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period(u64);

/// What is known of the API's limit.
#[derive(Debug)]
struct Learned {
    /// In requests a second.
    estimate: f64,
    /// How long the rate takes to reach the estimate, as a share of the longest trial. The first
    /// trials are short, to find the rate soon. Each that succeeds makes the next one twice as
    /// long, so that refusals get rare.
    trial: f64,
    /// When the API refused the request.
    refused_at: Duration,
    /// When requests go again.
    resumed_at: Duration,
    /// The number of requests accepted since.
    accepted: f64,
}

impl Rate {
    /// A rate of at most `ceiling` requests a second.
    pub fn new(ceiling: Option<f64>) -> Self {
        Self {
            ceiling: ceiling.unwrap_or(f64::INFINITY),
            learned: None,
            period: Period::default(),
            sample: VecDeque::new(),
            next_at: Duration::ZERO,
        }
    }

    /// Lets a request go, or says how long it has to wait. A late request does not delay those
    /// after it, so the interval is longer by as much per second: no second ever has more requests
    /// than the rate says.
    pub fn go(&mut self, now: Duration) -> Result<Period, Duration> {
        let wait = self.next_at.saturating_sub(now);
        if !wait.is_zero() {
            return Err(wait);
        }
        let rate = self.at(now);
        if rate.is_finite() {
            let due = self.next_at.max(now.saturating_sub(LATENESS));
            self.next_at = due + (Duration::from_secs(1) + LATENESS).div_f64(rate);
        }
        Ok(self.period)
    }

    /// The API has accepted a request of `period`.
    pub fn accepted(&mut self, now: Duration, period: Period) {
        if period != self.period {
            return;
        }
        if self.sample.len() == SAMPLE {
            self.sample.pop_front();
        }
        self.sample.push_back(now);
        if let Some(learned) = &mut self.learned {
            learned.accepted += 1.0;
        }
    }

    /// The API has refused a request of `period` because it got too many. No request goes before
    /// `pause` is over. Of the requests that were under way together, only the first refused one
    /// changes the rate.
    pub fn refused(&mut self, now: Duration, period: Period, pause: Duration) {
        let resumed_at = now + pause;
        self.next_at = self.next_at.max(resumed_at);
        if period != self.period {
            return;
        }
        self.learned = Some(Learned {
            estimate: self.estimate(now).max(SLOWEST),
            trial: self.next_trial(now),
            refused_at: now,
            resumed_at,
            accepted: 0.0,
        });
        self.sample.clear();
        self.period.0 += 1;
    }

    /// The rate that the API accepts, at the moment it refuses a request. The last requests came
    /// too fast. Those of the whole period, with the pause at its start, came no faster than the
    /// API allows, for both ends of the period found its allowance used up. So it is between them.
    fn estimate(&self, now: Duration) -> f64 {
        let rate = self.at(now);
        let Some(first) = self.sample.front() else {
            return if rate.is_finite() {
                rate / 2.0
            } else {
                FIRST_ESTIMATE
            };
        };
        let count = u32::try_from(self.sample.len()).unwrap_or(u32::MAX);
        let refused = per_second(f64::from(count), now.saturating_sub(*first)).min(rate);
        let Some(learned) = &self.learned else {
            return refused;
        };
        let took = now.saturating_sub(learned.refused_at);
        let accepted = per_second(learned.accepted, took).min(refused);
        f64::midpoint(accepted, refused)
    }

    /// The length of the next trial: twice that of this one, or half if this one is not over.
    fn next_trial(&self, now: Duration) -> f64 {
        let Some(learned) = &self.learned else {
            return SHORTEST_TRIAL;
        };
        let factor = if learned.progress(now) < 1.0 {
            0.5
        } else {
            2.0
        };
        (learned.trial * factor).clamp(SHORTEST_TRIAL, 1.0)
    }

    /// The requests a second that may go now.
    fn at(&self, now: Duration) -> f64 {
        let learned = self.learned.as_ref();
        let learned = learned.map_or(f64::INFINITY, |learned| learned.rate(now));
        learned.max(SLOWEST).min(self.ceiling)
    }
}

impl Learned {
    /// The rate rises to the estimate, hardly changes near it, and rises ever faster beyond it.
    fn rate(&self, now: Duration) -> f64 {
        let beyond = self.progress(now) - 1.0;
        self.estimate * (1.0 + (1.0 - FIRST_SHARE) * beyond.powi(3))
    }

    /// How much of the trial is over; 1 is all of it.
    fn progress(&self, now: Duration) -> f64 {
        let passed = now.saturating_sub(self.resumed_at).as_secs_f64();
        let of_time = passed / LONGEST_TRIAL.as_secs_f64();
        of_time.min(self.accepted / TRIAL_REQUESTS) / self.trial
    }
}

fn per_second(count: f64, time: Duration) -> f64 {
    count / time.max(SHORTEST_SAMPLE).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// Lets requests go, all at once, and returns their period.
    fn go(rate: &mut Rate, now: Duration, count: usize) -> Period {
        let periods: Vec<Period> = (0..count).map(|_| rate.go(now).unwrap()).collect();
        *periods.last().unwrap()
    }

    /// A rate that was refused a second after 16 requests were accepted.
    fn refused_at_16(pause: Duration) -> Rate {
        let mut rate = Rate::new(None);
        let period = go(&mut rate, Duration::ZERO, 17);
        for _ in 0..16 {
            rate.accepted(Duration::ZERO, period);
        }
        rate.refused(millis(1000), period, pause);
        rate
    }

    /// When the next requests go, if nothing is answered.
    fn times(rate: &mut Rate, mut now: Duration, count: usize) -> Vec<u128> {
        let mut times = Vec::new();
        while times.len() < count {
            match rate.go(now) {
                Ok(_) => times.push(now.as_millis()),
                Err(wait) => now += wait,
            }
        }
        times
    }

    #[test]
    fn without_a_limit_no_request_waits() {
        assert_eq!(times(&mut Rate::new(None), millis(7), 3), [7, 7, 7]);
    }

    #[test]
    fn after_the_pause_requests_are_evenly_spaced_at_a_little_less_than_the_accepted_rate() {
        let mut rate = refused_at_16(millis(3000));
        // 0.9 × 16 a second.
        assert_eq!(times(&mut rate, millis(1000), 4), [4000, 4069, 4139, 4209]);
    }

    #[test]
    fn refusals_of_requests_that_were_under_way_together_count_once() {
        let mut rate = Rate::new(None);
        let period = go(&mut rate, Duration::ZERO, 8);
        rate.accepted(millis(10), period);
        rate.refused(millis(510), period, millis(1000));
        let once = rate.at(millis(1510));
        for late in [20, 30, 500] {
            rate.refused(millis(510 + late), period, millis(1000));
            // What is accepted late says nothing about the new rate.
            rate.accepted(millis(510 + late), period);
        }
        assert!((rate.at(millis(1510)) - once).abs() < f64::EPSILON);
        assert_eq!(rate.go(millis(1510)), Err(millis(500)));
    }

    #[test]
    fn the_rate_rises_with_success_and_not_with_time_alone() {
        for (answers, seconds, expected) in [
            (0, 100, 14.4),
            (100, 0, 14.4),
            // The first trial takes a second and eight requests.
            (4, 100, 15.8),
            (100, 1, 16.0),
            (100, 2, 17.6),
            (100, 4, 59.2),
        ] {
            let mut rate = refused_at_16(Duration::ZERO);
            let period = rate.go(millis(1000)).unwrap();
            for _ in 0..answers {
                rate.accepted(millis(1000), period);
            }
            let risen = rate.at(Duration::from_secs(1 + seconds));
            assert!(
                (risen - expected).abs() < 1e-9,
                "{answers} {seconds}: {risen}"
            );
        }
    }

    #[test]
    fn the_estimate_is_between_what_was_accepted_and_what_was_refused() {
        for (answers, expected) in [
            // Nothing was accepted: half of the rate.
            (0, 7.2),
            // 8 in two seconds with the pause, and in one without it, in which 15.8 were allowed.
            (4, 3.0),
            (8, 6.0),
        ] {
            let mut rate = refused_at_16(millis(1000));
            let period = rate.go(millis(2000)).unwrap();
            for _ in 0..answers {
                rate.accepted(millis(2000), period);
            }
            let estimate = rate.estimate(millis(3000));
            assert!((estimate - expected).abs() < 1e-9, "{answers}: {estimate}");
        }
    }

    #[test]
    fn a_trial_is_twice_as_long_after_one_that_succeeds_and_half_as_long_after_one_that_fails() {
        let mut rate = refused_at_16(Duration::ZERO);
        let mut now = millis(1000);
        for (answers, trial) in [
            (0, 1.0),
            (20, 2.0),
            (40, 4.0),
            (80, 8.0),
            (160, 16.0),
            (320, 16.0),
            (1, 8.0),
        ] {
            let period = rate.go(now).or_else(|wait| rate.go(now + wait)).unwrap();
            now += Duration::from_secs(100);
            for _ in 0..answers {
                rate.accepted(now, period);
            }
            rate.refused(now, period, Duration::ZERO);
            let length = rate.learned.as_ref().unwrap().trial * LONGEST_TRIAL.as_secs_f64();
            assert!((length - trial).abs() < 1e-9, "{answers}: {length}");
        }
    }

    #[test]
    fn however_often_requests_are_refused_one_goes_every_ten_seconds() {
        let mut rate = Rate::new(None);
        let mut now = Duration::ZERO;
        for _ in 0..50 {
            match rate.go(now) {
                Ok(period) => rate.refused(now, period, Duration::ZERO),
                Err(wait) => now += wait,
            }
        }
        assert_eq!(rate.go(now), Err(millis(10_050)));
    }

    #[test]
    fn a_ceiling_spaces_requests_evenly_and_holds_whatever_is_learned() {
        assert_eq!(
            times(&mut Rate::new(Some(0.5)), millis(7), 3),
            [7, 2012, 4022]
        );
        let mut rate = refused_at_16(Duration::ZERO);
        rate.ceiling = 10.0;
        assert_eq!(times(&mut rate, millis(1000), 3), [1000, 1100, 1201]);
    }

    proptest! {
        #[test]
        fn no_second_has_more_requests_than_the_ceiling(
            ceiling in 1_u32..1000,
            delays in proptest::collection::vec(0_u64..20_000, 1..100),
        ) {
            let mut rate = Rate::new(Some(f64::from(ceiling)));
            let mut now = Duration::ZERO;
            let mut sent = Vec::new();
            for micros in delays.iter().cycle().take(2000) {
                if let Err(wait) = rate.go(now) {
                    now += wait + Duration::from_micros(*micros);
                    prop_assert!(rate.go(now).is_ok());
                }
                sent.push(now);
            }
            for (first, after) in sent.iter().zip(&sent[ceiling as usize..]) {
                let apart = after.saturating_sub(*first);
                prop_assert!(apart >= Duration::from_micros(999_999), "{apart:?}");
            }
        }
    }
}
