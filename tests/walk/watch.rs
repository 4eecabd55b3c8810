//! Watches a run from outside, and counts the paths that it takes.

use super::api::Answer;
use super::counts::Counts;
use super::history::{Event, Micros, SECOND, Shown, UpperBound};
use super::question::Question;
use super::records::Records;
use super::world::World;
use tap_revops::walk::terms::Reading;

pub struct Watch {
    reading: Reading,
    until: Option<Micros>,
    upper_bound: UpperBound,
    has_bookmark: bool,
    /// What the last digit of a stamp stands for.
    unit: Micros,
    requests: u64,
    /// A query had an upper bound of the plan's own.
    was_bounded: bool,
    in_present: bool,
    last: Option<Question>,
    /// The lower bounds of the queries so far.
    froms: Vec<Micros>,
    /// The bounds that follow from stamps that pages have shown.
    lowered: Vec<Micros>,
}

impl Watch {
    pub fn new(world: &World) -> Self {
        let behaviour = &world.history.behaviour;
        Self {
            reading: world.history.reading,
            until: world.until(),
            upper_bound: behaviour.upper_bound,
            has_bookmark: world.from().is_some(),
            unit: match behaviour.shown {
                Shown::Micros => 1,
                Shown::MillisCut => 1000,
                Shown::SecondsCut | Shown::SecondsRounded => SECOND,
            },
            requests: 0,
            was_bounded: false,
            in_present: false,
            last: None,
            froms: Vec::new(),
            lowered: Vec::new(),
        }
    }

    /// Counts what a run was, at its end.
    pub fn count_run(&self, counts: &mut Counts) {
        counts.runs += 1;
        counts.scans += u64::from(self.reading == Reading::Scan);
        counts.ordered += u64::from(self.reading == Reading::Ordered);
        counts.in_one_request += u64::from(self.requests == 1);
        counts.from_bookmark += u64::from(self.has_bookmark);
    }

    /// The plan has asked.
    pub fn asked(&mut self, question: &Question, counts: &mut Counts) {
        self.requests += 1;
        counts.requests += 1;
        match question {
            Question::Newest { .. } => counts.newest += 1,
            Question::Oldest { .. } => counts.oldest += 1,
            Question::Page { token: Some(_), .. } => {
                counts.by_token += 1;
                counts.tie_tokens += u64::from(self.in_present);
            }
            Question::Page {
                from,
                until,
                token: None,
            } => self.asked_anew(question, *from, *until, counts),
        }
        if matches!(question, Question::Page { until, .. } if *until != self.until) {
            counts.bounded += 1;
            self.was_bounded = true;
        }
        self.last = Some(question.clone());
    }

    fn asked_anew(
        &mut self,
        question: &Question,
        from: Option<Micros>,
        until: Option<Micros>,
        counts: &mut Counts,
    ) {
        let is_bounded = until != self.until;
        if self.was_bounded && !is_bounded {
            counts.presents += u64::from(!self.in_present);
            counts.undated_scans += u64::from(self.in_present && from.is_none());
            self.in_present = true;
        }
        let is_again = !is_bounded && self.last.as_ref() == Some(question);
        counts.confirmations += u64::from(is_again && self.reading != Reading::Scan);
        let Some(from) = from else {
            return;
        };
        let is_start = self.requests > 1 && !self.in_present && until.is_some();
        let is_new = || !self.froms.contains(&from) && !self.lowered.contains(&from);
        counts.splits += u64::from(is_start && is_new());
        self.froms.push(from);
    }

    /// The API has made an answer: what happened, and what that did to the answer.
    pub fn made(answer: &Answer, event: Event, effect: Event, counts: &mut Counts) {
        let counted = match effect {
            Event::Swap => &mut counts.out_of_turn,
            Event::Ahead => &mut counts.ahead_of_turn,
            Event::EmptyPage => &mut counts.emptied,
            Event::Duplicate => &mut counts.duplicated,
            Event::Short => &mut counts.short,
            Event::SameToken => &mut counts.same_token,
            Event::FirstToken | Event::LeadRound => &mut counts.led_round,
            _ => match (answer, event) {
                (Answer::TokenRefused, _) => &mut counts.tokens_refused,
                (_, Event::Slow(_)) => &mut counts.slow,
                _ => return,
            },
        };
        *counted += 1;
    }

    /// A page that is wanted has arrived.
    pub fn arrived(
        &mut self,
        question: &Question,
        answer: &Answer,
        records: &Records,
        counts: &mut Counts,
    ) {
        let page = match (answer, question) {
            (Answer::Page(page), _) => page,
            (Answer::Newest(Some(newest)), _) => {
                counts.newest_undated += u64::from(records.of(*newest).stamp.is_none());
                return;
            }
            (Answer::Refused, Question::Newest { .. }) => return counts.newest_refused += 1,
            (Answer::Refused, _) => return counts.filters_refused += 1,
            _ => return,
        };
        let shown = page.rows.iter().map(|number| &records.of(*number).shown);
        let shown = shown.flatten().map(|(at, _)| at.timestamp_micros());
        self.lowered.extend(shown.map(|at| at - self.unit));
        counts.pages += 1;
        let is_empty = page.rows.is_empty();
        counts.empty += u64::from(is_empty);
        if let Question::Page { until, token, .. } = question {
            let is_bounded = *until != self.until;
            let is_end = is_empty && page.next.is_none() && token.is_some();
            counts.checks += u64::from(is_end && is_bounded);
            let is_ignored = is_bounded && self.upper_bound == UpperBound::Ignored;
            counts.filters_ignored += u64::from(is_ignored);
        }
    }
}
