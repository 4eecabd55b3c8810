//! An answer about a record's children: a page of links, or a transcript.

#![no_main]

use checks::reading::{CHILDREN, read_children};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    for (api, selection) in &*CHILDREN {
        read_children(api, selection, body);
    }
});
