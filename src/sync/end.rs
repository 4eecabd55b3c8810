//! The ways in which a stream ends.

use crate::http::failure::Failure;
use crate::protocol::message::Message;
use crate::source::Source;
use tokio::sync::mpsc::Sender;

/// How a stream ended.
pub enum End {
    Complete,
    Failed(Failure),
    /// The workspace does not have it, or the key may not read it; it was not asked for by name.
    LeftOut(Failure),
    /// Nobody reads the output any more.
    Unread,
}

/// A stream's emitted name, and how the stream ended.
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
    /// Sends the message that a stream failed, and returns that end.
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
