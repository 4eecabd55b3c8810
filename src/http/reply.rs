//! A whole response, with what the program needs of its headers.

use super::retry_after::RetryAfter;
use crate::time::timestamp::Timestamp;
use bytes::Bytes;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

pub struct Reply {
    pub status: u16,
    pub body: Bytes,
    pub retry_after: Option<RetryAfter>,
    pub request_id: Option<String>,
    pub received_at: Timestamp,
    /// The server's own time, in whole seconds; ours if there is no `Date` header.
    pub server_time: Timestamp,
    /// Whether there is a `Date` header.
    pub has_date: bool,
    /// The earliest server time at which the request can have been sent.
    pub asked_at: Timestamp,
}

impl Reply {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

pub fn retry_after(headers: &HeaderMap) -> Option<RetryAfter> {
    RetryAfter::parse(text(headers, &RETRY_AFTER)?)
}

/// The time of the `Date` header.
pub fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let date = httpdate::parse_http_date(text(headers, &DATE)?).ok()?;
    Some(Timestamp::from(date))
}

/// The value of any header whose name looks like that of a request id; neither API documents one.
pub fn request_id(headers: &HeaderMap) -> Option<String> {
    let mut named = headers
        .iter()
        .filter(|(name, _)| name.as_str().contains("request-id"));
    named
        .find_map(|(_, value)| value.to_str().ok())
        .map(str::to_owned)
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}
