//! HTTP: requests, whole responses, classified failures, and the decision to retry.

pub mod client;
pub mod error_response;
pub mod failure;
pub mod proxy;
pub mod reply;
pub mod request;
pub mod retry;
pub mod retry_after;
