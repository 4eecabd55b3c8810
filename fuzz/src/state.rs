//! The checks for every state that the tap accepts.

use crate::lines::check_syntax;
use crate::reading::now;
use tap_revops::protocol::Protocol;
use tap_revops::state::Bookmark;

/// Checks that a written state reads back the same, also after bookmarks are set.
pub fn check_state(protocol: Protocol, text: &str) {
    let Ok(mut state) = protocol.state(text) else {
        return;
    };
    let written = state.to_json();
    check_syntax(written.as_bytes());
    let again = protocol.state(&written).expect("a written state is valid");
    assert_eq!(again.to_json(), written);
    for stream in ["contact", "contacts", ""] {
        let bookmark = state.bookmark(stream).expect("it was checked");
        assert_eq!(bookmark, again.bookmark(stream).expect("it was checked"));
        check_syntax(state.stream_json(stream).as_bytes());
        state.set_bookmark(stream, &bookmark.unwrap_or_else(new_bookmark));
        state.bookmark(stream).expect("a new bookmark is valid");
        check_syntax(state.stream_json(stream).as_bytes());
    }
    let again = protocol.state(&state.to_json()).expect("it is still valid");
    assert_eq!(again.to_json(), state.to_json());
}

fn new_bookmark() -> Bookmark {
    Bookmark {
        timestamp: now(),
        updated_at: "2027-01-15T08:00:00Z".to_owned(),
        id: Some("a".to_owned()),
        filters: None,
    }
}
