//! The proxy that requests go through, so that messages can name it. The HTTP client chooses the
//! proxy itself, from the same variables and by the same rules.

use crate::support::loopback::is_loopback;
use anyhow::{Context, Result};
use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use std::fmt;

/// A proxy, and the environment variable that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    pub variable: String,
    /// Without user and password.
    pub address: String,
}

impl fmt::Display for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let Self { variable, address } = self;
        write!(formatter, "the proxy {address} of {variable}")
    }
}

/// The proxy that the environment names for a URL. Fails if the variable holds something that the
/// client cannot use and would ignore.
pub fn in_force(environment: &[(String, String)], url: &str) -> Result<Option<Proxy>> {
    let url: Uri = url.parse().context("base_url is not a URL")?;
    let is_local = url.host().is_some_and(is_loopback);
    // In a CGI program, HTTP_PROXY may come from a request header (CVE-2016-5385).
    if is_local || first(environment, &["REQUEST_METHOD"]).is_some() {
        return Ok(None);
    }
    let own: [&str; 2] = match url.scheme_str() {
        Some("http") => ["HTTP_PROXY", "http_proxy"],
        _ => ["HTTPS_PROXY", "https_proxy"],
    };
    let named = |names: &[&str]| first(environment, names).filter(|(_, text)| !text.is_empty());
    let Some((variable, text)) = named(&own).or_else(|| named(&["ALL_PROXY", "all_proxy"])) else {
        return Ok(None);
    };
    let exceptions = first(environment, &["NO_PROXY", "no_proxy"]);
    let exceptions = exceptions.map_or("", |(_, text)| text.as_str());
    let through = |address: &str| {
        let proxies = Matcher::builder().all(address.to_owned());
        proxies.no(exceptions.to_owned()).build().intercept(&url)
    };
    if through("http://any.example").is_none() {
        return Ok(None);
    }
    let proxy = through(text).and_then(|one| address(one.uri()));
    let address = proxy.with_context(|| {
        format!(
            "{variable} is not the address of an http or https proxy; \
             write one such as http://proxy.example:3128, or unset it"
        )
    })?;
    let variable = variable.clone();
    Ok(Some(Proxy { variable, address }))
}

/// The first of some variables that is set, even if it is empty: the client stops there too.
fn first<'e>(environment: &'e [(String, String)], names: &[&str]) -> Option<&'e (String, String)> {
    let find = |name: &&str| environment.iter().find(|(one, _)| one == name);
    names.iter().find_map(find)
}

/// The address without user and password; None if the client does not support its scheme, or if
/// its port is not a number.
fn address(uri: &Uri) -> Option<String> {
    let scheme = uri
        .scheme_str()
        .filter(|scheme| matches!(*scheme, "http" | "https"))?;
    let host = uri.host().filter(|host| !host.is_empty())?;
    let port = uri
        .port()
        .map_or_else(String::new, |port| format!(":{port}"));
    let is_whole = *uri.authority()? == *format!("{host}{port}");
    is_whole.then(|| format!("{scheme}://{host}{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Variables<'v> = &'v [(&'v str, &'v str)];

    const URL: &str = "https://api.reevo.ai";

    fn asked(variables: Variables, url: &str) -> Result<Option<Proxy>> {
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        let environment: Vec<(String, String)> = variables.iter().map(owned).collect();
        in_force(&environment, url)
    }

    #[test]
    fn the_first_variable_that_is_set_names_the_proxy() {
        let both = [("HTTPS_PROXY", "http://a:1"), ("ALL_PROXY", "http://b:2")];
        let cases: [(Variables, Option<(&str, &str)>); 9] = [
            (&[], None),
            (&both, Some(("HTTPS_PROXY", "http://a:1"))),
            (&both[1..], Some(("ALL_PROXY", "http://b:2"))),
            (&[("all_proxy", "b")], Some(("all_proxy", "http://b"))),
            (
                &[("https_proxy", "https://a:1/path")],
                Some(("https_proxy", "https://a:1")),
            ),
            // An empty upper-case variable hides the lower-case one.
            (&[("HTTPS_PROXY", ""), ("https_proxy", "a")], None),
            (
                &[("https_proxy", "c:3"), ("HTTPS_PROXY", "http://a:1")],
                Some(("HTTPS_PROXY", "http://a:1")),
            ),
            (&[("HTTP_PROXY", "http://a:1")], None),
            (&[("HTTPS_PROXY", "a"), ("REQUEST_METHOD", "GET")], None),
        ];
        for (variables, expected) in cases {
            let proxy = asked(variables, URL).unwrap();
            let named = proxy
                .as_ref()
                .map(|one| (one.variable.as_str(), one.address.as_str()));
            assert_eq!(named, expected, "{variables:?}");
        }
    }

    #[test]
    fn exceptions_and_loopback_bypass_the_proxy() {
        for (exceptions, url, is_through) in [
            ("", URL, true),
            ("reevo.ai", URL, false),
            ("example.com, .reevo.ai", URL, false),
            ("evo.ai", URL, true),
            ("*", URL, false),
            ("10.0.0.0/8", "https://10.1.2.3/api", false),
            ("", "https://127.0.0.1:8800", false),
            ("", "http://localhost", false),
            ("", "https://[::1]:8800", false),
        ] {
            let variables = [("ALL_PROXY", "http://a:1"), ("NO_PROXY", exceptions)];
            let proxy = asked(&variables, url).unwrap();
            assert_eq!(proxy.is_some(), is_through, "{exceptions} {url}");
        }
    }

    #[test]
    fn a_proxy_that_the_client_cannot_use_is_an_error_that_does_not_show_it() {
        for text in [
            "ftp://u:secret@a:1",
            "socks5://u:secret@a:1",
            "http://u:secret@",
            "http://secret a",
            "http://secret:port",
            "://secret",
        ] {
            let error = asked(&[("HTTPS_PROXY", text)], URL)
                .unwrap_err()
                .to_string();
            assert!(
                error.starts_with("HTTPS_PROXY is not the address of"),
                "{error}"
            );
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn user_and_password_are_not_shown() {
        for text in [
            "http://user:secret@a:1",
            "user:secret@a:1",
            "http://secret@a:1",
        ] {
            let proxy = asked(&[("HTTPS_PROXY", text)], URL).unwrap().unwrap();
            assert_eq!(proxy.to_string(), "the proxy http://a:1 of HTTPS_PROXY");
        }
    }
}
