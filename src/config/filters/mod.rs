//! The filters of a stream: which of its records a run reads. What the configuration alone shows to
//! be wrong is found here; `api` checks the rest against the stream's schema.

pub mod conditions;
mod lists;
pub mod parameters;

use self::conditions::Condition;
use crate::support::fingerprint;
use serde_json::{Value, json};

/// The filters of a stream, in the form of its API.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Filters {
    #[default]
    None,
    /// Reevo's: the list to send, and all its conditions, however they are combined.
    Conditions {
        sent: Vec<Value>,
        conditions: Vec<Condition>,
    },
    /// AskElephant's query parameters, names and values, in a fixed order.
    Parameters(Vec<(String, String)>),
}

impl Filters {
    /// A text that tells these filters from others, whatever the order of their parts; None if
    /// there are none.
    pub fn fingerprint(&self) -> Option<String> {
        let canonical = match self {
            Self::None => return None,
            Self::Conditions { sent, .. } => conditions::canonical(sent),
            Self::Parameters(pairs) => json!(pairs).to_string(),
        };
        Some(fingerprint::of(&canonical))
    }

    pub fn is_none(&self) -> bool {
        *self == Self::None
    }
}
