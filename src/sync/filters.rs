//! A bookmark is good for the filters with which its stream was read: with others, records that were
//! not read may lie before it.

use crate::catalog::{Selection, Stream, SyncMode};
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
    let now = selection.stream.filters(&source.config).fingerprint();
    if bookmark.filters == now {
        return None;
    }
    let Stream { name, api_name, .. } = selection.stream.walked();
    let key = source.config.streams.key(name, api_name).unwrap_or(name);
    let then = match (&bookmark.filters, now) {
        (None, _) => "without filters, so records that do not match have been read too",
        (Some(_), None) => "with filters, so what they left out has not been read",
        (Some(_), Some(_)) => "with other filters, so what they left out has not been read",
    };
    let undo = match bookmark.filters {
        None => format!("remove those of streams.{key}"),
        Some(_) => format!("set streams.{key} as it was"),
    };
    let again = protocol.way_to_start_again(&selection.stream.name);
    let sentence = format!("its bookmark was made {then}; {again}, or {undo}");
    Some(Failure::new(FailureKind::Rejected, sentence))
}
