//! The pace of a run: all its streams send their requests at one rate.

use super::rate::{Rate, Turn};
use crate::time::clock::Clock;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub struct Pace {
    clock: Arc<dyn Clock>,
    rate: Mutex<Rate>,
}

impl Pace {
    /// `most` is the number of requests per second that the configuration allows.
    pub fn new(clock: Arc<dyn Clock>, most: Option<f64>) -> Self {
        Self {
            clock,
            rate: Mutex::new(Rate::new(most)),
        }
    }

    /// Waits until the next request may go.
    pub async fn turn(&self) -> Turn {
        let waited = self.rate().book(self.clock.now());
        if !waited.is_zero() {
            self.clock.sleep(waited).await;
        }
        let lowered = self.rate().lowered();
        Turn { waited, lowered }
    }

    /// Reports that the request of `turn` was rate limited. No request goes before `wait` is over.
    pub fn refused(&self, wait: Duration, turn: Turn) {
        self.rate().refused(self.clock.now(), wait, turn);
    }

    /// Reports that a request has succeeded.
    pub fn succeeded(&self) {
        self.rate().succeeded(self.clock.now());
    }

    fn rate(&self) -> MutexGuard<'_, Rate> {
        self.rate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
