//! An edge between two windows.

use crate::time::timestamp::{self, Timestamp};
use chrono::SubsecRound;

/// An upper bound of a window, exclusive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    pub timestamp: Timestamp,
    /// The text that filters send.
    pub text: String,
}

impl Edge {
    /// An edge at a point in time, cut to what its text says.
    pub fn at(timestamp: Timestamp) -> Self {
        let timestamp = timestamp.trunc_subsecs(6);
        Self {
            timestamp,
            text: timestamp::micros(timestamp),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_is_what_its_text_says() {
        let moment = Timestamp::UNIX_EPOCH + chrono::TimeDelta::nanoseconds(1_999_999_999);
        let edge = Edge::at(moment);
        assert_eq!(edge.text, "1970-01-01T00:00:01.999999Z");
        assert_eq!(timestamp::micros(edge.timestamp), edge.text);
        assert_eq!(Edge::at(edge.timestamp), edge);
        assert!(edge.timestamp < moment);
    }
}
