//! What `peek` and `streams` show.

use crate::support::{ASKELEPHANT, REEVO, Run, Workspace, command, run};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn view(workspace: &Workspace, verb: &[&str]) -> Run {
    let config = workspace.config_file(&json!({}));
    let arguments = [verb, &["--config", &config]].concat();
    workspace.run(&arguments)
}

/// Each line of an output as an object.
fn objects(run: &Run) -> Vec<Value> {
    let lines = run.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The cells of a table, row by row.
fn cells(run: &Run) -> Vec<Vec<String>> {
    let rows = run.stdout.lines().filter(|line| line.contains('┆'));
    let cells = rows.map(|row| row.split(['│', '┆']).map(|cell| cell.trim().to_owned()));
    cells
        .map(|row| row.filter(|cell| !cell.is_empty()).collect())
        .collect()
}

/// Checks that these are as many of a stream's newest records, the newest one first. Records of one
/// `updated_at` may come in any order.
fn assert_newest(workspace: &Workspace, stream: &str, ids: &[&str]) {
    let truth = workspace.sandbox.truth(stream);
    let stamp = |id: &str| truth.iter().find(|one| one.id == id).unwrap().updated_at;
    let stamps: Vec<_> = ids.iter().map(|id| stamp(id)).collect();
    let newest = truth.iter().rev().map(|one| one.updated_at);
    assert_eq!(stamps, newest.take(ids.len()).collect::<Vec<_>>());
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
}

#[test]
fn peek_shows_the_newest_records_first() {
    for (api, stream) in [(REEVO, "contact"), (ASKELEPHANT, "engagements")] {
        let workspace = Workspace::new(api, "records=300");
        let run = view(&workspace, &["peek", stream, "--limit", "5"]).ok();
        let rows = cells(&run);
        assert_eq!(rows[0][..2], ["id", "updated_at"]);
        let ids: Vec<&str> = rows[1..].iter().map(|row| row[0].as_str()).collect();
        assert_eq!(ids.len(), 5);
        assert_newest(&workspace, stream, &ids);
        let requests = workspace.page_requests(stream);
        assert!(requests.len() <= 2, "one probe and one page");
        let widths = run.stdout.lines().map(|line| line.chars().count());
        assert!(widths.max().unwrap() <= 120);
    }
}

#[test]
fn peek_goes_beyond_a_page_and_shows_all_fields_as_json() {
    let workspace = Workspace::askelephant("records=300");
    let run = view(
        &workspace,
        &["peek", "contacts", "--limit", "120", "--json"],
    )
    .ok();
    let shown = objects(&run);
    let ids: Vec<&str> = shown
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 120);
    assert_newest(&workspace, "contacts", &ids);
    let emitted = workspace.read(&json!({})).run().ok().emitted();
    let record = emitted
        .records("contacts")
        .iter()
        .find(|one| one.value["id"] == ids[0]);
    assert_eq!(record.unwrap().value, shown[0]);
}

#[test]
fn peek_shows_the_fields_that_are_asked_for_in_their_order() {
    let workspace = Workspace::reevo("records=50");
    let verb = &[
        "peek",
        "contact",
        "--limit",
        "2",
        "--fields",
        "title,stage,last_name",
    ];
    let run = view(&workspace, verb).ok();
    let header = ["id", "updated_at", "title", "stage", "last_name"];
    let mut named = cells(&run)[0].clone();
    named.sort_unstable();
    let mut expected = header.map(str::to_owned).to_vec();
    expected.sort_unstable();
    assert_eq!(named, expected);
    assert_eq!(cells(&run)[0], header);
}

#[test]
fn peek_of_what_is_not_there_says_what_is() {
    let workspace = Workspace::reevo("records=20");
    for (verb, status, sentence) in [
        (&["peek", "contcat"][..], 2, "did you mean contact?"),
        (&["peek", "x"], 2, "the streams are contact, account, "),
        (
            &["peek", "contact", "--fields", "titel"],
            1,
            "there is no field titel; did you mean title?",
        ),
        (
            &["peek", "contact", "--limit", "0"],
            2,
            "invalid value '0' for '--limit",
        ),
    ] {
        let run = view(&workspace, verb).ended(status).says(sentence);
        assert_eq!(run.stdout, "");
    }
}

#[test]
fn peek_says_that_a_stream_without_order_does_not_show_the_newest() {
    let workspace = Workspace::reevo("records=20&updated_at_unsortable=note");
    let run = view(&workspace, &["peek", "note", "--limit", "3"]);
    run.ok().says("WARNING these are not the newest records: ");
}

#[test]
fn values_cannot_steer_the_terminal() {
    let workspace = Workspace::reevo("records=400");
    let run = view(
        &workspace,
        &["peek", "contact", "--limit", "400", "--fields", "title"],
    );
    let is_steering = |letter: char| letter.is_control() && letter != '\n';
    assert!(!run.ok().stdout.contains(is_steering));
}

#[test]
fn streams_lists_what_can_be_read_and_what_cannot() {
    let workspace = Workspace::reevo("records=20&forbid=note");
    let run = view(&workspace, &["streams"]).ok();
    let rows = cells(&run);
    let row = |name: &str| rows.iter().find(|row| row[0] == name).unwrap();
    assert_eq!(
        row("contact")[1..],
        ["incremental, by updated_at", "id", "28"]
    );
    assert_eq!(row("note")[1], "not readable");
    let run = view(&workspace, &["streams", "--json"]).ok();
    let listed = objects(&run);
    let contact = listed
        .iter()
        .find(|one| one["stream"] == "contact")
        .unwrap();
    assert_eq!(
        *contact,
        json!({
            "stream": "contact", "api_name": "contact", "is_readable": true,
            "replication_method": "INCREMENTAL", "replication_key": "updated_at",
            "key_properties": ["id"], "parent": null, "fields": 28, "note": null
        })
    );
    let links = row("contact__accounts");
    assert_eq!(
        links[1..4],
        ["in full", "parent_id, related_record_id", "8"]
    );
    let links = listed
        .iter()
        .find(|one| one["stream"] == "contact__accounts");
    let note = links.unwrap()["note"].as_str().unwrap();
    assert_eq!(note, "off by default; a request per record of contact");
    let note = listed.iter().find(|one| one["stream"] == "note").unwrap();
    assert_eq!(note["is_readable"], false);
    assert!(note["note"].as_str().unwrap().contains("403"));
}

#[test]
fn streams_fails_if_nothing_can_be_read() {
    let workspace =
        Workspace::askelephant("records=20&forbid=contacts,companies,users,tags,engagements");
    let run = view(&workspace, &["streams"]).ended(1);
    assert_eq!(run.stdout.matches("not readable").count(), 5);
    run.says("this key can read no stream");
}

#[test]
fn completions_name_the_verbs_and_their_flags() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = run(&["completions", shell], &[]).ok();
        for word in ["peek", "fresh", "start-date"] {
            assert!(run.stdout.contains(word), "{shell} {word}");
        }
    }
}

#[test]
fn manual_pages_are_written_for_each_verb() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("man1");
    run(&["man", inner.to_str().unwrap()], &[]).ok();
    let page = std::fs::read_to_string(inner.join("tap-revops-read.1")).unwrap();
    assert!(page.contains("fresh"));
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let run = run(&["man", file.to_str().unwrap()], &[]).ended(2);
    run.says("pass a folder that you can write to");
}

#[test]
fn a_quiet_run_logs_only_what_is_wrong() {
    let workspace = Workspace::reevo("records=20&forbid=note");
    let quiet = workspace.read(&json!({})).flags(&["-q"]).run().ok();
    let lines = quiet.stderr.lines().count();
    assert_eq!(quiet.logged("WARNING ").len(), lines);
    assert!(!quiet.stderr.is_empty());
    let silent = workspace.read(&json!({})).flags(&["-qq"]).run().ok();
    assert_eq!(silent.stderr, "");
    let verbose = workspace.read(&json!({})).flags(&["-v"]).run().ok();
    verbose.says("DEBUG POST /contact/_query: 200");
}

#[test]
fn the_table_fits_the_columns_that_the_shell_says() {
    let workspace = Workspace::reevo("records=20");
    let config = workspace.config_file(&json!({}));
    let arguments = ["peek", "contact", "--config", &config];
    let mut widths = Vec::new();
    for columns in ["90", "200"] {
        let output = command(&arguments, &[("COLUMNS", columns)])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let first = text.lines().next().unwrap().chars().count();
        assert!(first <= columns.parse().unwrap());
        widths.push(first);
    }
    assert!(widths[0] < widths[1]);
}
