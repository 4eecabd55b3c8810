//! Responses that do not have the documented form.

use crate::http::failure::{Failure, FailureKind};

pub fn malformed(why: &str) -> Failure {
    let happened = format!("the API sent an invalid response ({why})");
    Failure::advised(FailureKind::Malformed, &happened)
}

/// The failure for a parser's error. It does not quote the response.
pub fn unreadable(text: &str, error: &serde_json::Error) -> Failure {
    if text.trim_start().starts_with('<') {
        return malformed("it is an HTML page, not JSON");
    }
    let problem = if error.is_eof() {
        "its JSON ends too early".to_owned()
    } else if error.is_data() {
        format!(
            "its JSON does not have the documented form at line {}, column {}",
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
