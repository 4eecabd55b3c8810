//! The pace of a run, shared by all its requests: they go one after the other as the rate allows.
//! `rate` decides; this waits.

mod rate;
#[cfg(test)]
mod simulation;

use self::rate::{Period, Rate};
use crate::time::clock::Clock;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub struct Pace {
    clock: Arc<dyn Clock>,
    rate: Mutex<Rate>,
    /// Held by the request whose turn is next. The others wait in order.
    queue: tokio::sync::Mutex<()>,
}

/// A request's turn.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// How long the request waited for it.
    pub waited: Duration,
    period: Period,
}

impl Pace {
    /// A pace of at most `ceiling` requests a second.
    pub fn new(clock: Arc<dyn Clock>, ceiling: Option<f64>) -> Self {
        Self {
            clock,
            rate: Mutex::new(Rate::new(ceiling)),
            queue: tokio::sync::Mutex::default(),
        }
    }

    /// Waits until a request may go.
    pub async fn turn(&self) -> Turn {
        let began = self.clock.monotonic();
        let _next = self.queue.lock().await;
        loop {
            let now = self.clock.monotonic();
            let answer = self.rate().go(now);
            match answer {
                Ok(period) => {
                    let waited = now.saturating_sub(began);
                    return Turn { waited, period };
                }
                Err(wait) => self.clock.sleep(wait).await,
            }
        }
    }

    /// Reports that the API has accepted the request of `turn`.
    pub fn accepted(&self, turn: Turn) {
        let now = self.clock.monotonic();
        self.rate().accepted(now, turn.period);
    }

    /// Reports that the API has refused the request of `turn` because it got too many. No request
    /// goes before `pause` is over.
    pub fn refused(&self, turn: Turn, pause: Duration) {
        let now = self.clock.monotonic();
        self.rate().refused(now, turn.period, pause);
    }

    fn rate(&self) -> MutexGuard<'_, Rate> {
        self.rate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::timestamp::Timestamp;
    use std::pin::Pin;

    /// A clock that sleeps at once, and reports a refusal during its first sleep.
    #[derive(Default)]
    struct Interrupted {
        now: Mutex<Duration>,
        refused: Mutex<Option<(Arc<Pace>, Turn)>>,
    }

    impl Clock for Interrupted {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH + self.monotonic()
        }

        fn monotonic(&self) -> Duration {
            *self.now.lock().unwrap()
        }

        fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
            let refused = self.refused.lock().unwrap().take();
            if let Some((pace, turn)) = refused {
                pace.refused(turn, Duration::from_secs(7));
            }
            *self.now.lock().unwrap() += duration;
            Box::pin(std::future::ready(()))
        }
    }

    #[tokio::test]
    async fn a_request_whose_turn_is_near_waits_for_the_pause_of_another_one() {
        let clock = Arc::new(Interrupted::default());
        let pace = Arc::new(Pace::new(Arc::clone(&clock) as Arc<dyn Clock>, Some(1.0)));
        let first = pace.turn().await;
        *clock.refused.lock().unwrap() = Some((Arc::clone(&pace), first));
        let second = pace.turn().await;
        assert_eq!(first.waited, Duration::ZERO);
        assert_eq!(second.waited, Duration::from_secs(7));
    }
}
