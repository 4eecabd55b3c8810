//! Checks the raw configuration and converts it to the resolved one. It reports all problems at
//! once, and later code does not check again.

use super::api_name::ApiName;
use super::batches;
use super::forms::{full_date, utc_date, whole};
use super::problems::{self, Problem};
use super::raw::RawConfig;
use super::schema::property;
use super::settings::{BaseUrl, Boundary, Config, Links, Paging, UnknownFields};
use super::streams::{self, Streams};
use crate::support::files;
use crate::support::loopback::is_loopback;
use crate::time::timestamp::{self, Timestamp};
use anyhow::{Context, Result, bail};
use chrono::TimeDelta;
use reqwest::Certificate;
use secrecy::SecretString;
use serde_json::Value;
use std::time::Duration;

/// Checks and converts the configuration. The error lists every problem, one per line.
pub fn resolve(raw: &RawConfig) -> Result<Config> {
    let mut problems = problems::against_schema(raw.value());
    let config = Fields(raw.value());
    problems.extend(config.cross_check());
    let authorities = config.authorities().unwrap_or_else(|text| {
        problems.push(Problem::new("ca_file", text));
        Vec::new()
    });
    let streams = streams::resolve(raw.value(), config.api(), &mut problems);
    let batches = batches::resolve(raw.value(), &mut problems);
    if problems.is_empty() {
        let config = config.resolve(authorities)?;
        return Ok(Config {
            streams,
            batches,
            ..config
        });
    }
    let sentences: Vec<String> = problems.iter().map(|one| raw.sentence(one)).collect();
    let count = match problems.len() {
        1 => "a problem".to_owned(),
        count => format!("{count} problems"),
    };
    bail!(
        "the configuration has {count}:\n  {}",
        sentences.join("\n  ")
    )
}

/// Typed access to the raw configuration.
struct Fields<'a>(&'a Value);

impl Fields<'_> {
    fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(Value::as_str)
    }

    fn number(&self, key: &str) -> u64 {
        let default = || property(key).get("default").and_then(Value::as_u64);
        self.0
            .get(key)
            .and_then(whole)
            .or_else(default)
            .unwrap_or_default()
    }

    fn list(&self, key: &str) -> Option<Vec<String>> {
        let values = self.0.get(key)?.as_array()?;
        Some(
            values
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
        )
    }

    fn api(&self) -> ApiName {
        match self.text("api") {
            Some("askelephant") => ApiName::AskElephant,
            _ => ApiName::Reevo,
        }
    }

    /// Checks that a JSON Schema cannot express, such as those that involve two keys.
    fn cross_check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let largest = self.api().largest_page();
        if self.number("page_size") > u64::from(largest) && self.number("page_size") <= 500 {
            let title = self.api().title();
            let text = format!(
                "{title} allows at most {largest} records per page; write a whole number from 1 to {largest}"
            );
            problems.push(Problem::new("page_size", text));
        }
        let is_listed = |key: &str| self.list(key).is_some_and(|list| !list.is_empty());
        for (key, api, is_set) in [
            ("record_types", ApiName::Reevo, is_listed("record_types")),
            (
                "links",
                ApiName::Reevo,
                self.text("links").is_some_and(|text| text != "all_parents"),
            ),
            ("expand", ApiName::AskElephant, is_listed("expand")),
        ] {
            if is_set && self.text("api").is_some() && self.api() != api {
                let text = format!("only {} has this setting; remove the key", api.title());
                problems.push(Problem::new(key, text));
            }
        }
        let agent = self.text("user_agent").unwrap_or_default();
        if !agent.chars().all(|c| (' '..='~').contains(&c)) {
            let text = "contains characters that a header cannot hold; write printable ASCII characters only";
            problems.push(Problem::new("user_agent", text));
        }
        let problem_of = |key: &str, text: Option<String>| text.map(|text| Problem::new(key, text));
        problems.extend(problem_of("api_key", self.check_key()));
        problems.extend(problem_of("base_url", self.check_base_url()));
        problems.extend(self.check_dates());
        problems
    }

    fn check_key(&self) -> Option<String> {
        let sandbox = self.text("base_url").is_some_and(is_sandbox);
        match self.0.get("api_key") {
            None if sandbox => None,
            None => Some(
                "is missing; write the API key of the workspace, \
                 or try \"base_url\": \"sandbox:\", which needs none"
                    .to_owned(),
            ),
            Some(Value::String(key)) if key.chars().any(|c| !c.is_ascii_graphic() && c != ' ') || key.trim() != key => {
                Some("contains characters that no key has, such as a line break or a space at its end; copy the key again".to_owned())
            }
            Some(Value::String(key)) if is_quoted(bare_key(key)) => {
                Some("is in quotes that are not part of it; remove the quotes".to_owned())
            }
            Some(_) => None,
        }
    }

    fn check_base_url(&self) -> Option<String> {
        let text = self
            .text("base_url")
            .filter(|text| !text.is_empty() && !is_sandbox(text))?;
        let hint = "write an address such as https://api.reevo.ai, or sandbox:";
        let Ok(url) = reqwest::Url::parse(text) else {
            return Some(format!("is not a URL; {hint}"));
        };
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Some(format!(
                "may not contain a user, password, query or fragment; {hint}"
            ));
        }
        match (url.scheme(), url.host_str()) {
            ("https", Some(_)) => None,
            ("http", Some(host)) if is_loopback(host) => None,
            ("http", Some(_)) => Some(
                "plain http would send the key unprotected; write https:// (http is for this machine only)"
                    .to_owned(),
            ),
            _ => Some(format!("is neither https nor http; {hint}")),
        }
    }

    fn check_dates(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut timestamp = |key: &str| -> Option<Timestamp> {
            let text = self.text(key)?;
            let full = full_date(text);
            let parsed = timestamp::parse(&full).map(|stamp| stamp.timestamp);
            if parsed.is_none() {
                let text = "is not a date-time; write one such as 2026-01-01T00:00:00Z";
                problems.push(Problem::new(key, text));
            }
            parsed
        };
        let (start, end) = (timestamp("start_date"), timestamp("end_date"));
        if let (Some(start), Some(end)) = (start, end)
            && start >= end
        {
            let text = "is not after start_date; write a later instant";
            problems.push(Problem::new("end_date", text));
        }
        problems
    }

    /// The certificates of `ca_file`, empty if it is not configured; or what is wrong with it.
    fn authorities(&self) -> Result<Vec<Certificate>, String> {
        let Some(path) = self.text("ca_file").filter(|path| !path.is_empty()) else {
            return Ok(Vec::new());
        };
        let advice = "write the path of a file with certificates in PEM";
        let text = files::read(path)
            .map_err(|error| format!("{path} cannot be read ({error}); {advice}"))?;
        let certificates = Certificate::from_pem_bundle(&text).unwrap_or_default();
        if certificates.is_empty() {
            return Err(format!("{path} contains no certificate; {advice}"));
        }
        Ok(certificates)
    }

    /// The resolved configuration, once there are no problems, but for `streams` and `batch_config`.
    fn resolve(&self, authorities: Vec<Certificate>) -> Result<Config> {
        let api = self.api();
        let expand = self.list("expand").unwrap_or_default();
        let page_size = match self.number("page_size") {
            0 if expand.iter().any(|member| member == "transcript") => 25,
            0 => api.largest_page(),
            size => u16::try_from(size).context("page_size is out of range")?,
        };
        Ok(Config {
            api,
            api_key: self.text("api_key").map(bare_key).map(SecretString::from),
            base_url: self.base_url(api),
            record_types: self.list("record_types").filter(|types| !types.is_empty()),
            start_date: self.text("start_date").map(utc_date),
            end_date: self.text("end_date").map(utc_date),
            page_size,
            boundary: if self.text("boundary") == Some("gt") {
                Boundary::Gt
            } else {
                Boundary::Gte
            },
            lookback: Duration::from_secs(self.number("lookback_seconds")),
            expand,
            links: if self.text("links") == Some("changed_parents") {
                Links::ChangedParents
            } else {
                Links::AllParents
            },
            streams: Streams::default(),
            activate_version: self.0.get("activate_version") == Some(&Value::Bool(true)),
            least_percent: self.number("least_percent"),
            batches: None,
            unknown_fields: if self.text("unknown_fields") == Some("collect") {
                UnknownFields::Collect
            } else {
                UnknownFields::Report
            },
            concurrency: usize::try_from(self.number("concurrency"))?,
            requests_per_second: self.0.get("requests_per_second").and_then(Value::as_f64),
            paging: if self.text("paging") == Some("seek") {
                Paging::Seek
            } else {
                Paging::Cursor
            },
            max_days_per_run: i64::try_from(self.number("max_days_per_run"))
                .ok()
                .filter(|days| *days > 0)
                .map(TimeDelta::days),
            request_timeout: Duration::from_secs(self.number("request_timeout_seconds")),
            max_retry: Duration::from_secs(self.number("max_retry_seconds")),
            authorities,
            user_agent: self.text("user_agent").map_or_else(
                || concat!("tap-revops/", env!("CARGO_PKG_VERSION")).to_owned(),
                str::to_owned,
            ),
        })
    }

    fn base_url(&self, api: ApiName) -> BaseUrl {
        match self.text("base_url") {
            None => BaseUrl::Remote(api.usual_address().to_owned()),
            Some(text) => match text.strip_prefix(SANDBOX) {
                Some(options) => BaseUrl::Sandbox(options.to_owned()),
                None => BaseUrl::Remote(text.trim_end_matches('/').to_owned()),
            },
        }
    }
}

const SANDBOX: &str = "sandbox:";

fn is_sandbox(base_url: &str) -> bool {
    base_url.starts_with(SANDBOX)
}

/// The key without the word Bearer, which some users copy from a header.
fn bare_key(key: &str) -> &str {
    match key.split_once(' ') {
        Some((scheme, bare)) if scheme.eq_ignore_ascii_case("Bearer") => bare.trim_start(),
        _ => key,
    }
}

fn is_quoted(key: &str) -> bool {
    let within = |quote: char| key.strip_prefix(quote)?.strip_suffix(quote);
    within('"').or_else(|| within('\'')).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;
    use serde_json::json;

    fn problems_of(value: Value) -> String {
        resolve(&RawConfig::from(value)).unwrap_err().to_string()
    }

    fn check(value: Value, expected: &str) {
        let text = problems_of(value);
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn every_problem_is_reported_at_once_with_what_to_write() {
        let text = problems_of(json!({
            "api": "salesforce", "page_size": 0, "start_date": "yesterday", "concurrency": "many"
        }));
        for expected in [
            "5 problems",
            "api: is not one of the allowed values; write \"reevo\" or \"askelephant\"",
            "page_size: is out of range; write a whole number from 1 to 500",
            "start_date: is not a date-time; write one such as 2026-01-01T00:00:00Z",
            "concurrency: is not an integer; write a whole number from 1 to 32",
        ] {
            assert!(text.contains(expected), "{text}\nlacks {expected}");
        }
    }

    #[test]
    fn a_problem_with_a_variable_names_the_variable() {
        let variables = [
            ("TAP_REVOPS_PAGE_SIZE", "501"),
            ("TAP_REVOPS_END_DATE", "soon"),
            ("TAP_REVOPS_EXPAND", "tag"),
            ("TAP_REVOPS_CA_FILE", "no.pem"),
        ];
        let variables = variables.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let raw = RawConfig::read(&[], &variables).unwrap();
        let text = resolve(&raw).unwrap_err().to_string();
        for expected in [
            "\n  api: is missing",
            "\n  TAP_REVOPS_PAGE_SIZE: is out of range; write a whole number from 1 to 500",
            "\n  TAP_REVOPS_END_DATE: is not a date-time",
            "\n  TAP_REVOPS_EXPAND: is not one of the allowed values",
            "\n  TAP_REVOPS_CA_FILE: no.pem cannot be read",
        ] {
            assert!(text.contains(expected), "{text}\nlacks {expected}");
        }
    }

    #[test]
    fn a_repeated_item_of_a_list_is_a_problem() {
        check(
            json!({"api": "reevo", "base_url": "sandbox:", "record_types": ["task", "note", "task"]}),
            "record_types: lists \"task\" twice; write it once",
        );
    }

    #[test]
    fn the_key_is_required_except_with_the_sandbox() {
        check(json!({"api": "reevo"}), "api_key: is missing");
        let sandbox = json!({"api": "reevo", "base_url": "sandbox:?seed=7"});
        let config = resolve(&RawConfig::from(sandbox)).unwrap();
        assert_eq!(config.base_url, BaseUrl::Sandbox("?seed=7".to_owned()));
    }

    #[test]
    fn the_word_bearer_before_a_key_is_dropped() {
        for key in ["abc", "Bearer abc", "bearer abc", "BEARER  abc"] {
            let raw = json!({"api": "reevo", "api_key": key});
            let config = resolve(&RawConfig::from(raw)).unwrap();
            assert_eq!(config.api_key.unwrap().expose_secret(), "abc");
        }
    }

    #[test]
    fn a_key_in_quotes_is_refused() {
        for key in ["\"secret1\"", "'secret1'", "Bearer 'secret1'"] {
            check(
                json!({"api": "reevo", "api_key": key}),
                "api_key: is in quotes",
            );
        }
        for key in ["it's", "\"half"] {
            let raw = json!({"api": "reevo", "api_key": key});
            assert!(resolve(&RawConfig::from(raw)).is_ok(), "{key}");
        }
    }

    #[test]
    fn no_problem_repeats_the_key() {
        for key in [
            json!("sk-se cret\n1"),
            json!(["sk-secret1"]),
            json!({"key": "sk-secret1"}),
            json!("'sk-secret1'"),
        ] {
            let text = problems_of(json!({"api": "reevo", "api_key": key}));
            assert!(
                !text.contains("secret1") && !text.contains("cret"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_whole_number_may_be_written_as_a_decimal_or_with_an_exponent() {
        for (text, seconds) in [
            ("90", 90),
            ("90.0", 90),
            ("9e1", 90),
            ("18446744073709551615", u64::MAX),
            ("18446744073709551616", u64::MAX),
        ] {
            let text = format!(
                r#"{{"api": "reevo", "base_url": "sandbox:", "lookback_seconds": {text}}}"#
            );
            let value: Value = serde_json::from_str(&text).unwrap();
            let config = resolve(&RawConfig::from(value)).unwrap();
            assert_eq!(config.lookback, Duration::from_secs(seconds), "{text}");
        }
    }

    fn resolved(key: &str, value: &Value) -> Config {
        let raw = json!({"api": "reevo", "base_url": "sandbox:", key: value});
        resolve(&RawConfig::from(raw)).unwrap()
    }

    #[test]
    fn a_ceiling_of_the_rate_may_be_a_fraction() {
        let key = "requests_per_second";
        for number in [0.01, 0.5, 20.0, 1000.0] {
            let config = resolved(key, &json!(number));
            assert_eq!(config.requests_per_second, Some(number));
        }
        assert_eq!(resolved(key, &json!(20)).requests_per_second, Some(20.0));
        let unlimited = resolved("page_size", &json!(5));
        assert_eq!(unlimited.requests_per_second, None);
        for wrong in [json!(0), json!(-1), json!(0.001), json!(1001)] {
            let expected = "requests_per_second: is out of range; write a number from 0.01 to 1000";
            check(
                json!({"api": "reevo", "base_url": "sandbox:", key: wrong}),
                expected,
            );
        }
        check(
            json!({"api": "reevo", "base_url": "sandbox:", key: "fast"}),
            "requests_per_second: is not a number; write a number from 0.01 to 1000",
        );
    }

    #[test]
    fn a_ceiling_of_the_rate_from_the_environment_is_a_number() {
        for (text, expected) in [("0.5", Ok(Some(0.5))), (" 20 ", Ok(Some(20.0)))] {
            assert_eq!(from_environment(text), expected);
        }
        for text in ["fast", "1e400", "NaN", "0"] {
            let problem = from_environment(text).unwrap_err();
            assert!(
                problem.contains("TAP_REVOPS_REQUESTS_PER_SECOND: is "),
                "{problem}"
            );
        }
    }

    fn from_environment(ceiling: &str) -> Result<Option<f64>, String> {
        let variables = [
            ("TAP_REVOPS_API", "reevo"),
            ("TAP_REVOPS_BASE_URL", "sandbox:"),
            ("TAP_REVOPS_REQUESTS_PER_SECOND", ceiling),
        ];
        let variables = variables.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let raw = RawConfig::read(&[], &variables).unwrap();
        let config = resolve(&raw).map_err(|error| error.to_string())?;
        Ok(config.requests_per_second)
    }

    #[test]
    fn the_days_of_a_run_are_limited_only_if_the_setting_says_so() {
        let days = |value: &Value| resolved("max_days_per_run", value).max_days_per_run;
        assert_eq!(days(&json!(30)), Some(TimeDelta::days(30)));
        assert_eq!(resolved("page_size", &json!(5)).max_days_per_run, None);
        check(
            json!({"api": "reevo", "base_url": "sandbox:", "max_days_per_run": 0}),
            "max_days_per_run: is out of range; write a whole number from 1 to 36500",
        );
    }

    #[test]
    fn paging_is_by_cursor_unless_it_is_set_to_seek() {
        for (value, expected) in [("cursor", Paging::Cursor), ("seek", Paging::Seek)] {
            assert_eq!(resolved("paging", &json!(value)).paging, expected);
        }
        assert_eq!(resolved("page_size", &json!(5)).paging, Paging::Cursor);
        check(
            json!({"api": "reevo", "base_url": "sandbox:", "paging": "offset"}),
            "paging: is not one of the allowed values; write \"cursor\" or \"seek\"",
        );
    }

    #[test]
    fn plain_http_is_allowed_for_this_machine_only() {
        for (url, allowed) in [
            ("http://127.0.0.1:8800", true),
            ("http://localhost:8800/", true),
            ("http://[::1]:8800", true),
            ("https://api.reevo.ai/api/v2", true),
            ("http://api.reevo.ai", false),
            ("http://127.0.0.1.evil.example", false),
            ("ftp://127.0.0.1", false),
            ("api.reevo.ai", false),
            ("https://user:pass@api.reevo.ai", false),
        ] {
            let value = json!({"api": "reevo", "api_key": "k", "base_url": url});
            let result = resolve(&RawConfig::from(value));
            assert_eq!(result.is_ok(), allowed, "{url}: {result:?}");
        }
    }

    #[test]
    fn a_setting_of_one_api_is_refused_for_the_other() {
        let sandbox = "sandbox:";
        check(
            json!({"api": "askelephant", "base_url": sandbox, "page_size": 500}),
            "page_size: AskElephant allows at most 100",
        );
        check(
            json!({"api": "askelephant", "base_url": sandbox, "record_types": ["x"]}),
            "record_types: only Reevo has this setting",
        );
        check(
            json!({"api": "reevo", "base_url": sandbox, "expand": ["tags"]}),
            "expand: only AskElephant has this setting",
        );
        check(
            json!({"api": "askelephant", "base_url": sandbox, "expand": ["tag"]}),
            "expand.0: is not one of the allowed values",
        );
    }

    #[test]
    fn dates_are_converted_to_utc_and_a_date_without_a_time_means_midnight() {
        let config = resolve(&RawConfig::from(json!({
            "api": "reevo", "base_url": "sandbox:",
            "start_date": "2026-01-01", "end_date": "2026-06-01T02:00:00+02:00"
        })))
        .unwrap();
        assert_eq!(config.start_date.as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(config.end_date.as_deref(), Some("2026-06-01T00:00:00Z"));
        check(
            json!({"api": "reevo", "base_url": "sandbox:", "start_date": "2026-02-01", "end_date": "2026-01-01"}),
            "end_date: is not after start_date",
        );
    }

    #[test]
    fn a_file_of_authorities_must_be_readable_and_contain_a_certificate() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem").display().to_string();
        let raw = json!({"api": "reevo", "base_url": "sandbox:", "ca_file": path});
        check(raw.clone(), &format!("ca_file: {path} cannot be read"));
        std::fs::write(&path, "no certificate").unwrap();
        check(raw, &format!("ca_file: {path} contains no certificate"));
    }
}
