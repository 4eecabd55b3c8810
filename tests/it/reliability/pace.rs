//! Rate limits slow down all streams of a run and fail none.

use super::{BOTH, Trial};
use crate::clock::FakeClock;
use crate::support::{ASKELEPHANT, REEVO, Workspace};
use chrono::TimeDelta;
use serde_json::{Value, json};
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
    // The rest of contact waits, and then the requests of account are slower.
    let waits = clock.waits();
    assert_eq!(waits[..1], [7.0]);
    let is_slower = waits.len() > 5 && waits[1..].iter().all(|wait| *wait > 0.0);
    assert!(is_slower, "{waits:?}");
    let emitted = run.emitted();
    assert_eq!(emitted.records("contact").len(), 40);
    assert_eq!(emitted.states.len(), 2);
    run.says("1 retry, 7.").says(" s waited for rate limits");
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

/// What a run cost, by the fake clock.
#[derive(Debug)]
struct Cost {
    seconds: f64,
    requests: usize,
    refused: usize,
    /// The requests after the first ten seconds.
    late_requests: usize,
    late_refused: usize,
}

/// Reads from eight places while the sandbox accepts 20 requests a second.
fn cost_at_20_a_second(api: &'static str, headers: bool) -> Cost {
    let records = if api == REEVO { 900 } else { 2400 };
    let settings = json!({"page_size": 2, "concurrency": 8});
    let trial = Trial::with(api, &format!("records={records}"), &settings);
    let limit = json!({"capacity": 20, "refill_per_second": 20, "headers": headers});
    trial.script(&json!([{"fault": {"rate_limit": limit}}]));
    let fake = FakeClock::new();
    let sandbox = trial.workspace.sandbox.clone();
    let late = sandbox.now() + TimeDelta::seconds(10);
    let late_by_tap = fake.now() + TimeDelta::seconds(10);
    let clock = SharedClock {
        fake: Arc::clone(&fake),
        sandbox,
    };
    let read = trial.workspace.read(&trial.settings);
    let read = read
        .catalog(&trial.catalog)
        .flags(&["--log-format", "json"]);
    let run = read.within(Arc::new(clock)).ok();
    trial.assert_all(&[&run]);
    let refused = run
        .stderr
        .lines()
        .filter(|line| line.contains("answered 429"));
    let refused: Vec<Value> = refused
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let is_late = |entry: &&Value| entry["ts"].as_i64().unwrap() >= late_by_tap.timestamp();
    let requests = trial.workspace.sandbox.requests();
    Cost {
        seconds: fake.monotonic().as_secs_f64(),
        requests: requests.len(),
        refused: refused.len(),
        late_requests: requests.iter().filter(|one| one.at >= late).count(),
        late_refused: refused.iter().filter(is_late).count(),
    }
}

#[test]
fn a_run_learns_the_rate_of_a_limited_api_and_is_seldom_refused() {
    for (api, headers) in [(REEVO, true), (ASKELEPHANT, false)] {
        let cost = cost_at_20_a_second(api, headers);
        let text = format!("{api}: {cost:?}");
        assert!(cost.requests > 400 && cost.refused > 0, "{text}");
        // Fake time does not wait for requests under way, so they arrive unevenly and are refused
        // more often. The simulation of `source::pace` has the exact bounds.
        let least = f64::from(u32::try_from(cost.requests).unwrap()) / 20.0;
        assert!(cost.seconds <= 1.5 * least, "{text}");
        assert!(cost.late_requests > 200, "{text}");
        assert!(cost.late_refused * 20 <= cost.late_requests, "{text}");
    }
}

#[test]
fn requests_per_second_counts_schemas_and_retries() {
    for api in BOTH {
        for ceiling in [0.5, 20.0] {
            let settings =
                json!({"page_size": 10, "requests_per_second": ceiling, "concurrency": 4});
            let trial = Trial::with(api, "records=160", &settings);
            let fault = json!({"status": {"code": 503, "retry_after": 0}});
            trial.script(&json!([{"skip": 2, "times": 2, "fault": fault}]));
            let clock = FakeClock::new();
            // Without a catalog, it asks for schemas or probes as well.
            let run = trial
                .workspace
                .read(&trial.settings)
                .within(clock.clone())
                .ok();
            trial.assert_all(&[&run]);
            let requests = trial.workspace.sandbox.requests().len();
            let least = f64::from(u32::try_from(requests - 1).unwrap()) / ceiling;
            let seconds = clock.monotonic().as_secs_f64();
            assert!(
                requests > 8 && seconds >= least,
                "{requests} in {seconds} s"
            );
            assert!(seconds <= 1.1 * least + 2.0, "{requests} in {seconds} s");
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
        // A page fetched ahead may be dropped while its request waits.
        assert!(requests > 4 && waits.len() + 1 >= requests, "{waits:?}");
        assert!(waits.iter().all(|wait| *wait >= 2.0), "{waits:?}");
    }
}
