//! An embedded local server that speaks both APIs, Reevo below `/api/v2` and AskElephant below `/v2`, so that neither newcomers nor
//! tests need an account. It is written from the documentation of the APIs and shares no type with the clients it serves.
//!
//! A request becomes a `Call`, is logged in the `Journal`, may be struck by one of the `Faults`, and is answered by `reevo` or
//! `askelephant`. Both read the `Store`, which knows when each record changed; what records contain is computed where they are written, a
//! pure function of seed, stream, index and time. Nothing is kept on disk, and nothing leaves this machine.

mod decimal;
mod json;
mod noise;
mod seal;
mod stamp;
mod stream;

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

/// A running server; clones are handles to the same one. It stops when the last of them is dropped, connections when their client
/// leaves.
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
    /// With all the digits of the store, whatever the answers write.
    pub updated_at: DateTime<Utc>,
    /// Grows with every change of the content.
    pub version: u64,
    /// Exactly the record's text in a list answer, without expanded members.
    pub json: String,
}

impl Sandbox {
    /// Takes connections from the moment this returns, on tasks of the current runtime. Port 0 picks a free port.
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

    /// What a full walk would list now, by `updated_at` and then id; only what the key may see. A stream is named by its Reevo record
    /// type or its AskElephant collection.
    ///
    /// # Panics
    ///
    /// Here and below, if there is no such stream or record: a mistake in a test.
    pub fn truth(&self, stream: &str) -> Vec<Truth> {
        let stream = named(stream);
        let view = self.world.store.view(stream, self.world.now());
        let entries = view.by_time.iter();
        entries
            .map(|entry| self.true_record(stream, entry))
            .collect()
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.world.clock.now()
    }

    /// Fixes the clock, which stands still from then on.
    pub fn set_clock(&self, at: DateTime<Utc>) {
        self.world.clock.fix(at);
    }

    /// Changes a record's content and its `updated_at`. A record that was changed by hand no longer changes by itself.
    pub fn touch(&self, stream: &str, id: &str, at: DateTime<Utc>) {
        let (stream, index) = self.record(stream, id);
        let now = self.world.now();
        self.world.store.touch(stream, index, stamp::of(at), now);
    }

    /// Makes a new record, created and updated at this time, and returns its id.
    pub fn insert(&self, stream: &str, at: DateTime<Utc>) -> String {
        let stream = named(stream);
        let now = self.world.now();
        let index = self.world.store.insert(stream, stamp::of(at), now);
        identity::text(self.world.options.seed, stream, index)
    }

    /// Archives a Reevo record, or deletes an AskElephant one.
    pub fn remove(&self, stream: &str, id: &str) {
        let (stream, index) = self.record(stream, id);
        self.world.store.remove(stream, index, self.world.now());
    }

    /// The requests received so far, those included that a fault struck.
    pub fn requests(&self) -> Vec<Received> {
        self.world.journal.requests()
    }

    pub fn clear_requests(&self) {
        self.world.journal.clear();
    }

    /// Calls this before each request is answered, in place of any earlier hook. It may use the sandbox through a handle of its own;
    /// that handle keeps the server alive.
    pub fn on_request(&self, hook: impl Fn(&Announced) + Send + Sync + 'static) {
        self.world.journal.set_hook(Arc::new(hook));
    }

    /// Adds a `Fault` or a `Rule` to the script of faults.
    pub fn inject(&self, rule: impl Into<Rule>) {
        self.world.faults.inject(rule.into());
    }

    /// Replaces the script of faults; refusals that are still due are forgotten.
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
            updated_at: stamp::utc(entry.updated_at),
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

/// The status and the body of the answer to one request with the right key. Hidden, since it is for fuzzing the reading of requests,
/// which would drown in connections.
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
