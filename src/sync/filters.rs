//! A bookmark is good for the filters with which its stream was read: with others, records that were
//! not read may lie before it.

use crate::catalog::{Selection, SyncMode};
use crate::http::failure::{Failure, FailureKind};
use crate::protocol::Protocol;
use crate::source::Source;
use crate::state::Bookmark;

/// The failure of a stream that would be read from a bookmark made with other filters.
pub fn changed(
    source: &Source,
    protocol: Protocol,
    selection: &Selection,
    bookmark: Option<&Bookmark>,
) -> Option<Failure> {
    let bookmark = bookmark.filter(|_| selection.mode == SyncMode::Incremental)?;
    let stream = &selection.stream;
    let now = source
        .config
        .filters(&stream.name, &stream.api_name)
        .fingerprint();
    if bookmark.filters == now {
        return None;
    }
    let then = match (&bookmark.filters, now) {
        (None, _) => "without filters",
        (Some(_), None) => "with filters, and there are none now",
        (Some(_), Some(_)) => "with other filters",
    };
    let streams = &source.config.streams;
    let key = streams
        .key(&stream.name, &stream.api_name)
        .unwrap_or(&stream.name);
    let again = protocol.way_to_start_again(&stream.name);
    let sentence = format!(
        "its bookmark was made {then}, so what it stands for has not all been read; \
         {again}, or set streams.{key}.filters as it was"
    );
    Some(Failure::new(FailureKind::Rejected, sentence))
}
