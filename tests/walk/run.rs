//! One run of the tap, with the plan driven as `sync` drives it.

use super::api::{Answer, Page};
use super::history::{Micros, SECOND, UpperBound};
use super::journal;
use super::question::Question;
use super::records::{mix, timestamp};
use super::watch::Watch;
use super::world::World;
use tap_revops::state::Bookmark;
use tap_revops::walk::GaveUp;
use tap_revops::walk::facts::{NewestAnswer, Observation, PageTimes, VersionFact};
use tap_revops::walk::plan::Plan;
use tap_revops::walk::terms::Reading;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Ended,
    Killed,
    GaveUp,
}

/// A request on its way.
struct Sent {
    id: u64,
    question: Question,
    asked_at: Micros,
    /// None until it is made.
    answer: Option<Made>,
}

struct Made {
    answer: Answer,
    made_at: Micros,
}

struct Run<'w, 'h> {
    world: &'w mut World<'h>,
    plan: Plan,
    on_the_way: Vec<Sent>,
    arrived: usize,
    /// The page and the record on it that the run is killed at.
    kill: Option<(u8, u8)>,
    watch: Watch,
    most_requests: usize,
}

/// Why a run stops before its end.
enum Stop {
    Killed,
    GaveUp(GaveUp),
    /// The plan is wrong.
    Broken(String),
}

/// A run, from the bookmark of the world to that which it promises.
pub fn run(world: &mut World, kill: Option<(u8, u8)>) -> Result<Outcome, String> {
    world.emitted = 0;
    world.journal.note(|| "a run begins".to_owned());
    let visible = match world.history.reading {
        Reading::Scan => world.api.records.found(0, None, None),
        _ => Vec::new(),
    };
    let mut run = Run {
        plan: world.plan(),
        on_the_way: Vec::new(),
        arrived: 0,
        kill,
        watch: Watch::new(world),
        most_requests: world.requests + most_requests(world),
        world,
    };
    let stop = run.carry_out();
    let watch = run.watch;
    watch.count_run(&mut run.world.counts);
    let counts = &mut run.world.counts;
    match stop {
        Ok(()) => {
            counts.ended += 1;
            counts.sought += u64::from(run.world.history.seeks);
            counts.bounded_runs += u64::from(run.plan.is_bounded);
            run.world.is_bounded = run.plan.is_bounded;
            counts.left_more += u64::from(run.plan.leaves_more);
            run.world.check_scan(&visible)?;
            keep_promise(run.world, &run.plan);
            Ok(Outcome::Ended)
        }
        Err(Stop::Killed) => {
            counts.killed += 1;
            Ok(Outcome::Killed)
        }
        Err(Stop::GaveUp(gave_up)) => {
            counts.gave_up += 1;
            counts.reason("gave up", &format!("{gave_up:?}"));
            Ok(Outcome::GaveUp)
        }
        Err(Stop::Broken(reason)) => Err(reason),
    }
}

/// So many requests are enough for a run, whatever happens.
fn most_requests(world: &World) -> usize {
    let history = world.history;
    let pages = world.api.records.versions.len();
    let pages = pages.div_ceil(history.behaviour.limit);
    // Where upper bounds are ignored, each window reads to the end of the stream.
    let windows = match history.behaviour.upper_bound {
        UpperBound::Ignored => history.places,
        UpperBound::Kept | UpperBound::Refused => 1,
    };
    // What grows is read up to the time at which its present began.
    let growth = if history.grows() { 600 } else { 0 };
    60 + 12 * pages * windows + 4 * history.events.len() + growth
}

/// The bookmark of a run that has come to its end.
fn keep_promise(world: &mut World, plan: &Plan) {
    let promised = plan.promised().map(|newest| Bookmark {
        timestamp: newest.stamp.timestamp,
        updated_at: newest.stamp.text,
        id: Some(newest.id),
        filters: None,
    });
    let old = world.bookmark.take();
    world.bookmark = Bookmark::newer(old.clone(), promised);
    world.counts.moved += u64::from(world.bookmark != old);
    let bookmark = world.bookmark.as_ref();
    let text = bookmark.map_or("none".to_owned(), |bookmark| {
        journal::seconds(bookmark.timestamp.timestamp_micros())
    });
    world
        .journal
        .note(|| format!("it ends, with the bookmark {text}"));
}

impl Run<'_, '_> {
    fn carry_out(&mut self) -> Result<(), Stop> {
        loop {
            self.ask_all();
            if self.plan.is_done() {
                return self.check_done();
            }
            self.take_next()?;
            self.arrived += 1;
            if self.world.requests > self.most_requests {
                return broken("it asks without end");
            }
        }
    }

    /// Sends every request that the plan wants and that has a place.
    fn ask_all(&mut self) {
        let limit = u16::try_from(self.world.history.behaviour.limit).unwrap();
        while self.on_the_way.len() < self.world.history.places
            && let Some(ask) = self.plan.ask(limit)
        {
            let question = Question::of(&ask.query);
            self.watch.asked(&question, &mut self.world.counts);
            let mut sent = Sent {
                id: ask.id,
                question,
                asked_at: self.world.api.records.now,
                answer: None,
            };
            if !self.world.history.answers_late {
                self.make(&mut sent);
            }
            self.on_the_way.push(sent);
        }
        let at_once = self.on_the_way.len() as u64;
        let most = &mut self.world.counts.most_at_once;
        *most = at_once.max(*most);
    }

    /// Makes the answer to a request, after what happens to the records before it.
    fn make(&mut self, sent: &mut Sent) {
        let world = &mut *self.world;
        let event = world.event();
        world.requests += 1;
        world.api.happens(event);
        let answer = world.api.answer(&sent.question, event);
        let effect = world.api.effect;
        Watch::made(&answer, event, effect, &mut world.counts);
        let line = || journal::request(sent.id, &sent.question, event);
        world.journal.note(line);
        let made_at = world.api.records.now;
        world.api.happens_after(event);
        sent.answer = Some(Made { answer, made_at });
    }

    /// Takes one of the pages on their way.
    fn take_next(&mut self) -> Result<(), Stop> {
        if self.on_the_way.is_empty() {
            return broken("it asks for nothing, and is not done");
        }
        let arrivals = &self.world.history.arrivals;
        let pick = arrivals.get(self.arrived % arrivals.len().max(1));
        let pick = usize::from(pick.copied().unwrap_or(0)) % self.on_the_way.len();
        let mut sent = self.on_the_way.remove(pick);
        if sent.answer.is_none() {
            self.make(&mut sent);
        }
        let made = sent.answer.take().expect("its answer has been made");
        let world = &mut *self.world;
        let records = &world.api.records;
        let line = || journal::answer(sent.id, records, &made.answer);
        world.journal.note(line);
        if !self.plan.is_wanted(sent.id) {
            self.world.counts.needless += 1;
            return Ok(());
        }
        let world = &mut *self.world;
        let (records, counts) = (&world.api.records, &mut world.counts);
        self.watch
            .arrived(&sent.question, &made.answer, records, counts);
        self.take(&sent, &made)
    }

    fn take(&mut self, sent: &Sent, made: &Made) -> Result<(), Stop> {
        match (&made.answer, &sent.question) {
            (Answer::Newest(found), question) => {
                let found = self.newest(*found);
                match question {
                    Question::Oldest { .. } => self.plan.oldest_is(found),
                    _ => self.plan.newest_is(found),
                }
                Ok(())
            }
            (Answer::Page(page), _) => self.deliver(sent, page, made.made_at),
            (Answer::TokenRefused, _) => {
                let done = self.plan.token_failed(sent.id);
                self.go_on(done)
            }
            (Answer::Refused, Question::Newest { .. }) => {
                self.plan.newest_is(NewestAnswer::Nothing);
                Ok(())
            }
            (Answer::Refused, Question::Oldest { .. }) => Err(Stop::Killed),
            (Answer::Refused, Question::Page { .. }) => {
                self.plan.filter_refused();
                Ok(())
            }
        }
    }

    fn newest(&mut self, newest: Option<u32>) -> NewestAnswer {
        let version = newest.map(|number| self.world.api.records.of(number));
        match version.map(|version| &version.shown) {
            None => NewestAnswer::Nothing,
            Some(None) => NewestAnswer::Undated,
            Some(Some((at, _))) => NewestAnswer::At(*at),
        }
    }

    fn deliver(&mut self, sent: &Sent, page: &Page, made_at: Micros) -> Result<(), Stop> {
        let times = self.times(sent.asked_at, made_at);
        self.plan.begin_page(sent.id, times, page.next.is_some());
        let kill = self.kill.filter(|(at, _)| usize::from(*at) == self.arrived);
        for (at, number) in page.rows.iter().enumerate() {
            if kill.is_some_and(|(_, record)| at >= usize::from(record)) {
                return Err(Stop::Killed);
            }
            self.observe(sent.id, *number);
        }
        let done = self.plan.end_page(sent.id, page.next.clone());
        self.go_on(done)?;
        if kill.is_some() {
            return Err(Stop::Killed);
        }
        Ok(())
    }

    /// When a page came, as far as its reader can know.
    fn times(&self, asked_at: Micros, made_at: Micros) -> PageTimes {
        let behaviour = &self.world.history.behaviour;
        let now = self.world.api.records.now;
        let server_time = if behaviour.has_date {
            let left_at = if behaviour.dated_late { now } else { made_at };
            let date = left_at + behaviour.date_offset;
            date.div_euclid(SECOND) * SECOND
        } else {
            now + behaviour.date_offset
        };
        PageTimes {
            asked_at: timestamp(server_time - (now - asked_at)),
            server_time: timestamp(server_time),
            has_date: behaviour.has_date,
        }
    }

    fn observe(&mut self, id: u64, number: u32) {
        let version = self.world.api.records.of(number);
        let shown = version.shown.as_ref();
        let fact = VersionFact {
            id: &version.id,
            stamp: shown.map(|(at, text)| (*at, text.as_str())),
            digest: mix(u64::from(number) + 1),
        };
        let observation = self.plan.observe(id, &fact);
        let counts = &mut self.world.counts;
        match observation {
            Observation::New => {}
            Observation::Repeat => counts.repeats += 1,
            Observation::Elsewhere => counts.elsewhere += 1,
            Observation::AheadOfTime => counts.ahead += 1,
            Observation::Undated => counts.undated += 1,
        }
        if observation.is_emitted() {
            counts.emitted += 1;
            self.world.hold(number);
        }
    }

    fn go_on(&mut self, done: Result<(), GaveUp>) -> Result<(), Stop> {
        let world = &mut *self.world;
        if let Some(restart) = &self.plan.restarted {
            world.counts.reason("restarted", restart.reason);
            world.journal.note(|| format!("  restarts: {restart:?}"));
        }
        done.map_err(|gave_up| {
            world.journal.note(|| format!("  gives up: {gave_up:?}"));
            Stop::GaveUp(gave_up)
        })
    }

    /// A plan that is done wants no more pages.
    fn check_done(&mut self) -> Result<(), Stop> {
        if self.plan.ask(1).is_some() {
            return broken("it is done, and asks for more");
        }
        let is_page = |sent: &&Sent| matches!(sent.question, Question::Page { .. });
        let mut pages = self.on_the_way.iter().filter(is_page);
        if pages.any(|sent| self.plan.is_wanted(sent.id)) {
            return broken("it is done, and waits for a page");
        }
        Ok(())
    }
}

fn broken<T>(reason: &str) -> Result<T, Stop> {
    Err(Stop::Broken(reason.to_owned()))
}
