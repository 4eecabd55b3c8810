//! How many rounds of waiting a plan costs, against a server in memory whose answers take one unit of
//! time each. The time is counted, not measured.

use super::records::mix;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use tap_revops::api::page::PageToken;
use tap_revops::time::timestamp;
use tap_revops::walk::ask::{Ask, Query};
use tap_revops::walk::facts::{NewestAnswer, PageTimes, VersionFact};
use tap_revops::walk::plan::Plan;
use tap_revops::walk::terms::{Reading, Terms};

const LIMIT: u16 = 100;
const SECOND: i64 = 1_000_000;
const NOW: i64 = 1_800_000_000 * SECOND;

/// How the stamps of a stream lie in time.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Even,
    /// A tenth of the records lies over a hundred times the span, before the others.
    ThinFirst,
    /// The same, after the others.
    ThinLast,
    /// Fifty records have one stamp.
    Ties,
    /// A third of the records stands in runs of seven pages with one stamp.
    LongTies,
}

const SHAPES: [Shape; 5] = [
    Shape::Even,
    Shape::ThinFirst,
    Shape::ThinLast,
    Shape::Ties,
    Shape::LongTies,
];

fn stamps(shape: Shape, records: u32) -> Vec<i64> {
    let records = i64::from(records);
    let end = NOW - 3600 * SECOND;
    let span = 86_400 * 30 * SECOND;
    let part = |at: i64, of: i64, span: i64| span / of * at;
    let thin = records / 10;
    let mut stamps: Vec<i64> = match shape {
        Shape::Even => (0..records)
            .map(|at| end - part(at, records, span))
            .collect(),
        Shape::Ties => (0..records)
            .map(|at| end - part(at / 50, records / 50, span))
            .collect(),
        Shape::LongTies => (0..records)
            .map(|at| if at % 2100 < 700 { at - at % 2100 } else { at })
            .map(|at| end - part(at, records, span))
            .collect(),
        Shape::ThinFirst => (0..records - thin)
            .map(|at| end - part(at, records - thin, span))
            .chain((0..thin).map(|at| end - span - part(at, thin, 100 * span)))
            .collect(),
        Shape::ThinLast => (0..records - thin)
            .map(|at| end - 100 * span - part(at, records - thin, span))
            .chain((0..thin).map(|at| end - part(at, thin, 100 * span)))
            .collect(),
    };
    stamps.sort_unstable();
    stamps
}

/// A server whose page tokens name the last record of their page.
struct Server {
    /// Stamp and id, in order.
    records: Vec<(i64, usize)>,
    stamps: Vec<i64>,
    now: i64,
    changes: bool,
}

struct Cost {
    requests: u32,
    rounds: u32,
    emitted: usize,
}

struct Answer {
    rows: Vec<(i64, usize)>,
    next: Option<PageToken>,
}

fn bound(text: &str) -> i64 {
    let at: DateTime<Utc> = text.parse().unwrap();
    at.timestamp_micros()
}

fn time(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap()
}

impl Server {
    fn new(stamps: &[i64], changes: bool) -> Self {
        Self {
            records: stamps.iter().copied().zip(0..).collect(),
            stamps: stamps.to_vec(),
            now: NOW,
            changes,
        }
    }

    /// Some record gets a stamp of now.
    fn change(&mut self, which: u32) {
        let id = usize::try_from(which).unwrap() * 7919 % self.stamps.len();
        let at = self.records.binary_search(&(self.stamps[id], id)).unwrap();
        self.records.remove(at);
        self.records.push((self.now, id));
        self.stamps[id] = self.now;
    }

    fn answer(&mut self, query: &Query, number: u32) -> Answer {
        self.now += SECOND / 10;
        if self.changes && number.is_multiple_of(2) {
            self.change(number);
        }
        let Query::Page { window, token } = query else {
            return Answer {
                rows: self.records.last().copied().into_iter().collect(),
                next: None,
            };
        };
        let from = window.from.as_ref().map(|from| bound(&from.updated_at));
        let until = window.until.as_ref().map(|until| bound(until));
        let is_before = |one: &(i64, usize)| from.is_some_and(|from| one.0 < from);
        let from = match token {
            Some(PageToken(id)) => {
                let id: usize = id.parse().unwrap();
                let place = (self.stamps[id], id);
                self.records.partition_point(|one| *one <= place)
            }
            None => self.records.partition_point(is_before),
        };
        let is_inside = |one: &(i64, usize)| until.is_none_or(|until| one.0 < until);
        let until = self.records.partition_point(is_inside).max(from);
        let end = until.min(from + usize::from(LIMIT));
        let rows = self.records[from..end].to_vec();
        let next = (end < until).then(|| PageToken(self.records[end - 1].1.to_string()));
        Answer { rows, next }
    }
}

fn read(server: &mut Server, places: usize) -> Cost {
    let mut plan = Plan::new(Terms {
        from: None,
        until: None,
        lateness: chrono::TimeDelta::seconds(60),
        reading: Reading::Windows,
        seeks: false,
        places,
        known: None,
        span: None,
    });
    // By the time of arrival, and the order of sending.
    let mut on_the_way: BTreeMap<(u32, u64), (Ask, Answer)> = BTreeMap::new();
    let mut cost = Cost {
        requests: 0,
        rounds: 0,
        emitted: 0,
    };
    while !plan.is_done() {
        while on_the_way.len() < places
            && let Some(ask) = plan.ask(LIMIT)
        {
            cost.requests += 1;
            let answer = server.answer(&ask.query, cost.requests);
            on_the_way.insert((cost.rounds + 1, ask.id), (ask, answer));
        }
        let ((arrives, _), (ask, answer)) = on_the_way.pop_first().unwrap();
        cost.rounds = arrives;
        if plan.is_wanted(ask.id) {
            cost.emitted += arrive(&mut plan, &ask, answer, server.now);
        }
    }
    cost
}

/// Tells the plan of an answer, and returns how many of its records are emitted.
fn arrive(plan: &mut Plan, ask: &Ask, answer: Answer, now: i64) -> usize {
    if let Query::Newest { .. } = ask.query {
        plan.newest_is(NewestAnswer::At(time(answer.rows[0].0)));
        return 0;
    }
    let times = PageTimes {
        asked_at: time(now),
        server_time: time(now),
        has_date: true,
    };
    plan.begin_page(ask.id, times, answer.next.is_some());
    let mut emitted = 0;
    for (stamp, id) in answer.rows {
        let text = timestamp::micros(time(stamp));
        let version = VersionFact {
            id: &id.to_string(),
            stamp: Some((time(stamp), &text)),
            digest: mix(stamp.cast_unsigned()) ^ mix(id as u64),
        };
        emitted += usize::from(plan.observe(ask.id, &version).is_emitted());
    }
    plan.end_page(ask.id, answer.next).unwrap();
    emitted
}

#[test]
#[expect(clippy::print_stdout, reason = "the costs are worth knowing")]
fn eight_places_read_a_stream_many_times_sooner_for_a_fifth_more_requests() {
    for (pages, times) in [(200, 5), (1000, 6)] {
        for shape in SHAPES {
            let stamps = stamps(shape, pages * u32::from(LIMIT));
            let [one, eight] = [1, 8].map(|places| read(&mut Server::new(&stamps, false), places));
            assert_eq!([one.emitted, eight.emitted], [stamps.len(); 2]);
            let told = format!(
                "{shape:?}, {pages} pages: one place takes {} requests and {} rounds, eight take {} and {}",
                one.requests, one.rounds, eight.requests, eight.rounds
            );
            println!("{told}");
            assert!(one.requests <= pages + 4, "{told}");
            assert!(eight.requests <= pages * 12 / 10 + 16, "{told}");
            assert!(one.rounds >= times * eight.rounds, "{told}");
        }
    }
}

#[test]
fn a_stream_that_fits_into_a_page_costs_one_request() {
    for records in [1, 99, 100] {
        let stamps = stamps(Shape::Even, records);
        assert_eq!(read(&mut Server::new(&stamps, false), 8).requests, 1);
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the costs are worth knowing")]
fn a_live_workspace_costs_few_requests_more() {
    for shape in SHAPES {
        let stamps = stamps(shape, 200 * u32::from(LIMIT));
        // A run of ties may be read again, if a record in it changes.
        let more = if matches!(shape, Shape::LongTies) {
            14
        } else {
            0
        };
        for (places, allowed) in [(1, 200 + 10 + more), (8, 240 + 16)] {
            let cost = read(&mut Server::new(&stamps, true), places);
            let told = format!("{shape:?} by {places}: {} requests", cost.requests);
            println!("{told}");
            assert!(cost.requests <= allowed, "{told}");
        }
    }
}
