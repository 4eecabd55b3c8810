//! What `plan` prints: windows that hold every record once, and about as many each.

use crate::support::{ASKELEPHANT, REEVO, Run, Workspace};
use revops_sandbox::Faults;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn plan(workspace: &Workspace, flags: &[&str]) -> Run {
    let config = workspace.config_file(&json!({"page_size": 50}));
    workspace.sandbox.clear_requests();
    workspace.run(&[&["plan", "--config", &config], flags].concat())
}

fn windows(run: &Run) -> Vec<Value> {
    let lines = run.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn text<'w>(window: &'w Value, key: &str) -> &'w str {
    window[key].as_str().unwrap()
}

/// The keys of the records of one window, as a reader of its own reads them.
fn read(workspace: &Workspace, stream: &str, key: &[&str], window: &Value) -> Vec<Vec<String>> {
    let config = workspace.config_file(&json!({}));
    let (start, end) = (text(window, "start_date"), text(window, "end_date"));
    let run = workspace.run(&[
        "read",
        "--config",
        &config,
        "--stream",
        stream,
        "--start-date",
        start,
        "--end-date",
        end,
    ]);
    let emitted = run.ok().emitted();
    let records = emitted.records(stream).iter();
    let of_key = |value: &Value| key.iter().map(|name| value[*name].to_string()).collect();
    records.map(|one| of_key(&one.value)).collect()
}

#[test]
fn the_windows_together_hold_every_record_once_and_about_as_many_each() {
    for (api, stream) in [(REEVO, "contact"), (ASKELEPHANT, "contacts")] {
        let workspace = Workspace::new(api, "records=4000");
        let run = plan(&workspace, &["--stream", stream, "--partitions", "8"]).ok();
        let requests = workspace.page_requests(stream).len();
        assert!(requests < 8 + 10 * 8 + 4, "{requests}");
        let windows = windows(&run);
        assert_eq!(windows.len(), 8);
        for two in windows.windows(2) {
            assert_eq!(two[0]["end_date"], two[1]["start_date"]);
        }
        // The sandbox's time of the first request, less the minute in which changes may become visible late.
        let end = text(&windows[7], "end_date");
        assert!(
            ("2026-07-15T11:58:30"..="2026-07-15T11:59:00.000000Z").contains(&end),
            "{end}"
        );
        let held: Vec<Vec<Vec<String>>> = windows
            .iter()
            .map(|window| read(&workspace, stream, &["id"], window))
            .collect();
        let truth = workspace.sandbox.truth(stream).len();
        let all: BTreeSet<&Vec<String>> = held.iter().flatten().collect();
        assert_eq!((all.len(), held.iter().flatten().count()), (truth, truth));
        let sizes: Vec<usize> = held.iter().map(Vec::len).collect();
        assert!(sizes.iter().all(|size| *size < 3 * truth / 8), "{sizes:?}");
    }
}

#[test]
fn the_windows_of_links_are_those_of_their_parents() {
    let workspace = Workspace::reevo("records=200");
    let flags = ["--stream", "contact__accounts", "--partitions", "3"];
    let windows = windows(&plan(&workspace, &flags).ok());
    let key = ["parent_id", "related_record_id"];
    let held = windows
        .iter()
        .flat_map(|window| read(&workspace, "contact__accounts", &key, window));
    let held: Vec<Vec<String>> = held.collect();
    let once: BTreeSet<&Vec<String>> = held.iter().collect();
    let truth = workspace.sandbox.links("contact", "accounts").len();
    assert_eq!((held.len(), once.len()), (truth, truth));
}

#[test]
fn dates_bound_the_windows() {
    let workspace = Workspace::reevo("records=1000");
    let dates = ["--start-date", "2026-03-01", "--end-date", "2026-05-01"];
    let flags = [&["--stream", "contact", "--partitions", "4"][..], &dates].concat();
    let windows = windows(&plan(&workspace, &flags).ok());
    assert!(text(&windows[0], "start_date") >= "2026-03-01");
    let last = windows.last().unwrap();
    assert_eq!(last["end_date"], "2026-05-01T00:00:00.000000Z");
    let none = [
        "--stream",
        "contact",
        "--start-date",
        "2026-07-15T11:59:30Z",
    ];
    assert_eq!(plan(&workspace, &none).ok().stdout, "");
}

/// The first page may show nothing, or not what comes first. That must leave no record out.
#[test]
fn a_first_page_that_misleads_moves_no_window() {
    for fault in ["empty_page", "pages_out_of_order"] {
        let workspace = Workspace::reevo("records=400");
        // The probe of `plan` is the first request, and its first page the second.
        let rules = json!([{"kind": "first_page", "skip": 1, "times": 1, "fault": fault}]);
        let rules = Faults::parse(&rules.to_string()).unwrap();
        workspace.sandbox.script(rules);
        let flags = ["--stream", "contact", "--partitions", "3"];
        let windows = windows(&plan(&workspace, &flags).ok());
        let held = windows
            .iter()
            .flat_map(|window| read(&workspace, "contact", &["id"], window));
        let held: BTreeSet<Vec<String>> = held.collect();
        assert_eq!(held.len(), 400, "{fault}");
    }
}

#[test]
fn a_stream_without_windows_is_read_as_a_whole() {
    let workspace = Workspace::reevo("records=100&updated_at_unsortable=note");
    let run = plan(&workspace, &["--stream", "note"]).ok();
    let run = run.says("note has no windows");
    assert_eq!(
        windows(&run),
        [
            json!({"stream": "note", "start_date": null, "end_date": null, "estimated_records": null})
        ]
    );
}

#[test]
fn mistakes_are_named() {
    let workspace = Workspace::reevo("records=10");
    let run = plan(&workspace, &["--stream", "contcat"]).ended(2);
    run.says("did you mean contact?");
    let run = plan(&workspace, &["--stream", "contact", "--partitions", "0"]);
    assert_eq!(run.status, 2);
}
