//! A destination after several runs: the last version of each record, as a target that upserts
//! keeps it, and the last state.

use crate::catalog::Catalog;
use crate::json::Json;
use crate::messages::Message;
use crate::oracle::{record, timestamp};
use crate::support::{Run, Workspace};
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Destination {
    schemas: BTreeMap<String, Value>,
    /// By stream and id.
    records: BTreeMap<(String, String), Json>,
    pub state: Value,
}

impl Destination {
    /// Adds the messages of a run in order.
    pub fn add(&mut self, run: &Run) {
        for message in run.messages() {
            self.take(message);
        }
    }

    pub fn take(&mut self, message: Message) {
        match message {
            Message::Schema(schema) => {
                self.schemas.insert(schema.stream, schema.schema);
            }
            Message::Record(one) => self.keep(one.stream, one.record),
            Message::State(state) => self.state = state,
            // None of the runs whose output comes here asks for it.
            Message::ActivateVersion(message) => panic!("{message:?}"),
        }
    }

    /// Keeps a record unless the kept version is later. A version without a date always replaces.
    fn keep(&mut self, stream: String, one: Json) {
        let key = (stream, one.get("id").text().to_owned());
        let is_later = self.records.get(&key).is_none_or(|kept| {
            match (kept.get("updated_at"), one.get("updated_at")) {
                (Json::Text(kept), Json::Text(new)) => timestamp(new) >= timestamp(kept),
                _ => true,
            }
        });
        if is_later {
            self.records.insert(key, one);
        }
    }

    pub fn get(&self, stream: &str, id: &str) -> Option<&Json> {
        self.records.get(&(stream.to_owned(), id.to_owned()))
    }

    /// The state for the next run.
    pub fn last_state(&self) -> Value {
        match self.state {
            Value::Null => json!({}),
            _ => self.state.clone(),
        }
    }

    /// Checks that the destination has the current version of each record of the sandbox.
    pub fn assert_truth(&self, workspace: &Workspace, catalog: &Catalog) {
        for entry in &catalog.streams {
            let name = &entry.stream;
            let truth = workspace.sandbox.truth(&entry.api_name());
            let lost = truth.iter().filter(|one| {
                let kept = self.get(name, &one.id);
                kept != Some(&record(entry, &self.schemas[name], &one.json))
            });
            let lost: Vec<String> = lost
                .map(|one| format!("{} of {}", one.id, one.updated_at))
                .collect();
            let count = truth.len();
            assert!(lost.is_empty(), "{name}: lost {lost:?} of {count} records");
        }
    }

    /// Checks that no bookmark is later than the newest record written of its stream.
    pub fn assert_bookmarks_cover_only_written_records(&self) {
        let bookmarks = self.state["bookmarks"].as_object();
        for (stream, bookmark) in bookmarks.into_iter().flatten() {
            let Some(bookmarked) = bookmark["updated_at"].as_str() else {
                continue;
            };
            let is_written = self.records.iter().any(|((of, _), one)| {
                of == stream
                    && matches!(one.get("updated_at"), Json::Text(text) if timestamp(text) >= timestamp(bookmarked))
            });
            assert!(
                is_written,
                "{stream}: the bookmark {bookmarked} is later than all records written"
            );
        }
    }
}
