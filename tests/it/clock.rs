//! A fake clock: it stands still, and a sleep returns at once and moves it forward.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tap_revops::time::clock::Clock;
use tap_revops::time::timestamp::Timestamp;

pub struct FakeClock {
    start: Timestamp,
    waits: Mutex<Vec<Duration>>,
}

impl FakeClock {
    /// A clock at the time of the tests' sandboxes.
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            start: "2026-07-15T12:00:00Z".parse().unwrap(),
            waits: Mutex::default(),
        })
    }

    /// All sleeps so far, in seconds.
    pub fn waits(&self) -> Vec<f64> {
        let waits = self.waits.lock().unwrap();
        waits.iter().map(Duration::as_secs_f64).collect()
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        self.start + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        self.waits.lock().unwrap().iter().sum()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.waits.lock().unwrap().push(duration);
        Box::pin(std::future::ready(()))
    }
}
