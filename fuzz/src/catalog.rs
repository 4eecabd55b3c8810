//! The checks for every catalog that the tap accepts.

use crate::lines::check_line;
use crate::reading::{APIS, ASKELEPHANT, PAGE, REEVO, read_page};
use tap_revops::protocol::Protocol;
use tap_revops::time::timestamp::Timestamp;

const CONTACTS: &str =
    include_str!("../../sandbox/tests/fixtures/askelephant/list_contacts_page_1.json");

/// Checks that the records of a page can be written with any selection of a catalog. Skips catalogs
/// with NUL characters, since the tap emits the catalog's names as they are.
pub fn read_catalog(protocol: Protocol, text: &str) {
    if text.contains("\\u0000") {
        return;
    }
    let Ok(listed) = protocol.selected(text) else {
        return;
    };
    for one in listed.iter().take(3) {
        let streams = [
            (&APIS.reevo, &*REEVO, PAGE),
            (&APIS.askelephant, &ASKELEPHANT[0], CONTACTS),
        ];
        for (api, stream, page) in streams {
            let (selection, _warnings) = one.resolve(stream.clone());
            if one.refusal().is_some() {
                continue;
            }
            for line in protocol
                .began(&selection, Timestamp::UNIX_EPOCH)
                .split_inclusive('\n')
            {
                check_line(line.as_bytes());
            }
            read_page(api, &selection, page.as_bytes());
        }
    }
}
