//! Points in time: reading and writing them, and the clock that tells them.

pub mod clock;
pub mod timestamp;
