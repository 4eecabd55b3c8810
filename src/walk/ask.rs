//! What a plan asks for.

use crate::api::page::{PageToken, Window};

/// A request of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    pub id: u64,
    pub query: Query,
    /// Whether the plan means to follow the token of the answer at once, if nothing in it speaks
    /// against that.
    pub leads_on: bool,
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
