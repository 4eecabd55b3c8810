//! The source of a run's records: sends requests to the API at a pace that it accepts, retries
//! them, and reads the responses. A run has one source, shared by all streams.

pub mod children;
pub mod discover;
pub mod pace;
mod page;
mod page_size;
pub mod settings;
pub mod tally;

use crate::api::Api;
use crate::api::page::{PageRequest, PageToken};
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
use crate::time::timestamp::Timestamp;
use anyhow::Result;
use bytes::Bytes;
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, SetOnce};

/// How long all requests wait after a rate limit, if the API does not say. A request that is refused
/// again and again waits longer, by itself.
const PAUSE: Duration = Duration::from_secs(1);

pub struct Source {
    pub config: Config,
    pub log: Log,
    api: Api,
    client: Client,
    budget: Budget,
    pace: Pace,
    pub clock: Arc<dyn Clock>,
    answered: SetOnce<()>,
    /// Places for questions that are on their way.
    questions: Semaphore,
}

/// A page as the API sent it.
pub struct Sample {
    pub body: Bytes,
    pub next: Option<PageToken>,
    pub has_date: bool,
    pub server_time: Timestamp,
}

impl Source {
    /// The API of the configuration, at `base_url`, through a proxy if there is one.
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
            pace: Pace::new(Arc::clone(&clock), config.requests_per_second),
            clock,
            answered: SetOnce::new(),
            questions: Semaphore::new(config.concurrency),
            log,
            config,
        })
    }

    /// The API's names of the streams to offer: the configured ones, or else the standard ones.
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

    /// Resolves when the API has answered a request for the first time and accepted the key.
    pub async fn answered(&self) {
        self.answered.wait().await;
    }

    fn note_answer<T>(&self, answer: &Result<T, Failure>) {
        if !matches!(answer, Err(failure) if failure.kind.ends_run()) {
            // Fails if it is already set.
            let _ = self.answered.set(());
        }
    }

    fn attempts<'a>(&'a self, subject: Subject<'a>) -> Attempts<'a> {
        Attempts::begin(self.budget, self.clock.as_ref(), &self.log, subject)
    }

    /// A stream, from its current schema.
    pub async fn describe(&self, api_name: &str) -> Result<Stream, Failure> {
        if let Some(stream) = self.api.shipped(api_name, &self.config) {
            return Ok(stream);
        }
        let Some(request) = self.api.schema_request(api_name) else {
            let offered = self.standard_streams().join(", ");
            let sentence = format!("there is no such stream; the streams are {offered}");
            let failure = Failure::new(FailureKind::UnknownStream, sentence);
            return Err(self.with_suggestion(failure, api_name));
        };
        // Descriptions are written into catalogs, so the key must not be in them.
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

    /// The streams that are read for the records of a stream.
    pub fn children_of(&self, parent: &Stream) -> Vec<Stream> {
        self.api.children(parent, &self.config)
    }

    /// The API's name of the parent, given either name of a child stream; None if it does not tell.
    pub fn parent_of<'n>(&self, name: &'n str) -> Option<&'n str> {
        self.api.parent_of(name)
    }

    /// If the API does not know the stream, adds the standard one that was probably meant.
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

    /// Fails if the key cannot read a stream's records, or the API does not take its filters.
    pub async fn probe(&self, name: &str, api_name: &str) -> Result<(), Failure> {
        let filters = self.config.filters(name, api_name);
        let request = self.api.probe_request(api_name, filters);
        let read = |reply: Reply| self.api.succeeded(&reply, false);
        self.until_done(&format!("probe of {api_name}"), &request, read)
            .await
    }

    /// A page as the API sends it, for whoever wants to know its form.
    pub async fn sample(&self, request: &PageRequest<'_>) -> Result<Sample, Failure> {
        let stream = request.stream;
        let filters = stream.filters(&self.config);
        let sent = self.api.page_request(request, filters);
        let read = |reply: Reply| {
            let (body, has_date, server_time) =
                (reply.body.clone(), reply.has_date, reply.server_time);
            let page = self.api.page(reply, request.token.is_some())?;
            Ok(Sample {
                body,
                next: page.next,
                has_date,
                server_time,
            })
        };
        let name = format!("page of {}", stream.name);
        self.until_done(&name, &sent, read).await
    }

    /// The answer to a question, which is anything but the next page of a stream. Questions go side by
    /// side, as many as `concurrency`.
    async fn until_done<T>(
        &self,
        name: &str,
        request: &Request,
        read: impl Fn(Reply) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        // It is never closed.
        let _place = self.questions.acquire().await;
        let subject = Subject { name, stream: None };
        let tally = Tally::default();
        let mut attempts = self.attempts(subject);
        loop {
            let turn = self.turn(&tally).await;
            let answer = self.send(request, turn, &tally).await.and_then(&read);
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
        tally.add_wait(turn.waited, self.clock.now());
        turn
    }

    /// Sends a request, after its turn has come.
    async fn send(&self, request: &Request, turn: Turn, tally: &Tally) -> Result<Reply, Failure> {
        let reply = self.client.send(request).await?;
        tally.add_bytes(reply.body.len());
        let (method, bytes) = (request.method(), reply.body.len());
        self.log.debug(|| {
            let (path, status) = (&request.path, reply.status);
            format!("{method} {path}: {status}, {bytes} bytes")
        });
        if reply.is_success() {
            self.pace.accepted(turn);
        }
        Ok(reply)
    }

    /// Waits until the next attempt, or returns the failure if there is none. A rate limit delays
    /// all requests, any other failure only this one.
    async fn wait_after(
        &self,
        attempts: &mut Attempts<'_>,
        failure: Failure,
        turn: Turn,
        tally: &Tally,
    ) -> Result<(), Failure> {
        let is_rate_limited = failure.kind == FailureKind::RateLimited;
        let is_asked = failure.asked_wait.is_some();
        let wait = attempts.after(failure)?;
        tally.add_retry();
        if !is_rate_limited {
            self.clock.sleep(wait).await;
            return Ok(());
        }
        let pause = if is_asked { wait } else { wait.min(PAUSE) };
        self.pace.refused(turn, pause);
        if wait > pause {
            self.clock.sleep(wait).await;
            tally.add_wait(wait, self.clock.now());
        }
        Ok(())
    }
}
