//! The settings that one stream can have besides its filters.

use super::{ids, kept, of_stream};
use crate::support::{ASKELEPHANT, REEVO, Workspace};
use serde_json::{Value, json};

const STREAMS: [(&str, &str); 2] = [(REEVO, "contact"), (ASKELEPHANT, "contacts")];

/// What the tap sent for the pages of a stream, without the probe.
fn sent(workspace: &Workspace, stream: &str) -> Vec<String> {
    let requests = workspace.page_requests(stream).into_iter().skip(1);
    requests
        .map(|one| format!("{}{}", one.query, one.body))
        .collect()
}

#[test]
fn the_start_date_of_a_stream_takes_the_place_of_the_general_one() {
    for (api, stream) in STREAMS {
        let workspace = Workspace::new(api, "records=60");
        let own = json!({"start_date": "2026-05-01"});
        let more = json!({"start_date": "2026-02-01"});
        let emitted = workspace
            .read(&of_stream(&workspace, stream, &own, &more))
            .run()
            .ok()
            .emitted();
        let after =
            |day: &'static str| move |record: &Value| record["updated_at"].as_str().unwrap() >= day;
        assert_eq!(
            ids(&emitted, stream),
            kept(&workspace, stream, after("2026-05-01"))
        );
        if api == ASKELEPHANT {
            let others = kept(&workspace, "companies", after("2026-02-01"));
            assert_eq!(ids(&emitted, "companies"), others);
        }
    }
}

#[test]
fn the_page_size_of_a_stream_takes_the_place_of_the_general_one() {
    for (api, stream, expected) in [
        (REEVO, "contact", "\"limit\":7"),
        (ASKELEPHANT, "contacts", "limit=7&"),
    ] {
        let workspace = Workspace::new(api, "records=60");
        let settings = of_stream(
            &workspace,
            stream,
            &json!({"page_size": 7}),
            &json!({"page_size": 50}),
        );
        workspace.read(&settings).run().ok();
        let sent = sent(&workspace, stream);
        let pages: Vec<_> = sent.iter().filter(|one| one.contains(expected)).collect();
        // The question for the newest record asks for one.
        assert!(pages.len() + 1 >= sent.len() && pages.len() > 3, "{sent:?}");
    }
}

#[test]
fn the_lookback_of_a_stream_takes_the_place_of_the_general_one() {
    for (api, stream) in STREAMS {
        let workspace = Workspace::new(api, "records=60");
        let settings = of_stream(
            &workspace,
            stream,
            &json!({"lookback_seconds": 3600}),
            &json!({"lookback_seconds": 5}),
        );
        let state =
            json!({"bookmarks": {stream: {"updated_at": "2026-06-01T08:00:00Z", "id": "x"}}});
        workspace.read(&settings).state(&state).run().ok();
        let sent = sent(&workspace, stream);
        assert!(sent[0].contains("2026-06-01T07"), "{sent:?}");
    }
}

#[test]
fn a_stream_is_read_in_full_if_its_settings_say_so() {
    for (api, stream) in STREAMS {
        let workspace = Workspace::new(api, "records=60");
        let settings = of_stream(
            &workspace,
            stream,
            &json!({"replication_method": "FULL_TABLE"}),
            &json!({}),
        );
        let first = workspace.read(&settings).run().ok().emitted();
        let second = workspace
            .read(&settings)
            .state(first.state())
            .run()
            .ok()
            .emitted();
        assert_eq!(
            second.records(stream).len(),
            workspace.sandbox.truth(stream).len()
        );
    }
}

#[test]
fn a_stream_that_cannot_be_read_incrementally_says_so_if_its_settings_ask_for_it() {
    let workspace = Workspace::reevo("records=30&updated_at_unsortable=contact");
    let settings = of_stream(
        &workspace,
        "contact",
        &json!({"replication_method": "INCREMENTAL"}),
        &json!({}),
    );
    let run = workspace.read(&settings).run().ok();
    run.says("contact: replication_method is INCREMENTAL, but the stream is read in full: the API cannot sort it by updated_at");
}

#[test]
fn the_emitted_name_and_the_name_of_the_api_both_name_a_stream() {
    for key in ["renewal_plan", "Renewal-Plan"] {
        let workspace = Workspace::reevo("records=60");
        let filters = json!([{"field": "id", "operator": "not_exists"}]);
        let settings =
            json!({"record_types": ["Renewal-Plan"], "streams": {key: {"filters": filters}}});
        let emitted = workspace.read(&settings).run().ok().emitted();
        assert_eq!(emitted.records("renewal_plan").len(), 0, "{key}");
    }
}
