//! The requests of one stream that are on their way. Each holds one of the run's places until its
//! page is written: the stream's own, or a spare one. In its own place, a stream fetches the next page
//! while it decodes and writes this one, or as soon as this one's children need no place any more.

use super::lines::{Decoder, PageLines};
use super::place::Place;
use crate::api::page::{Order, Page, PageRequest, PageToken, Window};
use crate::catalog::Stream;
use crate::http::failure::{Failure, FailureKind};
use crate::source::Source;
use crate::source::tally::Tally;
use crate::support::tasks;
use crate::walk::ask::{Ask, Query};
use crate::walk::facts::PageTimes;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, spawn_blocking};

/// What came of a request.
pub struct Fetched {
    pub ask: Ask,
    pub answer: Result<Answer, Failure>,
    pub held: Held,
}

/// What a request holds until its page is written.
pub struct Held {
    place: Place,
    ahead: Option<Ahead>,
}

/// A page whose records are lines.
pub struct Answer {
    pub times: PageTimes,
    pub next: Option<PageToken>,
    pub lines: PageLines,
    /// The page size with which it came.
    pub limit: u16,
}

/// A page that is fetched before the plan asks for it.
struct Ahead {
    query: Query,
    limit: u16,
    /// One task, which ends when this is dropped.
    page: JoinSet<Result<(Page, u16), Failure>>,
}

pub struct Fetches {
    reader: Arc<Reader>,
    spare: Arc<Semaphore>,
    own_is_free: bool,
    tasks: JoinSet<Fetched>,
    /// What the stream's own place is used for while the plan has not asked.
    ahead: Option<Ahead>,
    /// Whether pages may be fetched before the plan asks for them.
    reads_ahead: bool,
}

/// What a request needs.
struct Reader {
    source: Arc<Source>,
    /// The stream whose pages are read.
    stream: Stream,
    /// Whether its records are parents, and their children are what is wanted.
    are_parents: bool,
    decoder: Arc<Decoder>,
    tally: Arc<Tally>,
    /// How many pages have been asked for.
    pages: AtomicU64,
}

impl Fetches {
    /// `spare` holds the places that no stream has for its own.
    pub fn new(
        source: &Arc<Source>,
        stream: &Stream,
        decoder: &Arc<Decoder>,
        tally: &Arc<Tally>,
        spare: &Arc<Semaphore>,
        reads_ahead: bool,
    ) -> Self {
        Self {
            reader: Arc::new(Reader {
                source: Arc::clone(source),
                stream: stream.walked().clone(),
                are_parents: stream.parent.is_some(),
                decoder: Arc::clone(decoder),
                tally: Arc::clone(tally),
                pages: AtomicU64::new(0),
            }),
            spare: Arc::clone(spare),
            own_is_free: true,
            tasks: JoinSet::new(),
            ahead: None,
            reads_ahead,
        }
    }

    /// A free place. A spare one is free only while no stream waits for its first.
    pub fn place(&mut self) -> Option<Place> {
        if self.own_is_free && self.ahead.is_none() {
            return Some(Place::Own);
        }
        let spare = Place::spare(&self.spare);
        spare.or_else(|| self.own_is_free.then_some(Place::Own))
    }

    /// Sends a request from a place, unless it is on its way already.
    pub fn send(&mut self, place: Place, ask: Ask, limit: u16) {
        let is_asked = |ahead: &mut Ahead| ahead.query == ask.query && ahead.limit == limit;
        let ahead = self.ahead.take_if(is_asked);
        // What is on its way has the own place already.
        let place = if ahead.is_some() { Place::Own } else { place };
        let is_own = place.is_own();
        if is_own {
            self.own_is_free = false;
            // It was sent in vain, and ends here.
            self.ahead = None;
        }
        let reader = Arc::clone(&self.reader);
        let leads_on = self.reads_ahead && is_own && ask.leads_on && !reader.are_parents;
        self.tasks.spawn(async move {
            let page = match ahead {
                Some(ahead) => ahead.page().await,
                None => reader.page(&ask.query, limit).await,
            };
            let (answer, ahead) = match page {
                Ok((page, limit)) => {
                    let next = page.next.as_ref().filter(|_| leads_on);
                    let ahead = next.and_then(|next| reader.ahead(&ask.query, next, limit));
                    (reader.decoded(page, limit).await, ahead)
                }
                Err(failure) => (Err(failure), None),
            };
            let held = Held { place, ahead };
            Fetched { ask, answer, held }
        });
    }

    /// The next page that arrives; None if none is on its way.
    pub async fn next(&mut self) -> Option<Fetched> {
        Some(tasks::result(self.tasks.join_next().await?).await)
    }

    /// Begins to fetch the page after that of a request, which needs its place no more.
    pub fn lead_on(&self, ask: &Ask, next: Option<&PageToken>, limit: u16, held: &mut Held) {
        if self.reads_ahead && ask.leads_on && held.place.is_own() {
            held.ahead = next.and_then(|next| self.reader.ahead(&ask.query, next, limit));
        }
    }

    /// The place of a page that has been written is free again.
    pub fn written(&mut self, held: Held) {
        match held.place {
            Place::Own => {
                self.own_is_free = true;
                self.ahead = held.ahead;
            }
            Place::Spare(permit) => drop(permit),
        }
    }
}

impl Ahead {
    async fn page(mut self) -> Result<(Page, u16), Failure> {
        let ended = self.page.join_next().await;
        tasks::result(ended.expect("it has one task")).await
    }
}

impl Reader {
    async fn page(&self, query: &Query, limit: u16) -> Result<(Page, u16), Failure> {
        let number = 1 + self.pages.fetch_add(1, Ordering::Relaxed);
        let bounds;
        let stream = &self.stream;
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
        self.source.page(request, number, &self.tally).await
    }

    /// Begins to fetch the page that a token leads to.
    fn ahead(self: &Arc<Self>, query: &Query, next: &PageToken, limit: u16) -> Option<Ahead> {
        let Query::Page { window, .. } = query else {
            return None;
        };
        let query = Query::Page {
            window: window.clone(),
            token: Some(next.clone()),
        };
        let mut task = JoinSet::new();
        let (reader, asked) = (Arc::clone(self), query.clone());
        task.spawn(async move { reader.page(&asked, limit).await });
        Some(Ahead {
            query,
            limit,
            page: task,
        })
    }

    /// Makes the lines of a page, beside everything else. Parents have none.
    async fn decoded(&self, page: Page, limit: u16) -> Result<Answer, Failure> {
        let (decoder, are_parents) = (Arc::clone(&self.decoder), self.are_parents);
        let answer = spawn_blocking(move || {
            Ok(Answer {
                times: PageTimes {
                    asked_at: page.asked_at,
                    server_time: page.server_time,
                    has_date: page.has_date,
                },
                lines: if are_parents {
                    decoder.parents(&page)?
                } else {
                    decoder.decode(&page)?
                },
                next: page.next,
                limit,
            })
        });
        tasks::result(answer.await).await
    }
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
