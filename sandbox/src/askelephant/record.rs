//! Records as the API writes them, with what a request expands.

use super::directory::{Company, Contact, Tag, User};
use super::engagement::Engagement;
use super::expansion::{self, Expansion};
use crate::options::Options;
use crate::stream::Stream;
use crate::world::store::Entry;

/// Writes a record as lists show it when nothing is expanded.
pub fn write_record(out: &mut Vec<u8>, options: &Options, stream: Stream, entry: &Entry) {
    write_expanded(out, options, stream, entry, &[], 0);
}

/// Writes a record with some of its members expanded.
pub fn write_expanded(
    out: &mut Vec<u8>,
    options: &Options,
    stream: Stream,
    entry: &Entry,
    expand: &[Expansion],
    now: i64,
) {
    match stream {
        Stream::Companies => Company::of(options, entry.index).write(out, options, entry),
        Stream::Users => User::of(options, entry.index).write(out, options, entry),
        Stream::Tags => Tag::of(options, entry.index).write(out, options, entry),
        Stream::Engagements => {
            let engagement = Engagement::of(options, entry);
            let mut members = engagement.write(out, options, entry);
            expansion::write(&mut members, &engagement, expand, now);
            members.close(entry);
        }
        _ => Contact::of(options, entry.index).write(out, options, entry),
    }
}
