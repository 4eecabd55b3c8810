//! The commands and flags that are for people.

mod deep_check;
mod examples;
mod plan;
mod read;
mod views;
mod watching;
