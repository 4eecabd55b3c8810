//! The children of parents, as lines: those of each parent are asked for, side by side in the places that
//! are free.

use super::lines::{Asked, ChildLines, Decoder};
use super::place::Place;
use crate::api::children::ParentRecord;
use crate::catalog::{Children, Parent};
use crate::http::failure::{Failure, FailureKind};
use crate::record::findings::counted;
use crate::source::Source;
use crate::source::children::Asker;
use crate::source::tally::Tally;
use crate::support::tasks;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, spawn_blocking};

/// Reads the children of one child stream's parents.
pub struct ChildReader {
    source: Arc<Source>,
    asker: Asker,
    decoder: Arc<Decoder>,
    tally: Arc<Tally>,
    spare: Arc<Semaphore>,
}

impl ChildReader {
    pub fn new(
        parent: &Parent,
        source: &Arc<Source>,
        decoder: &Arc<Decoder>,
        tally: &Arc<Tally>,
        spare: &Arc<Semaphore>,
    ) -> Arc<Self> {
        Arc::new(Self {
            source: Arc::clone(source),
            asker: Asker::new(parent),
            decoder: Arc::clone(decoder),
            tally: Arc::clone(tally),
            spare: Arc::clone(spare),
        })
    }

    /// The lines of the children of several parents, in the order of these. The first request goes in the
    /// place that the page of the parents had, and further ones in spare places. `when_free` is called as
    /// soon as the former has nothing more to do.
    pub async fn lines(
        self: &Arc<Self>,
        parents: Vec<ParentRecord>,
        when_free: impl FnOnce(),
    ) -> Result<ChildLines, Failure> {
        let mut found: Vec<Option<ChildLines>> = parents.iter().map(|_| None).collect();
        let mut waiting = parents.into_iter().enumerate().peekable();
        let mut asked = JoinSet::new();
        let (mut is_free, mut when_free) = (true, Some(when_free));
        loop {
            while waiting.peek().is_some()
                && let Some(place) = self.place(&mut is_free)
                && let Some((at, parent)) = waiting.next()
            {
                let reader = Arc::clone(self);
                asked.spawn(async move { (at, place, reader.of_one(&parent).await) });
            }
            if is_free && let Some(when_free) = when_free.take() {
                when_free();
            }
            let Some(ended) = asked.join_next().await else {
                break;
            };
            let (at, place, of_one) = tasks::result(ended).await;
            found[at] = Some(of_one?);
            is_free |= place.is_own();
        }
        let mut lines = ChildLines::default();
        found.into_iter().flatten().for_each(|one| lines.add(one));
        Ok(lines)
    }

    /// A free place.
    fn place(&self, is_free: &mut bool) -> Option<Place> {
        if *is_free {
            *is_free = false;
            return Some(Place::Own);
        }
        Place::spare(&self.spare)
    }

    /// The lines of one parent's children.
    async fn of_one(&self, parent: &ParentRecord) -> Result<ChildLines, Failure> {
        let children = self
            .asker
            .children(&self.source, parent, &self.tally)
            .await?;
        let decoder = Arc::clone(&self.decoder);
        let lines = spawn_blocking(move || decoder.children(&children));
        tasks::result(lines.await).await
    }
}

/// A sentence about the parents for which the API has nothing at the path of their children, if there are
/// some. Fails if it has links of none: then it does not offer them.
pub fn without(parent: &Parent, asked: Asked) -> Result<Option<String>, Failure> {
    if asked.without == 0 {
        return Ok(None);
    }
    let (stream, parents) = (&parent.stream.name, counted(asked.parents, "record"));
    let asked_of = format!("{} of {parents} of {stream}", asked.without);
    match parent.children {
        Children::Links(_) if asked.without == asked.parents && asked.parents > 1 => {
            let sentence = format!(
                "the API answered 404 for all {parents} of {stream}, so it does not offer these links; \
                 do not select them"
            );
            Err(Failure::new(FailureKind::UnknownStream, sentence))
        }
        Children::Links(_) => Ok(Some(format!(
            "{asked_of} vanished before their links were read"
        ))),
        Children::Transcript => Ok(Some(format!("{asked_of} have no transcript"))),
    }
}
