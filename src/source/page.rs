//! Fetches one page, of records or of the children of one. A page that the API refuses, or that keeps
//! failing, is requested with fewer records.

use super::Source;
use super::pace::Turn;
use super::page_size;
use super::tally::Tally;
use crate::api::page::{Page, PageRequest};
use crate::http::failure::Failure;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::http::retry::{Attempts, Subject};
use crate::record::findings::counted;
use std::time::Duration;

impl Source {
    /// One page of a stream, and the page size with which it came.
    pub async fn page(
        &self,
        request: PageRequest<'_>,
        number: u64,
        tally: &Tally,
    ) -> Result<(Page, u16), Failure> {
        let stream = request.stream;
        let name = format!("page {number} of {}", stream.name);
        let filters = stream.filters(&self.config);
        let of_size = |limit| {
            self.api
                .page_request(&PageRequest { limit, ..request }, filters)
        };
        let read = |reply| self.api.page(reply, request.token.is_some());
        let page = self.sized(&name, request.limit, tally, of_size, read).await;
        let (page, limit, took) = page?;
        let request = PageRequest { limit, ..request };
        self.log_page(&name, &request, page.records.len(), took);
        Ok((page, limit))
    }

    /// Sends a request for a page until it is answered, with fewer records where that may help. Returns
    /// the page, the page size with which it came, and how long the last request took.
    pub(super) async fn sized<T>(
        &self,
        name: &str,
        mut limit: u16,
        tally: &Tally,
        of_size: impl Fn(u16) -> Request,
        read: impl Fn(Reply) -> Result<T, Failure>,
    ) -> Result<(T, u16, Duration), Failure> {
        let mut attempts = self.attempts(Subject {
            name,
            stream: Some(&tally.stream),
        });
        loop {
            let turn = self.turn(tally).await;
            let asked = self.clock.monotonic();
            let reply = self.send(&of_size(limit), turn, tally).await;
            let page = reply.and_then(&read);
            self.note_answer(&page);
            match page {
                Ok(page) => {
                    let took = self.clock.monotonic().saturating_sub(asked);
                    return Ok((page, limit, took));
                }
                Err(failure) => {
                    let next = self.next_limit(limit, failure, &mut attempts, turn, tally);
                    limit = next.await?;
                }
            }
        }
    }

    /// Waits after a failed attempt, and returns the page size for the next one.
    async fn next_limit<'a>(
        &'a self,
        limit: u16,
        failure: Failure,
        attempts: &mut Attempts<'a>,
        turn: Turn,
        tally: &Tally,
    ) -> Result<u16, Failure> {
        let kind = failure.kind;
        if let Some(smaller) = page_size::at_once(limit, kind) {
            self.warn_of_smaller_pages(attempts.subject.name, &failure, smaller);
            return Ok(smaller);
        }
        let Err(failure) = self.wait_after(attempts, failure, turn, tally).await else {
            return Ok(page_size::for_next_attempt(limit, kind, attempts.failed()));
        };
        match page_size::after_giving_up(limit, kind) {
            Some(smaller) if !self.budget.total.is_zero() => {
                self.warn_of_smaller_pages(attempts.subject.name, &failure, smaller);
                *attempts = self.attempts(attempts.subject);
                Ok(smaller)
            }
            _ => Err(failure),
        }
    }

    /// Logs what a page was asked for, and what came.
    fn log_page(&self, name: &str, request: &PageRequest, records: usize, took: Duration) {
        self.log.debug(|| {
            let PageRequest { limit, window, .. } = request;
            let from = window.from.as_ref();
            let from = from.map_or("its start", |from| &from.updated_at);
            let until = window.until.as_deref().unwrap_or("its end");
            let by = request.token.map_or("", |_| " by token");
            let (records, took) = (counted(records as u64, "record"), took.as_millis());
            format!("{name}: from {from} to {until}{by}, limit {limit}: {records} in {took} ms")
        });
    }

    fn warn_of_smaller_pages(&self, name: &str, failure: &Failure, smaller: u16) {
        self.log.warning(format!(
            "{name}: {failure}; going on with {smaller} records a page"
        ));
    }
}
