//! The outcome of a run, from the ends of its streams: success, or one failure with every cause.

use super::end::{End, Ended};
use crate::http::failure::{Failure, FailureKind};
use crate::source::Source;
use crate::source::discover;

/// The failure of the run, or None if it succeeded.
pub fn failure(source: &Source, ends: &[Ended]) -> Option<Failure> {
    let (mut failed, mut left_out) = (Vec::new(), Vec::new());
    for Ended { stream, end } in ends {
        match end {
            End::Failed(failure) if failure.kind.ends_run() => return Some(failure.clone()),
            End::Failed(failure) => failed.push((stream.as_str(), failure)),
            End::LeftOut(failure) => left_out.push((stream.as_str(), failure)),
            End::Complete | End::Unread => {}
        }
    }
    let read = ends.len() - failed.len() - left_out.len();
    let all = [failed.as_slice(), &left_out].concat();
    let none_exists = all.iter().all(|(_, one)| one.kind == FailureKind::NotFound);
    if read == 0 && !all.is_empty() && (failed.is_empty() || none_exists) {
        return Some(discover::nothing_readable(source, &all));
    }
    (!failed.is_empty()).then(|| of_streams(&failed, read))
}

/// A failure that says which streams failed and why, and how many others were read.
fn of_streams(failed: &[(&str, &Failure)], read: usize) -> Failure {
    let others = match read {
        0 => String::new(),
        1 => "; the other stream was read".to_owned(),
        _ => format!("; the other {read} streams were read"),
    };
    if let [(stream, failure)] = failed {
        let sentence =
            format!("{stream} failed, and its bookmark stays as it was{others}: {failure}");
        return Failure {
            sentence,
            ..(*failure).clone()
        };
    }
    let count = failed.len();
    let streams = match read {
        0 => format!("all {count} streams"),
        _ => format!("{count} of {} streams", count + read),
    };
    let heading = format!("{streams} failed, and their bookmarks stay as they were{others}");
    Failure::of_several(&heading, failed)
}
