//! An API within reach: its requests sent, tried again, and read. What a run holds of the network
//! is one of these.

use crate::api::{Api, Page, PageRequest};
use crate::catalog::Stream;
use crate::clock::Clock;
use crate::config::Config;
use crate::http::client::{Client, LARGEST_BODY, Reply, Request, Settings};
use crate::http::failure::{Failure, Kind};
use crate::http::retry::{Attempts, Budget, Subject};
use crate::log::Log;
use anyhow::Result;
use secrecy::SecretString;
use std::sync::Arc;

pub struct Source {
    pub config: Config,
    pub log: Log,
    api: Api,
    client: Client,
    budget: Budget,
    clock: Arc<dyn Clock>,
}

impl Source {
    /// The API of the configuration, at an address and with a key that are known by now.
    pub fn new(
        config: Config,
        base_url: &str,
        key: &SecretString,
        clock: Arc<dyn Clock>,
        log: Log,
    ) -> Result<Self> {
        let api = Api::new(&config);
        let client = Client::new(&Settings {
            base_url: api.root(base_url),
            authorization: api.authorization(key),
            user_agent: config.user_agent.clone(),
            timeout: config.request_timeout,
            largest_body: LARGEST_BODY,
        })?;
        Ok(Self {
            api,
            client,
            budget: Budget {
                total: config.max_retry,
            },
            clock,
            log,
            config,
        })
    }

    /// The names by which the API knows the streams that are offered.
    pub fn api_names(&self) -> Vec<String> {
        let standard = || {
            self.standard_streams()
                .iter()
                .map(|name| (*name).to_owned())
                .collect()
        };
        self.config.record_types.clone().unwrap_or_else(standard)
    }

    pub fn standard_streams(&self) -> &'static [&'static str] {
        self.api.standard_streams()
    }

    /// One page of a stream. `what` names it for the log.
    pub async fn page(&self, request: &PageRequest<'_>, what: &str) -> Result<Page, Failure> {
        let http = self.api.page_request(request);
        let subject = Subject {
            name: what,
            stream: Some(&request.stream.name),
        };
        self.until_done(subject, &http, |reply| {
            self.api.page(reply, request.token.is_some())
        })
        .await
    }

    /// What the API says of a stream today.
    pub async fn describe(&self, api_name: &str) -> Result<Stream, Failure> {
        if let Some(stream) = self.api.shipped(api_name, &self.config) {
            return Ok(stream);
        }
        let Some(request) = self.api.schema_request(api_name) else {
            let offered = self.standard_streams().join(", ");
            return Err(Failure::new(
                Kind::NotFound,
                format!("there is no such stream; there are {offered}"),
            ));
        };
        let name = format!("schema of {api_name}");
        let subject = Subject {
            name: &name,
            stream: None,
        };
        self.until_done(subject, &request, |reply| {
            self.api.described(api_name, &reply, &self.config)
        })
        .await
    }

    /// Whether a stream's records can be read with this key.
    pub async fn probe(&self, api_name: &str) -> Result<(), Failure> {
        let request = self.api.probe_request(api_name);
        let name = format!("probe of {api_name}");
        let subject = Subject {
            name: &name,
            stream: None,
        };
        self.until_done(subject, &request, |reply| self.api.succeeded(&reply, false))
            .await
    }

    async fn until_done<T>(
        &self,
        subject: Subject<'_>,
        request: &Request,
        read: impl Fn(Reply) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut attempts = Attempts::begin(self.budget, self.clock.as_ref(), &self.log, subject);
        loop {
            match self.client.send(request).await.and_then(&read) {
                Ok(done) => return Ok(done),
                Err(failure) => attempts.wait_after(failure).await?,
            }
        }
    }
}
