//! The sandbox as its clients see it: over HTTP, against the fixtures.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod askelephant_contract;
mod changes;
mod client;
mod faults;
mod filters;
mod links;
mod reevo_contract;
mod switches;
mod transcripts;
mod walks;
