//! Faults of pages, schemas and cursors: changes to the true answer.

use super::page::Page;
use super::{record, schema};
use crate::answer::Answer;
use crate::call::Call;
use crate::faults::{Asked, Detour, Next, RecordChange, Reply, Subject, continued};
use crate::noise::Draw;
use crate::stream::Api;
use crate::world::World;
use crate::{askelephant, reevo};

/// A request and everything that its answer depends on.
pub struct Scene<'a> {
    world: &'a World,
    asked: &'a Asked,
    /// What is answered: the request itself, unless its cursor stands for another one.
    detour: Detour,
    answer: &'a dyn Fn(&Call) -> Answer,
}

impl<'a> Scene<'a> {
    pub fn new(
        world: &'a World,
        call: &Call,
        asked: &'a Asked,
        answer: &'a dyn Fn(&Call) -> Answer,
    ) -> Self {
        Scene {
            world,
            asked,
            detour: resolved(world, call, asked.cursor.as_deref()),
            answer,
        }
    }

    pub fn api(&self) -> Option<Api> {
        self.asked.api
    }

    pub fn truth(&self) -> Answer {
        self.answer_to(&self.detour)
    }

    /// The answer with a fault of pages or schemas. Requests for neither get the true answer.
    pub fn faulty(&self, reply: &Reply, draw: &mut Draw) -> Answer {
        if *reply == Reply::InvalidCursor {
            return match self.asked.api {
                Some(Api::AskElephant) => askelephant::invalid_cursor(self.world),
                _ => reevo::invalid_cursor(self.world),
            };
        }
        let truth = self.truth();
        match (reply, self.asked.subject) {
            (Reply::ChangedSchema(change), Subject::Schema) => {
                match schema::changed(&truth.body, change) {
                    Some(schema) => truth.with_body(|_| schema.to_string().into_bytes()),
                    None => truth,
                }
            }
            (_, Subject::Page) => match self.page(&truth) {
                Some(page) => {
                    let mut page = self.faulty_page(page, reply, draw);
                    truth.with_body(|_| page.json())
                }
                None => truth,
            },
            _ => truth,
        }
    }

    fn faulty_page(&self, mut page: Page, reply: &Reply, draw: &mut Draw) -> Page {
        match reply {
            Reply::SameCursor => {
                if let Some(cursor) = &self.asked.cursor {
                    page.set_next(Some(cursor), true);
                }
            }
            Reply::EmptyPage => {
                page.records.clear();
                page.set_next(Some(&self.cursor_to(self.detour.clone())), true);
            }
            Reply::MoreWithoutCursor => page.set_next(None, true),
            Reply::DuplicatedPage => {
                page.set_next(Some(&self.cursor_to(self.detour.clone())), true);
            }
            Reply::PagesOutOfOrder => return self.next_page_first(page),
            Reply::Record { at, change } => self.change_record(&mut page, *at, change, draw),
            _ => {}
        }
        page
    }

    /// The records of the next page, and a cursor that leads to those of this one.
    fn next_page_first(&self, page: Page) -> Page {
        let (Some(api), Some(cursor)) = (self.asked.api, page.next()) else {
            return page;
        };
        let call = continued(&self.detour.call, api, &cursor);
        let following = resolved(self.world, &call, Some(&cursor));
        let Some(mut following) = self.page(&self.answer_to(&following)) else {
            return page;
        };
        let back = self.cursor_to(Detour {
            call: self.detour.call.clone(),
            next: Next::Instead(following.next()),
        });
        following.set_next(Some(&back), true);
        following
    }

    fn change_record(
        &self,
        page: &mut Page,
        at: Option<u64>,
        change: &RecordChange,
        draw: &mut Draw,
    ) {
        let Some(last) = page.records.len().checked_sub(1) else {
            return;
        };
        let at = at.unwrap_or_else(|| draw.below(page.records.len() as u64));
        let at = usize::try_from(at).unwrap_or(last).min(last);
        page.records[at] = record::changed(&page.records[at], change, self.world.now());
    }

    fn answer_to(&self, detour: &Detour) -> Answer {
        let answer = (self.answer)(&detour.call);
        let Next::Instead(next) = &detour.next else {
            return answer;
        };
        match self.page(&answer) {
            Some(mut page) => {
                page.set_next(next.as_deref(), next.is_some());
                answer.with_body(|_| page.json())
            }
            None => answer,
        }
    }

    fn page(&self, answer: &Answer) -> Option<Page> {
        Page::parse(&answer.body, self.asked.api?, &self.world.options)
    }

    fn cursor_to(&self, detour: Detour) -> String {
        self.world.faults.detours.add(detour)
    }
}

/// What is answered to a request. Its headers stay its own, since its key counts.
fn resolved(world: &World, call: &Call, cursor: Option<&str>) -> Detour {
    let detour = cursor.and_then(|cursor| world.faults.detours.at(cursor));
    match detour {
        Some(mut detour) => {
            detour.call.headers.clone_from(&call.headers);
            detour
        }
        None => Detour {
            call: call.clone(),
            next: Next::Own,
        },
    }
}
