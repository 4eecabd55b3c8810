//! A state as Singer's hosts hand it in: taken or refused, and never changed by being read.

#![no_main]

use checks::state::check_state;
use libfuzzer_sys::fuzz_target;
use tap_revops::protocol::Protocol;

fuzz_target!(|text: &str| check_state(Protocol::Singer, text));
