//! The log of received requests, and the hook that runs before each answer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use chrono::{DateTime, Utc};

use crate::call::{Call, decoded};

/// The log drops the oldest beyond this, so that a sandbox can run for days.
const MOST_REQUESTS: usize = 100_000;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    pub method: String,
    /// Percent-decoded.
    pub path: String,
    /// Still encoded, without its question mark.
    pub query: String,
    pub body: String,
    /// Names in lower case, in the order of arrival. In credentials, the key is replaced by `<key
    /// ok>` or `<key wrong>`; a `Bearer` before it stays.
    pub headers: Vec<(String, String)>,
    /// By the sandbox's clock.
    pub at: DateTime<Utc>,
}

/// What a hook is told.
#[derive(Clone, Debug)]
pub struct Announced {
    /// How many requests have arrived, this one included.
    pub count: u64,
    /// Percent-decoded.
    pub path: String,
}

type Hook = Arc<dyn Fn(&Announced) + Send + Sync>;

#[derive(Default)]
pub struct Journal {
    log: Mutex<Log>,
    hook: Mutex<Option<Hook>>,
}

#[derive(Default)]
struct Log {
    received: VecDeque<Received>,
    count: u64,
    underway: usize,
    most_underway: usize,
}

/// A request without an answer yet.
pub struct Underway<'j> {
    journal: &'j Journal,
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        self.journal.log().underway -= 1;
    }
}

impl Journal {
    pub fn requests(&self) -> Vec<Received> {
        self.log().received.iter().cloned().collect()
    }

    /// Counts a request as underway until the result is dropped.
    pub fn begin(&self) -> Underway<'_> {
        let mut log = self.log();
        log.underway += 1;
        log.most_underway = log.most_underway.max(log.underway);
        Underway { journal: self }
    }

    pub fn most_underway(&self) -> usize {
        self.log().most_underway
    }

    /// Forgets the requests. The count for the hook goes on.
    pub fn clear(&self) {
        self.log().received.clear();
    }

    pub fn set_hook(&self, hook: Hook) {
        *self.hook.lock().expect("no one panics holding the hook") = Some(hook);
    }

    /// Logs a request, then calls the hook. No lock is held, so the hook may use the sandbox.
    pub fn record(&self, call: &Call, key: &str, at: DateTime<Utc>) {
        let path = decoded(&call.path);
        let count = self.add(Received {
            method: call.method.clone(),
            path: path.clone(),
            query: call.query.clone(),
            body: String::from_utf8_lossy(&call.body).into_owned(),
            headers: redacted(&call.headers, key),
            at,
        });
        let hook = self.hook.lock().expect("no one panics holding the hook");
        let hook = hook.clone();
        if let Some(hook) = hook {
            hook(&Announced { count, path });
        }
    }

    fn add(&self, received: Received) -> u64 {
        let mut log = self.log();
        if log.received.len() == MOST_REQUESTS {
            log.received.pop_front();
        }
        log.received.push_back(received);
        log.count += 1;
        log.count
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().expect("no one panics holding the log")
    }
}

fn redacted(headers: &[(String, String)], key: &str) -> Vec<(String, String)> {
    let headers = headers.iter().map(|(name, value)| {
        let shown = if name == "authorization" || name == "x-api-key" {
            redacted_credential(value, key)
        } else {
            value.clone()
        };
        (name.clone(), shown)
    });
    headers.collect()
}

fn redacted_credential(value: &str, key: &str) -> String {
    let (scheme, credential) = match value.strip_prefix("Bearer ") {
        Some(credential) => ("Bearer ", credential),
        None => ("", value),
    };
    let verdict = if credential == key {
        "<key ok>"
    } else {
        "<key wrong>"
    };
    format!("{scheme}{verdict}")
}
