//! The commands and flags that are for people.

mod read;
