//! A page of Reevo, read and written with every attribute of the fixtures.

#![no_main]

use checks::reading::{APIS, REEVO, read_page};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use tap_revops::catalog::Selection;

static SELECTION: LazyLock<Selection> = LazyLock::new(|| REEVO.clone().whole());

fuzz_target!(|body: &[u8]| read_page(&APIS.reevo, &SELECTION, body));
