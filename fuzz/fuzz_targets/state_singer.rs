//! Any text as a state of a Singer host: accepted or refused, and unchanged when written again.

#![no_main]

use checks::state::check_state;
use libfuzzer_sys::fuzz_target;
use tap_revops::protocol::Protocol;

fuzz_target!(|text: &str| check_state(Protocol::Singer, text));
