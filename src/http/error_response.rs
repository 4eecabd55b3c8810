//! Error responses of the APIs, classified in one table. Nothing else compares a status or an
//! error code.

use super::failure::{Failure, FailureKind};

/// What the API says about a request that it did not fulfil.
#[derive(Clone, Copy, Debug, Default)]
pub struct ErrorResponse<'a> {
    pub status: u16,
    pub code: Option<&'a str>,
    pub message: Option<&'a str>,
    pub request_id: Option<&'a str>,
}

impl ErrorResponse<'_> {
    /// The kind of failure. Codes say more than statuses, so they come first; but a status that
    /// passes with time is never permanent, whatever the code.
    pub fn kind(&self) -> FailureKind {
        let passes = matches!(self.status, 408 | 429 | 500..=599);
        let by_code = self.code.and_then(kind_of_code);
        if let Some(known) = by_code.filter(|kind| !passes || kind.is_transient()) {
            return known;
        }
        match self.status {
            401 => FailureKind::Unauthorized,
            403 => FailureKind::Forbidden,
            404 | 405 => FailureKind::NotFound,
            408 => FailureKind::Connection,
            413 => FailureKind::LimitOutOfRange,
            429 => FailureKind::RateLimited,
            300..=399 => FailureKind::Redirected,
            500..=599 => FailureKind::Server,
            _ => FailureKind::Rejected,
        }
    }

    /// The failure, if it is of this kind.
    pub fn failure(&self, kind: FailureKind) -> Failure {
        let mut happened = format!("the API answered {}", self.status);
        if let Some(code) = self.code {
            happened.push_str(&format!(" {}", shorten(code)));
        }
        if let Some(message) = self.message {
            happened.push_str(&format!(" ({})", shorten(message)));
        }
        if let Some(request_id) = self.request_id {
            happened.push_str(&format!(", request {}", shorten(request_id)));
        }
        let of_code = self.code.filter(|_| kind == FailureKind::Rejected);
        match of_code.and_then(advice_on_code) {
            Some(advice) => Failure::new(kind, format!("{happened}; {advice}")),
            None => Failure::advised(kind, &happened),
        }
    }
}

/// The kinds of the error codes that the APIs document, where a status does not say as much.
fn kind_of_code(code: &str) -> Option<FailureKind> {
    Some(match code {
        "unauthorized" => FailureKind::Unauthorized,
        "forbidden" => FailureKind::Forbidden,
        "limit_out_of_range" | "invalid_range" => FailureKind::LimitOutOfRange,
        "rate_limited" => FailureKind::RateLimited,
        "unknown_record_type" | "unknown_relationship" => FailureKind::UnknownStream,
        "invalid_cursor" => FailureKind::InvalidCursor,
        _ if advice_on_code(code).is_some() => FailureKind::Rejected,
        _ => return None,
    })
}

/// What to do about a rejected request, where "Query Records for Sync" documents its code.
fn advice_on_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "invalid_filter_field" | "invalid_filter_operator" | "unsortable_field" => {
            "correct the stream's filters if it has some; else run discover again, or select replication-method FULL_TABLE"
        }
        "invalid_filter_value" => {
            "check the stream's filters, start_date, end_date and the bookmark: the API does not accept one of their values"
        }
        "filter_depth_exceeded" => {
            "shorten the dot path in the stream's filters, so that it leads through fewer records"
        }
        "sort_too_many_fields" => "report this as a bug in the tap",
        _ => return None,
    })
}

/// A text of the API, fit for one line. Control characters go, so that no response can forge a
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

    fn failure(status: u16, code: Option<&str>, message: Option<&str>) -> Failure {
        let response = ErrorResponse {
            status,
            code,
            message,
            request_id: None,
        };
        response.failure(response.kind())
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
            (404, Some("unsortable_field"), FailureKind::Rejected),
            (400, Some("never_heard_of"), FailureKind::Rejected),
            (302, None, FailureKind::Redirected),
            (408, None, FailureKind::Connection),
            (429, None, FailureKind::RateLimited),
            (503, Some("never_heard_of"), FailureKind::Server),
            (500, Some("unauthorized"), FailureKind::Server),
            (429, Some("forbidden"), FailureKind::RateLimited),
            (503, Some("rate_limited"), FailureKind::RateLimited),
        ];
        for (status, code, kind) in table {
            let failure = failure(status, code, None);
            assert_eq!(failure.kind, kind, "{status} {code:?}");
        }
    }

    #[test]
    fn a_documented_code_overrides_the_advice_of_its_kind() {
        for (status, code, advice) in [
            (
                400,
                "sort_too_many_fields",
                "report this as a bug in the tap",
            ),
            (400, "never_heard_of", FailureKind::Rejected.advice()),
            (400, "invalid_cursor", FailureKind::InvalidCursor.advice()),
            (503, "unsortable_field", FailureKind::Server.advice()),
        ] {
            let failure = failure(status, Some(code), Some("what the API says."));
            let expected =
                format!("the API answered {status} {code} (what the API says); {advice}");
            assert_eq!(failure.sentence, expected);
        }
    }

    #[test]
    fn advice_on_a_page_size_is_the_same_for_every_limit_of_an_api() {
        for (status, code) in [
            (400, Some("limit_out_of_range")),
            (422, Some("invalid_range")),
            (413, None),
        ] {
            let message = Some("limit must be between 1 and 100");
            let failure = failure(status, code, message);
            let advised = failure.sentence.rsplit("); ").next();
            assert_eq!(advised, Some("set a smaller page_size"), "{failure}");
        }
    }

    #[test]
    fn a_response_cannot_forge_a_line_of_the_log() {
        let long = format!("a\nCRITICAL b\n\u{0}\u{7f}\u{85}{}", "x".repeat(500));
        let text = Some(long.as_str());
        let response = ErrorResponse {
            status: 500,
            code: text,
            message: text,
            request_id: text,
        };
        let sentence = response.failure(FailureKind::Server).sentence;
        assert!(!sentence.contains(char::is_control), "{sentence}");
        assert!(sentence.len() < 1000, "{sentence}");
    }
}
