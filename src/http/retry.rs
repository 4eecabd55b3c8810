//! Retries: a pure decision, and the count of failed attempts. One attempt is a whole page: sent,
//! read to the last byte, and decoded.

use super::failure::{Failure, FailureKind};
use crate::log::Log;
use crate::log::figures::Waiting;
use crate::record::findings::counted;
use crate::time::clock::Clock;
use std::time::Duration;

/// The longest wait between two attempts, unless the API asks for a longer one.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The attempts after invalid responses. They seldom become valid.
const MALFORMED_ATTEMPTS: u32 = 3;

/// The attempts at an address that has never answered: most likely it is wrong.
const UNREACHABLE_ATTEMPTS: u32 = 3;

/// What to do after a failed attempt.
#[derive(Debug, PartialEq)]
pub enum Decision {
    Wait(Duration),
    /// With the reason, or None if the failure is never retried.
    GiveUp(Option<String>),
}

/// How long the attempts at one page may take.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    pub total: Duration,
}

impl Budget {
    /// Decides after failure number `attempt` (counted from 1), `elapsed` after the first attempt
    /// began. `jitter`, from 0 to 1, spreads the attempts of many clients.
    pub fn decide(
        &self,
        failure: &Failure,
        attempt: u32,
        elapsed: Duration,
        jitter: f64,
    ) -> Decision {
        let attempts = match failure.kind {
            kind if !kind.is_transient() => return Decision::GiveUp(None),
            FailureKind::Malformed => MALFORMED_ATTEMPTS,
            FailureKind::Unreachable => UNREACHABLE_ATTEMPTS,
            _ => u32::MAX,
        };
        let tried = || counted(attempt.into(), "attempt");
        if attempt >= attempts {
            return Decision::GiveUp(Some(format!("gave up after {}", tried())));
        }
        let left = self.total.saturating_sub(elapsed);
        let wait = match failure.asked_wait {
            // `Retry-After: 0` is followed once. After that, retry at the first backoff.
            Some(asked) if attempt > 1 => asked.max(backoff(1, jitter)),
            Some(asked) => asked,
            None => backoff(attempt, jitter),
        };
        if wait <= left && !left.is_zero() {
            return Decision::Wait(wait);
        }
        let limit = self.total.as_secs();
        let asked_too_much = failure.asked_wait.filter(|asked| *asked > left);
        Decision::GiveUp(Some(match asked_too_much {
            Some(wait) => format!(
                "the API asks to wait {} s, more than max_retry_seconds ({limit}) leaves",
                wait.as_secs()
            ),
            None => format!(
                "gave up after {}, since max_retry_seconds is {limit}",
                tried()
            ),
        }))
    }
}

/// 1, 2, 4 … seconds up to the longest wait; half of each is random.
fn backoff(attempt: u32, jitter: f64) -> Duration {
    let doubled = Duration::from_secs(1_u64 << (attempt - 1).min(6));
    doubled.min(LONGEST_WAIT).mul_f64(0.5 + jitter / 2.0)
}

/// Counts the failed attempts at one request.
pub struct Attempts<'a> {
    budget: Budget,
    clock: &'a dyn Clock,
    log: &'a Log,
    pub subject: Subject<'a>,
    start: Duration,
    failed: u32,
}

/// The request that is attempted.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The name for the log.
    pub name: &'a str,
    /// The stream that waits for it, if any.
    pub stream: Option<&'a str>,
}

impl<'a> Attempts<'a> {
    /// Starts to count, and starts the time of the budget.
    pub fn begin(budget: Budget, clock: &'a dyn Clock, log: &'a Log, subject: Subject<'a>) -> Self {
        Self {
            budget,
            clock,
            log,
            subject,
            start: clock.monotonic(),
            failed: 0,
        }
    }

    /// How long to wait before the next attempt; or the failure, with the reason for giving up.
    pub fn after(&mut self, mut failure: Failure) -> Result<Duration, Failure> {
        self.failed += 1;
        let elapsed = self.clock.monotonic().saturating_sub(self.start);
        let decision = self
            .budget
            .decide(&failure, self.failed, elapsed, fastrand::f64());
        match decision {
            Decision::Wait(wait) => {
                self.log_wait(&failure, wait, elapsed);
                Ok(wait)
            }
            Decision::GiveUp(reason) => {
                if let Some(reason) = reason {
                    failure.sentence = format!("{}; {reason}", failure.sentence);
                }
                Err(failure)
            }
        }
    }

    /// The number of failed attempts.
    pub fn failed(&self) -> u32 {
        self.failed
    }

    fn log_wait(&self, failure: &Failure, wait: Duration, elapsed: Duration) {
        let (name, failed) = (self.subject.name, self.failed);
        let (seconds, spent, total) = (
            wait.as_secs_f64(),
            elapsed.as_secs(),
            self.budget.total.as_secs(),
        );
        let text = format!(
            "{name}: {failure}; trying again in {seconds:.1} s (attempt {failed} failed, {spent} of {total} s spent)"
        );
        match self.subject.stream {
            Some(stream) => {
                let waiting = Waiting {
                    stream: stream.to_owned(),
                    until: self.clock.now() + wait,
                    is_rate_limited: failure.kind == FailureKind::RateLimited,
                };
                self.log.waiting(text, waiting);
            }
            None => self.log.warning(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Budget = Budget {
        total: Duration::from_secs(600),
    };

    fn failure(kind: FailureKind, asked: Option<u64>) -> Failure {
        Failure {
            asked_wait: asked.map(Duration::from_secs),
            ..Failure::new(kind, "it failed")
        }
    }

    fn wait_after(attempt: u32, jitter: f64) -> Duration {
        match BUDGET.decide(
            &failure(FailureKind::Server, None),
            attempt,
            Duration::ZERO,
            jitter,
        ) {
            Decision::Wait(wait) => wait,
            Decision::GiveUp(reason) => panic!("gave up: {reason:?}"),
        }
    }

    #[test]
    fn waits_double_up_to_a_minute_and_half_of_each_is_random() {
        let most: Vec<f64> = (1..=9)
            .map(|attempt| wait_after(attempt, 1.0).as_secs_f64())
            .collect();
        assert_eq!(most, [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]);
        let least: Vec<f64> = (1..=3)
            .map(|attempt| wait_after(attempt, 0.0).as_secs_f64())
            .collect();
        assert_eq!(least, [0.5, 1.0, 2.0]);
    }

    #[test]
    fn the_wait_that_the_api_asks_for_is_used() {
        for (seconds, attempt, wait) in [(7, 1, 7.0), (7, 9, 7.0), (0, 1, 0.0), (0, 2, 0.5)] {
            let failure = failure(FailureKind::RateLimited, Some(seconds));
            let decision = BUDGET.decide(&failure, attempt, Duration::ZERO, 0.0);
            assert_eq!(decision, Decision::Wait(Duration::from_secs_f64(wait)));
        }
    }

    #[test]
    fn an_api_that_always_asks_for_no_wait_does_not_hold_a_run() {
        let failure = failure(FailureKind::Server, Some(0));
        let decision = BUDGET.decide(&failure, 700, BUDGET.total, 0.0);
        assert!(
            matches!(decision, Decision::GiveUp(Some(reason)) if reason.contains("gave up after 700"))
        );
    }

    #[test]
    fn a_wait_beyond_the_budget_is_not_cut_short() {
        let failure = failure(FailureKind::RateLimited, Some(601));
        let decision = BUDGET.decide(&failure, 1, Duration::ZERO, 0.0);
        assert!(
            matches!(decision, Decision::GiveUp(Some(reason)) if reason.contains("wait 601 s"))
        );
    }

    #[test]
    fn permanent_failures_are_not_retried() {
        for kind in [
            FailureKind::Unauthorized,
            FailureKind::Forbidden,
            FailureKind::NotFound,
            FailureKind::UnknownStream,
            FailureKind::Redirected,
            FailureKind::Rejected,
            FailureKind::Oversized,
        ] {
            let decision = BUDGET.decide(&failure(kind, None), 1, Duration::ZERO, 0.0);
            assert_eq!(decision, Decision::GiveUp(None), "{kind:?}");
        }
    }

    #[test]
    fn no_attempt_follows_once_the_budget_is_spent() {
        let spent = Duration::from_secs(600);
        let decision = BUDGET.decide(&failure(FailureKind::Server, None), 20, spent, 0.0);
        assert!(matches!(decision, Decision::GiveUp(Some(_))));
        let none = Budget {
            total: Duration::ZERO,
        };
        let decision = none.decide(
            &failure(FailureKind::Server, Some(0)),
            1,
            Duration::ZERO,
            0.0,
        );
        assert!(matches!(decision, Decision::GiveUp(Some(_))));
    }
}
