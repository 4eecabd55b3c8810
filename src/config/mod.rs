//! The configuration: as a person or an orchestrator wrote it, and as the program needs it.

mod problems;
mod raw;
mod resolve;
pub mod schema;
mod settings;

pub use raw::RawConfig;
pub use resolve::resolve;
pub use settings::{ApiName, BaseUrl, Boundary, Config, UnknownFields};
