//! A page of AskElephant, read and written as a page of each of its collections.

#![no_main]

use checks::reading::{APIS, ASKELEPHANT, read_page};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use tap_revops::catalog::{Selection, Stream};

static SELECTIONS: LazyLock<Vec<Selection>> =
    LazyLock::new(|| ASKELEPHANT.iter().cloned().map(Stream::whole).collect());

fuzz_target!(|body: &[u8]| {
    for selection in SELECTIONS.iter() {
        read_page(&APIS.askelephant, selection, body);
    }
});
