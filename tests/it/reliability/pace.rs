//! Rate limits slow down all streams of a run and fail none.

use super::{BOTH, Trial};
use crate::clock::FakeClock;
use crate::support::{REEVO, Workspace};
use chrono::TimeDelta;
use serde_json::json;
use std::sync::Arc;
use tap_revops::time::clock::Clock;

#[test]
fn a_429_on_one_stream_slows_down_the_next() {
    let workspace = Workspace::new(REEVO, "records=40");
    let settings = json!({
        "record_types": ["contact", "account"], "page_size": 5, "concurrency": 1
    });
    let rules = json!([
        {"stream": "contact", "kind": "next_page", "skip": 6, "times": 1,
         "fault": {"status": {"code": 429, "retry_after": 7}}}
    ]);
    let rules = revops_sandbox::Faults::parse(&rules.to_string()).unwrap();
    workspace.sandbox.script(rules);
    let clock = FakeClock::new();
    let run = workspace.read(&settings).within(clock.clone()).ok();
    // The last page of contact waits, and then the requests of account are slower.
    let waits = clock.waits();
    assert_eq!(waits[..1], [7.0]);
    let is_slower = waits.len() > 5 && waits[1..].iter().all(|wait| *wait > 0.0);
    assert!(is_slower, "{waits:?}");
    let emitted = run.emitted();
    assert_eq!(emitted.records("contact").len(), 40);
    assert_eq!(emitted.states.len(), 2);
    run.says("7.0 s waited for rate limits");
}

/// A fake clock that moves the sandbox's clock along with it.
struct SharedClock {
    fake: Arc<FakeClock>,
    sandbox: revops_sandbox::Sandbox,
}

impl Clock for SharedClock {
    fn now(&self) -> tap_revops::time::timestamp::Timestamp {
        self.fake.now()
    }

    fn monotonic(&self) -> std::time::Duration {
        self.fake.monotonic()
    }

    fn sleep(
        &self,
        duration: std::time::Duration,
    ) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let later = self.sandbox.now() + TimeDelta::from_std(duration).unwrap();
        self.sandbox.set_clock(later);
        self.fake.sleep(duration)
    }
}

#[test]
fn a_rate_limit_slows_down_the_run_and_fails_no_stream() {
    for api in BOTH {
        for headers in [true, false] {
            let trial = Trial::with(api, "records=80", &json!({"page_size": 2}));
            let fault = json!({"rate_limit": {
                "capacity": 3, "refill_per_second": 0.5, "headers": headers
            }});
            trial.script(&json!([{"fault": fault}]));
            let fake = FakeClock::new();
            let clock = Arc::new(SharedClock {
                fake: Arc::clone(&fake),
                sandbox: trial.workspace.sandbox.clone(),
            });
            let read = trial.workspace.read(&trial.settings);
            let run = read.catalog(&trial.catalog).within(clock).ok();
            trial.assert_all(&[&run]);
            let refused = run.logged("WARNING ").len();
            let pages = trial.workspace.page_requests(trial.stream()).len();
            assert!(refused > 0 && refused * 2 < pages, "{refused} of {pages}");
            assert!(fake.waits().iter().sum::<f64>() > 10.0);
        }
    }
}

#[test]
fn requests_per_second_spaces_all_requests_of_a_run() {
    for api in BOTH {
        let settings = json!({"page_size": 10, "requests_per_second": 0.5, "concurrency": 4});
        let trial = Trial::with(api, "records=80", &settings);
        let clock = FakeClock::new();
        let read = trial.workspace.read(&trial.settings);
        let run = read.catalog(&trial.catalog).within(clock.clone()).ok();
        trial.assert_all(&[&run]);
        let (requests, waits) = (trial.workspace.sandbox.requests().len(), clock.waits());
        assert!(requests > 4 && waits.len() + 1 == requests, "{waits:?}");
        assert!(waits.iter().all(|wait| *wait >= 2.0), "{waits:?}");
    }
}
