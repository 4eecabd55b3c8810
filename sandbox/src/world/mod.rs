//! What all requests share: options, clock, records, the log of requests, and the fault script.

mod clock;
pub mod history;
pub mod journal;
pub mod store;
pub mod walk;

use std::sync::atomic::{AtomicU64, Ordering};

use crate::faults::Faults;
use crate::noise::noise;
use crate::options::Options;
use crate::timestamp;
use clock::Clock;
use journal::Journal;
use store::Store;
use tokio::sync::Barrier;

pub struct World {
    pub options: Options,
    pub clock: Clock,
    pub store: Store,
    pub journal: Journal,
    pub faults: Faults,
    /// Where requests wait for others.
    pub gate: Barrier,
    given: AtomicU64,
}

impl World {
    pub fn new(options: Options) -> Self {
        World {
            clock: Clock::new(options.clock),
            store: Store::new(&options),
            journal: Journal::default(),
            faults: Faults::new(options.seed, &options.faults),
            gate: Barrier::new(
                usize::try_from(options.answers_together).expect("it is at most 1000"),
            ),
            given: AtomicU64::new(0),
            options,
        }
    }

    /// Microseconds since 1970, by the sandbox's clock.
    pub fn now(&self) -> i64 {
        timestamp::of(self.clock.now())
    }

    /// A new number for each call. It shuffles the ties of a walk, and makes request ids.
    pub fn fresh(&self) -> u64 {
        let number = self.given.fetch_add(1, Ordering::Relaxed);
        noise(&[self.options.seed, number, 8])
    }
}
