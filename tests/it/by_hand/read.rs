//! The flags of `read` that pick streams, fields and records without a catalog.

use crate::filters::of_sales;
use crate::messages::Emitted;
use crate::oracle::assert_valid;
use crate::support::{ASKELEPHANT, REEVO, Run, Workspace, run};
use chrono::Datelike;
use revops_sandbox::Truth;
use serde_json::{Value, json};

fn read(workspace: &Workspace, flags: &[&'static str]) -> Run {
    workspace.read(&json!({})).flags(flags).run()
}

fn streams(run: &Run) -> Vec<String> {
    run.emitted().schemas.into_keys().collect()
}

fn properties(emitted: &Emitted, stream: &str) -> Vec<String> {
    let properties = emitted.schemas[stream].schema["properties"].as_object();
    properties.unwrap().keys().cloned().collect()
}

#[test]
fn names_and_patterns_pick_the_streams() {
    let workspace = Workspace::reevo("records=20");
    let run = read(&workspace, &["--stream", "contact", "--stream", "*ot*"]).ok();
    assert_eq!(streams(&run), ["contact", "note"]);
    let workspace = Workspace::askelephant("records=20");
    let run = read(&workspace, &["--stream", "con*"]).ok();
    assert_eq!(streams(&run), ["contacts"]);
}

#[test]
fn a_stream_has_both_its_names() {
    let workspace = Workspace::reevo("records=20");
    let settings = json!({"record_types": ["task", "Renewal-Plan"]});
    for name in ["renewal_plan", "Renewal-Plan"] {
        let run = workspace.read(&settings).flags(&["--stream", name]).run();
        assert_eq!(streams(&run.ok()), ["renewal_plan"]);
    }
}

#[test]
fn a_name_or_a_field_that_is_not_there_is_refused_with_the_one_that_was_meant() {
    let workspace = Workspace::reevo("records=20");
    for (flags, status, sentence) in [
        (
            &["--stream", "contcat"][..],
            2,
            "--stream contcat: no stream of this run has that name; did you mean contact?",
        ),
        (
            &["--stream", "x*"],
            2,
            "--stream x*: no stream of this run has that name; the streams are contact, account, ",
        ),
        (
            &["--stream", "note", "--fresh", "contact"],
            2,
            "--fresh contact: no stream of this run has that name; the streams are note",
        ),
        (
            &["--fields", "contact"],
            2,
            "--fields contact: write a stream and its fields, such as contact:id,title",
        ),
        (
            &["--fields", "contact:title,"],
            2,
            "--fields contact:title,: write a stream and its fields",
        ),
        (
            &["--stream", "contact", "--fields", "contact:titel"],
            1,
            "contact failed, and its bookmark stays as it was: there is no field titel; did you mean title?",
        ),
        (&["--limit", "0"], 2, "invalid value '0' for '--limit"),
        (
            &["--start-date", "2026-03-01", "--end-date", "2026-02-01"],
            2,
            "--end-date: is not after start_date; write a later instant",
        ),
        (
            &["--start-date", "yesterday"],
            2,
            "--start-date: is not a date-time",
        ),
    ] {
        read(&workspace, flags).ended(status).says(sentence);
    }
}

#[test]
fn a_stream_that_is_picked_by_its_name_has_to_be_there() {
    let workspace = Workspace::reevo("records=20&forbid=note");
    let named = &["--stream", "contact", "--stream", "note"];
    read(&workspace, named).ended(1).says("note failed");
    let by_pattern = &["--stream", "contact", "--stream", "no*"];
    read(&workspace, by_pattern).ok().says("note is left out");
}

#[test]
fn only_the_picked_fields_are_emitted_and_the_automatic_ones() {
    let workspace = Workspace::reevo("records=20");
    let flags = &["--stream", "contact", "--fields", "contact:title,stage"];
    let run = read(&workspace, flags).ok();
    let emitted = run.emitted();
    let schema = &emitted.schemas["contact"];
    let named = properties(&emitted, "contact");
    assert_eq!(named.len(), 4);
    for name in ["id", "updated_at", "title", "stage"] {
        assert!(named.iter().any(|one| one == name), "{named:?}");
    }
    let records = emitted.records("contact");
    assert_eq!(records.len(), 20);
    assert_valid(schema, records);
    assert!(records.iter().all(|one| one.record.names() == named));
}

#[test]
fn fields_narrow_what_a_catalog_selects() {
    let workspace = Workspace::askelephant("records=20");
    let run = workspace.run(&["discover", "--config", &workspace.config_file(&json!({}))]);
    let catalog: Value = serde_json::from_str(&run.ok().stdout).unwrap();
    let flags = &["--stream", "tags", "--fields", "t*:name"];
    let run = workspace
        .read(&json!({}))
        .catalog(&catalog)
        .flags(flags)
        .run();
    let emitted = run.ok().emitted();
    assert_eq!(emitted.schemas.len(), 1);
    assert_eq!(properties(&emitted, "tags"), ["id", "updated_at", "name"]);
}

#[test]
fn dates_bound_the_records_whatever_the_settings_say() {
    let workspace = Workspace::reevo("records=200");
    let settings = json!({
        "record_types": ["contact"],
        "start_date": "2026-06-29",
        "streams": {"contact": {"start_date": "2026-06-30"}}
    });
    let flags = &[
        "--start-date",
        "2026-03-01",
        "--end-date",
        "2026-05-01T00:00:00Z",
    ];
    let emitted = workspace.read(&settings).flags(flags).run().ok().emitted();
    let truth = workspace.sandbox.truth("contact").into_iter();
    let is_within = |one: &Truth| (3..5).contains(&one.updated_at.month());
    let expected = truth.filter(is_within).count();
    assert!(expected > 10);
    assert_eq!(emitted.records("contact").len(), expected);
}

#[test]
fn a_fresh_stream_is_read_from_its_start_and_the_others_from_their_bookmarks() {
    let workspace = Workspace::reevo("records=20");
    let settings = json!({"record_types": ["contact", "note"]});
    let first = workspace.read(&settings).emitted();
    let second = workspace.read(&settings).state(first.state()).emitted();
    assert_eq!(second.records("contact").len(), 0);
    let fresh = workspace.read(&settings).state(first.state());
    let fresh = fresh.flags(&["--fresh", "contact"]).emitted();
    assert_eq!(fresh.records("contact").len(), 20);
    assert_eq!(fresh.records("note").len(), 0);
    assert_eq!(fresh.state(), first.state());
}

#[test]
fn the_remedy_for_changed_filters_works_as_the_message_says() {
    let workspace = Workspace::reevo("records=60");
    let settings = |filters: &Value| json!({"record_types": ["contact"], "streams": {"contact": {"filters": filters}}});
    let first = workspace.read(&settings(&json!([]))).emitted();
    let (filters, _) = of_sales();
    let changed = workspace
        .read(&settings(&filters))
        .state(first.state())
        .run();
    let changed = changed.ended(1);
    let (_, remedy) = changed.stderr.split_once("`tap-revops read ").unwrap();
    let (remedy, _) = remedy.split_once('`').unwrap();
    let again = workspace.read(&settings(&filters)).state(first.state());
    let mut arguments = again.arguments();
    arguments.extend(remedy.split(' ').map(str::to_owned));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let emitted = run(&arguments, &[]).ok().emitted();
    assert_eq!(
        emitted.ids("contact"),
        workspace.read(&settings(&filters)).emitted().ids("contact")
    );
    assert!(emitted.state()["filters"]["contact"].is_string());
}

#[test]
fn a_limit_cuts_each_stream_and_writes_no_state() {
    for (api, streams) in [(REEVO, 6), (ASKELEPHANT, 5)] {
        let workspace = Workspace::new(api, "records=300");
        let run = read(&workspace, &["--limit", "3"]).ok();
        let run = run.says("no state is written, because --limit leaves records out");
        let emitted = run.emitted();
        assert_eq!(emitted.states.len(), 0);
        assert_eq!(emitted.schemas.len(), streams);
        for stream in emitted.schemas.keys() {
            assert_eq!(emitted.records(stream).len(), 3, "{stream}");
        }
    }
}

#[test]
fn a_limit_beyond_a_page_reads_further_pages_and_no_more() {
    let workspace = Workspace::askelephant("records=300");
    let flags = &["--stream", "contacts", "--limit", "150"];
    let emitted = read(&workspace, flags).ok().emitted();
    assert_eq!(emitted.records("contacts").len(), 150);
    let requests = workspace.page_requests("contacts");
    assert!(requests.len() <= 4, "{}", requests.len());
    let all = read(&workspace, &["--stream", "contacts", "--limit", "1000"]).ok();
    let all = all.emitted();
    assert_eq!(
        (all.records("contacts").len(), all.states.len()),
        (workspace.sandbox.truth("contacts").len(), 0)
    );
}
