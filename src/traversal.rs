//! One walk through one window of one stream. It follows page tokens to their end, fetches a page
//! while the one before is worked on, and starts again where it is safe when a token stops working.

use crate::api::{LowerBound, Page, PageRequest, PageToken, Window};
use crate::catalog::Stream;
use crate::http::failure::{Failure, Kind};
use crate::source::Source;
use crate::state::Progress;
use crate::timestamp::Instant;
use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// How often a walk starts again from the same place before it gives up.
const RESTARTS_WITHOUT_PROGRESS: u32 = 2;

pub struct Traversal {
    source: Arc<Source>,
    stream: Arc<Stream>,
    window: Window,
    limit: u16,
    pages: u64,
    /// Hashes of the tokens of this walk, eight bytes a page.
    tokens: HashSet<u64>,
    pending: Option<Pending>,
    restarts: u32,
    restarted_from: Option<Instant>,
}

/// The page that is on its way.
struct Pending {
    token: Option<PageToken>,
    page: Fetch,
}

/// A fetch of its own; it ends with the walk that wanted it.
struct Fetch(JoinHandle<Result<Page, Failure>>);

impl Drop for Fetch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Traversal {
    /// Begins a walk: its first page is under way at once.
    pub fn begin(source: Arc<Source>, stream: Arc<Stream>, window: Window) -> Self {
        let mut traversal = Self {
            limit: source.config.page_size,
            source,
            stream,
            window,
            pages: 0,
            tokens: HashSet::new(),
            pending: None,
            restarts: 0,
            restarted_from: None,
        };
        traversal.fetch(None);
        traversal
    }

    /// The pages so far.
    pub fn pages(&self) -> u64 {
        self.pages
    }

    /// The next page, or nothing at the end of the window. `progress` is of the records of all
    /// pages before it: a walk that has to start again does so from there.
    pub async fn next_page(&mut self, progress: &Progress) -> Result<Option<Page>, Failure> {
        while let Some(mut pending) = self.pending.take() {
            let answer = (&mut pending.page.0).await.unwrap_or_else(|_| {
                Err(Failure::new(
                    Kind::Server,
                    "fetching the page broke off; report this as a fault of the tap",
                ))
            });
            match answer {
                Ok(mut page) => {
                    self.pages += 1;
                    if let Some(token) = page.next.take() {
                        self.follow(token)?;
                    }
                    return Ok(Some(page));
                }
                Err(failure) => self.recover(failure, pending.token.clone(), progress)?,
            }
        }
        Ok(None)
    }

    /// Sends for the page of a token, unless this walk has been there.
    fn follow(&mut self, token: PageToken) -> Result<(), Failure> {
        let mut hasher = DefaultHasher::new();
        token.hash(&mut hasher);
        if !self.tokens.insert(hasher.finish()) {
            return Err(Failure::new(
                Kind::Malformed,
                "the API sent the same page token twice, which would go round for ever; try again, and report it to the API's makers if it persists",
            ));
        }
        self.fetch(Some(token));
        Ok(())
    }

    fn recover(
        &mut self,
        failure: Failure,
        token: Option<PageToken>,
        progress: &Progress,
    ) -> Result<(), Failure> {
        match failure.kind {
            Kind::LimitOutOfRange if self.limit > 1 => {
                let smaller = self.limit / 2;
                self.warn(&format!(
                    "{failure}; going on with {smaller} records a page"
                ));
                self.limit = smaller;
                self.fetch(token);
                Ok(())
            }
            Kind::InvalidCursor if token.is_some() => self.restart(failure, progress),
            _ => Err(failure),
        }
    }

    /// Starts again from the newest instant that was seen, inclusive, or from the window's start
    /// if records did not come in order. What was seen at that instant is known to `progress`.
    fn restart(&mut self, mut failure: Failure, progress: &Progress) -> Result<(), Failure> {
        let resume = progress.resume_from();
        let instant = resume.map(|bookmark| bookmark.instant);
        if instant == self.restarted_from {
            self.restarts += 1;
        } else {
            self.restarted_from = instant;
            self.restarts = 1;
        }
        if self.restarts > RESTARTS_WITHOUT_PROGRESS {
            let times = RESTARTS_WITHOUT_PROGRESS;
            failure.sentence = format!(
                "{failure}; gave up after starting again {times} times without getting further"
            );
            return Err(failure);
        }
        let place = resume.map_or("its start", |bookmark| bookmark.updated_at.as_str());
        self.warn(&format!("{failure}; starting again from {place}"));
        if let Some(bookmark) = resume {
            self.window.from = Some(LowerBound {
                updated_at: bookmark.updated_at.clone(),
                inclusive: true,
            });
        }
        self.tokens.clear();
        self.fetch(None);
        Ok(())
    }

    fn warn(&self, text: &str) {
        self.source
            .log
            .warning(format!("{}: {text}", self.stream.name));
    }

    fn fetch(&mut self, token: Option<PageToken>) {
        let source = Arc::clone(&self.source);
        let stream = Arc::clone(&self.stream);
        let window = self.window.clone();
        let (limit, number, sent) = (self.limit, self.pages + 1, token.clone());
        let page = tokio::spawn(async move {
            let request = PageRequest {
                stream: &stream,
                window: &window,
                limit,
                token: sent.as_ref(),
            };
            source
                .page(&request, &format!("page {number} of {}", stream.name))
                .await
        });
        self.pending = Some(Pending {
            token,
            page: Fetch(page),
        });
    }
}
