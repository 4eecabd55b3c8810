//! The commands and flags that are for people.

mod examples;
mod read;
mod views;
mod watching;
