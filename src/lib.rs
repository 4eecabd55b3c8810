//! `tap-revops` reads a Reevo or AskElephant workspace and writes its records as messages.
//!
//! **A page's journey.** [`sync`] turns the configuration, a stream and its bookmark into the terms of
//! a plan. [`walk`] says what to ask: [`api`] makes each HTTP request, [`http`] sends it and returns a
//! whole body or a classified failure, [`source`] retries while that can help, and [`api`] finds the
//! raw records in the body. [`record`] projects each onto the selected fields and writes it as a line,
//! while the next page is fetched. [`walk`] says which of them are repeats, and these lines are left
//! out. The others go through a bounded channel to the one writer of [`protocol`]. When the plan is
//! done, what it promises becomes a bookmark of the [`state`], and the writer emits it.
//!
//! **Invariants.** Nothing but the writer touches stdout or stderr. No record is parsed into a tree
//! in memory. No state is emitted for a stream before the run has read everything that it has to
//! read of it, and no bookmark goes back. No page token outlives its walk. No status code is
//! compared outside [`http::error_response`]. No output contains the key.
//!
//! Modules are declared in the order of dependency: each uses only itself and the modules above it.
//! A test checks this.

pub mod support;
pub mod time;

pub mod table;

pub mod log;

pub mod config;

pub mod record;

pub mod catalog;
pub mod state;

pub mod http;

pub mod api;

pub mod source;

pub mod walk;

pub mod protocol;

pub mod sync;

pub mod cli;
pub mod commands;

pub mod run;
