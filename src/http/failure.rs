//! What can go wrong with a request, classified once. Nothing else compares a status or a code.

use crate::time::timestamp::Timestamp;
use std::fmt;
use std::time::Duration;

/// What kind of failure it was; what happens next depends on this alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The key is wrong. The run ends.
    Unauthorized,
    /// The key may not do this. The stream fails.
    Forbidden,
    /// There is nothing at this path. The stream fails.
    NotFound,
    /// The API knows no stream of this name. The stream fails.
    UnknownStream,
    /// The page token no longer works. The walk starts again.
    InvalidCursor,
    /// The page size is refused. A smaller one is tried.
    LimitOutOfRange,
    /// The request is refused for another reason. The stream fails.
    Rejected,
    /// Too many requests.
    RateLimited,
    /// The API failed.
    Server,
    /// The connection failed: refused, cut, too slow.
    Connection,
    /// No connection has ever been made in this run.
    Unreachable,
    /// An answer arrived that cannot be what the API meant to send.
    Malformed,
    /// An answer arrived that is larger than any page should be.
    Oversized,
}

impl FailureKind {
    /// Whether the same request may succeed a little later. What is not known is not retried.
    pub fn is_transient(self) -> bool {
        matches!(
            self,
            Self::RateLimited
                | Self::Server
                | Self::Connection
                | Self::Unreachable
                | Self::Malformed
        )
    }

    /// Whether every other request of the run would fail in the same way.
    pub fn ends_run(self) -> bool {
        matches!(self, Self::Unauthorized | Self::Unreachable)
    }
}

/// When the API wants the next attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    Seconds(u64),
    At(std::time::SystemTime),
}

impl RetryAfter {
    /// Reads the header in either of its forms; any other is as good as none.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        match text.parse() {
            Ok(seconds) => Some(Self::Seconds(seconds)),
            // More seconds than a number holds are still a wish, and none that is cut short.
            Err(_) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(Self::Seconds(u64::MAX))
            }
            Err(_) => httpdate::parse_http_date(text).ok().map(Self::At),
        }
    }

    /// How long to wait, when the API's own clock shows `now`.
    pub fn wait(&self, now: Timestamp) -> Duration {
        match self {
            Self::Seconds(seconds) => Duration::from_secs(*seconds),
            Self::At(moment) => moment.duration_since(now.into()).unwrap_or_default(),
        }
    }
}

/// A failed request: its kind, and a sentence that says what happened and what to do.
#[derive(Clone, Debug)]
pub struct Failure {
    pub kind: FailureKind,
    pub sentence: String,
    /// How long the API asks to wait before the next attempt.
    pub asked_wait: Option<Duration>,
}

impl Failure {
    pub fn new(kind: FailureKind, sentence: impl Into<String>) -> Self {
        Self {
            kind,
            sentence: sentence.into(),
            asked_wait: None,
        }
    }

    /// One failure for several things that failed: a heading, then each cause with the names of
    /// the things that it concerns. The kind is that of the first.
    pub fn of_several(heading: &str, failures: &[(&str, &Failure)]) -> Self {
        let mut causes: Vec<(&str, Vec<&str>)> = Vec::new();
        for (name, failure) in failures {
            let same = causes
                .iter_mut()
                .find(|(cause, _)| *cause == failure.sentence);
            match same {
                Some((_, names)) => names.push(name),
                None => causes.push((&failure.sentence, vec![name])),
            }
        }
        let lines = causes
            .iter()
            .map(|(cause, names)| format!("\n  {}: {cause}", names.join(", ")));
        let kind = failures
            .first()
            .map_or(FailureKind::Server, |(_, failure)| failure.kind);
        Self::new(kind, format!("{heading}:{}", lines.collect::<String>()))
    }

    /// A failure that the API told of, by status, error code and message.
    pub fn told(
        status: u16,
        code: Option<&str>,
        message: Option<&str>,
        request_id: Option<&str>,
    ) -> Self {
        let (kind, advice) = classify(status, code);
        let mut sentence = format!("the API answered {status}");
        if let Some(code) = code {
            sentence.push_str(&format!(" {}", shorten(code)));
        }
        if let Some(message) = message {
            sentence.push_str(&format!(" ({})", shorten(message)));
        }
        if let Some(request_id) = request_id {
            sentence.push_str(&format!(", request {}", shorten(request_id)));
        }
        Self::new(kind, format!("{sentence}; {advice}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.sentence)
    }
}

impl std::error::Error for Failure {}

/// A kind of failure, and what to do about it.
type Verdict = (FailureKind, &'static str);

const UNAUTHORIZED: Verdict = (
    FailureKind::Unauthorized,
    "check api_key: it is wrong, expired or of another workspace",
);
const FORBIDDEN: Verdict = (
    FailureKind::Forbidden,
    "give the key the permission to read this, or do not ask for it",
);
/// The API's own words say which sizes it takes.
const LIMIT_OUT_OF_RANGE: Verdict = (FailureKind::LimitOutOfRange, "set a smaller page_size");
const RATE_LIMITED: Verdict = (
    FailureKind::RateLimited,
    "too many requests; run less often, or lower concurrency",
);

/// The one table. Codes say more than statuses, so they are looked up first; but a status that
/// passes is no refusal, whatever the code.
fn classify(status: u16, code: Option<&str>) -> Verdict {
    let passes = matches!(status, 408 | 429 | 500..=599);
    let by_code = code.and_then(by_code);
    if let Some(known) = by_code.filter(|(kind, _)| !passes || kind.is_transient()) {
        return known;
    }
    match status {
        401 => UNAUTHORIZED,
        403 => FORBIDDEN,
        404 | 405 => (
            FailureKind::NotFound,
            "the workspace does not offer this; check the name and base_url",
        ),
        408 => (FailureKind::Connection, "the request took too long"),
        413 => LIMIT_OUT_OF_RANGE,
        429 => RATE_LIMITED,
        300..=399 => (
            FailureKind::Rejected,
            "it wants to send us elsewhere, which would show the key to another address; check base_url",
        ),
        500..=599 => (
            FailureKind::Server,
            "the API has a problem of its own; try again later",
        ),
        _ => (
            FailureKind::Rejected,
            "the API does not take this request; check the configuration and run discover again",
        ),
    }
}

/// The error codes that the APIs document, each with its recovery.
fn by_code(code: &str) -> Option<Verdict> {
    Some(match code {
        "unauthorized" => UNAUTHORIZED,
        "forbidden" => FORBIDDEN,
        "limit_out_of_range" | "invalid_range" => LIMIT_OUT_OF_RANGE,
        "rate_limited" => RATE_LIMITED,
        "unknown_record_type" => (
            FailureKind::UnknownStream,
            "the workspace has no such record type, or not for this key; in record_types, custom objects are named by their API name",
        ),
        "invalid_filter_field" => (
            FailureKind::Rejected,
            "the API cannot filter by this field; run discover again, or select replication-method FULL_TABLE",
        ),
        "invalid_filter_operator" => (
            FailureKind::Rejected,
            "the API cannot compare this field so; run discover again, or select replication-method FULL_TABLE",
        ),
        "invalid_filter_value" => (
            FailureKind::Rejected,
            "check start_date, end_date and the bookmark: the API does not take one of them as a date",
        ),
        "filter_depth_exceeded" => (
            FailureKind::Rejected,
            "the filter's path goes through too many records; shorten it",
        ),
        "sort_too_many_fields" => (
            FailureKind::Rejected,
            "the API sorts by three fields at most; report this as a fault of the tap",
        ),
        "unsortable_field" => (
            FailureKind::Rejected,
            "the API cannot sort by this field; run discover again, or select replication-method FULL_TABLE",
        ),
        "invalid_cursor" => (
            FailureKind::InvalidCursor,
            "the walk has to start again; it does so by itself, so try again if this persists",
        ),
        _ => return None,
    })
}

/// A text of the API's, fit for one line. Control characters go, so that no answer can forge a
/// line of the log.
fn shorten(text: &str) -> String {
    const LONGEST: usize = 200;
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let line = line.trim().trim_end_matches('.');
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_an_api_says_makes_a_second_line() {
        let text = "odd\n\u{0}\u{7f}\u{85}";
        let failure = Failure::told(400, Some(text), Some(text), Some(text));
        assert!(!failure.sentence.contains(char::is_control), "{failure}");
    }

    #[test]
    fn statuses_and_codes_have_one_kind_each() {
        let table = [
            (401, None, FailureKind::Unauthorized),
            (403, None, FailureKind::Forbidden),
            (404, Some("unknown_record_type"), FailureKind::UnknownStream),
            (405, None, FailureKind::NotFound),
            (400, Some("invalid_cursor"), FailureKind::InvalidCursor),
            (422, Some("invalid_range"), FailureKind::LimitOutOfRange),
            (400, Some("unsortable_field"), FailureKind::Rejected),
            (400, Some("never_heard_of"), FailureKind::Rejected),
            (302, None, FailureKind::Rejected),
            (429, None, FailureKind::RateLimited),
            (503, Some("never_heard_of"), FailureKind::Server),
            (500, Some("unauthorized"), FailureKind::Server),
            (429, Some("forbidden"), FailureKind::RateLimited),
            (503, Some("rate_limited"), FailureKind::RateLimited),
        ];
        for (status, code, kind) in table {
            assert_eq!(
                Failure::told(status, code, None, None).kind,
                kind,
                "{status} {code:?}"
            );
        }
    }

    #[test]
    fn every_documented_error_says_how_to_recover() {
        for code in [
            "invalid_filter_field",
            "invalid_filter_operator",
            "invalid_filter_value",
            "filter_depth_exceeded",
            "sort_too_many_fields",
            "unsortable_field",
            "invalid_cursor",
            "limit_out_of_range",
        ] {
            let failure = Failure::told(400, Some(code), Some("what the API says."), None);
            let expected = format!("the API answered 400 {code} (what the API says); ");
            assert!(failure.sentence.starts_with(&expected), "{failure}");
            assert!(failure.sentence.len() > expected.len() + 20, "{failure}");
        }
    }

    #[test]
    fn advice_on_a_page_size_holds_for_whatever_limit_the_api_names() {
        for (status, code) in [
            (400, Some("limit_out_of_range")),
            (422, Some("invalid_range")),
            (413, None),
        ] {
            let message = Some("limit must be between 1 and 100");
            let failure = Failure::told(status, code, message, None);
            let advised = failure.sentence.rsplit("); ").next();
            assert_eq!(advised, Some("set a smaller page_size"), "{failure}");
        }
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        assert_eq!(RetryAfter::parse(" 120 "), Some(RetryAfter::Seconds(120)));
        assert!(matches!(
            RetryAfter::parse("Fri, 05 Jun 2026 10:00:00 GMT"),
            Some(RetryAfter::At(_))
        ));
        assert_eq!(
            RetryAfter::parse("99999999999999999999999"),
            Some(RetryAfter::Seconds(u64::MAX))
        );
        assert_eq!(RetryAfter::parse("soon"), None);
        assert_eq!(RetryAfter::parse(""), None);
        assert_eq!(RetryAfter::parse("-1"), None);
    }

    #[test]
    fn a_date_is_a_wait_by_the_clock_of_the_api() {
        let after = RetryAfter::parse("Fri, 05 Jun 2026 10:00:00 GMT").unwrap();
        for (now, seconds) in [("09:58:30", 90), ("10:00:01", 0)] {
            let text = format!("2026-06-05T{now}Z");
            let now = crate::time::timestamp::parse(&text).unwrap().timestamp;
            assert_eq!(after.wait(now), Duration::from_secs(seconds));
        }
    }

    #[test]
    fn a_message_cannot_forge_a_line_of_the_log() {
        let failure = Failure::told(
            500,
            None,
            Some(&format!("a\nCRITICAL b{}", "x".repeat(500))),
            None,
        );
        assert!(!failure.sentence.contains('\n') && failure.sentence.len() < 400);
        let failure = Failure::told(500, Some("a\nCRITICAL b"), None, None);
        assert!(!failure.sentence.contains('\n'));
    }
}
