//! Answers that cannot be what the API meant to send.

use crate::http::failure::{Failure, FailureKind};

pub fn malformed(why: &str) -> Failure {
    Failure::new(
        FailureKind::Malformed,
        format!(
            "the API sent an answer that makes no sense ({why}); if this persists, check base_url for a proxy in between"
        ),
    )
}

/// What a parser says of a broken answer, without quoting it.
pub fn unreadable(text: &str, error: &serde_json::Error) -> Failure {
    if text.trim_start().starts_with('<') {
        return malformed("it is an HTML page, not JSON");
    }
    let problem = if error.is_eof() {
        "its JSON ends too early".to_owned()
    } else if error.is_data() {
        format!(
            "its JSON has another form than documented, at line {}, column {}",
            error.line(),
            error.column()
        )
    } else {
        format!(
            "it is not valid JSON at line {}, column {}",
            error.line(),
            error.column()
        )
    };
    malformed(&problem)
}
