//! Drives the rate against a server with a rate limit, without HTTP and without waiting.

use super::rate::{Period, Rate};
use std::collections::VecDeque;
use std::time::Duration;

/// A token bucket. A request without a token is refused.
struct Server {
    capacity: f64,
    per_second: f64,
    tokens: f64,
    at: Duration,
}

impl Server {
    /// A server with a full bucket.
    fn new(capacity: f64, per_second: f64) -> Self {
        Self {
            capacity,
            per_second,
            tokens: capacity,
            at: Duration::ZERO,
        }
    }

    /// None if the request is accepted, otherwise the whole seconds to wait.
    fn refusal(&mut self, now: Duration) -> Option<Duration> {
        let refilled = self.tokens + now.saturating_sub(self.at).as_secs_f64() * self.per_second;
        self.at = now;
        self.tokens = refilled.min(self.capacity);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return None;
        }
        let wait = ((1.0 - self.tokens) / self.per_second).ceil();
        Some(Duration::from_secs_f64(wait))
    }
}

struct Answer {
    at: Duration,
    period: Period,
    refusal: Option<Duration>,
}

/// What a run has cost so far.
#[derive(Debug, Default)]
struct Course {
    took: Duration,
    accepted: u32,
    refused: u32,
    /// The refused and all requests since the first ten seconds.
    late: (u32, u32),
}

struct Run {
    rate: Rate,
    server: Server,
    latency: Duration,
    places: usize,
    under_way: VecDeque<Answer>,
    now: Duration,
    course: Course,
}

impl Run {
    fn new(server: Server, latency: u32, places: u32) -> Self {
        Self {
            rate: Rate::new(None),
            server,
            latency: Duration::from_millis(latency.into()),
            places: places as usize,
            under_way: VecDeque::new(),
            now: Duration::ZERO,
            course: Course::default(),
        }
    }

    /// Goes on until so many requests are accepted.
    fn until(&mut self, accepted: u32) -> &Course {
        while self.course.accepted < accepted {
            match self.next_send() {
                Some(at) if self.under_way.front().is_none_or(|answer| at < answer.at) => {
                    self.now = at;
                }
                _ => self.receive(),
            }
        }
        self.course.took = self.now;
        &self.course
    }

    /// Sends a request from each free place, and returns when the next one may go.
    fn next_send(&mut self) -> Option<Duration> {
        while self.under_way.len() < self.places {
            match self.rate.go(self.now) {
                Ok(period) => self.send(period),
                Err(wait) => return Some(self.now + wait),
            }
        }
        None
    }

    fn send(&mut self, period: Period) {
        self.under_way.push_back(Answer {
            at: self.now + self.latency,
            period,
            refusal: self.server.refusal(self.now),
        });
    }

    fn receive(&mut self) {
        let Answer {
            at,
            period,
            refusal,
        } = self.under_way.pop_front().unwrap();
        self.now = at;
        let is_late = u32::from(at > Duration::from_secs(10));
        self.course.late.1 += is_late;
        if let Some(wait) = refusal {
            self.rate.refused(at, period, wait);
            self.course.refused += 1;
            self.course.late.0 += is_late;
        } else {
            self.rate.accepted(at, period);
            self.course.accepted += 1;
        }
    }
}

#[test]
fn the_rate_of_the_server_is_found_and_kept() {
    for capacity in [3.0, 10.0, 20.0, 40.0, 100.0] {
        for latency in [2_u32, 100, 200] {
            for places in [1_u32, 4, 8, 32] {
                let mut run = Run::new(Server::new(capacity, 20.0), latency, places);
                let course = run.until(1200);
                // The server's limit, and that of the latency.
                let least = 60.0_f64.max(1.2 * f64::from(latency) / f64::from(places));
                let text = format!("{capacity} {latency} {places}: {course:?}");
                assert!(course.took.as_secs_f64() <= 1.15 * least, "{text}");
                assert!(course.late.0 * 50 <= course.late.1, "{text}");
            }
        }
    }
}

#[test]
fn slow_servers_are_read_at_their_rate() {
    for (capacity, per_second) in [(3.0, 0.5), (10.0, 0.5), (3.0, 5.0), (20.0, 5.0)] {
        let mut run = Run::new(Server::new(capacity, per_second), 100, 8);
        let course = run.until(300);
        let text = format!("{capacity} {per_second}: {course:?}");
        assert!(
            course.took.as_secs_f64() <= 1.15 * 300.0 / per_second,
            "{text}"
        );
        assert!(course.late.0 * 20 <= course.late.1, "{text}");
    }
}

#[test]
fn a_limit_that_changes_is_found_again() {
    // A rate that is too slow rises slowly.
    for (before, after, most) in [(40.0, 10.0, 1.15), (10.0, 40.0, 2.0)] {
        let mut run = Run::new(Server::new(10.0, before), 100, 8);
        let (took, refused) = {
            let course = run.until(1000);
            (course.took, course.refused)
        };
        run.server.per_second = after;
        let course = run.until(3000);
        let took = course.took.saturating_sub(took);
        let text = format!("from {before} to {after}: {took:?}, {course:?}");
        assert!(took.as_secs_f64() <= most * 2000.0 / after, "{text}");
        assert!((course.refused - refused) * 50 <= 2000, "{text}");
    }
}
