//! Cursors that only a fault gives out: each stands for a request that is answered in its place.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::call::Call;
use crate::seal;

/// When there are this many, all are forgotten, so that endless walks do not fill the memory.
const MOST_DETOURS: usize = 10_000;

/// What is answered instead.
#[derive(Clone)]
pub struct Detour {
    /// With a cursor of the API, so that a detour never leads to a detour.
    pub call: Call,
    pub next: Next,
}

/// The next cursor of the page that is answered instead.
#[derive(Clone)]
pub enum Next {
    Own,
    Instead(Option<String>),
}

#[derive(Default)]
pub struct Detours(Mutex<Known>);

#[derive(Default)]
struct Known {
    by_cursor: HashMap<String, Detour>,
    count: u64,
}

impl Detours {
    /// Keeps the detour and returns its cursor.
    pub fn add(&self, detour: Detour) -> String {
        let mut known = self.0.lock().expect("no one panics holding the detours");
        if known.by_cursor.len() == MOST_DETOURS {
            known.by_cursor.clear();
        }
        known.count += 1;
        let cursor = seal::seal(&("elsewhere", known.count));
        known.by_cursor.insert(cursor.clone(), detour);
        cursor
    }

    pub fn at(&self, cursor: &str) -> Option<Detour> {
        let known = self.0.lock().expect("no one panics holding the detours");
        known.by_cursor.get(cursor).cloned()
    }
}
