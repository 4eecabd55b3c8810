//! How streams end.

use crate::http::failure::Failure;
use crate::protocol::message::Message;
use crate::source::Source;
use tokio::sync::mpsc::Sender;

/// How a stream ended.
pub enum End {
    Complete,
    Failed(Failure),
    /// The workspace lacks it, or the key may not read it, and nobody asked for it by name.
    LeftOut(Failure),
    /// Nobody reads the output any more.
    Unread,
}

/// A stream, by its emitted name, and how it ended.
pub struct Ended {
    pub stream: String,
    pub end: End,
}

impl Ended {
    /// Whether the other streams would fail in the same way.
    pub fn ends_run(&self) -> bool {
        matches!(&self.end, End::Failed(failure) if failure.kind.ends_run())
    }
}

impl End {
    /// Says that a stream failed, and ends it so.
    pub async fn failed(
        source: &Source,
        messages: &Sender<Message>,
        stream: &str,
        mut failure: Failure,
    ) -> End {
        failure.sentence = source.log.without_secret(failure.sentence);
        let message = Message::Failed {
            stream: stream.to_owned(),
            failure: failure.clone(),
        };
        match messages.send(message).await {
            Ok(()) => End::Failed(failure),
            Err(_) => End::Unread,
        }
    }
}
