//! The walk and its plan against an API in memory: thousands of made-up histories in which records
//! change between any two requests, and a target that keeps what arrived last.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod api;
mod speed;

use api::{Api, Behaviour, Event, Micros, SECOND, Shown, Tokens, delta, hash, text, timestamp};
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestError, TestRng, TestRunner};
use std::collections::BTreeMap;
use tap_revops::api::page::LowerBound;
use tap_revops::walk::ask::{Ask, Query};
use tap_revops::walk::facts::{NewestAnswer, PageTimes, VersionFact};
use tap_revops::walk::plan::Plan;
use tap_revops::walk::terms::{Reading, Span, Terms};

/// The least lateness that a run reckons with.
const LATENESS: Micros = 60 * SECOND;

/// When the first run begins.
const START: Micros = 1_800_000_000 * SECOND;

#[derive(Clone, Debug)]
struct History {
    /// How long before the start each record was changed, in seconds; equal ones are ties.
    ages: Vec<u32>,
    behaviour: Behaviour,
    reading: Reading,
    seeks: bool,
    places: usize,
    lookback: bool,
    /// How many seconds of `updated_at` a run reads.
    span: Option<u32>,
    /// Answers are made when they arrive, not when they are asked for.
    answers_late: bool,
    events: Vec<Event>,
    /// Which of the pages on their way arrives next.
    arrivals: Vec<u8>,
    /// After how many pages each of the first runs is killed, if at all.
    kills: Vec<Option<u8>>,
}

struct Bookmark {
    id: String,
    text: String,
    timestamp: DateTime<Utc>,
}

/// The world over all runs.
struct World<'h> {
    history: &'h History,
    api: Api,
    /// What a target holds: the number of the version that arrived last.
    target: BTreeMap<u32, u32>,
    bookmark: Option<Bookmark>,
    requests: usize,
    emitted: usize,
    quiet: bool,
    /// Whether the last run ended at a bound of its own.
    is_bounded: bool,
}

impl World<'_> {
    fn event(&self) -> Event {
        let events = &self.history.events;
        if self.quiet || events.is_empty() {
            Event::Nothing
        } else {
            *events.get(self.requests).unwrap_or(&Event::Nothing)
        }
    }

    fn lateness(&self) -> Micros {
        LATENESS
    }

    /// The lower bound of a run, and its time.
    fn from(&self) -> Option<(LowerBound, DateTime<Utc>)> {
        let bookmark = self.bookmark.as_ref()?;
        let (updated_at, at) = if self.history.lookback {
            let at = bookmark.timestamp - delta(LATENESS);
            (at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true), at)
        } else {
            (bookmark.text.clone(), bookmark.timestamp)
        };
        Some((
            LowerBound {
                updated_at,
                inclusive: true,
            },
            at,
        ))
    }

    fn plan(&self) -> Plan {
        Plan::new(Terms {
            from: self.from(),
            until: None,
            lateness: delta(self.lateness()),
            reading: self.history.reading,
            seeks: self.history.seeks,
            places: self.history.places,
            span: self.history.span.map(|seconds| Span {
                from: self.bookmark.as_ref().map(|bookmark| bookmark.timestamp),
                length: delta(Micros::from(seconds) * SECOND),
            }),
            known: self
                .bookmark
                .as_ref()
                .map(|bookmark| (bookmark.id.clone(), bookmark.timestamp)),
        })
    }

    /// One run. Returns whether it came to its end.
    fn run(&mut self, kill: Option<u8>) -> Result<bool, String> {
        let mut plan = self.plan();
        let mut on_the_way: Vec<(Ask, Option<(Option<api::Answer>, Micros)>)> = Vec::new();
        let (mut arrived, before) = (0, self.requests);
        while !plan.is_done() {
            while on_the_way.len() < self.history.places
                && let Some(ask) = plan.ask(u16::try_from(self.history.behaviour.limit).unwrap())
            {
                let answer = (!self.history.answers_late).then(|| self.send(&ask.query));
                on_the_way.push((ask, answer));
            }
            if on_the_way.is_empty() {
                return Err("the plan asks for nothing and is not done".to_owned());
            }
            let pick = self
                .history
                .arrivals
                .get(arrived % self.history.arrivals.len().max(1));
            let pick = usize::from(pick.copied().unwrap_or(0)) % on_the_way.len();
            let (ask, answer) = on_the_way.remove(pick);
            let (answer, asked_at) = answer.unwrap_or_else(|| self.send(&ask.query));
            self.arrive(&mut plan, &ask, answer, asked_at)?;
            arrived += 1;
            if kill.is_some_and(|kill| arrived > usize::from(kill)) {
                return Ok(false);
            }
            let most = 60
                + 12 * self
                    .api
                    .truth()
                    .len()
                    .div_ceil(self.history.behaviour.limit)
                + 4 * self.history.events.len();
            if self.requests - before > most {
                return Err(format!("more than {most} requests"));
            }
        }
        if let Some(newest) = plan.promised() {
            let is_later = |old: &Bookmark| old.timestamp <= newest.stamp.timestamp;
            if self.bookmark.as_ref().is_none_or(is_later) {
                self.bookmark = Some(Bookmark {
                    id: newest.id.clone(),
                    text: newest.stamp.text.clone(),
                    timestamp: newest.stamp.timestamp,
                });
            }
        }
        self.is_bounded = plan.is_bounded;
        Ok(true)
    }

    fn send(&mut self, query: &Query) -> (Option<api::Answer>, Micros) {
        let event = self.event();
        self.requests += 1;
        let asked_at = self.api.now;
        self.api.happens(event);
        let answer = self.api.answer(query, event);
        self.api.now += self.history.behaviour.tick;
        (answer, asked_at)
    }

    fn arrive(
        &mut self,
        plan: &mut Plan,
        ask: &Ask,
        answer: Option<api::Answer>,
        _asked_at: Micros,
    ) -> Result<(), String> {
        if !plan.is_wanted(ask.id) {
            return Ok(());
        }
        let shown = self.history.behaviour.shown;
        let Some(answer) = answer else {
            return plan
                .token_failed(ask.id)
                .map_err(|gave_up| format!("{gave_up:?}"));
        };
        if !matches!(ask.query, Query::Page { .. }) {
            let newest = answer.rows.first();
            let answer = newest.map_or(NewestAnswer::Nothing, |row| {
                NewestAnswer::At(shown_at(row.stamp, shown))
            });
            match ask.query {
                Query::Oldest { .. } => plan.oldest_is(answer),
                _ => plan.newest_is(answer),
            }
            return Ok(());
        }
        let times = PageTimes {
            asked_at: answer.date,
            server_time: answer.date,
            has_date: self.history.behaviour.has_date,
        };
        if std::env::var("TRACE").is_ok() {
            eprintln!(
                "{:?} -> {:?} next {:?}",
                ask,
                answer
                    .rows
                    .iter()
                    .map(|r| (r.id, r.number, r.stamp - START))
                    .collect::<Vec<_>>(),
                answer.next
            );
        }
        plan.begin_page(ask.id, times, answer.next.is_some());
        for row in &answer.rows {
            let stamp = text(row.stamp, shown);
            let at = shown_at(row.stamp, shown);
            let id = format!("{:05}", row.id);
            let version = VersionFact {
                id: &id,
                stamp: Some((at, &stamp)),
                digest: hash(&(row.id, row.number)),
            };
            if plan.observe(ask.id, &version).is_emitted() {
                self.emitted += 1;
                self.target.insert(row.id, row.number);
            }
        }
        plan.end_page(ask.id, answer.next)
            .map_err(|gave_up| format!("{gave_up:?}"))
    }

    /// Whether the next run will ask for everything that the target lacks.
    fn check_bookmark(&self) -> Result<(), String> {
        let from = self.from().map(|(_, at)| at);
        for (id, (number, stamp)) in self.api.truth() {
            let is_held = self.target.get(&id) == Some(&number);
            if !is_held && from.is_some_and(|from| timestamp(stamp) < from) {
                return Err(format!(
                    "record {id}: version {number} is hidden by the bookmark"
                ));
            }
        }
        Ok(())
    }

    fn check_target(&self) -> Result<(), String> {
        for (id, (number, _)) in self.api.truth() {
            let held = self.target.get(&id);
            if held != Some(&number) {
                return Err(format!(
                    "record {id}: version {number}, the target holds {held:?}"
                ));
            }
        }
        Ok(())
    }
}

fn shown_at(stamp: Micros, shown: Shown) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(&text(stamp, shown))
        .unwrap()
        .to_utc()
}

fn check(history: &History) -> Result<(), String> {
    let stamps: Vec<Micros> = history
        .ages
        .iter()
        .map(|age| START - Micros::from(*age) * SECOND + Micros::from(*age % 7) * 142_857)
        .collect();
    let mut world = World {
        history,
        api: Api::new(history.behaviour.clone(), START + SECOND, &stamps),
        target: BTreeMap::new(),
        bookmark: None,
        requests: 0,
        emitted: 0,
        quiet: false,
        is_bounded: false,
    };
    for kill in &history.kills {
        // A run that gives up leaves its bookmark; the next one tries again.
        let _ = world.run(*kill);
        world.check_bookmark()?;
    }
    let behaviour = &history.behaviour;
    let is_calm = history.events.is_empty() && behaviour.shown == Shown::Micros;
    if is_calm
        && behaviour.keeps_bound
        && behaviour.has_date
        && behaviour.date_offset == 0
        && history.span.is_none()
        && history.kills == [None]
    {
        let emitted = world.emitted;
        if emitted != history.ages.len() {
            return Err(format!(
                "{emitted} records are emitted, of {}",
                history.ages.len()
            ));
        }
    }
    world.quiet = true;
    for _ in 0..3 {
        world.api.now += 3 * LATENESS;
        if !world.run(None)? {
            return Err("a quiet run does not end".to_owned());
        }
        world.check_bookmark()?;
    }
    for _ in 0..200 {
        if world.is_bounded {
            world.run(None)?;
            world.check_bookmark()?;
        }
    }
    if world.is_bounded {
        return Err("bounded runs do not catch up".to_owned());
    }
    world.check_target()
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => Just(Event::Nothing),
        6 => any::<u8>().prop_map(Event::Change),
        1 => any::<u8>().prop_map(Event::Burst),
        1 => any::<u8>().prop_map(Event::Vanish),
        1 => Just(Event::Appear),
        1 => Just(Event::RefuseToken),
        1 => Just(Event::SameToken),
        1 => Just(Event::EmptyPage),
        1 => Just(Event::Swap),
        1 => Just(Event::Short),
    ]
}

fn behaviour() -> impl Strategy<Value = Behaviour> {
    let tokens = prop_oneof![
        3 => Just(Tokens::NameRecord), 1 => Just(Tokens::NamePlace), 1 => Just(Tokens::Snapshot)
    ];
    let shown = prop_oneof![
        3 => Just(Shown::Micros), 1 => Just(Shown::MillisCut),
        1 => Just(Shown::SecondsCut), 1 => Just(Shown::SecondsRounded)
    ];
    let date = prop_oneof![
        2 => Just((true, 0)), 1 => (-59_i64..59).prop_map(|offset| (true, offset)),
        1 => (-59_i64..4000).prop_map(|offset| (false, offset))
    ];
    let tick = prop_oneof![Just(100_000), Just(SECOND), Just(17 * SECOND)];
    (
        tokens,
        shown,
        1_usize..6,
        date,
        prop::bool::weighted(0.9),
        any::<bool>(),
        tick,
    )
        .prop_map(
            |(tokens, shown, limit, (has_date, offset), keeps_bound, ties_shuffled, tick)| {
                Behaviour {
                    tokens,
                    shown,
                    limit,
                    date_offset: offset * SECOND,
                    has_date,
                    delay: 0,
                    keeps_bound,
                    ties_shuffled,
                    tick,
                }
            },
        )
}

fn history() -> impl Strategy<Value = History> {
    let age = prop_oneof![2 => 0_u32..200, 2 => 0_u32..40_000, 1 => Just(5000)];
    let reading = prop_oneof![6 => Just(Reading::Windows), 1 => Just(Reading::Ordered)];
    let reading = (reading, prop::bool::weighted(0.15));
    let kills = prop::collection::vec(prop::option::weighted(0.3, 0_u8..30), 1..4);
    (
        prop::collection::vec(age, 0..40),
        behaviour(),
        reading,
        prop_oneof![Just(1_usize), 1_usize..9],
        (
            any::<(bool, bool)>(),
            prop_oneof![3 => Just(None), 1 => prop_oneof![Just(Some(300)), Just(Some(3_600))]],
        ),
        prop_oneof![1 => Just(Vec::new()), 5 => prop::collection::vec(event(), 0..60)],
        prop::collection::vec(any::<u8>(), 0..20),
        kills,
    )
        .prop_map(
            |(
                ages,
                mut behaviour,
                (reading, seeks),
                places,
                ((lookback, answers_late), span),
                events,
                arrivals,
                kills,
            )| {
                if lookback {
                    // Together, a wrong `Date` and a late change stay within the lateness.
                    behaviour.delay = LATENESS / 3;
                    if behaviour.has_date {
                        behaviour.date_offset /= 2;
                    }
                }
                History {
                    ages,
                    behaviour,
                    reading,
                    seeks,
                    places,
                    lookback,
                    span,
                    answers_late,
                    events,
                    arrivals,
                    kills,
                }
            },
        )
}

#[test]
#[expect(clippy::print_stdout, reason = "a seed is of use only if it is told")]
fn a_target_ends_up_with_the_newest_version_of_every_record() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .map(|text| text.parse::<u64>().unwrap())
    };
    let cases = number("TAP_REVOPS_TEST_CASES").unwrap_or(20_000);
    let seed = number("TAP_REVOPS_TEST_SEED").unwrap_or(20_261_124);
    println!("{cases} histories, TAP_REVOPS_TEST_SEED={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = ProptestConfig {
        cases: u32::try_from(cases).unwrap(),
        max_shrink_iters: 20_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let outcome = runner.run(&history(), |history| {
        check(&history).map_err(TestCaseError::fail)
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, history)) => {
            panic!("TAP_REVOPS_TEST_SEED={seed}: {reason}\n{history:?}")
        }
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}
