//! Reading a refusal. How an error is wrapped is not documented for Reevo, so every place where
//! a code or a message is known to stand is looked at; a body that is not JSON counts for nothing.

use crate::http::client::Reply;
use crate::http::failure::Failure;
use serde_json::Value;

/// The failure that an unsuccessful answer tells of.
pub fn failure(reply: &Reply) -> Failure {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let first = &body["errors"][0];
    let code = match first["field"].as_str() {
        Some("cursor") => Some("invalid_cursor"),
        // A range is known to us for the page size alone.
        Some(field) if field != "limit" && first["code"] == "invalid_range" => None,
        _ => code(&body),
    };
    let request_id = body["request_id"].as_str().or(reply.request_id.as_deref());
    let mut failure = Failure::told(reply.status, code, message(&body), request_id);
    let asked = reply.retry_after.as_ref();
    failure.asked_wait = asked.map(|after| after.wait(reply.server_time));
    failure
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
    use crate::http::failure::{FailureKind, RetryAfter};
    use bytes::Bytes;
    use std::time::Duration;

    fn told(status: u16, body: &str) -> Failure {
        failure(&Reply {
            status,
            body: Bytes::copy_from_slice(body.as_bytes()),
            retry_after: Some(RetryAfter::Seconds(3)),
            request_id: None,
            received_at: chrono::Utc::now(),
            server_time: chrono::Utc::now(),
            asked_at: chrono::Utc::now(),
        })
    }

    #[test]
    fn a_code_is_found_in_every_envelope() {
        for body in [
            r#"{"error":{"code":"invalid_cursor","message":"Expired."}}"#,
            r#"{"code":"invalid_cursor","message":"Expired."}"#,
            r#"{"error_response_type":"GENERIC","error":"invalid_cursor","message":"Expired."}"#,
            r#"{"errors":[{"code":"invalid_cursor","message":"Expired.","field":null}]}"#,
            r#"{"detail":{"code":"invalid_cursor","message":"Expired."}}"#,
            r#"{"status":400,"detail":"Expired.","errors":[{"field":"cursor","code":"invalid_format"}]}"#,
        ] {
            let failure = told(400, body);
            assert_eq!(failure.kind, FailureKind::InvalidCursor, "{body}");
            assert!(failure.sentence.contains("(Expired)"), "{failure}");
            assert_eq!(failure.asked_wait, Some(Duration::from_secs(3)));
        }
    }

    #[test]
    fn a_body_that_is_not_json_leaves_the_status_to_decide() {
        for body in ["", "<html>Bad Gateway</html>", "[1", "null", "\"x\""] {
            assert_eq!(told(502, body).kind, FailureKind::Server, "{body}");
        }
        assert_eq!(
            told(404, r#"{"detail":"Not Found"}"#).kind,
            FailureKind::NotFound
        );
        assert_eq!(
            told(401, r#"{"error":"UnauthorizedError"}"#).kind,
            FailureKind::Unauthorized
        );
    }
}
