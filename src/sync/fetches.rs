//! The requests of one stream that are on their way. Each holds one of the run's places until its
//! page is written: the stream's own, or a spare one.

use crate::api::page::{Order, Page, PageRequest, Window};
use crate::catalog::Stream;
use crate::http::failure::{Failure, FailureKind};
use crate::source::Source;
use crate::source::tally::Tally;
use crate::walk::ask::{Ask, Query};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

/// A place among the requests of a run.
pub enum Place {
    Own,
    Spare(OwnedSemaphorePermit),
}

/// What came of a request. The place is free when this is dropped.
pub struct Fetched {
    pub ask: Ask,
    pub page: Result<(Page, u16), Failure>,
    pub place: Place,
}

pub struct Fetches {
    source: Arc<Source>,
    stream: Arc<Stream>,
    tally: Arc<Tally>,
    spare: Arc<Semaphore>,
    own_is_free: bool,
    tasks: JoinSet<Fetched>,
    /// How many pages have been asked for.
    pub pages: u64,
}

impl Fetches {
    /// `spare` holds the places that no stream has for its own.
    pub fn new(
        source: &Arc<Source>,
        stream: &Stream,
        tally: &Arc<Tally>,
        spare: &Arc<Semaphore>,
    ) -> Self {
        Self {
            source: Arc::clone(source),
            stream: Arc::new(stream.clone()),
            tally: Arc::clone(tally),
            spare: Arc::clone(spare),
            own_is_free: true,
            tasks: JoinSet::new(),
            pages: 0,
        }
    }

    /// A free place. A spare one is free only while no stream waits for its first.
    pub fn place(&mut self) -> Option<Place> {
        if self.own_is_free {
            return Some(Place::Own);
        }
        let spare = Arc::clone(&self.spare).try_acquire_owned().ok();
        spare.map(Place::Spare)
    }

    /// Sends a request from a place.
    pub fn send(&mut self, place: Place, ask: Ask, limit: u16) {
        self.own_is_free &= !matches!(place, Place::Own);
        self.pages += 1;
        let number = self.pages;
        let (source, stream) = (Arc::clone(&self.source), Arc::clone(&self.stream));
        let tally = Arc::clone(&self.tally);
        self.tasks.spawn(async move {
            let page = page(&source, &stream, &ask.query, limit, number, &tally).await;
            Fetched { ask, page, place }
        });
    }

    /// The next page that arrives; None if none is on its way.
    pub async fn next(&mut self) -> Option<Fetched> {
        match self.tasks.join_next().await? {
            Ok(fetched) => Some(fetched),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The program ends.
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// The place of a page that has been written is free again.
    pub fn written(&mut self, place: Place) {
        match place {
            Place::Own => self.own_is_free = true,
            Place::Spare(permit) => drop(permit),
        }
    }
}

async fn page(
    source: &Source,
    stream: &Stream,
    query: &Query,
    limit: u16,
    number: u64,
    tally: &Tally,
) -> Result<(Page, u16), Failure> {
    let bounds;
    let request = match query {
        Query::Page { window, token } => PageRequest {
            stream,
            window,
            limit,
            order: Order::Ascending,
            token: token.as_ref(),
        },
        Query::Newest { until } => {
            bounds = Window {
                from: None,
                until: until.clone(),
            };
            one_record(stream, &bounds, Order::Descending)
        }
        Query::Oldest { window } => one_record(stream, window, Order::Ascending),
    };
    source.page(request, number, tally).await
}

fn one_record<'a>(stream: &'a Stream, window: &'a Window, order: Order) -> PageRequest<'a> {
    PageRequest {
        stream,
        window,
        limit: 1,
        order,
        token: None,
    }
}

/// Whether a failure says that the API does not take the request, and would not later.
pub fn is_refused(failure: &Failure) -> bool {
    matches!(
        failure.kind,
        FailureKind::Rejected | FailureKind::NotFound | FailureKind::LimitOutOfRange
    )
}
