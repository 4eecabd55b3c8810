//! What a plan asks for.

use crate::api::page::{PageToken, Window};

/// A request of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    pub id: u64,
    pub query: Query,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    Page {
        window: Window,
        token: Option<PageToken>,
    },
    /// The newest record alone, in descending order.
    Newest { until: Option<String> },
    /// The oldest record alone.
    Oldest { window: Window },
}
