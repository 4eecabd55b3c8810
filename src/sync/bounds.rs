//! The window of `updated_at` that a run reads of a stream.

use crate::api::page::{LowerBound, Window};
use crate::catalog::SyncMode;
use crate::config::{Boundary, Config};
use crate::state::Bookmark;
use crate::time::timestamp;
use chrono::{Datelike, TimeDelta};

/// The window of a run: from the bookmark, less the lookback, or from the start date, or without
/// a lower bound; up to the end date.
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

/// The bound at a bookmark; none if the lookback leads to before all dates. Its text goes back to
/// the API as the API wrote it, since any other could lose digits that the API compares.
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
