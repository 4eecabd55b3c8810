//! The settings of single streams, under `streams`.

use super::api_name::ApiName;
use super::filters::{Filters, conditions, parameters};
use super::forms::{full_date, utc_date, whole};
use super::problems::Problem;
use crate::time::timestamp::{self, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// The settings of one stream. What is not set is as it is for all streams.
#[derive(Clone, Debug, Default)]
pub struct StreamSettings {
    pub filters: Filters,
    /// In UTC, like that of the configuration.
    pub start_date: Option<String>,
    pub page_size: Option<u16>,
    pub lookback: Option<Duration>,
    pub method: Option<Method>,
}

/// How a stream is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Incremental,
    FullTable,
}

/// The settings of the streams that have some, by the name that the configuration gives them: the
/// emitted one or the API's.
#[derive(Clone, Debug, Default)]
pub struct Streams(BTreeMap<String, StreamSettings>);

static NONE: StreamSettings = StreamSettings {
    filters: Filters::None,
    start_date: None,
    page_size: None,
    lookback: None,
    method: None,
};

impl Streams {
    /// The settings of a stream, given both its names.
    pub fn of(&self, name: &str, api_name: &str) -> &StreamSettings {
        self.key(name, api_name)
            .and_then(|key| self.0.get(key))
            .unwrap_or(&NONE)
    }

    /// The name by which the configuration calls a stream.
    pub fn key<'n>(&self, name: &'n str, api_name: &'n str) -> Option<&'n str> {
        let mut names = [api_name, name].into_iter();
        names.find(|one| self.0.contains_key(*one))
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &StreamSettings)> {
        self.0
            .iter()
            .map(|(key, settings)| (key.as_str(), settings))
    }
}

/// Resolves `streams`, and adds what is wrong with it and the JSON Schema does not find.
pub fn resolve(config: &Value, api: ApiName, problems: &mut Vec<Problem>) -> Streams {
    let streams = config.get("streams").and_then(Value::as_object);
    let resolved = streams.into_iter().flatten().map(|(name, raw)| {
        let place = format!("streams.{name}");
        let mut reading = Reading {
            name,
            raw,
            place,
            problems,
        };
        (name.clone(), reading.settings(api, config))
    });
    Streams(resolved.collect())
}

/// One stream's settings as written.
struct Reading<'r> {
    name: &'r str,
    raw: &'r Value,
    place: String,
    problems: &'r mut Vec<Problem>,
}

impl Reading<'_> {
    fn settings(&mut self, api: ApiName, config: &Value) -> StreamSettings {
        self.check_dates(config);
        let number = |key: &str| self.raw.get(key).and_then(whole);
        let page_size = number("page_size").and_then(|size| u16::try_from(size).ok());
        let lookback = number("lookback_seconds").map(Duration::from_secs);
        if let Some(size) = page_size.filter(|size| (api.largest_page() + 1..=500).contains(size)) {
            self.refuse_page_size(api, size);
        }
        StreamSettings {
            page_size,
            lookback,
            start_date: self.text("start_date").map(utc_date),
            method: match self.text("replication_method") {
                Some("FULL_TABLE") => Some(Method::FullTable),
                Some("INCREMENTAL") => Some(Method::Incremental),
                _ => None,
            },
            filters: match api {
                ApiName::Reevo => self.conditions(),
                ApiName::AskElephant => self.parameters(),
            },
        }
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.raw.get(key).and_then(Value::as_str)
    }

    fn conditions(&mut self) -> Filters {
        if self.raw.get("search").is_some() {
            self.refuse(
                "search",
                "only AskElephant has this setting; remove the key",
            );
        }
        let Some(filters) = self.filters() else {
            return Filters::None;
        };
        let place = format!("{}.filters", self.place);
        let conditions = conditions::parse(&filters, &place, self.problems);
        match filters {
            Value::Array(sent) if !conditions.is_empty() => {
                Filters::Conditions { sent, conditions }
            }
            _ => Filters::None,
        }
    }

    fn parameters(&mut self) -> Filters {
        let mut pairs = Vec::new();
        if let Some(filters) = self.filters() {
            let place = format!("{}.filters", self.place);
            pairs = parameters::parse(self.name, &filters, &place, self.problems);
        }
        if let Some(text) = self.raw.get("search").and_then(Value::as_str) {
            let place = format!("{}.search", self.place);
            pairs.push(parameters::search(self.name, text, &place, self.problems));
        }
        if pairs.is_empty() {
            Filters::None
        } else {
            Filters::Parameters(pairs)
        }
    }

    /// The filters as JSON. Forms without a field for nested values hold them as a text.
    fn filters(&mut self) -> Option<Value> {
        let Value::String(text) = self.raw.get("filters")? else {
            return self.raw.get("filters").cloned();
        };
        if text.trim().is_empty() {
            return None;
        }
        let parsed = serde_json::from_str(text);
        if let Err(error) = &parsed {
            let (line, column) = (error.line(), error.column());
            let text = format!(
                "is not valid JSON at line {line}, column {column}; docs/filters.md has examples"
            );
            self.refuse("filters", text);
        }
        parsed.ok()
    }

    fn check_dates(&mut self, config: &Value) {
        let stamp = |text: &str| -> Option<Timestamp> {
            timestamp::parse(&full_date(text)).map(|stamp| stamp.timestamp)
        };
        let Some(text) = self.text("start_date") else {
            return;
        };
        let end = config
            .get("end_date")
            .and_then(Value::as_str)
            .and_then(stamp);
        match (stamp(text), end) {
            (None, _) => {
                let text = "is not a date-time; write one such as 2026-01-01T00:00:00Z";
                self.refuse("start_date", text);
            }
            (Some(start), Some(end)) if start >= end => {
                self.refuse(
                    "start_date",
                    "is not before end_date; write an earlier instant",
                );
            }
            _ => {}
        }
    }

    fn refuse_page_size(&mut self, api: ApiName, size: u16) {
        let (title, largest) = (api.title(), api.largest_page());
        let text = format!(
            "{title} allows at most {largest} records per page, not {size}; write a whole number from 1 to {largest}"
        );
        self.refuse("page_size", text);
    }

    fn refuse(&mut self, key: &str, text: impl Into<String>) {
        let place = format!("{}.{key}", self.place);
        self.problems.push(Problem::new(place, text));
    }
}
