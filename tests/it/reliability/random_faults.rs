//! Everything at random: data, faults, interruptions, page sizes and concurrency. Running again
//! from the last state until a run succeeds emits every record.
//!
//! Left out are faults that no client can detect: records with another id or date than theirs, and
//! more than one page out of order.

use super::cases::check_all;
use super::destination::Destination;
use super::{BOTH, Trial};
use crate::catalog::Catalog;
use crate::clock::FakeClock;
use crate::messages::Emitted;
use chrono::TimeDelta;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use tap_revops::run::exit::ExitStatus;
use tap_revops::run::interruption::{self, Interruption};
use tokio::sync::oneshot;

/// More runs than a case has faults.
const MOST_RUNS: usize = 40;

/// One page out of order loses no record, whatever else happens; several in a row may.
const SWAP: &str = "pages_out_of_order";

/// The number of panics on threads of a runtime, which fail no test by themselves.
static PANICS: AtomicU64 = AtomicU64::new(0);

#[derive(Clone, Debug)]
struct Case {
    api: &'static str,
    options: String,
    settings: Value,
    rules: Vec<Value>,
    /// The number of requests after which each of the first runs is interrupted.
    stops: Vec<u64>,
    /// Which records change before each run.
    touches: Vec<usize>,
}

fn one_of(words: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(words)
}

fn options() -> impl Strategy<Value = String> {
    let forms = (
        one_of(&["stable", "shuffled"]),
        one_of(&["id_only", "self_contained", "strict"]),
        one_of(&["micros", "seconds", "mixed"]),
        one_of(&["top", "pagination", "meta"]),
        one_of(&["", "&cursor_expires_after=4"]),
    );
    (0_u64..1000, 0_u64..40, forms).prop_map(|(seed, records, forms)| {
        let (ties, cursor, timestamps, place, expiry) = forms;
        format!(
            "seed={seed}&records={records}&ties={ties}&askelephant_cursor={cursor}&\
             timestamps={timestamps}&cursor_place={place}{expiry}&\
             streams=contact,account,contacts,companies"
        )
    })
}

fn fault() -> impl Strategy<Value = Value> {
    let faults = [
        json!({"status": {"code": 503}}),
        json!({"status": {"code": 503, "retry_after": 7}}),
        json!({"status": {"code": 500, "retry_after": 100_000}}),
        json!({"status": {"code": 429, "retry_after_date_in": 30}}),
        json!({"status": {"code": 400}}),
        json!({"status": {"code": 401}}),
        json!({"status": {"code": 403}}),
        json!({"status": {"code": 404}}),
        json!({"status": {"code": 413}}),
        json!({"html": {"code": 200}}),
        json!({"html": {"code": 502}}),
        json!({"redirect": {}}),
        json!({"wrong_shape": {}}),
        json!("truncated_json"),
        json!({"connection_refused": {"connections": 2}}),
        json!("close_before_headers"),
        json!("reset_before_headers"),
        json!("short_body"),
        json!("reset_in_body"),
        json!("gzip_cut"),
        json!({"gzip_bomb": {"bytes": 100_000}}),
        json!({"slow_drip": {"bytes": 1000, "pause_milliseconds": 0}}),
        json!("invalid_cursor"),
        json!("same_cursor"),
        json!("empty_page"),
        json!("more_without_cursor"),
        json!("duplicated_page"),
        json!(SWAP),
        json!({"broken_record": {}}),
        json!({"changed_schema": {"appear": ["shoe_size"]}}),
        json!({"records_change": {"count": 1}}),
        json!({"records_change": {"count": 5}}),
        json!({"records_vanish": {"count": 2}}),
        json!({"rate_limit": {"capacity": 5, "refill_per_second": 1}}),
    ];
    prop::sample::select(faults.to_vec())
}

fn rules() -> impl Strategy<Value = Vec<Value>> {
    let rule = (fault(), 0_u64..12, 1_u64..4).prop_map(|(fault, skip, times)| {
        // No rule is for schemas alone: a run requests each only once, so that every run would
        // fail.
        json!({"skip": skip, "times": times, "fault": fault})
    });
    prop::collection::vec(rule, 0..5).prop_map(|mut rules| {
        let mut has_swapped = false;
        rules.retain_mut(|rule| {
            let swaps = rule["fault"] == SWAP;
            let is_second = swaps && has_swapped;
            if swaps {
                has_swapped = true;
                rule["times"] = json!(1);
            }
            !is_second
        });
        rules
    })
}

fn case() -> impl Strategy<Value = Case> {
    let stops = prop::collection::vec(1_u64..40, 0..3);
    let touches = prop::collection::vec(0_usize..60, 0..6);
    let settings = (1_u64..12, 1_u64..4);
    (
        prop::sample::select(&BOTH[..]),
        options(),
        settings,
        rules(),
        stops,
        touches,
    )
        .prop_map(
            |(api, options, (page_size, concurrency), rules, stops, touches)| Case {
                api,
                options,
                settings: json!({"page_size": page_size, "concurrency": concurrency}),
                rules,
                stops,
                touches,
            },
        )
}

/// Moves the clock by a second per request, and interrupts the run after `stop` requests.
fn watch(trial: &Trial, stop: Option<u64>) -> Interruption {
    let (interrupt, interrupted) = oneshot::channel();
    let sandbox = trial.workspace.sandbox.clone();
    let state = Mutex::new((0, Some(interrupt)));
    trial.workspace.sandbox.on_request(move |_| {
        let mut state = state.lock().unwrap();
        sandbox.set_clock(sandbox.now() + TimeDelta::seconds(1));
        state.0 += 1;
        if stop == Some(state.0) {
            let _ = state.1.take().map(|interrupt| interrupt.send(()));
        }
    });
    if stop.is_none() {
        return interruption::never();
    }
    Box::pin(async move {
        if interrupted.await.is_err() {
            std::future::pending::<()>().await;
        }
        ExitStatus::Terminated
    })
}

fn touch(trial: &Trial, catalog: &Catalog, at: usize) {
    let sandbox = &trial.workspace.sandbox;
    sandbox.set_clock(sandbox.now() + TimeDelta::seconds(1));
    for entry in &catalog.streams {
        let truth = sandbox.truth(&entry.api_name());
        if let Some(one) = truth.get(at % (truth.len() + 1)) {
            sandbox.touch(&entry.api_name(), &one.id, sandbox.now());
        }
    }
}

/// Runs once from the last state, and adds the output. Returns whether the run succeeded.
fn read(trial: &Trial, destination: &mut Destination, stop: Option<u64>) -> bool {
    let interruption = watch(trial, stop);
    let read = trial.workspace.read(&trial.settings);
    let read = read
        .catalog(&trial.catalog)
        .state(&destination.last_state());
    let read = read.flags(&["--log-level", "debug"]);
    let run = read.until(FakeClock::new(), interruption);
    Emitted::of(run.messages());
    destination.add(&run);
    destination.assert_bookmarks_cover_only_written_records();
    assert!([0, 1, 3, 143].contains(&run.status), "{}", run.stderr);
    assert!(!run.stderr.contains("panicked") && !run.stderr.contains("the tap itself"));
    run.status == 0
}

fn count_panics() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let is_worker = std::thread::current()
            .name()
            .is_some_and(|name| name.starts_with("tokio"));
        PANICS.fetch_add(u64::from(is_worker), Ordering::Relaxed);
        default(panic);
    }));
}

fn check(case: &Case) {
    let trial = Trial::with(case.api, &case.options, &case.settings);
    let catalog = Catalog::parse(&trial.catalog.to_string());
    trial.script(&Value::Array(case.rules.clone()));
    let mut destination = Destination::default();
    for stop in &case.stops {
        read(&trial, &mut destination, Some(*stop));
        for at in &case.touches {
            touch(&trial, &catalog, *at);
        }
    }
    let ended =
        |destination: &mut Destination| (0..MOST_RUNS).any(|_| read(&trial, destination, None));
    assert!(ended(&mut destination), "no run succeeds");
    // The run may have left what changed during it to the next one. That one may fail too, if
    // cursors expire after fewer pages than the ties fill.
    trial.script(&json!([]));
    assert!(ended(&mut destination), "no run succeeds without faults");
    destination.assert_truth(&trial.workspace, &catalog);
    assert_eq!(PANICS.load(Ordering::Relaxed), 0, "a task panicked");
}

#[test]
fn whatever_happens_running_again_emits_every_record() {
    count_panics();
    check_all(200, &case(), check);
}
