//! From the raw record of an API to the record that is emitted.

pub mod raw;
mod strings;

pub mod parts;

pub mod json;
pub mod schema;

pub mod envelope;
pub mod findings;
pub mod value;

pub mod projection;
