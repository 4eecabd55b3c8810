//! A full read emits every record of both APIs once and with the right values, for every form in
//! which the API may answer.

use crate::oracle::assert_complete;
use crate::support::{ASKELEPHANT, COLLECTIONS, RECORD_TYPES, REEVO, Workspace};
use serde_json::{Value, json};

/// Settings that read every stream of the sandbox.
fn everything(api: &str, page_size: Option<u64>) -> Value {
    let mut settings = json!({});
    if api == REEVO {
        settings["record_types"] = json!(RECORD_TYPES);
    }
    if let Some(size) = page_size {
        settings["page_size"] = json!(size);
    }
    settings
}

/// Checks a full read of an API in a sandbox with these options.
fn check(api: &'static str, options: &str, page_size: Option<u64>) {
    let workspace = Workspace::new(api, options);
    let settings = everything(api, page_size);
    let catalog = workspace.discover(&settings);
    let streams = if api == REEVO {
        RECORD_TYPES.len()
    } else {
        COLLECTIONS.len()
    };
    assert_eq!(catalog.streams.len(), streams);
    let emitted = workspace.read(&settings).emitted();
    for entry in &catalog.streams {
        assert_complete(&workspace, entry, &emitted);
    }
}

#[test]
fn any_page_size_gives_every_record_of_reevo() {
    for (page_size, records) in [(Some(1), 12), (Some(7), 90), (None, 700)] {
        check(REEVO, &format!("records={records}"), page_size);
    }
}

#[test]
fn any_page_size_gives_every_record_of_askelephant() {
    for (page_size, records) in [(Some(1), 12), (Some(7), 90), (None, 300)] {
        check(ASKELEPHANT, &format!("records={records}"), page_size);
    }
}

#[test]
fn ties_across_pages_lose_no_record_even_if_shuffled() {
    for api in [REEVO, ASKELEPHANT] {
        check(api, "records=90&ties=shuffled", Some(7));
    }
    check(REEVO, "records=90&ties=shuffled&id_sortable=false", Some(7));
}

#[test]
fn the_next_cursor_is_found_in_every_place_and_may_end_in_every_form() {
    for place in ["top", "pagination", "meta"] {
        for end in ["null", "absent", "empty"] {
            let options = format!("records=20&cursor_place={place}&cursor_end={end}");
            check(REEVO, &options, Some(7));
        }
    }
}

#[test]
fn every_form_of_value_comes_out_as_declared() {
    for options in [
        "nulls=envelope&numbers=string&timestamps=micros",
        "nulls=bare&numbers=number&timestamps=millis",
        "nulls=absent&numbers=mixed&timestamps=seconds",
        "nulls=mixed&numbers=mixed&timestamps=offset",
        "timestamps=mixed&currency_code=true",
        "timestamps=mixed&select_plain=true",
        "hostile_text=true&archived=visible",
    ] {
        check(REEVO, &format!("records=60&{options}"), Some(50));
    }
}

#[test]
fn every_form_of_member_comes_out_as_declared() {
    for options in [
        "optional_members=absent&timestamps=millis",
        "optional_members=null&timestamps=seconds",
        "nested_keys=b&timestamps=offset",
        "extra_members=true&timestamps=mixed",
        "hostile_text=true",
    ] {
        check(ASKELEPHANT, &format!("records=60&{options}"), Some(50));
    }
}

#[test]
fn every_kind_of_cursor_of_askelephant_is_followed() {
    for kind in ["id_only", "self_contained", "strict"] {
        let options = format!("records=60&askelephant_cursor={kind}");
        check(ASKELEPHANT, &options, Some(7));
    }
}

#[test]
fn a_page_size_that_the_api_refuses_or_caps_loses_no_record() {
    for api in [REEVO, ASKELEPHANT] {
        for overrun in ["error", "error422", "cap"] {
            let options = format!("records=60&max_limit=10&limit_overrun={overrun}");
            check(api, &options, None);
        }
    }
}

#[test]
fn streams_without_records_emit_a_schema_and_a_state() {
    for api in [REEVO, ASKELEPHANT] {
        check(api, "records=0", None);
    }
}

#[test]
fn any_concurrency_gives_the_same_records() {
    for concurrency in [1, 8] {
        let workspace = Workspace::reevo("records=100");
        let mut settings = everything(REEVO, Some(20));
        settings["concurrency"] = json!(concurrency);
        let catalog = workspace.discover(&settings);
        let emitted = workspace.read(&settings).emitted();
        for entry in &catalog.streams {
            assert_complete(&workspace, entry, &emitted);
        }
    }
}

#[test]
fn expanded_members_of_engagements_are_read_and_fit_their_schema() {
    let workspace = Workspace::askelephant("records=40");
    let members = [
        "companies",
        "contacts",
        "owner",
        "action_items",
        "signals",
        "transcript",
        "media_url",
        "tags",
    ];
    let emitted = workspace.read(&json!({"expand": members})).emitted();
    let schema = &emitted.schemas["engagements"];
    let records = emitted.records("engagements");
    crate::oracle::assert_valid(schema, records);
    assert_eq!(records.len(), workspace.sandbox.truth("engagements").len());
    for member in members {
        let filled = records.iter().any(|one| !one.value[member].is_null());
        assert!(filled, "{member}");
    }
}

#[test]
fn private_engagements_are_read_only_with_their_scope() {
    let public =
        "records=80&scopes=contacts:read,companies:read,users:read,tags:read,engagements:read";
    let count = |options: &str| {
        let workspace = Workspace::askelephant(options);
        let count = workspace
            .read(&json!({}))
            .emitted()
            .records("engagements")
            .len();
        assert_eq!(count, workspace.sandbox.truth("engagements").len());
        count
    };
    assert!(count(public) < count("records=80"));
}
