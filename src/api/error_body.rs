//! The body of an error response. Reevo does not document how an error is wrapped, so the code and
//! the message are looked up in every place that is known. A body that is not JSON is ignored.

use crate::http::error_response::ErrorResponse;
use crate::http::failure::{Failure, FailureKind};
use crate::http::reply::Reply;
use serde_json::Value;

/// The failure that an error response reports. `had_token` says whether the request carried a page
/// token.
pub fn failure(reply: &Reply, had_token: bool) -> Failure {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let response = ErrorResponse {
        status: reply.status,
        code: normalized_code(&body),
        message: message(&body),
        request_id: body["request_id"].as_str().or(reply.request_id.as_deref()),
    };
    let kind = match response.kind() {
        // The pages before were found, so it is the record of the token that is missing.
        FailureKind::NotFound if had_token => FailureKind::InvalidCursor,
        kind => kind,
    };
    let asked = reply.retry_after.as_ref();
    Failure {
        asked_wait: asked.map(|after| after.wait(reply.server_time)),
        ..response.failure(kind)
    }
}

/// The error code. AskElephant reports a bad cursor and a bad limit as validation errors of a
/// field ("Errors").
fn normalized_code(body: &Value) -> Option<&str> {
    let first = &body["errors"][0];
    match first["field"].as_str() {
        Some("cursor") => Some("invalid_cursor"),
        // The range of any other field is not that of the page size.
        Some(field) if field != "limit" && first["code"] == "invalid_range" => None,
        _ => code(body),
    }
}

fn code(body: &Value) -> Option<&str> {
    let places = [
        &body["error"]["code"],
        &body["code"],
        &body["errors"][0]["code"],
        &body["error"],
        &body["detail"]["code"],
    ];
    places.into_iter().find_map(Value::as_str)
}

fn message(body: &Value) -> Option<&str> {
    let places = [
        &body["error"]["message"],
        &body["errors"][0]["message"],
        &body["message"],
        &body["detail"]["message"],
        &body["detail"][0]["msg"],
        &body["detail"],
        &body["title"],
    ];
    places.into_iter().find_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::retry_after::RetryAfter;
    use bytes::Bytes;
    use std::time::Duration;

    fn read(status: u16, body: &str, had_token: bool) -> Failure {
        let reply = Reply {
            status,
            body: Bytes::copy_from_slice(body.as_bytes()),
            retry_after: Some(RetryAfter::Seconds(3)),
            request_id: None,
            received_at: chrono::Utc::now(),
            server_time: chrono::Utc::now(),
            has_date: true,
            asked_at: chrono::Utc::now(),
        };
        failure(&reply, had_token)
    }

    #[test]
    fn a_code_is_found_in_every_known_place() {
        for body in [
            r#"{"error":{"code":"invalid_cursor","message":"Expired."}}"#,
            r#"{"code":"invalid_cursor","message":"Expired."}"#,
            r#"{"error_response_type":"GENERIC","error":"invalid_cursor","message":"Expired."}"#,
            r#"{"errors":[{"code":"invalid_cursor","message":"Expired.","field":null}]}"#,
            r#"{"detail":{"code":"invalid_cursor","message":"Expired."}}"#,
            r#"{"status":400,"detail":"Expired.","errors":[{"field":"cursor","code":"invalid_format"}]}"#,
        ] {
            let failure = read(400, body, false);
            assert_eq!(failure.kind, FailureKind::InvalidCursor, "{body}");
            assert!(failure.sentence.contains("(Expired)"), "{failure}");
            assert_eq!(failure.asked_wait, Some(Duration::from_secs(3)));
        }
    }

    #[test]
    fn without_a_code_the_status_decides() {
        for body in ["", "<html>Bad Gateway</html>", "[1", "null", "\"x\""] {
            assert_eq!(read(502, body, false).kind, FailureKind::Server, "{body}");
        }
        assert_eq!(
            read(404, r#"{"detail":"Not Found"}"#, false).kind,
            FailureKind::NotFound
        );
        assert_eq!(
            read(401, r#"{"error":"UnauthorizedError"}"#, false).kind,
            FailureKind::Unauthorized
        );
    }

    #[test]
    fn a_next_page_that_is_not_found_means_that_its_token_does_not_work() {
        let failure = read(404, r#"{"detail":"Not Found"}"#, true);
        assert_eq!(failure.kind, FailureKind::InvalidCursor);
        let advice = FailureKind::InvalidCursor.advice();
        assert!(failure.sentence.ends_with(advice), "{failure}");
    }
}
