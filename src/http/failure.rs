//! Failed requests: what kind of failure it is, what happened and what to do. `error_response`
//! classifies what the API answers.

use std::fmt;
use std::time::Duration;

/// What kind of failure it is. What happens next depends on this alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The key is wrong. The run ends.
    Unauthorized,
    /// The key lacks a permission. The stream fails.
    Forbidden,
    /// There is nothing at this path. The stream fails.
    NotFound,
    /// The API does not know the stream. The stream fails.
    UnknownStream,
    /// The page token no longer works. The walk starts again.
    InvalidCursor,
    /// The API refuses the page size. A smaller one is tried.
    LimitOutOfRange,
    /// The API answered with a redirect, which is not followed. The stream fails.
    Redirected,
    /// The API refuses the request for another reason. The stream fails.
    Rejected,
    /// Too many requests.
    RateLimited,
    /// The API failed.
    Server,
    /// The connection failed: refused, broken or too slow.
    Connection,
    /// No connection has been made in this run yet.
    Unreachable,
    /// The response is not one that the API documents.
    Malformed,
    /// The response is larger than any page should be.
    Oversized,
}

impl FailureKind {
    /// Whether the same request may succeed a little later.
    pub fn is_transient(self) -> bool {
        matches!(
            self,
            Self::RateLimited
                | Self::Server
                | Self::Connection
                | Self::Unreachable
                | Self::Malformed
        )
    }

    /// Whether every other request of the run would fail in the same way.
    pub fn ends_run(self) -> bool {
        matches!(self, Self::Unauthorized | Self::Unreachable)
    }

    /// What to do about a failure of this kind, where nothing more is known about it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Unauthorized => "check api_key: it is wrong, expired or for another workspace",
            Self::Forbidden => "give the key permission to read this, or do not select it",
            Self::NotFound => "the workspace does not offer this; check the name and base_url",
            Self::UnknownStream => {
                "check the name and the key's permissions; in record_types, name custom objects by their API name"
            }
            Self::InvalidCursor => "the page token does not work",
            Self::LimitOutOfRange | Self::Oversized => "set a smaller page_size",
            Self::Redirected => "redirects are not followed, to protect the key; check base_url",
            Self::Rejected => "check the configuration and run discover again",
            Self::RateLimited => "run less often, or set requests_per_second",
            Self::Server => "the API has a problem; try again later",
            Self::Connection => "check the network, or try again later",
            Self::Unreachable => "check base_url and the network",
            Self::Malformed => "if this persists, check base_url for a proxy in between",
        }
    }
}

/// A failed request: its kind, and a sentence that says what happened and what to do.
#[derive(Clone, Debug)]
pub struct Failure {
    pub kind: FailureKind,
    pub sentence: String,
    /// How long the API asks to wait before the next attempt.
    pub asked_wait: Option<Duration>,
}

impl Failure {
    pub fn new(kind: FailureKind, sentence: impl Into<String>) -> Self {
        Self {
            kind,
            sentence: sentence.into(),
            asked_wait: None,
        }
    }

    /// A failure with the advice of its kind.
    pub fn advised(kind: FailureKind, happened: &str) -> Self {
        Self::new(kind, format!("{happened}; {}", kind.advice()))
    }

    /// One failure for several: a heading, then each cause with the names of what failed for it.
    /// The kind is that of the first.
    pub fn of_several(heading: &str, failures: &[(&str, &Failure)]) -> Self {
        let mut causes: Vec<(&str, Vec<&str>)> = Vec::new();
        for (name, failure) in failures {
            let same = causes
                .iter_mut()
                .find(|(cause, _)| *cause == failure.sentence);
            match same {
                Some((_, names)) => names.push(name),
                None => causes.push((&failure.sentence, vec![name])),
            }
        }
        let lines = causes
            .iter()
            .map(|(cause, names)| format!("\n  {}: {cause}", names.join(", ")));
        let kind = failures
            .first()
            .map_or(FailureKind::Server, |(_, failure)| failure.kind);
        Self::new(kind, format!("{heading}:{}", lines.collect::<String>()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.sentence)
    }
}

impl std::error::Error for Failure {}
