//! Hostile input. The tap emits records or one readable error; it never crashes, and its output is
//! always valid.

use crate::support::{Read, Run, Workspace};
use revops_sandbox::{Fault, Reply};
use serde_json::{Value, json};

const DEEP: usize = 100_000;

fn settings() -> Value {
    json!({"record_types": ["note"], "unknown_fields": "collect", "max_retry_seconds": 0})
}

/// Returns the run after checking that it ended in a regular way, with valid output.
fn not_crashed(run: Run) -> Run {
    for text in ["panicked", "the tap itself failed"] {
        assert!(!run.stderr.contains(text), "{}", run.stderr);
    }
    assert!((0..10).contains(&run.status), "{}", run.status);
    assert_eq!(run.status == 0, run.logged("CRITICAL ").is_empty());
    run.messages();
    run
}

/// A run in which the first page has this body.
fn page(body: &str) -> Run {
    let workspace = Workspace::reevo("records=5");
    workspace
        .sandbox
        .inject(answer("note/_query", 200, &[], body));
    not_crashed(read(&workspace).run())
}

fn read(workspace: &Workspace) -> Read<'_> {
    let config = workspace.config_file(&settings());
    let discovered = workspace.run(&["discover", "--config", &config]).ok();
    workspace.sandbox.clear_requests();
    workspace
        .read(&settings())
        .catalog(&serde_json::from_str(&discovered.stdout).unwrap())
}

fn answer(path: &str, status: u16, headers: &[(&str, &str)], body: &str) -> Fault {
    Fault {
        path_contains: path.to_owned(),
        // Discovery sends one probe.
        skip: 1,
        times: 1,
        reply: Reply::Status {
            status,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: body.to_owned(),
        },
    }
}

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

fn record(members: &str) -> String {
    format!(
        r#"{{"data":[{{"id":"a","updated_at":"2026-06-01T08:00:00Z",{members}}}],"next_cursor":null}}"#
    )
}

#[test]
fn no_page_crashes_the_tap() {
    let long = "x".repeat(10_000_000);
    let pages = [
        (nested(DEEP), false),
        (format!(r#"{{"data":{}}}"#, nested(DEEP)), false),
        (
            format!(r#"{{"data":[],"next_cursor":{}}}"#, nested(DEEP)),
            false,
        ),
        (format!(r#"{{"data":[],"meta":{}}}"#, nested(DEEP)), true),
        (record(&format!(r#""new":{}"#, nested(DEEP))), true),
        (
            record(&format!(r#""attributes":{{"body":{}}}"#, nested(DEEP))),
            true,
        ),
        (record(&format!(r#""attributes":{}"#, nested(DEEP))), false),
        (
            record(&format!(r#""attributes":{{"body":"{long}"}}"#)),
            true,
        ),
        (
            record(r#""id":"b","id":"c","attributes":{"x":1,"x":2}"#),
            true,
        ),
        (
            record(r#""new":1e300,"attributes":{"title":-1e-9999}"#),
            true,
        ),
        (record(&format!(r#""new":{}"#, "9".repeat(300))), true),
        (format!("\u{feff}{}", record(r#""new":1"#)), true),
        (r#"{"data":[1,null,"x",[],{}]}"#.to_owned(), false),
        (r#"{"data":[{"id":{},"updated_at":[]}]}"#.to_owned(), true),
    ];
    for (body, is_read) in pages {
        let start: String = body.chars().take(80).collect();
        let run = page(&body);
        assert_eq!(run.status == 0, is_read, "{start}: {}", run.stderr);
    }
}

#[test]
fn no_date_crashes_the_tap() {
    for updated_at in [
        "0001-01-01T00:00:00+23:59",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999999-23:59",
        "9999-12-31T23:59:59.999999999Z",
        "+262142-12-31T23:59:59Z",
        "-262143-01-01T00:00:00Z",
        "2016-12-31T23:59:60Z",
    ] {
        let body = json!({"data": [{"id": "a", "updated_at": updated_at}]});
        assert_eq!(page(&body.to_string()).status, 0, "{updated_at}");
    }
}

#[test]
fn no_header_crashes_the_tap() {
    for (name, value) in [
        ("retry-after", "18446744073709551615"),
        ("retry-after", "18446744073709551616"),
        ("retry-after", "-1"),
        ("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT"),
        ("retry-after", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("date", "Fri, 31 Dec 9999 23:59:59 GMT"),
        ("date", "Thu, 01 Jan 1970 00:00:00 GMT"),
    ] {
        let workspace = Workspace::reevo("records=5");
        let fault = answer("note/_query", 429, &[(name, value)], "");
        workspace.sandbox.inject(fault);
        let run = not_crashed(read(&workspace).run());
        assert_ne!(run.status, 0, "{name}: {value}");
        let workspace = Workspace::reevo("records=5");
        let body = record(r#""new":1"#);
        let fault = answer("note/_query", 200, &[(name, value)], &body);
        workspace.sandbox.inject(fault);
        not_crashed(read(&workspace).run()).ok();
    }
}

#[test]
fn no_bookmark_and_no_lookback_crash_the_tap() {
    let workspace = Workspace::reevo("records=5");
    for (updated_at, lookback) in [
        ("0001-01-01T00:00:00Z", 0),
        ("0001-01-01T00:00:00Z", 1),
        ("2026-01-01T00:00:00Z", u64::MAX),
        ("2026-01-01T00:00:00Z", u64::MAX / 1000),
        ("2026-01-01T00:00:00Z", 63_903_081_601),
        ("9999-12-31T23:59:59.999999999Z", 3_155_760_000),
    ] {
        let mut settings = settings();
        settings["lookback_seconds"] = json!(lookback);
        let state = json!({"bookmarks": {"note": {"updated_at": updated_at, "id": "a"}}});
        let run = not_crashed(workspace.read(&settings).state(&state).run()).ok();
        let read = run.emitted().records("note").len();
        let all = workspace.sandbox.truth("note").len();
        let expected = if updated_at.starts_with('9') { 0 } else { all };
        assert_eq!(read, expected, "{updated_at} less {lookback} s");
    }
}

#[test]
fn no_file_crashes_the_tap() {
    let workspace = Workspace::reevo("records=5");
    let right = workspace.config(&settings());
    let deep_in = |outer: &str| outer.replace('?', &nested(DEEP));
    let configs = [
        nested(DEEP),
        deep_in(r#"{"api":?}"#),
        "1e999999".to_owned(),
        right.replace("\"note\"", "1e400"),
        right.replace("\"note\"", "\"../\u{0}%2e?#\""),
        right.replace("\"note\"", &format!("\"{}\"", "n".repeat(1_000_000))),
        format!("\u{feff}{right}"),
    ];
    for text in configs {
        let path = workspace.file("config.json", &text);
        not_crashed(workspace.run(&["read", "--config", &path]));
    }
    let config = workspace.file("config.json", &right);
    let files = [
        nested(DEEP),
        "\u{feff}".to_owned(),
        "\u{feff}{}".to_owned(),
        deep_in(r#"{"streams":?}"#),
        deep_in(r#"{"bookmarks":?}"#),
        deep_in(r#"{"bookmarks":{"note":?}}"#),
        deep_in(r#"{"streams":[{"tap_stream_id":"note","schema":{"properties":?}}]}"#),
        r#"{"streams":[{"tap_stream_id":"note","schema":{"properties":{"id":{"type":"array"},"updated_at":{}}}}]}"#
            .to_owned(),
        r#"{"streams":[{"tap_stream_id":"..","schema":{"properties":{}}}]}"#.to_owned(),
        r#"{"streams":[{"stream":{"name":""},"sync_mode":"incremental"}]}"#.to_owned(),
    ];
    for text in files {
        let path = workspace.file("input.json", &text);
        for flag in ["--catalog", "--state"] {
            not_crashed(workspace.run(&["read", "--config", &config, flag, &path]));
        }
    }
}

#[test]
fn no_environment_crashes_the_tap() {
    let long = "9".repeat(100_000);
    for (name, value) in [
        ("TAP_REVOPS_LOOKBACK_SECONDS", "18446744073709551615"),
        ("TAP_REVOPS_PAGE_SIZE", long.as_str()),
        ("TAP_REVOPS_CONCURRENCY", "1e400"),
        ("TAP_REVOPS_RECORD_TYPES", "[[[1e400]]]"),
        (
            "TAP_REVOPS_BASE_URL",
            "sandbox:?records=-1&clock=0000-01-01T00:00:00Z",
        ),
        ("TAP_REVOPS_BASE_URL", "http://[::1"),
        ("TAP_REVOPS_BASE_URL", "https://\u{202e}"),
        ("TAP_REVOPS_USER_AGENT", "\u{7f}"),
        ("TAP_REVOPS_API_KEY", "."),
        ("TAP_REVOPS_START_DATE", "+262142-12-31T23:59:59Z"),
    ] {
        let base = [
            ("TAP_REVOPS_API", "reevo"),
            ("TAP_REVOPS_BASE_URL", "sandbox:?records=3"),
        ];
        let environment: Vec<(&str, &str)> = base.into_iter().chain([(name, value)]).collect();
        not_crashed(crate::support::run(
            &["read", "--config", "ENV"],
            &environment,
        ));
    }
}

#[test]
fn a_user_agent_that_no_header_can_hold_is_refused() {
    let workspace = Workspace::reevo("records=1");
    let config = workspace.config_file(&json!({"user_agent": "acme\n7"}));
    let run = not_crashed(workspace.run(&["check", "--config", &config])).ended(2);
    run.says("user_agent: contains characters that a header cannot hold");
}
