//! Small functions that know nothing of records or APIs.

pub mod files;
pub mod fingerprint;
pub mod loopback;
pub mod pattern;
pub mod suggestion;
pub mod tasks;
