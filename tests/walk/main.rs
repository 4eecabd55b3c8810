//! The walk and its plan against an API in memory: thousands of made-up histories in which records
//! change between any two requests, and a target that keeps what arrived last.
//!
//! `TAP_REVOPS_TEST_CASES` says how many histories, and `TAP_REVOPS_TEST_SEED` which.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod api;
mod counts;
mod history;
mod journal;
mod known;
mod question;
mod random;
mod records;
mod run;
mod shrink;
mod speed;
mod watch;
mod world;

use counts::Counts;
use history::History;
use journal::Journal;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

const CASES: u64 = 20_000;
const SEED: u64 = 20_261_124;

#[test]
#[expect(clippy::print_stdout, reason = "a seed is of use only if it is told")]
fn a_target_ends_up_with_the_newest_version_of_every_record() {
    let cases = number("TAP_REVOPS_TEST_CASES").unwrap_or(CASES);
    let seed = number("TAP_REVOPS_TEST_SEED").unwrap_or(SEED);
    println!("{cases} histories, TAP_REVOPS_TEST_SEED={seed}");
    match live_all(cases, seed) {
        Ok(counts) => print!("{}", counts.table()),
        Err(case) => panic!(
            "history {} of TAP_REVOPS_TEST_SEED={seed} fails.\n{}",
            case + 1,
            story(history_of(seed, case))
        ),
    }
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap())
}

fn history_of(seed: u64, case: u64) -> History {
    random::history(records::mix(seed) ^ case)
}

/// Lives through all histories, on all cores. Returns the counts, or the first that fails.
fn live_all(cases: u64, seed: u64) -> Result<Counts, u64> {
    let next = AtomicU64::new(0);
    let failed = AtomicU64::new(u64::MAX);
    let share = || {
        let mut counts = Counts::default();
        loop {
            let case = next.fetch_add(1, Ordering::Relaxed);
            if case >= cases || case > failed.load(Ordering::Relaxed) {
                return counts;
            }
            match live(&history_of(seed, case)) {
                Ok(more) => counts.add(&more),
                Err(_) => drop(failed.fetch_min(case, Ordering::Relaxed)),
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut total = Counts::default();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(share)).collect();
        for thread in threads {
            total.add(&thread.join().unwrap());
        }
    });
    match failed.into_inner() {
        u64::MAX => Ok(total),
        case => Err(case),
    }
}

fn live(history: &History) -> Result<Counts, String> {
    let lived = catch_unwind(AssertUnwindSafe(|| {
        world::live(history, Journal::not_kept())
    }));
    let (outcome, counts, _) = lived.map_err(|_| "it panics".to_owned())?;
    outcome.map(|()| counts)
}

/// What happens in a failing history, made as short as it can be.
fn story(history: History) -> String {
    let history = shrink::shrink(history, |history| live(history).is_err());
    let told = catch_unwind(AssertUnwindSafe(|| world::live(&history, Journal::kept())));
    let Ok((outcome, _, journal)) = told else {
        return format!("It panics: {history:#?}");
    };
    let reason = outcome.err().unwrap_or_default();
    format!("{history:?}\n{}\nThen {reason}.", journal.text())
}
