//! Which page of a stream comes next, and what is certain: a plan, the windows of its past, and its
//! present. All of it is pure.

pub mod ask;
mod density;
mod edge;
pub mod facts;
mod next;
pub mod parts;
mod past;
pub mod plan;
mod present;
mod scan;
mod seen;
mod share;
pub mod terms;
mod tokens;
mod window;

pub use edge::Edge;
pub use facts::Newest;
pub use next::GaveUp;
