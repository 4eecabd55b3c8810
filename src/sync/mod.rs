//! A run: the selected streams side by side, each to its end, and then its bookmark. A stream that
//! fails leaves its old bookmark in force, and the others finish.

mod bounds;
pub mod conclusion;
pub mod end;
mod lines;
mod report;
mod stream;
mod wanted;

pub use wanted::Wanted;

use self::end::{End, Ended};
use self::stream::StreamRun;
use crate::protocol::Protocol;
use crate::protocol::message::Message;
use crate::source::Source;
use crate::source::discover;
use crate::state::{Bookmark, State};
use crate::support::tasks::joined;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;

/// Reads streams to their ends. Returns how each ended; after a failure that ends the run, without
/// the rest.
pub async fn sync(
    source: &Arc<Source>,
    protocol: Protocol,
    wanted: Vec<Wanted>,
    state: &State,
    messages: &Sender<Message>,
) -> Vec<Ended> {
    let places = Arc::new(Semaphore::new(source.config.concurrency));
    let mut tasks = JoinSet::new();
    let mut ends = Vec::new();
    for (at, wanted) in wanted.into_iter().enumerate() {
        let place = Arc::clone(&places).acquire_owned().await;
        if at == 1 {
            // If the key or the address is wrong, the first stream alone finds out.
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
        let (source, messages) = (Arc::clone(source), messages.clone());
        tasks.spawn(async move {
            let _place = place;
            Ended {
                stream: wanted.name().to_owned(),
                end: read(source, protocol, wanted, bookmark, messages).await,
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

/// Asks the API about a stream, and reads it. One that cannot be described has failed, and the
/// others go on.
async fn read(
    source: Arc<Source>,
    protocol: Protocol,
    wanted: Wanted,
    bookmark: Option<Bookmark>,
    messages: Sender<Message>,
) -> End {
    let failure = match wanted.select(&source).await {
        Ok(selection) => {
            let stream = StreamRun::new(&source, protocol, selection, bookmark, messages);
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
