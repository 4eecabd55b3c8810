//! The tap from outside: its library against fixtures, and its executable against the sandbox.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod fixtures;
mod golden;
mod sandbox;
