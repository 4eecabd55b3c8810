//! The configuration as the program needs it: complete, typed and checked.

use crate::support::files;
use anyhow::{Context, Result};
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
    /// A file of certificate authorities beside those of the platform.
    pub ca_file: Option<String>,
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

impl Config {
    /// The certificate authorities of the file, if one is configured.
    pub fn authorities(&self) -> Result<Vec<Certificate>> {
        let Some(path) = &self.ca_file else {
            return Ok(Vec::new());
        };
        let advice = "write the path of a file with certificates in PEM";
        let text = files::read(path)
            .with_context(|| format!("ca_file: {path} cannot be read; {advice}"))?;
        let certificates = Certificate::from_pem_bundle(&text)
            .ok()
            .filter(|found| !found.is_empty());
        certificates.with_context(|| format!("ca_file: {path} holds no certificate; {advice}"))
    }
}
