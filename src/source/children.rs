//! Fetches the children of one record, all pages of them.

use super::Source;
use super::tally::Tally;
use crate::api::children::ParentRecord;
use crate::api::page::PageToken;
use crate::catalog::{self, Parent};
use crate::http::failure::{Failure, FailureKind};
use crate::http::reply::Reply;
use crate::time::timestamp::Timestamp;
use std::collections::HashSet;
use std::sync::atomic::{AtomicU16, Ordering};

/// How many children a page has at most, until the API refuses that.
const MOST: u16 = 500;

/// How often a list is read from its start again because a page token has stopped working.
const RESTARTS: u32 = 2;

/// Asks for the children of one record after another.
pub struct Asker {
    parent: Parent,
    /// The page size that works.
    limit: AtomicU16,
}

/// The children of a record.
pub struct Children {
    /// As JSON; None if one has no usable key. None of all if the API has nothing at their path.
    pub records: Option<Vec<Option<String>>>,
    pub pages: u64,
    /// When their last page came.
    pub received_at: Timestamp,
}

impl Asker {
    pub fn new(parent: &Parent) -> Self {
        Self {
            parent: parent.clone(),
            limit: AtomicU16::new(MOST),
        }
    }

    /// All children of a record.
    pub async fn children(
        &self,
        source: &Source,
        of: &ParentRecord,
        tally: &Tally,
    ) -> Result<Children, Failure> {
        let name = self.name(of);
        for _ in 0..RESTARTS {
            match self.pages(&name, source, of, tally).await {
                Err(failure) if failure.kind == FailureKind::InvalidCursor => {
                    let warning = format!("{name}: {failure}; starting again");
                    source.log.warning(warning);
                }
                result => return result,
            }
        }
        let result = self.pages(&name, source, of, tally).await;
        result.map_err(|failure| match failure.kind {
            FailureKind::InvalidCursor => {
                let again = format!("gave up after starting again {RESTARTS} times; run again");
                Failure::new(failure.kind, format!("{name}: {failure}; {again}"))
            }
            _ => failure,
        })
    }

    /// All children of a record, unless a page token stops working.
    async fn pages(
        &self,
        name: &str,
        source: &Source,
        of: &ParentRecord,
        tally: &Tally,
    ) -> Result<Children, Failure> {
        let mut children = Children {
            records: None,
            pages: 0,
            received_at: source.clock.now(),
        };
        let mut token: Option<PageToken> = None;
        let mut seen = HashSet::new();
        loop {
            let (parent, limit) = (&self.parent, self.limit.load(Ordering::Relaxed));
            let of_size = |limit| {
                source
                    .api
                    .child_request(parent, &of.id, limit, token.as_ref())
            };
            let read = |reply: Reply| {
                let page = source
                    .api
                    .child_page(&parent.children, of, &reply, token.is_some());
                page.map(|page| (page, reply.received_at))
            };
            let answer = source.sized(name, limit, tally, of_size, read).await;
            children.pages += 1;
            let ((page, received_at), limit, _) = match answer {
                Err(failure) if failure.kind == FailureKind::NotFound => return Ok(children),
                answer => answer?,
            };
            self.limit.fetch_min(limit, Ordering::Relaxed);
            children.received_at = received_at;
            children
                .records
                .get_or_insert_default()
                .extend(page.records);
            let Some(next) = page.next else {
                return Ok(children);
            };
            if !seen.insert(next.clone()) {
                let happened = format!("{name}: the API repeated a page");
                return Err(Failure::advised(FailureKind::Malformed, &happened));
            }
            token = Some(next);
        }
    }

    fn name(&self, of: &ParentRecord) -> String {
        let (stream, id) = (&self.parent.stream.name, &of.id);
        match &self.parent.children {
            catalog::Children::Links(relationship) => format!("{relationship} of {stream} {id}"),
            catalog::Children::Transcript => format!("transcript of {stream} {id}"),
        }
    }
}
