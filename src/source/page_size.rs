//! The page size for the attempt after a failed one: the page may have been too large.

use crate::http::failure::FailureKind;

/// An overloaded server, or a proxy that cuts long responses, may manage half a page.
const FAILURES_BEFORE_HALF: u32 = 3;

/// The divisor after malformed pages. Each size is tried several times, so the steps are large.
const QUARTER: u16 = 4;

/// A smaller size to request at once, if the failure says that the page is too large.
pub fn at_once(limit: u16, kind: FailureKind) -> Option<u16> {
    let is_too_large = matches!(kind, FailureKind::LimitOutOfRange | FailureKind::Oversized);
    (is_too_large && limit > 1).then_some(limit / 2)
}

/// The size for the next attempt, after `failed` attempts, the last of which failed with `kind`.
pub fn for_next_attempt(limit: u16, kind: FailureKind, failed: u32) -> u16 {
    let may_be_too_large = matches!(kind, FailureKind::Server | FailureKind::Connection);
    if may_be_too_large && failed.is_multiple_of(FAILURES_BEFORE_HALF) {
        (limit / 2).max(1)
    } else {
        limit
    }
}

/// A smaller size to start again with, after the last attempt at this one. A smaller page may be
/// without the malformed part.
pub fn after_giving_up(limit: u16, kind: FailureKind) -> Option<u16> {
    (kind == FailureKind::Malformed && limit > 1).then(|| (limit / QUARTER).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_is_too_large_is_halved_at_once_down_to_one_record() {
        for (limit, kind, smaller) in [
            (500, FailureKind::LimitOutOfRange, Some(250)),
            (3, FailureKind::Oversized, Some(1)),
            (1, FailureKind::LimitOutOfRange, None),
            (500, FailureKind::Server, None),
            (500, FailureKind::Malformed, None),
        ] {
            assert_eq!(at_once(limit, kind), smaller, "{limit} {kind:?}");
        }
    }

    #[test]
    fn every_third_failure_of_the_server_or_the_connection_halves_the_page() {
        for (limit, kind, failed, next) in [
            (500, FailureKind::Server, 1, 500),
            (500, FailureKind::Server, 2, 500),
            (500, FailureKind::Server, 3, 250),
            (250, FailureKind::Connection, 6, 125),
            (1, FailureKind::Connection, 9, 1),
            (500, FailureKind::RateLimited, 3, 500),
            (500, FailureKind::Malformed, 3, 500),
        ] {
            let size = for_next_attempt(limit, kind, failed);
            assert_eq!(size, next, "{limit} {kind:?} {failed}");
        }
    }

    #[test]
    fn only_a_malformed_page_is_retried_with_a_quarter_of_its_size() {
        for (limit, kind, smaller) in [
            (500, FailureKind::Malformed, Some(125)),
            (3, FailureKind::Malformed, Some(1)),
            (1, FailureKind::Malformed, None),
            (500, FailureKind::Server, None),
        ] {
            assert_eq!(after_giving_up(limit, kind), smaller, "{limit} {kind:?}");
        }
    }
}
