//! Any text as a state of an Airbyte host: accepted or refused, and unchanged when written again.

#![no_main]

use checks::state::check_state;
use libfuzzer_sys::fuzz_target;
use tap_revops::protocol::Protocol;

fuzz_target!(|text: &str| check_state(Protocol::Airbyte, text));
