//! Cursors that no API ever gave out: each stands for a request that is answered in its place.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::call::Call;
use crate::seal;

/// Walks that a script leads astray for ever forget where they came from beyond this.
const MOST_DETOURS: usize = 10_000;

/// What is answered instead.
#[derive(Clone)]
pub struct Detour {
    /// With true cursors only, so that a detour never leads to a detour.
    pub call: Call,
    pub next: Next,
}

/// The cursor of a page that is answered instead.
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
    /// Makes the cursor that leads there.
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
