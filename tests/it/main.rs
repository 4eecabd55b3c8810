//! Tests of the whole tap: its library against fixtures, and its executable against the sandbox.

#![expect(clippy::unwrap_used, reason = "a panic fails the test, as it should")]

mod catalog;
mod clock;
mod golden;
mod json;
mod messages;
mod modules;
mod oracle;
mod support;

mod batches;
mod by_hand;
mod children;
mod command_line;
mod completeness;
mod deletes;
mod discovery;
mod failures;
mod filters;
mod fixtures;
mod generated;
mod golden_messages;
mod hostile;
mod incremental;
mod parts;
mod proxies;
mod relations;
mod reliability;
mod requests;
mod retries;
mod selection;
mod unannounced;
mod walking;
