//! What the plan asks, with its bounds as numbers.

use super::history::Micros;
use chrono::DateTime;
use tap_revops::api::page::{PageToken, Window};
use tap_revops::walk::ask::Query;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    Newest {
        until: Option<Micros>,
    },
    Oldest {
        from: Option<Micros>,
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
            Query::Oldest { window } => Self::Oldest {
                from: lower(window),
                until: upper(window),
            },
            Query::Page { window, token } => Self::Page {
                from: lower(window),
                until: upper(window),
                token: token.clone(),
            },
        }
    }
}

fn lower(window: &Window) -> Option<Micros> {
    let from = window.from.as_ref();
    // What is not included begins right after.
    from.map(|from| micros(&from.updated_at) + Micros::from(!from.inclusive))
}

fn upper(window: &Window) -> Option<Micros> {
    window.until.as_deref().map(micros)
}

fn micros(text: &str) -> Micros {
    let timestamp = DateTime::parse_from_rfc3339(text).unwrap();
    timestamp.timestamp_micros()
}
