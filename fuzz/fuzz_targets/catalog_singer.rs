//! A Singer catalog that anybody may have changed, applied to the streams of both APIs.

#![no_main]

use checks::catalog::read_catalog;
use libfuzzer_sys::fuzz_target;
use tap_revops::protocol::Protocol;

fuzz_target!(|text: &str| read_catalog(Protocol::Singer, text));
