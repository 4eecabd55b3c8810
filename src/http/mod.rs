//! Speaking HTTP: one request to one whole body or one classified failure, and trying again.

pub mod client;
pub mod failure;
pub mod proxy;
pub mod retry;
