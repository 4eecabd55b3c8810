//! Reads the selected streams concurrently. After a stream has ended, its bookmark is emitted. A
//! stream that fails keeps its old bookmark, and the others continue.

mod children;
pub mod conclusion;
pub mod end;
mod fetches;
mod filters;
mod lines;
mod place;
mod report;
mod rows;
mod stream;
pub mod terms;
mod wanted;

pub use wanted::Wanted;

use self::end::{End, Ended};
use self::stream::{Last, StreamRun};
use crate::protocol::Protocol;
use crate::protocol::message::Message;
use crate::source::Source;
use crate::source::discover;
use crate::state::State;
use crate::support::tasks::joined;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;

/// Reads all streams, and returns how each ended. After a failure that ends the run, the remaining
/// streams are missing from the result.
pub async fn sync(
    source: &Arc<Source>,
    protocol: Protocol,
    wanted: Vec<Wanted>,
    state: &State,
    messages: &Sender<Message>,
) -> Vec<Ended> {
    let permits = Arc::new(Semaphore::new(source.config.concurrency));
    let mut tasks = JoinSet::new();
    let mut ends = Vec::new();
    for (at, wanted) in wanted.into_iter().enumerate() {
        let permit = Arc::clone(&permits).acquire_owned().await;
        if at == 1 {
            // A wrong key or address then fails the first stream only, not all of them at once.
            tokio::select! {
                biased;
                Some(ended) = tasks.join_next() => ends.extend(joined(ended)),
                () = source.answered() => {}
            }
        }
        while let Some(ended) = tasks.try_join_next() {
            ends.extend(joined(ended));
        }
        if ends.iter().any(Ended::ends_run) {
            return ends;
        }
        // The state was checked when it was read.
        let bookmark = state.bookmark(wanted.name()).unwrap_or_default();
        let bookmark = bookmark.filter(|_| !wanted.is_fresh);
        let version = state.version(wanted.name()).cloned();
        let last = Last { bookmark, version };
        let (source, messages) = (Arc::clone(source), messages.clone());
        let spare = Arc::clone(&permits);
        tasks.spawn(async move {
            let _permit = permit;
            Ended {
                stream: wanted.name().to_owned(),
                end: read(source, protocol, wanted, last, spare, messages).await,
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ends.extend(joined(ended));
        if ends.iter().any(Ended::ends_run) {
            break;
        }
    }
    ends
}

/// Gets a stream's description from the API, and reads the stream. Without a description, the
/// stream fails.
async fn read(
    source: Arc<Source>,
    protocol: Protocol,
    wanted: Wanted,
    last: Last,
    spare: Arc<Semaphore>,
    messages: Sender<Message>,
) -> End {
    let failure = match wanted.select(&source).await {
        Ok(selection) => {
            if let Some(failure) =
                filters::changed(&source, protocol, &selection, last.bookmark.as_ref())
            {
                return End::failed(&source, &messages, wanted.name(), failure).await;
            }
            let limit = wanted.limit;
            let stream =
                StreamRun::new(&source, protocol, selection, last, &spare, messages, limit);
            return stream.read().await;
        }
        Err(failure) => failure,
    };
    if failure.kind.ends_run() {
        return End::Failed(failure);
    }
    if wanted.is_left_out(&source, &failure) {
        discover::warn_of_left_out(&source, wanted.name(), &failure);
        return End::LeftOut(failure);
    }
    End::failed(&source, &messages, wanted.name(), failure).await
}
