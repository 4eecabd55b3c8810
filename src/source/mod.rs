//! An API within reach: its requests sent at a bearable pace, tried again, and read. What a run
//! holds of the network is one of these.

pub mod discover;
pub mod pace;
mod page_size;
pub mod tally;

use crate::api::Api;
use crate::api::page::{Page, PageRequest};
use crate::catalog::Stream;
use crate::config::Config;
use crate::http::client::{Client, LARGEST_BODY, Settings};
use crate::http::failure::{Failure, FailureKind};
use crate::http::proxy::Proxy;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::http::retry::{Attempts, Budget, Subject};
use crate::log::Log;
use crate::source::pace::{Pace, Turn};
use crate::source::tally::Tally;
use crate::support::suggestion;
use crate::time::clock::Clock;
use anyhow::Result;
use secrecy::SecretString;
use std::sync::Arc;
use tokio::sync::SetOnce;

pub struct Source {
    pub config: Config,
    pub log: Log,
    api: Api,
    client: Client,
    budget: Budget,
    pace: Pace,
    pub clock: Arc<dyn Clock>,
    answered: SetOnce<()>,
}

impl Source {
    /// The API of the configuration, at an address, through a proxy and with a key that are known
    /// by now.
    pub fn new(
        config: Config,
        base_url: &str,
        proxy: Option<Proxy>,
        key: &SecretString,
        clock: Arc<dyn Clock>,
        log: Log,
    ) -> Result<Self> {
        let api = Api::new(&config);
        let settings = Settings {
            base_url: api.root(base_url),
            authorization: api.authorization(key),
            user_agent: config.user_agent.clone(),
            timeout: config.request_timeout,
            largest_body: LARGEST_BODY,
            authorities: config.authorities.clone(),
            proxy,
        };
        let client = Client::new(&settings, Arc::clone(&clock))?;
        Ok(Self {
            api,
            client,
            budget: Budget {
                total: config.max_retry,
            },
            pace: Pace::new(Arc::clone(&clock)),
            clock,
            answered: SetOnce::new(),
            log,
            config,
        })
    }

    /// The names by which the API knows the streams that are offered.
    pub fn api_names(&self) -> Vec<String> {
        let standard = || {
            let names = self.standard_streams().iter();
            names.map(|name| (*name).to_owned()).collect()
        };
        self.config.record_types.clone().unwrap_or_else(standard)
    }

    pub fn standard_streams(&self) -> &'static [&'static str] {
        self.api.standard_streams()
    }

    /// Whether a workspace may lack a stream: a standard one that the configuration does not name.
    pub fn is_optional(&self, api_name: &str) -> bool {
        self.config.record_types.is_none() && self.api.is_optional(api_name)
    }

    /// Resolves when the API has answered a request for the first time, and did not refuse the key.
    pub async fn answered(&self) {
        self.answered.wait().await;
    }

    fn note_answer<T>(&self, answer: &Result<T, Failure>) {
        if !matches!(answer, Err(failure) if failure.kind.ends_run()) {
            // Every later answer finds it set.
            let _ = self.answered.set(());
        }
    }

    /// One page of a stream, and the size at which it came: one that is refused or keeps failing
    /// is asked for in smaller pages.
    pub async fn page(
        &self,
        mut request: PageRequest<'_>,
        number: u64,
        tally: &Tally,
    ) -> Result<(Page, u16), Failure> {
        let name = format!("page {number} of {}", request.stream.name);
        let subject = Subject {
            name: &name,
            stream: Some(&request.stream.name),
        };
        let mut attempts = self.attempts(subject);
        loop {
            let turn = self.turn(tally).await;
            let answer = self.send(&self.api.page_request(&request), tally).await;
            let page = answer.and_then(|reply| self.api.page(reply, request.token.is_some()));
            self.note_answer(&page);
            let failure = match page {
                Ok(page) => return Ok((page, request.limit)),
                Err(failure) => failure,
            };
            let kind = failure.kind;
            if let Some(smaller) = page_size::at_once(request.limit, kind) {
                self.warn_of_smaller_pages(&name, &failure, smaller);
                request.limit = smaller;
                continue;
            }
            match self.wait_after(&mut attempts, failure, turn, tally).await {
                Ok(()) => {
                    request.limit =
                        page_size::for_next_attempt(request.limit, kind, attempts.failed());
                }
                Err(failure) if self.budget.total.is_zero() => return Err(failure),
                Err(failure) => {
                    let Some(smaller) = page_size::after_giving_up(request.limit, kind) else {
                        return Err(failure);
                    };
                    self.warn_of_smaller_pages(&name, &failure, smaller);
                    request.limit = smaller;
                    attempts = self.attempts(subject);
                }
            }
        }
    }

    fn warn_of_smaller_pages(&self, name: &str, failure: &Failure, smaller: u16) {
        self.log.warning(format!(
            "{name}: {failure}; going on with {smaller} records a page"
        ));
    }

    fn attempts<'a>(&'a self, subject: Subject<'a>) -> Attempts<'a> {
        Attempts::begin(self.budget, self.clock.as_ref(), &self.log, subject)
    }

    /// What the API says of a stream today.
    pub async fn describe(&self, api_name: &str) -> Result<Stream, Failure> {
        if let Some(stream) = self.api.shipped(api_name, &self.config) {
            return Ok(stream);
        }
        let Some(request) = self.api.schema_request(api_name) else {
            let offered = self.standard_streams().join(", ");
            let sentence = format!("there is no such stream; there are {offered}");
            let failure = Failure::new(FailureKind::UnknownStream, sentence);
            return Err(self.with_suggestion(failure, api_name));
        };
        // What describes a stream comes out again in catalogs.
        let read = |mut reply: Reply| {
            if let Ok(text) = std::str::from_utf8(&reply.body) {
                reply.body = self.log.without_secret(text.to_owned()).into();
            }
            self.api.described(api_name, &reply, &self.config)
        };
        let name = format!("schema of {api_name}");
        let described = self.until_done(&name, &request, read).await;
        described.map_err(|failure| self.with_suggestion(failure, api_name))
    }

    /// Adds the standard stream that was probably meant, where the API does not know one.
    fn with_suggestion(&self, mut failure: Failure, api_name: &str) -> Failure {
        let standard = self.standard_streams().iter().copied();
        let meant = suggestion::closest(api_name, standard).filter(|meant| *meant != api_name);
        if let (FailureKind::UnknownStream, Some(meant)) = (failure.kind, meant) {
            failure
                .sentence
                .push_str(&format!("; did you mean {meant}?"));
        }
        failure
    }

    /// Whether a stream's records can be read with this key.
    pub async fn probe(&self, api_name: &str) -> Result<(), Failure> {
        let request = self.api.probe_request(api_name);
        let read = |reply: Reply| self.api.succeeded(&reply, false);
        self.until_done(&format!("probe of {api_name}"), &request, read)
            .await
    }

    async fn until_done<T>(
        &self,
        name: &str,
        request: &Request,
        read: impl Fn(Reply) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let subject = Subject { name, stream: None };
        let tally = Tally::default();
        let mut attempts = self.attempts(subject);
        loop {
            let turn = self.turn(&tally).await;
            let answer = self.send(request, &tally).await.and_then(&read);
            self.note_answer(&answer);
            match answer {
                Ok(done) => return Ok(done),
                Err(failure) => {
                    self.wait_after(&mut attempts, failure, turn, &tally)
                        .await?;
                }
            }
        }
    }

    /// Waits until a request may be sent.
    async fn turn(&self, tally: &Tally) -> Turn {
        let turn = self.pace.turn().await;
        tally.add_wait(turn.waited);
        turn
    }

    /// Sends a request whose turn it is.
    async fn send(&self, request: &Request, tally: &Tally) -> Result<Reply, Failure> {
        let reply = self.client.send(request).await?;
        tally.add_bytes(reply.body.len());
        let (method, bytes) = (request.method(), reply.body.len());
        self.log.debug(format!(
            "{method} {}: {}, {bytes} bytes",
            request.path, reply.status
        ));
        if reply.is_success() {
            self.pace.speed_up();
        }
        Ok(reply)
    }

    /// Waits for the next attempt. A rate limit holds up all requests, any other failure only this
    /// one.
    async fn wait_after(
        &self,
        attempts: &mut Attempts<'_>,
        failure: Failure,
        turn: Turn,
        tally: &Tally,
    ) -> Result<(), Failure> {
        let is_rate_limited = failure.kind == FailureKind::RateLimited;
        let wait = attempts.after(failure)?;
        tally.add_retry();
        if is_rate_limited {
            self.pace.slow_down(wait, turn);
        } else {
            self.clock.sleep(wait).await;
        }
        Ok(())
    }
}
