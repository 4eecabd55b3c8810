//! The configuration as the program needs it: complete, typed and checked.

use reqwest::Certificate;
use secrecy::SecretString;
use std::time::Duration;

/// Which platform is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiName {
    Reevo,
    AskElephant,
}

/// Where the API is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseUrl {
    Remote(String),
    /// The local API inside the process, with what stood behind `sandbox:`.
    Sandbox(String),
}

/// The operator at the boundary of a bookmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    Gte,
    Gt,
}

/// What becomes of fields that no schema announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownFields {
    Report,
    Collect,
}

/// The configuration as the program needs it: complete, typed and checked.
#[derive(Clone, Debug)]
pub struct Config {
    pub api: ApiName,
    /// Without the word Bearer. Nothing only with the sandbox, which has a key of its own.
    pub api_key: Option<SecretString>,
    pub base_url: BaseUrl,
    /// Nothing stands for the standard types.
    pub record_types: Option<Vec<String>>,
    /// The text as written, which is what filters send.
    pub start_date: Option<String>,
    pub end_date: Option<String>,
    pub page_size: u16,
    pub boundary: Boundary,
    pub lookback: Duration,
    pub expand: Vec<String>,
    pub unknown_fields: UnknownFields,
    pub concurrency: usize,
    pub request_timeout: Duration,
    pub max_retry: Duration,
    pub user_agent: String,
    /// Certificate authorities beside those of the platform.
    pub authorities: Vec<Certificate>,
}

impl ApiName {
    /// The name that a person reads.
    pub fn title(self) -> &'static str {
        match self {
            Self::Reevo => "Reevo",
            Self::AskElephant => "AskElephant",
        }
    }

    /// The largest page that the API hands out.
    pub fn largest_page(self) -> u16 {
        match self {
            Self::Reevo => 500,
            Self::AskElephant => 100,
        }
    }

    /// Where the API is unless configured otherwise.
    pub fn usual_address(self) -> &'static str {
        match self {
            Self::Reevo => "https://api.reevo.ai",
            Self::AskElephant => "https://app.askelephant.ai/api",
        }
    }
}
