//! Histories made up from a seed, each kind as often as it is worth.

use super::history::{
    Behaviour, Event, History, LATENESS, Micros, SECOND, Shown, Tokens, UpperBound,
};
use super::known;
use fastrand::Rng;
use tap_revops::walk::terms::Reading;

/// The history of a seed.
pub fn history(seed: u64) -> History {
    let mut rng = Rng::with_seed(seed);
    let rng = &mut rng;
    let reading = pick(
        rng,
        &[
            (12, Reading::Windows),
            (2, Reading::Ordered),
            (1, Reading::Scan),
        ],
    );
    let lookback = rng.u8(..3) == 0;
    let seeks = rng.u8(..4) == 0;
    let behaviour = behaviour(rng, seeks, lookback);
    let history = History {
        ages: ages(rng),
        undated: if rng.u8(..4) == 0 { rng.u8(1..8) } else { 0 },
        future: if rng.u8(..8) == 0 { rng.u8(1..6) } else { 0 },
        reading,
        seeks,
        span: span(rng),
        places: if rng.bool() { 1 } else { rng.usize(1..9) },
        lookback,
        until: until(rng, behaviour.upper_bound),
        answers_late: rng.bool(),
        events: events(rng),
        for_good: for_good(rng, behaviour.has_date),
        arrivals: (0..rng.usize(..20)).map(|_| rng.u8(..)).collect(),
        kills: (0..rng.usize(1..4)).map(|_| kill(rng)).collect(),
        behaviour,
    };
    known::without(if rng.u8(..10) == 0 {
        calm(history)
    } else {
        history
    })
}

/// A history in which nothing goes wrong, so that it must not cost more than it has to.
fn calm(mut history: History) -> History {
    history.undated = 0;
    history.future = 0;
    history.span = None;
    history.lookback = false;
    history.events = Vec::new();
    history.for_good = None;
    history.kills = vec![None];
    let behaviour = &mut history.behaviour;
    behaviour.shown = Shown::Micros;
    behaviour.upper_bound = UpperBound::Kept;
    behaviour.has_date = true;
    behaviour.date_offset = 0;
    behaviour.delay = 0;
    history
}

fn ages(rng: &mut Rng) -> Vec<u32> {
    let number = rng.usize(..40);
    let tie = rng.u32(..6000);
    // Some streams have not changed lately.
    let least = pick(rng, &[(3, 0), (1, 1000)]);
    (0..number).map(|_| least + age(rng, tie)).collect()
}

fn age(rng: &mut Rng, tie: u32) -> u32 {
    match rng.u8(..5) {
        0 | 1 => rng.u32(..200),
        2 | 3 => rng.u32(..40_000),
        _ => tie,
    }
}

fn behaviour(rng: &mut Rng, seeks: bool, lookback: bool) -> Behaviour {
    let (has_date, offset) = date(rng);
    // Together, a wrong `Date` and a late change stay within the lateness.
    let (delay, offset) = match (lookback, has_date) {
        (true, true) => (LATENESS / 3, offset / 2),
        (true, false) => (LATENESS / 3, offset),
        (false, _) => (0, offset),
    };
    Behaviour {
        tokens: tokens(rng, seeks),
        shown: pick(
            rng,
            &[
                (3, Shown::Micros),
                (1, Shown::MillisCut),
                (1, Shown::SecondsCut),
                (1, Shown::SecondsRounded),
            ],
        ),
        limit: rng.usize(1..6),
        date_offset: offset * SECOND,
        has_date,
        dated_late: rng.bool(),
        delay,
        upper_bound: pick(
            rng,
            &[
                (14, UpperBound::Kept),
                (1, UpperBound::Ignored),
                (1, UpperBound::Refused),
            ],
        ),
        descends: rng.u8(..8) > 0,
        undated_first: rng.bool(),
        ties_shuffled: rng.bool(),
        tick: pick(rng, &[(1, SECOND / 10), (1, SECOND), (1, 17 * SECOND)]),
    }
}

/// How much of the stream each run reads, where that is bounded.
fn span(rng: &mut Rng) -> Option<u32> {
    (rng.u8(..5) == 0).then(|| pick(rng, &[(1, 60), (1, 300), (1, 3600), (1, 20_000)]))
}

fn tokens(rng: &mut Rng, seeks: bool) -> Tokens {
    let counts = u32::from(seeks);
    let kinds = [
        (3, Tokens::NameRecord),
        (1, Tokens::NamePlace),
        (1, Tokens::Snapshot),
        (6 * counts, Tokens::CountRecords),
    ];
    pick(rng, &kinds)
}

/// Whether there is a `Date`, and how many seconds it is off.
fn date(rng: &mut Rng) -> (bool, Micros) {
    match rng.u8(..4) {
        0 | 1 => (true, 0),
        2 => (true, rng.i64(-59..59)),
        _ => (false, rng.i64(-59..4000)),
    }
}

fn until(rng: &mut Rng, upper_bound: UpperBound) -> Option<i64> {
    let is_bounded = upper_bound == UpperBound::Kept && rng.u8(..12) == 0;
    is_bounded.then(|| {
        let most = if rng.bool() { 200 } else { 20_000 };
        rng.i64(-100..most)
    })
}

fn kill(rng: &mut Rng) -> Option<(u8, u8)> {
    (rng.u8(..10) < 3).then(|| (rng.u8(..30), rng.u8(..6)))
}

fn events(rng: &mut Rng) -> Vec<Event> {
    if rng.u8(..6) == 0 {
        return Vec::new();
    }
    // Some histories are busy, and some have few events.
    let quiet = pick(rng, &[(1, 2), (2, 10), (1, 60)]);
    let number = rng.usize(..60);
    (0..number).map(|_| event(rng, quiet)).collect()
}

fn for_good(rng: &mut Rng, has_date: bool) -> Option<(u8, Event)> {
    let kinds = [
        (2, Event::SameToken),
        (1, Event::FirstToken),
        (1, Event::RefuseToken),
        // Without a `Date`, a run reads until the machine's clock is reached.
        (3 * u32::from(has_date), Event::Appear),
    ];
    (rng.u8(..20) == 0).then(|| (rng.u8(..40), pick(rng, &kinds)))
}

fn event(rng: &mut Rng, quiet: u32) -> Event {
    let which = rng.u8(..);
    pick(
        rng,
        &[
            (quiet, Event::Nothing),
            (8, Event::Change(which)),
            (1, Event::Burst(which)),
            (1, Event::Vanish(which)),
            (1, Event::Appear),
            (1, Event::Slow(which)),
            (1, Event::RefuseToken),
            (1, Event::ExpireTokens),
            (1, Event::SameToken),
            (1, Event::FirstToken),
            (1, Event::LeadRound),
            (1, Event::EmptyPage),
            (2, Event::Swap),
            (2, Event::Ahead),
            (1, Event::Duplicate),
            (1, Event::Short),
        ],
    )
}

/// One of several values, each as likely as its weight says.
fn pick<T: Copy>(rng: &mut Rng, weighted: &[(u32, T)]) -> T {
    let total: u32 = weighted.iter().map(|(weight, _)| weight).sum();
    let mut at = rng.u32(..total);
    for (weight, value) in weighted {
        if at < *weight {
            return *value;
        }
        at -= weight;
    }
    unreachable!("the weights add up to the total")
}
