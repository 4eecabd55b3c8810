//! What a walk does next, and when it gives up.

use crate::api::page::PageToken;

/// So many pages in a row that bring nothing new have no end.
pub const MOST_REPEATED: u32 = 1000;

/// How often a walk may start again without getting further.
pub const RESTARTS_WITHOUT_PROGRESS: u32 = 2;

/// Why a walk cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GaveUp {
    Endless,
    /// It has started again too often, the last time for this reason.
    Restarts(&'static str),
}

/// What a walk does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Ask from the window's start, or from the settled stamp.
    Start,
    Token(PageToken),
    Ended,
    GivenUp(GaveUp),
    /// No upper bound works: the API does not have one, or does not keep to it.
    Unbounded,
}
