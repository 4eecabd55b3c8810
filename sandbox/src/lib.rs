//! A local server that speaks both APIs, Reevo below `/api/v2` and AskElephant below `/v2`, so that
//! the tap can be tried and tested without an account. It is written from the documentation of the
//! APIs, and shares no code with the clients that it serves.
//!
//! **A request's journey.** The `server` reads a request into a `Call`. The `world` logs it, and
//! `delivery` asks the script of `faults` what goes wrong with it. The true answer comes from
//! `reevo` or `askelephant`: they ask the world's `store` when each record changed, and compute what
//! records contain from the seed, the stream, the record's index and its version. A fault may change
//! that answer, or how the server sends it.
//!
//! **What never happens.** Nothing is written to disk, and nothing leaves this machine. Two servers
//! with the same options and clock have the same records.
//!
//! Modules stand in the order of dependency: each uses only what stands above it.

mod decimal;
mod noise;
mod stream;
mod timestamp;

mod json;
mod seal;

mod identity;
mod words;

mod answer;
mod call;

mod faults;

mod options;

mod world;

mod askelephant;
mod reevo;

mod delivery;
mod server;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::task::JoinHandle;

use call::Call;
pub use faults::{Ending, Fault, Faults, Reply, RequestKind, Requests, Rule};
pub use options::Options;
pub use stream::{Api, Stream};
use world::World;
pub use world::journal::{Announced, Received};
use world::store::Entry;

/// A running server; clones are handles to the same one. It stops accepting when the last handle is
/// dropped; a connection ends when its client leaves.
#[derive(Clone)]
pub struct Sandbox {
    world: Arc<World>,
    address: SocketAddr,
    _accepting: Arc<Accepting>,
}

struct Accepting(JoinHandle<Infallible>);

impl Drop for Accepting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A record as a full walk would list it now.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    pub id: String,
    /// In microseconds, whatever form the answers have.
    pub updated_at: DateTime<Utc>,
    /// Grows with every change.
    pub version: u64,
    /// Exactly the record's text in a list answer, without expanded members.
    pub json: String,
}

impl Sandbox {
    /// Takes connections from the moment this returns, on tasks of the current runtime. Port 0
    /// picks a free port.
    pub async fn start(options: Options, listen: SocketAddr) -> std::io::Result<Sandbox> {
        let world = Arc::new(World::new(options));
        let (address, accepting) = server::serve(Arc::clone(&world), listen).await?;
        Ok(Sandbox {
            world,
            address,
            _accepting: Arc::new(Accepting(accepting)),
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Without a slash at its end; Reevo is below `/api/v2`, AskElephant below `/v2`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The key that both APIs accept.
    pub fn key(&self) -> &str {
        &self.world.options.key
    }

    /// The records that a full walk would list now, by `updated_at` and then id, as far as the key
    /// may see them. A stream is named by its Reevo record type or its AskElephant collection.
    ///
    /// # Panics
    ///
    /// This and the functions below panic if there is no such stream or record: a mistake in a
    /// test.
    pub fn truth(&self, stream: &str) -> Vec<Truth> {
        let stream = named(stream);
        let view = self.world.store.view(stream, self.world.now());
        let entries = view.by_time.iter();
        entries
            .map(|entry| self.true_record(stream, entry))
            .collect()
    }

    /// Every link of a Reevo relationship that the API would list now, in the order of the parents: the
    /// parent's id, and the link as it is listed.
    pub fn links(&self, stream: &str, relationship: &str) -> Vec<(String, String)> {
        let links = reevo::links(&self.world, named(stream), relationship);
        let links = links.unwrap_or_else(|| panic!("{stream} has no relationship {relationship}"));
        let as_text = |text| String::from_utf8(text).expect("it is written as UTF-8");
        let links = links.into_iter();
        links
            .map(|(parent, link)| (parent, as_text(link)))
            .collect()
    }

    /// The transcript of every engagement that lists show and that has one now, by the engagement's id.
    pub fn transcripts(&self) -> Vec<(String, String)> {
        let (options, now) = (&self.world.options, self.world.now());
        let view = self.world.store.view(Stream::Engagements, now);
        let entries = view.by_time.iter();
        let transcripts = entries.filter_map(|entry| {
            let text = askelephant::transcript(options, entry, now)?;
            let id = identity::text(options.seed, Stream::Engagements, entry.index);
            Some((id, String::from_utf8(text).expect("it is written as UTF-8")))
        });
        transcripts.collect()
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.world.clock.now()
    }

    /// Fixes the clock, which stands still from then on.
    pub fn set_clock(&self, at: DateTime<Utc>) {
        self.world.clock.fix(at);
    }

    /// Changes a record's content and its `updated_at`. The record no longer changes by itself.
    pub fn touch(&self, stream: &str, id: &str, at: DateTime<Utc>) {
        let (stream, index) = self.record(stream, id);
        let now = self.world.now();
        self.world
            .store
            .touch(stream, index, timestamp::of(at), now);
    }

    /// Makes a new record, created and updated at this time, and returns its id.
    pub fn insert(&self, stream: &str, at: DateTime<Utc>) -> String {
        let stream = named(stream);
        let now = self.world.now();
        let index = self.world.store.insert(stream, timestamp::of(at), now);
        identity::text(self.world.options.seed, stream, index)
    }

    /// Archives a Reevo record, or deletes an AskElephant one.
    pub fn remove(&self, stream: &str, id: &str) {
        let (stream, index) = self.record(stream, id);
        self.world.store.remove(stream, index, self.world.now());
    }

    /// The requests received so far, including those with a fault.
    pub fn requests(&self) -> Vec<Received> {
        self.world.journal.requests()
    }

    /// How many requests have been underway at the same time, at most.
    pub fn most_underway(&self) -> usize {
        self.world.journal.most_underway()
    }

    pub fn clear_requests(&self) {
        self.world.journal.clear();
    }

    /// Calls this before each request is answered, in place of any earlier hook. The hook may use
    /// the sandbox through a handle of its own, which keeps the server alive.
    pub fn on_request(&self, hook: impl Fn(&Announced) + Send + Sync + 'static) {
        self.world.journal.set_hook(Arc::new(hook));
    }

    /// Adds a `Fault` or a `Rule` to the fault script.
    pub fn inject(&self, rule: impl Into<Rule>) {
        self.world.faults.inject(rule.into());
    }

    /// Replaces the fault script. Connections that the old one would still refuse are accepted.
    pub fn script(&self, rules: Vec<Rule>) {
        self.world.faults.replace(rules);
    }

    fn true_record(&self, stream: Stream, entry: &Entry) -> Truth {
        let options = &self.world.options;
        let mut json = Vec::new();
        match stream.api() {
            Api::Reevo => reevo::write_record(&mut json, options, stream, entry),
            Api::AskElephant => askelephant::write_record(&mut json, options, stream, entry),
        }
        Truth {
            id: identity::text(options.seed, stream, entry.index),
            updated_at: timestamp::utc(entry.updated_at),
            version: entry.version,
            json: String::from_utf8(json).expect("records are written as UTF-8"),
        }
    }

    fn record(&self, stream: &str, id: &str) -> (Stream, u64) {
        let stream = named(stream);
        let index = identity::index(self.world.options.seed, stream, id);
        let index = index.unwrap_or_else(|| panic!("{} has no record {id}", stream.name()));
        (stream, index)
    }
}

/// The status and the body of the answer to one request with the right key. For fuzzing, which
/// would be too slow over connections; hence hidden.
#[doc(hidden)]
pub fn answered(options: Options, method: &str, target: &str, body: &[u8]) -> (u16, Vec<u8>) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers = ["authorization", "x-api-key"].map(|name| (name.to_owned(), options.key.clone()));
    let json = ("content-type".to_owned(), "application/json".to_owned());
    let world = World::new(options);
    let call = Call {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: headers.into_iter().chain([json]).collect(),
        body: body.to_vec(),
        walk: world.fresh(),
    };
    let answer = server::answer(&world, &call);
    (answer.status, answer.body)
}

fn named(stream: &str) -> Stream {
    Stream::named(stream).unwrap_or_else(|| panic!("the sandbox has no stream {stream}"))
}
