//! Timestamps, and the clock.

pub mod clock;
pub mod timestamp;
