//! What the plan asks, with its bounds as numbers.

use super::history::Micros;
use chrono::DateTime;
use tap_revops::api::page::PageToken;
use tap_revops::walk::plan::Query;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    Newest {
        until: Option<Micros>,
    },
    Page {
        from: Option<Micros>,
        until: Option<Micros>,
        token: Option<PageToken>,
    },
}

impl Question {
    pub fn of(query: &Query) -> Self {
        match query {
            Query::Newest { until } => Self::Newest {
                until: until.as_deref().map(micros),
            },
            Query::Page { window, token } => Self::Page {
                from: window.from.as_ref().map(|from| {
                    // What is not included begins right after.
                    micros(&from.updated_at) + Micros::from(!from.inclusive)
                }),
                until: window.until.as_deref().map(micros),
                token: token.clone(),
            },
        }
    }
}

fn micros(text: &str) -> Micros {
    let timestamp = DateTime::parse_from_rfc3339(text).unwrap();
    timestamp.timestamp_micros()
}
