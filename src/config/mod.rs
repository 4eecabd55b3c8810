//! The configuration: the raw form, as written, and the resolved form that the program needs.

mod problems;
mod raw;
mod resolve;
pub mod schema;
mod settings;

pub use raw::RawConfig;
pub use resolve::resolve;
pub use settings::{ApiName, BaseUrl, Boundary, Config, Paging, UnknownFields};
