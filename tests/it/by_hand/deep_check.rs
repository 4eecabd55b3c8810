//! What `check --deep` settles of an API's undocumented behaviour, which the sandbox varies.

use crate::support::{ASKELEPHANT, REEVO, Workspace};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The answer to each question.
fn answers(workspace: &Workspace, settings: &Value) -> BTreeMap<String, String> {
    let config = workspace.config_file(settings);
    let run = workspace
        .run(&["check", "--deep", "--json", "-c", &config])
        .ok();
    let lines = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = |line: &Value, key: &str| line[key].as_str().unwrap().to_owned();
    lines
        .map(|line| (text(&line, "question"), text(&line, "answer")))
        .collect()
}

fn answer_of(api: &'static str, options: &str, question: &str) -> String {
    let workspace = Workspace::new(api, &format!("records=2000&{options}"));
    answers(&workspace, &json!({}))[question].clone()
}

#[test]
fn each_way_of_the_api_has_its_answer() {
    for (options, question, answer) in [
        ("cursor_place=top", "place of the cursor", "next_cursor"),
        (
            "cursor_place=meta",
            "place of the cursor",
            "meta.next_cursor",
        ),
        (
            "cursor_place=pagination",
            "place of the cursor",
            "pagination.next_cursor",
        ),
        (
            "timestamps=micros",
            "form of timestamps",
            "6 digits after the second, Z",
        ),
        (
            "timestamps=millis",
            "form of timestamps",
            "3 digits after the second, Z",
        ),
        (
            "timestamps=seconds",
            "form of timestamps",
            "no fraction, Z after \"T\"",
        ),
        ("nulls=absent", "empty fields", "left out"),
        ("nulls=bare", "empty fields", "null"),
        ("nulls=envelope", "empty fields", "an envelope with null"),
        (
            "id_sortable=true",
            "order by id",
            "can be asked for, and is",
        ),
        ("id_sortable=false", "order by id", "is not offered"),
        ("ties=stable", "largest page", "500 records"),
        (
            "max_limit=100&limit_overrun=cap",
            "largest page",
            "100 records, fewer than asked for",
        ),
    ] {
        assert_eq!(answer_of(REEVO, options, question), answer, "{options}");
    }
    let refused = answer_of(REEVO, "max_limit=100&limit_overrun=error", "largest page");
    assert!(
        refused.starts_with("refused: the API answered 400 limit_out_of_range"),
        "{refused}"
    );
    let unsortable = "updated_at_unsortable=contact,account,opportunity,task,note,meeting,implementation_project";
    for question in ["lower bound (gte)", "upper bound (lt)"] {
        let refused = answer_of(REEVO, unsortable, question);
        assert!(
            refused.starts_with("refused: the API answered 400 "),
            "{refused}"
        );
    }
}

#[test]
fn both_apis_settle_their_bounds_and_their_order_in_a_handful_of_requests() {
    for (api, stream, count) in [(REEVO, "contact", 10), (ASKELEPHANT, "contacts", 8)] {
        let workspace = Workspace::new(api, "records=2000");
        let answers = answers(&workspace, &json!({}));
        assert_eq!(answers.len(), count, "{answers:?}");
        for (question, answer) in [
            ("lower bound (gte)", "works"),
            ("upper bound (lt)", "works"),
            ("newest first", "works"),
            ("second page", "goes on after the first"),
        ] {
            assert_eq!(answers[question], answer, "{api} {question}");
        }
        assert!(answers["Date header"].contains("second"));
        // A probe and six questions.
        assert_eq!(workspace.page_requests(stream).len(), 7);
    }
}

#[test]
fn a_small_workspace_settles_little_and_says_so() {
    let workspace = Workspace::reevo("records=1");
    let answers = answers(&workspace, &json!({"record_types": ["contact"]}));
    assert_eq!(
        answers["place of the cursor"],
        "not settled: too few records"
    );
    assert_eq!(answers["upper bound (lt)"], "not settled: too few records");
    assert_eq!(
        answers["largest page"],
        "not settled: there are only 1 records"
    );
}

#[test]
fn the_table_has_every_question() {
    let workspace = Workspace::askelephant("records=100");
    let config = workspace.config_file(&json!({}));
    let run = workspace.run(&["check", "--deep", "-c", &config]).ok();
    let run = run.says("questions are settled, by the stream contacts");
    assert!(run.stdout.contains("│ upper bound (lt)"));
    let alone = workspace.run(&["check", "--json", "-c", &config]);
    alone.ended(2).says("--deep");
}
