//! Makes a failing history shorter and simpler, as long as it fails.

use super::history::{Event, History, SECOND, Shown, Tokens, UpperBound};
use super::known;
use tap_revops::walk::terms::Reading;

/// So many histories are tried, at most.
const MOST_TRIES: usize = 20_000;

/// The simplest history found that still fails.
pub fn shrink(mut history: History, fails: impl Fn(&History) -> bool) -> History {
    let mut tries = 0;
    let mut fails = |simpler: &History| {
        tries += 1;
        tries < MOST_TRIES && fails(simpler)
    };
    while let Some(simpler) = simpler(&history)
        .into_iter()
        .find(|simpler| *simpler != history && fails(simpler))
    {
        history = simpler;
    }
    history
}

/// What is simpler than a history in one way, the largest steps first.
fn simpler(history: &History) -> Vec<History> {
    let mut all = Vec::new();
    shorter(history, &mut all, |history| &mut history.kills);
    shorter(history, &mut all, |history| &mut history.events);
    shorter(history, &mut all, |history| &mut history.ages);
    shorter(history, &mut all, |history| &mut history.arrivals);
    plainer(history, &mut all);
    for at in 0..history.events.len() {
        with(history, &mut all, |history| {
            history.events[at] = Event::Nothing;
        });
    }
    for at in 0..history.kills.len() {
        with(history, &mut all, |history| history.kills[at] = None);
    }
    for at in 0..history.ages.len() {
        let age = history.ages[at];
        for simple in [0, 5000, age / 1000 * 1000, age / 10 * 10] {
            if simple < age {
                with(history, &mut all, |history| history.ages[at] = simple);
            }
        }
    }
    for at in 0..history.arrivals.len() {
        with(history, &mut all, |history| history.arrivals[at] = 0);
    }
    all
}

fn with(history: &History, all: &mut Vec<History>, simplify: impl FnOnce(&mut History)) {
    let mut simpler = history.clone();
    simplify(&mut simpler);
    all.push(known::without(simpler));
}

/// Without a part of a list: halves, quarters, and so on, down to single items.
fn shorter<T>(
    history: &History,
    all: &mut Vec<History>,
    list: impl Fn(&mut History) -> &mut Vec<T>,
) {
    let length = list(&mut history.clone()).len();
    let mut part = length;
    while part > 0 {
        for from in (0..length).step_by(part) {
            with(history, all, |history| {
                list(history).drain(from..length.min(from + part));
            });
        }
        part /= 2;
    }
}

/// With one setting as plain as it can be.
fn plainer(history: &History, all: &mut Vec<History>) {
    let steps: [fn(&mut History); 21] = [
        |history| history.future = 0,
        |history| history.for_good = None,
        |history| history.places = 1,
        |history| history.places = history.places.min(2),
        |history| history.undated = 0,
        |history| history.undated = history.undated.min(1),
        |history| history.until = None,
        |history| history.reading = Reading::Windows,
        |history| history.seeks = false,
        |history| history.span = None,
        |history| history.answers_late = false,
        |history| {
            history.lookback = false;
            history.behaviour.delay = 0;
        },
        |history| history.behaviour.delay = 0,
        |history| history.behaviour.tokens = Tokens::NamePlace,
        |history| history.behaviour.shown = Shown::Micros,
        |history| history.behaviour.date_offset = 0,
        |history| {
            history.behaviour.has_date = true;
            history.behaviour.date_offset = 0;
        },
        |history| history.behaviour.dated_late = false,
        |history| history.behaviour.upper_bound = UpperBound::Kept,
        |history| history.behaviour.ties_shuffled = false,
        |history| history.behaviour.tick = SECOND,
    ];
    for step in steps {
        with(history, all, step);
    }
    for limit in 1..history.behaviour.limit {
        with(history, all, |history| history.behaviour.limit = limit);
    }
}
