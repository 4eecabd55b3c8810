//! `tap-revops` reads a Reevo or AskElephant workspace and writes its records as messages.
//!
//! **A page's journey.** A configuration, a stream and its bookmark make a window ([`sync`]), which
//! [`walk`] reads page by page: [`api`] turns each step into an HTTP request value, [`http`] brings
//! back a whole body or a classified failure, [`source`] tries again as long as that helps, and
//! [`api`] finds the raw records in the body. [`record`] projects each raw record onto the selected
//! fields and writes it; [`walk`] says whether it is a repeat. The page's lines go through a bounded
//! channel to the one writer of [`protocol`]. When the walk has ended, its progress becomes a
//! bookmark of the [`state`], and the writer emits it.
//!
//! **What never happens.** Nothing but the writer touches stdout or stderr. No record becomes a
//! tree in memory. No state is emitted for a stream before everything that this run asked of it has
//! been read, and no bookmark goes back. No page token outlives its walk. No status code is compared
//! outside [`http::failure`]. The key is in no text that leaves the program.
//!
//! Modules stand in the order of dependency: each uses only itself and what stands above it, which a
//! test holds.

pub mod support;
pub mod time;

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
