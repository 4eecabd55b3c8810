//! An edge between two windows.

use crate::time::timestamp::{self, Timestamp};

/// An upper bound of a window, exclusive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    pub timestamp: Timestamp,
    /// The text that filters send.
    pub text: String,
}

impl Edge {
    pub fn at(timestamp: Timestamp) -> Self {
        Self {
            timestamp,
            text: timestamp::micros(timestamp),
        }
    }
}
