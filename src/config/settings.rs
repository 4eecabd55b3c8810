//! The resolved configuration: complete, typed and checked.

use chrono::TimeDelta;
use reqwest::Certificate;
use secrecy::SecretString;
use std::time::Duration;

/// The platform to read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiName {
    Reevo,
    AskElephant,
}

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

impl ApiName {
    /// The name in messages and forms.
    pub fn title(self) -> &'static str {
        match self {
            Self::Reevo => "Reevo",
            Self::AskElephant => "AskElephant",
        }
    }

    /// The largest page that the API allows. Reevo documents it in "Query Records for Sync",
    /// AskElephant in the reference of each list.
    pub fn largest_page(self) -> u16 {
        match self {
            Self::Reevo => 500,
            Self::AskElephant => 100,
        }
    }

    /// The default base URL.
    pub fn usual_address(self) -> &'static str {
        match self {
            Self::Reevo => "https://api.reevo.ai",
            Self::AskElephant => "https://app.askelephant.ai/api",
        }
    }
}
