//! One walk through a window of a stream: which page comes next, and what is certain.

pub mod progress;
pub mod traversal;
