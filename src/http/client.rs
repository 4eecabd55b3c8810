//! One request, one answer: authorization, time limit, size limit, and the whole body or a
//! failure. Redirects are never followed, so the key goes to the configured address alone.

use super::failure::{Failure, FailureKind, RetryAfter};
use super::proxy::Proxy;
use crate::support::loopback;
use crate::time::clock::Clock;
use crate::time::timestamp::Timestamp;
use anyhow::{Context, Result};
use bytes::{Buf, Bytes, BytesMut};
use reqwest::Certificate;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER,
};
use secrecy::{ExposeSecret, SecretString};
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// No page is meant to be larger. 500 rich records are some megabytes; transcripts some tens.
pub const LARGEST_BODY: usize = 256 * 1024 * 1024;

/// A request as a value, so that what is sent can be tested without a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Below the base URL, with its query.
    pub path: String,
    /// A JSON body makes it a POST.
    pub body: Option<String>,
}

impl Request {
    pub fn method(&self) -> &'static str {
        match self.body {
            Some(_) => "POST",
            None => "GET",
        }
    }
}

/// A whole answer.
pub struct Reply {
    pub status: u16,
    pub body: Bytes,
    pub retry_after: Option<RetryAfter>,
    pub request_id: Option<String>,
    pub received_at: Timestamp,
    /// The server's own time, to the second it was in; ours if it does not tell.
    pub server_time: Timestamp,
    /// The same when it was asked, at the earliest.
    pub asked_at: Timestamp,
}

impl Reply {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// What a client is made of.
pub struct Settings {
    pub base_url: String,
    /// The value of the `Authorization` header.
    pub authorization: SecretString,
    pub user_agent: String,
    pub timeout: Duration,
    pub largest_body: usize,
    /// Certificate authorities beside those of the platform.
    pub authorities: Vec<Certificate>,
    /// The proxy that the environment names for the base URL.
    pub proxy: Option<Proxy>,
}

/// What some servers write before a text, and no reader of JSON takes.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

pub struct Client {
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
    base_url: String,
    largest_body: usize,
    timeout: Duration,
    proxy: Option<Proxy>,
    /// Whether the address has answered at all.
    reached: AtomicBool,
}

impl Client {
    pub fn new(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self> {
        // Another client of this process may have installed it already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut authorization = HeaderValue::from_str(settings.authorization.expose_secret())
            .ok()
            .context("api_key holds characters that cannot be sent; copy the key again")?;
        authorization.set_sensitive(true);
        let headers = [
            (AUTHORIZATION, authorization),
            (
                ACCEPT,
                HeaderValue::from_static("application/json, application/problem+json"),
            ),
        ];
        let mut http = reqwest::Client::builder()
            .default_headers(HeaderMap::from_iter(headers))
            .user_agent(&settings.user_agent)
            .timeout(settings.timeout)
            .redirect(reqwest::redirect::Policy::none());
        if is_local(&settings.base_url) {
            // A proxy of the environment is for the way out, and this way leads nowhere.
            http = http.no_proxy();
        }
        for certificate in &settings.authorities {
            http = http.add_root_certificate(certificate.clone());
        }
        let http = http
            .build()
            .context("the HTTP client could not be set up")?;
        Ok(Self {
            http,
            clock,
            base_url: settings.base_url.clone(),
            largest_body: settings.largest_body,
            timeout: settings.timeout,
            proxy: settings.proxy.clone(),
            reached: AtomicBool::new(false),
        })
    }

    /// Sends a request and reads its whole answer, whatever the status.
    pub async fn send(&self, request: &Request) -> Result<Reply, Failure> {
        let url = format!("{}{}", self.base_url, request.path);
        let builder = match &request.body {
            Some(body) => self
                .http
                .post(url)
                .header(CONTENT_TYPE, "application/json")
                .body(body.clone()),
            None => self.http.get(url),
        };
        let asked = self.clock.monotonic();
        let mut response = builder.send().await.map_err(|error| self.failure(&error))?;
        let took = self.clock.monotonic().saturating_sub(asked);
        self.reached.store(true, Ordering::Relaxed);
        let header = |name: &str| {
            response
                .headers()
                .get(name)?
                .to_str()
                .ok()
                .map(str::to_owned)
        };
        let retry_after = header(RETRY_AFTER.as_str())
            .as_deref()
            .and_then(RetryAfter::parse);
        let server_time = header(DATE.as_str()).as_deref().and_then(http_date);
        let request_id = request_id(response.headers());
        let mut body = BytesMut::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.failure(&error))?
        {
            if body.len() + chunk.len() > self.largest_body {
                return Err(self.oversized());
            }
            body.extend_from_slice(&chunk);
        }
        if body.starts_with(BYTE_ORDER_MARK) {
            body.advance(BYTE_ORDER_MARK.len());
        }
        let received_at = self.clock.now();
        let server_time = server_time.unwrap_or(received_at);
        Ok(Reply {
            status: response.status().as_u16(),
            body: body.freeze(),
            retry_after,
            request_id,
            received_at,
            server_time,
            asked_at: server_time - took,
        })
    }

    fn oversized(&self) -> Failure {
        let most = self.largest_body / (1024 * 1024);
        Failure::new(
            FailureKind::Oversized,
            format!(
                "an answer was larger than {most} MiB, which no page should be; set a smaller page_size"
            ),
        )
    }

    fn failure(&self, error: &reqwest::Error) -> Failure {
        let address = &self.base_url;
        let via = self.proxy.as_ref();
        let via = via.map_or_else(String::new, |proxy| format!(" through {proxy}"));
        if error.is_timeout() {
            let seconds = self.timeout.as_secs();
            let sentence = format!(
                "{address} did not answer{via} within {seconds} s; if it is just slow, raise request_timeout_seconds"
            );
            return Failure::new(FailureKind::Connection, sentence);
        }
        let cause = root_cause(error);
        if error.is_connect() {
            let kind = if self.reached.load(Ordering::Relaxed) {
                FailureKind::Connection
            } else {
                FailureKind::Unreachable
            };
            let advice = advice(&cause, self.proxy.as_ref());
            return Failure::new(
                kind,
                format!("{address} cannot be reached{via} ({cause}); {advice}"),
            );
        }
        Failure::new(
            FailureKind::Connection,
            format!("the connection to {address}{via} broke ({cause})"),
        )
    }
}

/// What to do about a connection that was not made. TLS tells of certificates in its own words.
fn advice(cause: &str, proxy: Option<&Proxy>) -> Cow<'static, str> {
    match proxy {
        _ if cause.contains("certificate") => {
            "its certificate is not to be trusted; behind a company's proxy, set ca_file to its authority".into()
        }
        Some(Proxy { variable, .. }) => format!("correct {variable}, or unset it").into(),
        None => "check base_url and the network".into(),
    }
}

/// Whether an address is on this machine.
fn is_local(base_url: &str) -> bool {
    let url = reqwest::Url::parse(base_url).ok();
    url.as_ref()
        .and_then(reqwest::Url::host_str)
        .is_some_and(loopback::is_loopback)
}

/// Any header that tells which request this was; none is documented.
fn request_id(headers: &HeaderMap) -> Option<String> {
    let mut named = headers
        .iter()
        .filter(|(name, _)| name.as_str().contains("request-id"));
    named
        .find_map(|(_, value)| value.to_str().ok())
        .map(str::to_owned)
}

fn http_date(text: &str) -> Option<Timestamp> {
    httpdate::parse_http_date(text).ok().map(Timestamp::from)
}

/// The innermost reason, which is the one that a person understands.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_is_not_trusted_is_told_from_an_address_that_is_wrong() {
        let distrust = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        assert!(advice(&distrust.to_string(), None).contains("ca_file"));
        assert!(advice("Connection refused (os error 111)", None).contains("base_url"));
    }
}
