//! How many requests per second go, as far as the API's refusals tell. Pure: it knows no clock, and
//! waits for nothing.
//!
//! A refusal says that the rate was too high, and the successes since the one before say what the
//! API lets through. The rate falls to that, and each success raises it again: soon to what was
//! known to work, and slowly beyond.

use crate::time::timestamp::Timestamp;
use chrono::TimeDelta;
use std::time::Duration;

/// The lowest rate, so that a run makes progress.
const LEAST: f64 = 0.1;

/// A rate above this makes no difference, and becomes none.
const MOST: f64 = 1000.0;

/// What a refusal leaves of the rate, at most and at least.
const LOWERED: (f64, f64) = (0.5, 0.9);

/// By what part of the way to the known rate it grows in a second.
const RECOVERY: f64 = 0.1;

/// By what part it grows in a second beyond that, for each second since the last refusal, and at most.
const GROWTH: (f64, f64) = (0.002, 0.2);

/// Shorter times tell too little of a rate.
const SHORTEST_MEASURE: TimeDelta = TimeDelta::milliseconds(100);

pub struct Rate {
    /// The most that the configuration allows, in requests per second.
    most: f64,
    allowed: f64,
    /// What the API is known to let through.
    known: f64,
    /// When the next request may go.
    next_at: Option<Timestamp>,
    /// How often the rate has been lowered.
    lowered: u64,
    /// How many requests have succeeded since then, and since when.
    succeeded: u32,
    since: Option<Timestamp>,
}

/// A request's place in the sequence of all requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    pub waited: Duration,
    /// How often the rate had been lowered by then.
    pub lowered: u64,
}

impl Rate {
    /// Without a limit, it is the API's refusals that set the rate.
    pub fn new(most: Option<f64>) -> Self {
        let most = most.unwrap_or(f64::INFINITY);
        Self {
            most,
            allowed: most,
            known: most,
            next_at: None,
            lowered: 0,
            succeeded: 0,
            since: None,
        }
    }

    pub fn lowered(&self) -> u64 {
        self.lowered
    }

    /// Takes the next place, and returns how long to wait for it.
    pub fn book(&mut self, now: Timestamp) -> Duration {
        self.since.get_or_insert(now);
        let at = self.next_at.map_or(now, |next_at| next_at.max(now));
        self.next_at = Some(at + seconds(1.0 / self.allowed));
        (at - now).to_std().unwrap_or_default()
    }

    /// A request was refused. None goes before `wait` is over. Of requests that were on their way at
    /// the same time, only the first lowers the rate.
    pub fn refused(&mut self, now: Timestamp, wait: Duration, turn: Turn) {
        if turn.lowered == self.lowered {
            self.lower(now);
        }
        let until = TimeDelta::from_std(wait).ok();
        let until = until.and_then(|wait| now.checked_add_signed(wait));
        self.next_at = self.next_at.max(until);
    }

    fn lower(&mut self, now: Timestamp) {
        let took = (now - self.since.unwrap_or(now)).max(SHORTEST_MEASURE);
        let measured = f64::from(self.succeeded) / took.as_seconds_f64();
        let (least, most) = LOWERED;
        let lowered = if self.allowed.is_finite() {
            measured.clamp(self.allowed * least, self.allowed * most)
        } else {
            measured * most
        };
        self.allowed = lowered.max(LEAST);
        self.known = measured.max(self.allowed);
        self.lowered += 1;
        self.succeeded = 0;
        self.since = Some(now);
    }

    /// A request has succeeded.
    pub fn succeeded(&mut self, now: Timestamp) {
        self.succeeded = self.succeeded.saturating_add(1);
        if self.allowed.is_finite() {
            let (growth, most) = GROWTH;
            let quiet = (now - self.since.unwrap_or(now)).as_seconds_f64();
            let beyond = self.allowed * (growth * quiet).clamp(0.0, most);
            let in_a_second = ((self.known - self.allowed) * RECOVERY).max(beyond);
            self.allowed = (self.allowed + in_a_second / self.allowed).min(self.most);
        }
        if self.allowed > MOST {
            self.allowed = self.most;
        }
    }
}

/// None for an infinite rate.
fn seconds(seconds: f64) -> TimeDelta {
    let duration = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn after(millis: i64) -> Timestamp {
        START + TimeDelta::milliseconds(millis)
    }

    fn turn(rate: &Rate) -> Turn {
        Turn {
            waited: Duration::ZERO,
            lowered: rate.lowered,
        }
    }

    fn waits(rate: &mut Rate, now: Timestamp) -> [u128; 3] {
        [(); 3].map(|()| rate.book(now).as_millis())
    }

    #[test]
    fn without_a_refusal_no_request_waits() {
        assert_eq!(waits(&mut Rate::new(None), START), [0, 0, 0]);
    }

    #[test]
    fn a_ceiling_spaces_the_requests() {
        assert_eq!(waits(&mut Rate::new(Some(4.0)), START), [0, 250, 500]);
        assert_eq!(waits(&mut Rate::new(Some(0.5)), START), [0, 2000, 4000]);
    }

    #[test]
    fn a_refusal_lowers_the_rate_to_what_succeeded_and_holds_all_requests_up() {
        let mut rate = Rate::new(None);
        rate.book(START);
        (0..20).for_each(|_| rate.succeeded(START));
        let turn = turn(&rate);
        for _ in 0..8 {
            rate.refused(after(2000), Duration::from_secs(3), turn);
        }
        // 20 in 2 s are 10 a second, and nine tenths of that are 9.
        assert_eq!(waits(&mut rate, after(2000)), [3000, 3111, 3222]);
    }

    #[test]
    fn refusals_lower_the_rate_to_one_in_ten_seconds_at_least() {
        let mut rate = Rate::new(Some(100.0));
        for _ in 0..50 {
            let turn = turn(&rate);
            rate.refused(START, Duration::ZERO, turn);
        }
        assert_eq!(waits(&mut rate, after(60_000)), [0, 10_000, 20_000]);
    }

    #[test]
    fn successes_raise_the_rate_up_to_its_ceiling() {
        let mut rate = Rate::new(Some(10.0));
        let turn = turn(&rate);
        rate.refused(START, Duration::ZERO, turn);
        assert_eq!(waits(&mut rate, START), [0, 200, 400]);
        (0..2000).for_each(|_| rate.succeeded(after(60_000)));
        assert_eq!(waits(&mut rate, after(60_000)), [0, 100, 200]);
    }

    /// A server that lets so many requests a second through, and saves up to `burst` of them.
    struct Bucket {
        per_second: f64,
        burst: f64,
        tokens: f64,
        filled_at: i64,
    }

    impl Bucket {
        fn lets_through(&mut self, now: i64) -> bool {
            #[expect(clippy::cast_precision_loss, reason = "a test takes minutes")]
            let passed = (now - self.filled_at) as f64 / 1000.0;
            self.filled_at = now;
            self.tokens = (self.tokens + passed * self.per_second).min(self.burst);
            let is_let = self.tokens >= 1.0;
            if is_let {
                self.tokens -= 1.0;
            }
            is_let
        }
    }

    /// Sends requests from eight places to a bucket, and returns the milliseconds that it took, how
    /// many were refused, and how many of them after ten seconds.
    fn run(mut bucket: Bucket, requests: u32) -> (i64, u32, u32) {
        let mut rate = Rate::new(None);
        // The places by the time at which they act next: by sending, or by receiving an answer.
        let mut places: BTreeMap<(i64, u32), Option<(Turn, bool)>> = BTreeMap::new();
        let place = |places: &mut BTreeMap<_, _>, rate: &mut Rate, now: i64, number: u32| {
            let wait = i64::try_from(rate.book(after(now)).as_millis()).unwrap();
            places.insert((now + wait, number), None::<(Turn, bool)>);
        };
        (0..8).for_each(|number| place(&mut places, &mut rate, 0, number));
        let (mut done, mut refused, mut late) = (0, 0, 0);
        loop {
            let ((now, number), answer) = places.pop_first().unwrap();
            let Some((turn, is_let)) = answer else {
                let answer = (turn(&rate), bucket.lets_through(now));
                places.insert((now + 100, number), Some(answer));
                continue;
            };
            if is_let {
                rate.succeeded(after(now));
                done += 1;
            } else {
                refused += 1;
                late += u32::from(now > 10_000);
                rate.refused(after(now), Duration::from_secs(1), turn);
            }
            if done == requests {
                return (now, refused, late);
            }
            place(&mut places, &mut rate, now, number);
        }
    }

    #[test]
    fn a_limited_server_is_used_to_the_full_and_refuses_few_requests() {
        let requests = 1200;
        for (per_second, burst) in [(20.0, 20.0), (20.0, 200.0), (3.0, 3.0)] {
            let bucket = Bucket {
                per_second,
                burst,
                tokens: burst,
                filled_at: 0,
            };
            let (took, refused, late) = run(bucket, requests);
            let told = format!("{per_second} a second: {took} ms, {refused} refused, {late} late");
            #[expect(clippy::cast_precision_loss, reason = "a test takes minutes")]
            let took = took as f64 / 1000.0;
            assert!(took <= 1.15 * f64::from(requests) / per_second, "{told}");
            // At most a twentieth while one in three seconds finds the limit, and else a fiftieth.
            let share = if per_second < 10.0 { 20 } else { 50 };
            assert!(late * share <= requests, "{told}");
        }
    }
}
