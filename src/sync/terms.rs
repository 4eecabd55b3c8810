//! The terms on which a run reads a stream: from where, how far, and in which way.

use crate::api::page::LowerBound;
use crate::catalog::{Selection, Stream, SyncMode};
use crate::config::{Boundary, Config, Paging};
use crate::state::Bookmark;
use crate::time::timestamp::{self, Timestamp};
use crate::walk::Edge;
use crate::walk::terms::{Reading, Span, Terms, lateness};
use chrono::{Datelike, TimeDelta};
use std::time::Duration;

/// The configuration as it is for one stream, and how long before its bookmark a run starts.
pub fn config(general: &Config, stream: &Stream) -> (Config, Duration) {
    let mut config = general.of_stream(&stream.name, &stream.api_name);
    let Some(parent) = &stream.parent else {
        let back = config.lookback;
        return (config, back);
    };
    let own = general.streams.of(&stream.name, &stream.api_name);
    // All places are for the children. Windows side by side would bring more parents into memory.
    config.concurrency = 1;
    config.page_size = own
        .page_size
        .unwrap_or_else(|| general.page_size.min(parent.children.most_parents()));
    // That children come late does not mean that their parents do.
    config.lookback = general.lookback;
    let back = own
        .lookback
        .unwrap_or_else(|| general.lookback.max(parent.children.lookback()));
    (config, back)
}

/// The terms of a run: from so long before the bookmark, or from the start date, or without a lower
/// bound; up to the end date.
pub fn of_run(
    config: &Config,
    selection: &Selection,
    bookmark: Option<&Bookmark>,
    back: Duration,
) -> Terms {
    let reading = Reading::of(&selection.stream);
    // The bookmark of a child stream is its parent's, which may have other children by now.
    let comes_again = selection.stream.parent.is_some();
    let known = bookmark.filter(|_| selection.mode == SyncMode::Incremental && !comes_again);
    let (from, until) = match reading {
        Reading::Scan => (None, None),
        _ => (
            lower_bound(config, selection.mode, bookmark, back),
            upper_bound(config),
        ),
    };
    Terms {
        from,
        until,
        lateness: lateness(config.lookback),
        reading,
        seeks: config.paging == Paging::Seek,
        span: span(config, selection.mode, reading, bookmark),
        places: config.concurrency,
        known: known.and_then(|bookmark| Some((bookmark.id.clone()?, bookmark.timestamp))),
    }
}

/// The part of the stream that the run reads, counted from the bookmark itself, without the
/// lookback. A stream without upper bounds cannot be read in parts.
fn span(
    config: &Config,
    mode: SyncMode,
    reading: Reading,
    bookmark: Option<&Bookmark>,
) -> Option<Span> {
    let length = config.max_days_per_run?;
    let bookmark = bookmark.filter(|_| mode == SyncMode::Incremental);
    let start = || Some(timestamp::parse(config.start_date.as_deref()?)?.timestamp);
    let from = bookmark.map(|bookmark| bookmark.timestamp).or_else(start);
    (mode == SyncMode::Incremental && reading == Reading::Windows).then_some(Span { from, length })
}

fn upper_bound(config: &Config) -> Option<Edge> {
    let text = config.end_date.clone()?;
    let timestamp = timestamp::parse(&text)?.timestamp;
    Some(Edge { timestamp, text })
}

fn lower_bound(
    config: &Config,
    mode: SyncMode,
    bookmark: Option<&Bookmark>,
    back: Duration,
) -> Option<(LowerBound, Timestamp)> {
    if let (SyncMode::Incremental, Some(bookmark)) = (mode, bookmark) {
        return at_bookmark(config, bookmark, back);
    }
    let updated_at = config.start_date.clone()?;
    let timestamp = timestamp::parse(&updated_at)?.timestamp;
    let inclusive = true;
    Some((
        LowerBound {
            updated_at,
            inclusive,
        },
        timestamp,
    ))
}

/// The bound at a bookmark; none if going back leads to before all dates. Its text goes back to
/// the API as the API wrote it, since any other could lose digits that the API compares.
fn at_bookmark(
    config: &Config,
    bookmark: &Bookmark,
    back: Duration,
) -> Option<(LowerBound, Timestamp)> {
    if back.is_zero() {
        let bound = LowerBound {
            updated_at: bookmark.updated_at.clone(),
            inclusive: config.boundary == Boundary::Gte,
        };
        return Some((bound, bookmark.timestamp));
    }
    let back = TimeDelta::from_std(back).ok()?;
    let earlier = bookmark.timestamp.checked_sub_signed(back)?;
    let bound = LowerBound {
        updated_at: timestamp::micros(earlier),
        inclusive: true,
    };
    (earlier.year() > 0).then_some((bound, earlier))
}
