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
    let streams = &source.config.streams;
    let key = streams.key(&stream.name, &stream.api_name);
    let key = key.unwrap_or(&stream.name);
    let (then, or) = match (&bookmark.filters, now) {
        (None, _) => ("without filters", format!("remove those of streams.{key}")),
        (Some(_), None) => (
            "with filters, and there are none now",
            format!("set streams.{key} as it was"),
        ),
        (Some(_), Some(_)) => ("with other filters", format!("set streams.{key} as it was")),
    };
    let again = protocol.way_to_start_again(&stream.name);
    let sentence = format!(
        "its bookmark was made {then}, so records that match may lie before it unread; {again}, or {or}"
    );
    Some(Failure::new(FailureKind::Rejected, sentence))
}
