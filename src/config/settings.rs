//! The resolved configuration: complete, typed and checked.

use super::api_name::ApiName;
use super::batches::BatchConfig;
use super::filters::Filters;
use super::streams::Streams;
use chrono::TimeDelta;
use reqwest::Certificate;
use secrecy::SecretString;
use std::time::Duration;

/// Where the API is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseUrl {
    Remote(String),
    /// The local API inside the process, with its options: the text after `sandbox:`.
    Sandbox(String),
}

/// The filter operator at the bookmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    Gte,
    Gt,
}

/// What to do with fields that the schema does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownFields {
    Report,
    Collect,
}

/// What takes the tap from one page to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paging {
    /// The API's cursors.
    Cursor,
    /// The last `updated_at`; a cursor only where records share it.
    Seek,
}

/// Of which records a run reads the links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    AllParents,
    ChangedParents,
}

/// The resolved configuration.
#[derive(Clone, Debug)]
pub struct Config {
    pub api: ApiName,
    /// Without the word Bearer. None only with the sandbox, which brings its own key.
    pub api_key: Option<SecretString>,
    pub base_url: BaseUrl,
    /// None means the standard types.
    pub record_types: Option<Vec<String>>,
    /// A timestamp in UTC, with the digits as written. Filters send this text.
    pub start_date: Option<String>,
    pub end_date: Option<String>,
    pub page_size: u16,
    pub boundary: Boundary,
    pub lookback: Duration,
    pub expand: Vec<String>,
    pub links: Links,
    pub streams: Streams,
    /// Whether a stream that has been read as a whole retires the rows of earlier readings. Singer
    /// only.
    pub activate_version: bool,
    /// How much of the last whole reading the next one must bring for that, in percent.
    pub least_percent: u64,
    /// Files in place of RECORD messages. Singer only.
    pub batches: Option<BatchConfig>,
    pub unknown_fields: UnknownFields,
    pub concurrency: usize,
    pub requests_per_second: Option<f64>,
    pub paging: Paging,
    /// None means without limit.
    pub max_days_per_run: Option<TimeDelta>,
    pub request_timeout: Duration,
    pub max_retry: Duration,
    pub user_agent: String,
    /// Certificate authorities to trust in addition to the platform's.
    pub authorities: Vec<Certificate>,
}

impl Config {
    /// All start dates, each with the key that sets it.
    pub fn start_dates(&self) -> impl Iterator<Item = (String, &str)> {
        let of_all = self.start_date.as_deref();
        let of_all = of_all.map(|text| ("start_date".to_owned(), text));
        let of_streams = self.streams.iter().filter_map(|(name, settings)| {
            let text = settings.start_date.as_deref()?;
            Some((format!("streams.{name}.start_date"), text))
        });
        of_all.into_iter().chain(of_streams)
    }

    /// The filters of a stream, given both its names.
    pub fn filters(&self, name: &str, api_name: &str) -> &Filters {
        &self.streams.of(name, api_name).filters
    }

    /// The configuration as it is for one stream, given both its names.
    #[must_use]
    pub fn of_stream(&self, name: &str, api_name: &str) -> Self {
        let settings = self.streams.of(name, api_name);
        let mut config = self.clone();
        if settings.start_date.is_some() {
            config.start_date.clone_from(&settings.start_date);
        }
        config.page_size = settings.page_size.unwrap_or(self.page_size);
        config.lookback = settings.lookback.unwrap_or(self.lookback);
        config
    }
}
