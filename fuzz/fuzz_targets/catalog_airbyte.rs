//! Any text as an Airbyte configured catalog, applied to streams of both APIs.

#![no_main]

use checks::catalog::read_catalog;
use libfuzzer_sys::fuzz_target;
use tap_revops::protocol::Protocol;

fuzz_target!(|text: &str| read_catalog(Protocol::Airbyte, text));
