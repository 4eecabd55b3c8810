//! An API in memory. Its records change between any two requests, and its answers may be any of
//! those that the documents leave open.

use super::history::{Behaviour, Event, History, Micros, SECOND, Tokens, UpperBound};
use super::question::Question;
use super::records::{Rank, Records, mix};
use std::collections::HashSet;
use std::rc::Rc;
use tap_revops::api::page::PageToken;
use tap_revops::walk::terms::Reading;

/// So many requests lie between two first pages that come before their turn: a reader believes what
/// comes again and again.
const BETWEEN_EARLY_PAGES: usize = 5;

/// So often a reader doubts first pages that begin differently each time.
const TIMES_DOUBTED: usize = 2;

pub struct Api {
    pub records: Records,
    behaviour: Behaviour,
    in_order: bool,
    /// Whether the reader has one request on its way at a time.
    is_alone: bool,
    /// The end date.
    until: Option<Micros>,
    tokens: Vec<Token>,
    /// Tokens before this one are refused.
    valid_from: usize,
    answers: usize,
    early_from: usize,
    /// Where the questions began that a page before its turn has answered: a reader believes what
    /// comes twice.
    answered_early: HashSet<Option<Micros>>,
    /// The bounds of the last question without a token, and how often it was asked again.
    first_pages: ((Option<Micros>, Option<Micros>), usize),
    /// Whether a page has shown a version.
    was_shown: Vec<bool>,
    /// What the newest answer has been made of.
    pub effect: Event,
}

pub enum Answer {
    Page(Page),
    /// What the descending question brings first.
    Newest(Option<u32>),
    /// It is not a question that the API takes.
    Refused,
    TokenRefused,
}

/// The versions that a page shows, and what fetches the next one.
pub struct Page {
    pub rows: Vec<u32>,
    pub next: Option<PageToken>,
}

#[derive(Clone)]
struct Token {
    course: Course,
    /// The last record of the page that the token came with.
    after: u32,
    /// A page that is shown in place of what follows.
    put_off: Option<Rc<PutOff>>,
    /// Its walk was led ahead, and nothing but this token leads back.
    leads_back: bool,
}

/// The way from a query without a token to all pages that its tokens lead to.
#[derive(Clone)]
struct Course {
    walk: u64,
    first: Option<usize>,
    /// How many records have been shown.
    done: usize,
    snapshot: Option<Rc<Vec<u32>>>,
}

struct PutOff {
    rows: Vec<u32>,
    next: Option<Token>,
}

impl Api {
    pub fn new(history: &History) -> Self {
        Self {
            records: Records::new(history),
            behaviour: history.behaviour.clone(),
            in_order: history.reading != Reading::Scan,
            is_alone: history.places == 1,
            until: history.until(),
            tokens: Vec::new(),
            valid_from: 0,
            answers: 0,
            early_from: 0,
            answered_early: HashSet::new(),
            first_pages: ((None, None), 0),
            was_shown: Vec::new(),
            effect: Event::Nothing,
        }
    }

    /// What happens to the records before a request.
    pub fn happens(&mut self, event: Event) {
        let records = &mut self.records;
        match event {
            Event::Change(which) => records.change(which),
            Event::Burst(which) => (0..5).for_each(|more| records.change(which.wrapping_add(more))),
            Event::Vanish(which) => records.vanish(which),
            Event::Appear => records.appear(),
            Event::ExpireTokens => self.valid_from = self.tokens.len(),
            _ => {}
        }
    }

    /// What happens between an answer and its arrival.
    pub fn happens_after(&mut self, event: Event) {
        if let Event::Slow(which) = event {
            for more in 0..3 {
                self.records.now += 10 * SECOND;
                self.records.change(which.wrapping_add(more));
            }
            self.records.now += 200 * SECOND;
        }
        self.records.now += self.behaviour.tick;
    }

    pub fn answer(&mut self, question: &Question, event: Event) -> Answer {
        self.answers += 1;
        self.effect = Event::Nothing;
        self.was_shown.resize(self.records.versions.len(), false);
        let answer = self.answer_as(question, event);
        if let Answer::Page(page) = &answer {
            for number in &page.rows {
                self.was_shown[*number as usize] = true;
            }
        }
        answer
    }

    fn answer_as(&mut self, question: &Question, event: Event) -> Answer {
        let (Question::Newest { until }
        | Question::Oldest { until, .. }
        | Question::Page { until, .. }) = question;
        if until.is_some() && self.behaviour.upper_bound == UpperBound::Refused {
            return Answer::Refused;
        }
        match question {
            Question::Newest { .. } if !self.behaviour.descends => Answer::Refused,
            Question::Newest { until } => {
                Answer::Newest(self.found(0, None, *until).last().copied())
            }
            Question::Oldest { from, until } => {
                Answer::Newest(self.found(0, *from, *until).first().copied())
            }
            Question::Page {
                from,
                until,
                token: None,
            } => Answer::Page(self.first_page(*from, *until, event)),
            Question::Page {
                from,
                until,
                token: Some(token),
            } => {
                let page = self.later_page(*from, *until, token, event);
                page.map_or(Answer::TokenRefused, Answer::Page)
            }
        }
    }

    fn found(&self, walk: u64, from: Option<Micros>, until: Option<Micros>) -> Vec<u32> {
        let keeps_bound = self.behaviour.upper_bound == UpperBound::Kept;
        let until = until.filter(|_| keeps_bound);
        let mut found = self.records.found(walk, from, until);
        if !self.in_order {
            found.sort_unstable_by_key(|number| self.rank(walk, *number));
        }
        found
    }

    fn rank(&self, walk: u64, number: u32) -> Rank {
        if self.in_order {
            return self.records.rank(walk, number);
        }
        let record = self.records.of(number).record;
        (0, mix(record as u64), record)
    }

    fn first_page(&mut self, from: Option<Micros>, until: Option<Micros>, event: Event) -> Page {
        let walk = mix(self.answers as u64);
        let asked_again = self.asked_again(from, until);
        let rows = self.found(walk, from, until);
        let is_snapshot = self.behaviour.tokens == Tokens::Snapshot;
        let course = Course {
            walk,
            first: None,
            done: 0,
            snapshot: is_snapshot.then(|| Rc::new(rows.clone())),
        };
        let is_early = event == Event::Swap
            && self.may_be_early(asked_again, &rows)
            && self.answered_early.insert(from);
        let event = match event {
            Event::Swap if !is_early => Event::Nothing,
            Event::Ahead => Event::Nothing,
            event => event,
        };
        if is_early {
            self.early_from = self.answers + BETWEEN_EARLY_PAGES;
        }
        self.page(rows, &course, event)
    }

    /// Whether a reader can tell that the second page comes before its turn.
    fn may_be_early(&self, asked_again: usize, rows: &[u32]) -> bool {
        let is_doubted = asked_again < TIMES_DOUBTED && self.answers >= self.early_from;
        is_doubted && !self.looks_first(rows)
    }

    /// How often the same question has been asked in a row before.
    fn asked_again(&mut self, from: Option<Micros>, until: Option<Micros>) -> usize {
        let (bounds, times) = self.first_pages;
        let is_same = bounds == (from, until);
        let times = if is_same { times + 1 } else { 0 };
        self.first_pages = ((from, until), times);
        times
    }

    /// Whether the second page would look like the first: it begins with a known version.
    fn looks_first(&self, rows: &[u32]) -> bool {
        self.behaviour.ties_shuffled && self.is_within_instant(rows)
    }

    fn is_within_instant(&self, rows: &[u32]) -> bool {
        let limit = self.behaviour.limit;
        let stamp = |at: usize| rows.get(at).map(|number| self.records.of(*number).stamp);
        stamp(limit) == stamp(limit - 1)
    }

    /// The page of a token. None if the token is refused.
    fn later_page(
        &mut self,
        from: Option<Micros>,
        until: Option<Micros>,
        asked: &PageToken,
        event: Event,
    ) -> Option<Page> {
        let index = asked.0.parse::<usize>().unwrap();
        let event = match event {
            // What is led ahead with nothing to lead it back is lost.
            Event::Ahead if !self.is_alone || until == self.until => Event::Nothing,
            event => event,
        };
        let token = self.tokens[index].clone();
        if (event == Event::RefuseToken || index < self.valid_from) && !token.leads_back {
            return None;
        }
        if let Some(put_off) = token.put_off {
            let next = put_off.next.clone().map(|next| self.keep(next));
            let rows = put_off.rows.clone();
            return Some(Page { rows, next });
        }
        let rows = self.rest(&token, from, until)?;
        let first = token.course.first;
        let mut page = self.page(rows, &token.course, event);
        if page.next.is_some() {
            self.effect = event;
            page.next = match (event, first) {
                (Event::SameToken, _) => Some(asked.clone()),
                (Event::FirstToken, Some(first)) => Some(PageToken(first.to_string())),
                (Event::LeadRound, Some(first)) => Some(self.keep(self.tokens[first].clone())),
                _ => page.next,
            };
        }
        Some(page)
    }

    /// What comes after a token. None if its record has vanished.
    fn rest(&self, token: &Token, from: Option<Micros>, until: Option<Micros>) -> Option<Vec<u32>> {
        let Course {
            walk,
            done,
            snapshot,
            ..
        } = &token.course;
        if let Some(all) = snapshot {
            return Some(all[*done..].to_vec());
        }
        let mut rows = self.found(*walk, from, until);
        if self.behaviour.tokens == Tokens::CountRecords {
            return Some(rows.split_off(rows.len().min(*done)));
        }
        let after = match self.behaviour.tokens {
            Tokens::NameRecord => {
                let record = self.records.of(token.after).record;
                self.rank(*walk, self.records.visible(record)?)
            }
            _ => self.rank(*walk, token.after),
        };
        rows.retain(|number| self.rank(*walk, *number) > after);
        Some(rows)
    }

    /// The page that begins with the first of these rows, or what an event makes of it.
    fn page(&mut self, mut rows: Vec<u32>, course: &Course, event: Event) -> Page {
        let limit = match event {
            Event::Short => self.behaviour.limit.div_ceil(2),
            _ => self.behaviour.limit,
        };
        let after = rows.split_off(rows.len().min(limit));
        let Some(last) = rows.last().copied() else {
            return Page { rows, next: None };
        };
        let next = token(course, last, rows.len());
        let follower = Some(next.clone()).filter(|_| !after.is_empty());
        self.effect = event;
        match event {
            Event::EmptyPage => self.put_off(Vec::new(), next, rows, follower),
            Event::Duplicate => self.put_off(rows.clone(), next, rows, follower),
            Event::Swap if !after.is_empty() => self.swapped(course, rows, &after),
            Event::Ahead if after.len() > 2 * limit => self.ahead(course, rows, &after),
            _ => Page {
                rows,
                next: follower.map(|next| self.keep(next)),
            },
        }
    }

    /// The second page, and then the first, of what is left.
    fn swapped(&mut self, course: &Course, first: Vec<u32>, after: &[u32]) -> Page {
        let limit = self.behaviour.limit;
        let second = &after[..limit.min(after.len())];
        let third = token(course, second[second.len() - 1], first.len() + second.len());
        let follower = Some(third.clone()).filter(|_| after.len() > limit);
        self.put_off(second.to_vec(), third, first, follower)
    }

    /// The second and the third page of what is left, and then half of the first, from which the
    /// course goes on.
    fn ahead(&mut self, course: &Course, mut first: Vec<u32>, after: &[u32]) -> Page {
        let (second, rest) = after.split_at(self.behaviour.limit);
        let third = rest[..rest.len().min(second.len())].to_vec();
        first.truncate(first.len().div_ceil(2));
        let next = token(course, first[first.len() - 1], first.len());
        let back = Token {
            put_off: Some(Rc::new(PutOff {
                rows: first,
                next: Some(next.clone()),
            })),
            leads_back: true,
            ..next.clone()
        };
        self.put_off(second.to_vec(), back.clone(), third, Some(back))
    }

    /// A page whose token leads to another one that is as yet not shown.
    fn put_off(
        &mut self,
        rows: Vec<u32>,
        token: Token,
        later: Vec<u32>,
        next: Option<Token>,
    ) -> Page {
        let put_off = Some(Rc::new(PutOff { rows: later, next }));
        let next = Some(self.keep(Token { put_off, ..token }));
        Page { rows, next }
    }

    fn keep(&mut self, mut token: Token) -> PageToken {
        let number = self.tokens.len();
        token.course.first.get_or_insert(number);
        self.tokens.push(token);
        PageToken(number.to_string())
    }
}

/// The token of a page that shows `more` rows of a course, up to `after`.
fn token(course: &Course, after: u32, more: usize) -> Token {
    let mut course = course.clone();
    course.done += more;
    Token {
        course,
        after,
        put_off: None,
        leads_back: false,
    }
}
