//! The configuration: the raw form, as written, and the resolved form that the program needs.

mod api_name;
mod batches;
pub mod filters;
mod forms;
mod orchestrators;
mod problems;
mod raw;
mod resolve;
pub mod schema;
mod settings;
pub mod streams;

pub use api_name::ApiName;
pub use batches::{BatchConfig, Compression};
pub use raw::RawConfig;
pub use resolve::resolve;
pub use settings::{BaseUrl, Boundary, Config, Links, Paging, UnknownFields};
