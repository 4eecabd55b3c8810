//! A rule of a script: which requests, how many of them, and what happens to them.

use super::reply::Reply;
use super::requests::Requests;

/// What happens to some of the requests that match. Every rule counts the requests that match it,
/// whatever other rules do with them.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub requests: Requests,
    /// How many matching requests to let pass first.
    pub skip: u64,
    /// To how many matching requests to apply after that; `None` means all.
    pub times: Option<u64>,
    pub reply: Reply,
}

/// A rule for requests whose decoded path contains a text: a short form for tests.
#[derive(Clone, Debug)]
pub struct Fault {
    pub path_contains: String,
    /// How many matching requests to let pass first.
    pub skip: u64,
    /// To how many matching requests to apply after that.
    pub times: u64,
    pub reply: Reply,
}

impl From<Fault> for Rule {
    fn from(fault: Fault) -> Self {
        Rule {
            requests: Requests {
                path_contains: fault.path_contains,
                kind: fault.reply.requests(),
                ..Requests::default()
            },
            skip: fault.skip,
            times: Some(fault.times),
            reply: fault.reply,
        }
    }
}
