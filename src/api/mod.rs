//! The two APIs behind one interface: which request to send, how to read its response, and what an
//! error means. Nothing here talks to the network.

mod askelephant;
pub mod children;
mod error_body;
mod malformed;
pub mod page;
mod path;
mod reevo;

use self::children::{ChildPage, ParentRecord};
use self::malformed::malformed;
use self::page::{Page, PageRequest, PageToken};
use crate::catalog::{Children, Parent, Stream};
use crate::config::filters::Filters;
use crate::config::{ApiName, Config, Links, UnknownFields};
use crate::http::failure::Failure;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::record::projection::UNKNOWN_FIELDS;
use crate::record::schema::{Property, Shape};
use secrecy::{ExposeSecret, SecretString};
use serde_json::value::RawValue;
use std::ops::Range;

/// The API to read from, with the settings that concern it alone.
#[derive(Clone, Debug)]
pub enum Api {
    Reevo {
        /// Whether links are read of changed records only.
        links_of_changed: bool,
    },
    AskElephant {
        expand: Vec<String>,
    },
}

impl Api {
    pub fn new(config: &Config) -> Self {
        match config.api {
            ApiName::Reevo => Self::Reevo {
                links_of_changed: config.links == Links::ChangedParents,
            },
            ApiName::AskElephant => Self::AskElephant {
                expand: config.expand.clone(),
            },
        }
    }

    /// The base URL of this version of the API. `base_url` may have the version already.
    pub fn root(&self, base_url: &str) -> String {
        let suffix = match self {
            Self::Reevo { .. } => "/api/v2",
            Self::AskElephant { .. } => "/v2",
        };
        let base_url = base_url.trim_end_matches('/');
        format!(
            "{}{suffix}",
            base_url.strip_suffix(suffix).unwrap_or(base_url)
        )
    }

    /// The `Authorization` header for a key.
    pub fn authorization(&self, key: &SecretString) -> SecretString {
        let key = key.expose_secret();
        match self {
            Self::AskElephant { .. } if key.starts_with(askelephant::API_KEY_PREFIX) => key.into(),
            _ => format!("Bearer {key}").into(),
        }
    }

    /// The streams that every workspace may have, by the API's names.
    pub fn standard_streams(&self) -> &'static [&'static str] {
        match self {
            Self::Reevo { .. } => &reevo::STANDARD_TYPES,
            Self::AskElephant { .. } => &askelephant::COLLECTIONS,
        }
    }

    /// Whether a workspace may lack a stream: a standard one for which no expansion is
    /// configured.
    pub fn is_optional(&self, api_name: &str) -> bool {
        let is_wanted = match self {
            Self::Reevo { .. } => false,
            Self::AskElephant { expand } => askelephant::expands(api_name, expand),
        };
        self.standard_streams().contains(&api_name) && !is_wanted
    }

    /// The request for a stream's schema; None if the schemas ship with the program.
    pub fn schema_request(&self, api_name: &str) -> Option<Request> {
        match self {
            Self::Reevo { .. } => Some(reevo::schema_request(api_name)),
            Self::AskElephant { .. } => None,
        }
    }

    /// The stream that the response to a schema request describes. Fails if its filters do not fit
    /// the schema.
    pub fn described(
        &self,
        api_name: &str,
        reply: &Reply,
        config: &Config,
    ) -> Result<Stream, Failure> {
        self.succeeded(reply, false)?;
        let stream = reevo::stream(api_name, text(reply)?)?;
        if let Filters::Conditions { conditions, .. } = config.filters(&stream.name, api_name) {
            reevo::check_filters(api_name, text(reply)?, conditions)?;
        }
        Ok(with_collector(stream, config))
    }

    /// A stream whose schema ships with the program; None if there is no such schema.
    pub fn shipped(&self, api_name: &str, config: &Config) -> Option<Stream> {
        match self {
            Self::Reevo { .. } => None,
            Self::AskElephant { expand } => {
                let stream = askelephant::stream(api_name, expand)?;
                Some(with_collector(stream, config))
            }
        }
    }

    /// The streams that are read for the records of a stream.
    pub fn children(&self, parent: &Stream, config: &Config) -> Vec<Stream> {
        let children = match self {
            Self::Reevo { links_of_changed } => reevo::links::streams(parent, *links_of_changed),
            Self::AskElephant { .. } => askelephant::children(parent),
        };
        let children = children.into_iter();
        children.map(|one| with_collector(one, config)).collect()
    }

    /// The API's name of the parent, given either name of a child stream; None if it does not tell.
    pub fn parent_of<'n>(&self, name: &'n str) -> Option<&'n str> {
        match self {
            Self::Reevo { .. } => reevo::links::parent(name),
            Self::AskElephant { .. } => askelephant::transcripts::parent(name),
        }
    }

    /// The request for a page of the children of a record.
    pub fn child_request(
        &self,
        parent: &Parent,
        id: &str,
        limit: u16,
        token: Option<&PageToken>,
    ) -> Request {
        match &parent.children {
            Children::Links(relationship) => {
                let record_type = &parent.stream.api_name;
                reevo::links::request(record_type, id, relationship, limit, token)
            }
            Children::Transcript => askelephant::transcripts::request(id),
        }
    }

    /// Reads the response to a request for children. `had_token` says whether it carried a page token.
    pub fn child_page(
        &self,
        children: &Children,
        record: &ParentRecord,
        reply: &Reply,
        had_token: bool,
    ) -> Result<ChildPage, Failure> {
        match children {
            Children::Links(_) => {
                self.succeeded(reply, had_token)?;
                reevo::links::page(text(reply)?, record)
            }
            Children::Transcript => {
                self.succeeded(reply, had_token)
                    .map_err(askelephant::transcripts::with_scopes)?;
                askelephant::transcripts::page(text(reply)?, record)
            }
        }
    }

    /// The request for a page of the records that pass the filters.
    pub fn page_request(&self, page: &PageRequest, filters: &Filters) -> Request {
        match self {
            Self::Reevo { .. } => reevo::page_request(page, filters),
            Self::AskElephant { expand } => askelephant::page_request(page, filters, expand),
        }
    }

    /// The cheapest request that shows whether the key can read a stream's records.
    pub fn probe_request(&self, api_name: &str, filters: &Filters) -> Request {
        match self {
            Self::Reevo { .. } => reevo::probe_request(api_name, filters),
            Self::AskElephant { expand } => askelephant::probe_request(api_name, filters, expand),
        }
    }

    /// Reads the response to a page request. `had_token` says whether it carried a page token.
    pub fn page(&self, reply: Reply, had_token: bool) -> Result<Page, Failure> {
        self.succeeded(&reply, had_token)?;
        let body = String::from_utf8(reply.body.into()).map_err(|_| not_utf8())?;
        let (records, next) = match self {
            Self::Reevo { .. } => reevo::page(&body)?,
            Self::AskElephant { .. } => askelephant::page(&body)?,
        };
        let records = records
            .into_iter()
            .map(|raw| range_within(&body, raw))
            .collect();
        Ok(Page {
            records,
            next,
            received_at: reply.received_at,
            server_time: reply.server_time,
            has_date: reply.has_date,
            asked_at: reply.asked_at,
            body,
        })
    }

    /// Fails if the response is an error.
    pub fn succeeded(&self, reply: &Reply, had_token: bool) -> Result<(), Failure> {
        if reply.is_success() {
            return Ok(());
        }
        Err(error_body::failure(reply, had_token))
    }
}

/// Adds the column for fields that are not in the schema, if the configuration asks for it.
fn with_collector(mut stream: Stream, config: &Config) -> Stream {
    if config.unknown_fields == UnknownFields::Collect {
        let description = "Fields that the schema does not announce, as JSON.".to_owned();
        stream.properties.push(Property {
            description: Some(description),
            ..Property::new(UNKNOWN_FIELDS, Shape::OpenObject)
        });
    }
    stream
}

fn text(reply: &Reply) -> Result<&str, Failure> {
    std::str::from_utf8(&reply.body).map_err(|_| not_utf8())
}

fn not_utf8() -> Failure {
    malformed("it is not UTF-8")
}

fn range_within(text: &str, raw: &RawValue) -> Range<usize> {
    let start = raw.get().as_ptr().addr() - text.as_ptr().addr();
    start..start + raw.get().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_url_may_have_the_version_of_the_api() {
        let elephant = Api::AskElephant { expand: Vec::new() };
        let reevo = Api::Reevo {
            links_of_changed: false,
        };
        for (api, given, root) in [
            (
                &reevo,
                "https://api.reevo.ai",
                "https://api.reevo.ai/api/v2",
            ),
            (
                &reevo,
                "https://api.reevo.ai/api/v2/",
                "https://api.reevo.ai/api/v2",
            ),
            (
                &elephant,
                "https://app.askelephant.ai/api",
                "https://app.askelephant.ai/api/v2",
            ),
            (
                &elephant,
                "https://app.askelephant.ai/api/v2",
                "https://app.askelephant.ai/api/v2",
            ),
        ] {
            assert_eq!(api.root(given), root);
        }
    }

    #[test]
    fn each_api_gets_the_key_in_its_own_form() {
        let elephant = Api::AskElephant { expand: Vec::new() };
        let reevo = Api::Reevo {
            links_of_changed: false,
        };
        for (api, key, header) in [
            (&reevo, "abc", "Bearer abc"),
            (&elephant, "sk-apik_1.2", "sk-apik_1.2"),
            (&elephant, "oauth-token", "Bearer oauth-token"),
        ] {
            assert_eq!(api.authorization(&key.into()).expose_secret(), header);
        }
    }
}
