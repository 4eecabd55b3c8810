//! Small things that have nothing to do with records or APIs.

pub mod files;
pub mod loopback;
pub mod suggestion;
pub mod tasks;
