//! Sends one request: authorization, time limit and size limit. The result is the whole response or
//! a failure. Redirects are never followed, so that the key goes to the configured address alone.

use super::failure::{Failure, FailureKind};
use super::proxy::Proxy;
use super::reply::{self, Reply};
use super::request::Request;
use crate::support::loopback;
use crate::time::clock::Clock;
use anyhow::{Context, Result};
use bytes::{Buf, Bytes, BytesMut};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Certificate, RequestBuilder, Response};
use secrecy::{ExposeSecret, SecretString};
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The largest body that is read. A page of 500 rich records takes some megabytes, one with
/// transcripts some tens of megabytes.
pub const LARGEST_BODY: usize = 256 * 1024 * 1024;

/// The most room that is made for a body on the word of its `Content-Length`.
const LARGEST_ROOM: usize = 4 * 1024 * 1024;

/// How a client sends requests.
pub struct Settings {
    pub base_url: String,
    /// The value of the `Authorization` header.
    pub authorization: SecretString,
    pub user_agent: String,
    pub timeout: Duration,
    pub largest_body: usize,
    /// Certificate authorities to trust besides those of the platform.
    pub authorities: Vec<Certificate>,
    /// The proxy that the environment names for the base URL.
    pub proxy: Option<Proxy>,
}

/// Some servers start a text with it; JSON parsers do not accept it.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

pub struct Client {
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
    base_url: String,
    largest_body: usize,
    timeout: Duration,
    proxy: Option<Proxy>,
    /// Whether the address has answered before.
    reached: AtomicBool,
}

impl Client {
    pub fn new(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self> {
        // Fails if another client of this process has installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut authorization = HeaderValue::from_str(settings.authorization.expose_secret())
            .ok()
            .context("api_key contains characters that cannot be sent; copy the key again")?;
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
            // Loopback must bypass the proxy.
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

    /// Sends a request and reads the whole response, whatever its status.
    pub async fn send(&self, request: &Request) -> Result<Reply, Failure> {
        let sent = self.clock.monotonic();
        let response = self.prepare(request).send().await;
        let mut response = response.map_err(|error| self.failure(&error))?;
        let took = self.clock.monotonic().saturating_sub(sent);
        self.reached.store(true, Ordering::Relaxed);
        let body = self.read_body(&mut response).await?;
        let received_at = self.clock.now();
        let headers = response.headers();
        let date = reply::date(headers);
        let server_time = date.unwrap_or(received_at);
        Ok(Reply {
            status: response.status().as_u16(),
            body,
            retry_after: reply::retry_after(headers),
            request_id: reply::request_id(headers),
            received_at,
            server_time,
            has_date: date.is_some(),
            asked_at: server_time - took,
        })
    }

    fn prepare(&self, request: &Request) -> RequestBuilder {
        let url = format!("{}{}", self.base_url, request.path);
        match &request.body {
            Some(body) => self
                .http
                .post(url)
                .header(CONTENT_TYPE, "application/json")
                .body(body.clone()),
            None => self.http.get(url),
        }
    }

    /// The whole body, without its byte order mark.
    async fn read_body(&self, response: &mut Response) -> Result<Bytes, Failure> {
        let length = response.content_length().map(usize::try_from);
        let length = length.and_then(Result::ok).unwrap_or_default();
        let mut body = BytesMut::with_capacity(length.min(LARGEST_ROOM));
        loop {
            let chunk = response.chunk().await;
            let Some(chunk) = chunk.map_err(|error| self.failure(&error))? else {
                break;
            };
            if body.len() + chunk.len() > self.largest_body {
                return Err(self.oversized());
            }
            body.extend_from_slice(&chunk);
        }
        if body.starts_with(BYTE_ORDER_MARK) {
            body.advance(BYTE_ORDER_MARK.len());
        }
        Ok(body.freeze())
    }

    fn oversized(&self) -> Failure {
        let most = self.largest_body / (1024 * 1024);
        let happened = format!("the response is larger than {most} MiB, the most for a page");
        Failure::advised(FailureKind::Oversized, &happened)
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
        let happened = format!("the connection to {address}{via} broke ({cause})");
        Failure::advised(FailureKind::Connection, &happened)
    }
}

/// What to do about a connection that could not be made. TLS errors name certificates in their
/// text alone.
fn advice(cause: &str, proxy: Option<&Proxy>) -> Cow<'static, str> {
    match proxy {
        _ if cause.contains("certificate") => {
            "its certificate is not trusted; behind a company's proxy, set ca_file to its authority"
                .into()
        }
        Some(Proxy { variable, .. }) => format!("correct {variable}, or unset it").into(),
        None => FailureKind::Unreachable.advice().into(),
    }
}

/// Whether an address is on this machine.
fn is_local(base_url: &str) -> bool {
    let url = reqwest::Url::parse(base_url).ok();
    url.as_ref()
        .and_then(reqwest::Url::host_str)
        .is_some_and(loopback::is_loopback)
}

/// The innermost error, whose text is the most specific.
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
    fn an_untrusted_certificate_and_a_wrong_address_get_different_advice() {
        let distrust = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        assert!(advice(&distrust.to_string(), None).contains("ca_file"));
        assert!(advice("Connection refused (os error 111)", None).contains("base_url"));
    }
}
