//! An API in memory: records that change between any two requests, and answers that may be any of
//! those that the documents leave open.

use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use tap_revops::api::page::PageToken;
use tap_revops::walk::ask::Query;

/// Microseconds since the epoch.
pub type Micros = i64;

pub const SECOND: Micros = 1_000_000;

/// What a page token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tokens {
    /// The last record, wherever it is by now.
    NameRecord,
    /// The stamp and id of the last record as it was.
    NamePlace,
    /// A position in the list as it was for the first page.
    Snapshot,
}

/// How many digits of a stamp answers show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    Micros,
    MillisCut,
    SecondsCut,
    SecondsRounded,
}

/// What happens at a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Nothing,
    Change(u8),
    /// Several records change at one moment.
    Burst(u8),
    Vanish(u8),
    Appear,
    /// The token is refused.
    RefuseToken,
    /// The page gives the token again that it was asked with.
    SameToken,
    EmptyPage,
    /// The page of a token changes places with the one after it.
    Swap,
    /// The page has fewer records than were asked for.
    Short,
}

#[derive(Clone, Debug)]
pub struct Behaviour {
    pub tokens: Tokens,
    pub shown: Shown,
    pub limit: usize,
    /// How far the `Date` header is from the time that stamps are made of.
    pub date_offset: Micros,
    /// Whether there is a `Date` header. Without, the client's clock is as far off.
    pub has_date: bool,
    /// How long after its change a record shows it.
    pub delay: Micros,
    pub keeps_bound: bool,
    pub ties_shuffled: bool,
    /// How much later each request is.
    pub tick: Micros,
}

#[derive(Clone, Debug)]
struct Version {
    stamp: Micros,
    number: u32,
    visible_at: Micros,
}

/// A record as an answer shows it.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: u32,
    pub number: u32,
    pub stamp: Micros,
}

pub struct Api {
    pub behaviour: Behaviour,
    pub now: Micros,
    records: BTreeMap<u32, Vec<Version>>,
    next_id: u32,
    numbers: u32,
    tokens: Vec<Token>,
}

#[derive(Clone, Debug)]
struct Token {
    after: Row,
    walk: u64,
    snapshot: Option<(Vec<Row>, usize)>,
    /// Rows that a swap has put off, which this token leads to.
    put_off: Option<(Vec<Row>, Box<Token>, bool)>,
}

pub struct Answer {
    pub rows: Vec<Row>,
    pub next: Option<PageToken>,
    pub date: DateTime<Utc>,
}

pub fn timestamp(micros: Micros) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap()
}

impl Api {
    pub fn new(behaviour: Behaviour, now: Micros, stamps: &[Micros]) -> Self {
        let mut api = Self {
            behaviour,
            now,
            records: BTreeMap::new(),
            next_id: 0,
            numbers: 0,
            tokens: Vec::new(),
        };
        for stamp in stamps {
            let id = api.next_id;
            api.next_id += 1;
            let version = api.version(*stamp, 0);
            api.records.insert(id, vec![version]);
        }
        api
    }

    fn version(&mut self, stamp: Micros, delay: Micros) -> Version {
        self.numbers += 1;
        Version {
            stamp,
            number: self.numbers,
            visible_at: stamp + delay,
        }
    }

    fn change(&mut self, which: u8) {
        let Some(id) = self
            .records
            .keys()
            .nth(usize::from(which) % self.records.len().max(1))
            .copied()
        else {
            return;
        };
        let version = self.version(self.now, self.behaviour.delay);
        self.records.get_mut(&id).unwrap().push(version);
    }

    /// What happens to the records before a request.
    pub fn happens(&mut self, event: Event) {
        match event {
            Event::Change(which) => self.change(which),
            Event::Burst(which) => (0..5).for_each(|more| self.change(which.wrapping_add(more))),
            Event::Vanish(which) => {
                let at = usize::from(which) % self.records.len().max(1);
                if let Some(id) = self.records.keys().nth(at).copied() {
                    self.records.remove(&id);
                }
            }
            Event::Appear => {
                let version = self.version(self.now, self.behaviour.delay);
                self.records.insert(self.next_id, vec![version]);
                self.next_id += 1;
            }
            _ => {}
        }
    }

    /// The newest version of each record, by id.
    pub fn truth(&self) -> BTreeMap<u32, (u32, Micros)> {
        let newest = |versions: &Vec<Version>| {
            let last = versions.last().unwrap();
            (last.number, last.stamp)
        };
        self.records
            .iter()
            .map(|(id, versions)| (*id, newest(versions)))
            .collect()
    }

    fn rows(&self, walk: u64, from: Option<Micros>, until: Option<Micros>) -> Vec<Row> {
        let visible = self.records.iter().filter_map(|(id, versions)| {
            let version = versions.iter().rfind(|one| one.visible_at <= self.now)?;
            Some(Row {
                id: *id,
                number: version.number,
                stamp: version.stamp,
            })
        });
        let mut rows: Vec<Row> = visible
            .filter(|row| from.is_none_or(|from| row.stamp >= from))
            .filter(|row| until.is_none_or(|until| row.stamp < until))
            .collect();
        rows.sort_by_key(|row| self.order(walk, row));
        rows
    }

    fn order(&self, walk: u64, row: &Row) -> (Micros, u64, u32) {
        let shuffled = if self.behaviour.ties_shuffled {
            hash(&(walk, row.id))
        } else {
            0
        };
        (row.stamp, shuffled, row.id)
    }

    /// The answer to a query; None if its token is refused.
    pub fn answer(&mut self, query: &Query, event: Event) -> Option<Answer> {
        let (window, token) = match query {
            Query::Newest { until } => {
                let rows = self.rows(0, None, bound(until.as_deref()));
                let rows = rows.last().cloned().into_iter().collect();
                return Some(self.shown(rows, None));
            }
            Query::Oldest { window } => {
                let from = window.from.as_ref().map(|from| from.updated_at.as_str());
                let rows = self.rows(0, bound(from), bound(window.until.as_deref()));
                let rows = rows.first().cloned().into_iter().collect();
                return Some(self.shown(rows, None));
            }
            Query::Page { window, token } => (window, token),
        };
        let from = window
            .from
            .as_ref()
            .map(|from| bound(Some(&from.updated_at)).unwrap());
        let until = bound(window.until.as_deref()).filter(|_| self.behaviour.keeps_bound);
        let Some(PageToken(token)) = token else {
            let walk = hash(&(self.now, self.numbers, self.tokens.len()));
            let rows = self.rows(walk, from, until);
            let snapshot = (self.behaviour.tokens == Tokens::Snapshot).then(|| (rows.clone(), 0));
            return Some(self.page(rows, walk, snapshot, event));
        };
        if event == Event::RefuseToken {
            return None;
        }
        let asked = token.clone();
        let token = self.tokens[token.parse::<usize>().unwrap()].clone();
        if let Some((rows, next, has_more)) = token.put_off {
            let next = has_more.then(|| self.keep(*next));
            return Some(self.shown(rows, next));
        }
        if event == Event::SameToken {
            let rows = self.rest(&token, from, until)?;
            let mut answer = self.page(rows, token.walk, token.snapshot, Event::Nothing);
            answer.next = answer.next.and(Some(PageToken(asked)));
            return Some(answer);
        }
        let rows = self.rest(&token, from, until)?;
        if event == Event::Swap && rows.len() > 2 * self.behaviour.limit {
            return Some(self.swapped(rows, &token));
        }
        Some(self.page(rows, token.walk, token.snapshot, event))
    }

    /// What comes after a token; None if its record has vanished.
    fn rest(&self, token: &Token, from: Option<Micros>, until: Option<Micros>) -> Option<Vec<Row>> {
        if let Some((rows, done)) = &token.snapshot {
            return Some(rows[*done..].to_vec());
        }
        let after = match self.behaviour.tokens {
            Tokens::NameRecord => {
                let all = self.rows(token.walk, None, None);
                let row = all.into_iter().find(|row| row.id == token.after.id)?;
                self.order(token.walk, &row)
            }
            _ => self.order(token.walk, &token.after),
        };
        let rows = self.rows(token.walk, from, until).into_iter();
        Some(
            rows.filter(|row| self.order(token.walk, row) > after)
                .collect(),
        )
    }

    fn page(
        &mut self,
        mut rows: Vec<Row>,
        walk: u64,
        snapshot: Option<(Vec<Row>, usize)>,
        event: Event,
    ) -> Answer {
        let limit = match event {
            Event::Short => self.behaviour.limit.div_ceil(2),
            _ => self.behaviour.limit,
        };
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().cloned();
        let next = last.filter(|_| has_more).map(|after| Token {
            snapshot: snapshot.map(|(all, done)| (all, done + rows.len())),
            after,
            walk,
            put_off: None,
        });
        if event == Event::EmptyPage
            && let Some(next) = next.clone()
        {
            let put_off = Some((rows, Box::new(next.clone()), has_more));
            let token = self.keep(Token { put_off, ..next });
            return self.shown(Vec::new(), Some(token));
        }
        let next = next.map(|next| self.keep(next));
        self.shown(rows, next)
    }

    /// The second page of what is left, and a token that leads to the first.
    fn swapped(&mut self, rows: Vec<Row>, token: &Token) -> Answer {
        let limit = self.behaviour.limit;
        let after = |row: &Row, done: usize| Token {
            after: row.clone(),
            walk: token.walk,
            snapshot: token
                .snapshot
                .clone()
                .map(|(all, before)| (all, before + done)),
            put_off: None,
        };
        let third = after(&rows[2 * limit - 1], 2 * limit);
        let put_off = Some((rows[..limit].to_vec(), Box::new(third.clone()), true));
        let next = self.keep(Token { put_off, ..third });
        self.shown(rows[limit..2 * limit].to_vec(), Some(next))
    }

    fn keep(&mut self, token: Token) -> PageToken {
        self.tokens.push(token);
        PageToken((self.tokens.len() - 1).to_string())
    }

    fn shown(&self, rows: Vec<Row>, next: Option<PageToken>) -> Answer {
        let date = self.now + self.behaviour.date_offset;
        Answer {
            rows,
            next,
            date: timestamp(date.div_euclid(SECOND) * SECOND),
        }
    }
}

/// The text of a stamp, as answers show it.
pub fn text(stamp: Micros, shown: Shown) -> String {
    let at = timestamp(match shown {
        Shown::SecondsRounded => stamp + SECOND / 2,
        _ => stamp,
    });
    let format = match shown {
        Shown::Micros => "%Y-%m-%dT%H:%M:%S%.6fZ",
        Shown::MillisCut => "%Y-%m-%dT%H:%M:%S%.3fZ",
        Shown::SecondsCut | Shown::SecondsRounded => "%Y-%m-%dT%H:%M:%SZ",
    };
    at.format(format).to_string()
}

fn bound(text: Option<&str>) -> Option<Micros> {
    text.map(|text| {
        DateTime::parse_from_rfc3339(text)
            .unwrap()
            .timestamp_micros()
    })
}

pub fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

pub fn delta(micros: Micros) -> TimeDelta {
    TimeDelta::microseconds(micros)
}
