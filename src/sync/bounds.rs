//! Computes the `updated_at` window that a run reads of a stream.

use crate::api::page::{LowerBound, Window};
use crate::catalog::SyncMode;
use crate::config::{Boundary, Config};
use crate::state::Bookmark;
use crate::time::timestamp;
use chrono::{Datelike, TimeDelta};

/// The window of a run. An incremental run with a bookmark starts there, minus the lookback; any
/// other starts at the start date, if there is one. It ends before the end date, if there is one.
pub fn of_run(config: &Config, mode: SyncMode, bookmark: Option<&Bookmark>) -> Window {
    let start_date = config.start_date.clone().map(|updated_at| LowerBound {
        updated_at,
        inclusive: true,
    });
    let from = match (mode, bookmark) {
        (SyncMode::Incremental, Some(bookmark)) => after_bookmark(config, bookmark),
        _ => start_date,
    };
    Window {
        from,
        until: config.end_date.clone(),
    }
}

/// The lower bound at a bookmark; None if the lookback goes back beyond the year 1. Without a
/// lookback, it is the exact text of the API, so that no digit that the API compares is lost.
fn after_bookmark(config: &Config, bookmark: &Bookmark) -> Option<LowerBound> {
    if config.lookback.is_zero() {
        return Some(LowerBound {
            updated_at: bookmark.updated_at.clone(),
            inclusive: config.boundary == Boundary::Gte,
        });
    }
    let lookback = TimeDelta::from_std(config.lookback).ok()?;
    let earlier = bookmark.timestamp.checked_sub_signed(lookback)?;
    (earlier.year() > 0).then(|| LowerBound {
        updated_at: timestamp::micros(earlier),
        inclusive: true,
    })
}
