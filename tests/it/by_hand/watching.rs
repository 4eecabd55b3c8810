//! What a person sees while a run reads, at its end, and when it is interrupted.

use crate::clock::FakeClock;
use crate::support::{ASKELEPHANT, Run, Workspace, untimed};
use revops_sandbox::{Fault, Reply};
use serde_json::{Value, json};
use std::sync::Mutex;
use tap_revops::protocol::Protocol;
use tap_revops::run::World;
use tap_revops::run::interruption;

/// A terminal of this kind; without a kind, stderr is a file.
fn read_on(
    workspace: &Workspace,
    settings: &Value,
    terminal: Option<&str>,
    to_screen: bool,
) -> Run {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let config = workspace.config_file(settings);
    let kind = terminal.unwrap_or_default().to_owned();
    let status = tap_revops::run::run(World {
        protocol: Protocol::Singer,
        arguments: ["tap-revops", "read", "-c", &config].map(Into::into).into(),
        environment: vec![("TERM".to_owned(), kind)],
        clock: FakeClock::new(),
        interruption: interruption::never(),
        out: &mut out,
        err: &mut err,
        err_is_terminal: terminal.is_some(),
        out_is_terminal: to_screen,
    });
    workspace.assert_key_absent(Run {
        status: status as i32,
        stdout: String::from_utf8(out).unwrap(),
        stderr: String::from_utf8(err).unwrap(),
    })
}

const ESCAPE: char = '\u{1b}';

#[test]
fn bars_are_drawn_only_where_nothing_else_is() {
    let workspace = Workspace::askelephant("records=300");
    for (terminal, to_screen, has_bars, has_table) in [
        (Some("xterm"), false, true, true),
        (Some("xterm"), true, false, true),
        (Some("dumb"), false, false, true),
        (None, false, false, false),
    ] {
        let run = read_on(&workspace, &json!({"page_size": 10}), terminal, to_screen).ok();
        let log = &untimed(&run.stderr);
        assert_eq!(log.contains(ESCAPE), has_bars, "{log}");
        assert_eq!(log.contains('█'), has_bars, "{log}");
        assert_eq!(log.contains("│ contacts"), has_table, "{log}");
        assert_eq!(log.contains("INFO contacts: "), !has_bars, "{log}");
        assert!(!run.stdout.contains(ESCAPE));
        run.emitted();
    }
}

#[test]
fn the_table_at_the_end_counts_what_was_emitted() {
    let workspace = Workspace::askelephant("records=300");
    let run = read_on(&workspace, &json!({"page_size": 50}), Some("xterm"), false).ok();
    let emitted = run.emitted();
    let mut all = 0;
    for stream in emitted.schemas.keys() {
        let count = emitted.records(stream).len();
        let row = run
            .stderr
            .lines()
            .find(|line| line.starts_with(&format!("│ {stream} ")));
        let row: Vec<&str> = row.unwrap().split(['│', '┆']).map(str::trim).collect();
        assert_eq!(row[2], count.to_string());
        assert_eq!(row[7], emitted.state()["bookmarks"][stream]["updated_at"]);
        assert_eq!(row[8], "caught up");
        all += count;
    }
    let sums = run
        .stderr
        .lines()
        .find(|line| line.starts_with("│ 5 streams"));
    assert!(sums.unwrap().contains(&format!(" {all} ")));
}

#[test]
fn without_a_terminal_the_last_line_has_the_totals() {
    let workspace = Workspace::reevo("records=60");
    let settings = json!({"record_types": ["contact", "note"]});
    let run = workspace.read(&settings).run().ok();
    let emitted = run.emitted();
    let count = emitted.records("contact").len() + emitted.records("note").len();
    let last = run.logged("INFO ").pop().unwrap_or_default();
    let expected = format!("2 streams: {count} records, 2 pages, 0 retries, ");
    assert!(last.starts_with(&expected), "{last}");
    let json = workspace.read(&settings).flags(&["--log-format", "json"]);
    let json = json.run().ok().stderr;
    let last: Value = serde_json::from_str(json.lines().last().unwrap()).unwrap();
    assert_eq!((&last["streams"], &last["failed"]), (&json!(2), &json!(0)));
    assert_eq!(last["records"], json!(count));
}

#[test]
fn a_stream_that_failed_is_in_the_table_and_the_sentence_comes_last() {
    let workspace = Workspace::reevo("records=60&forbid=note");
    let settings = json!({"record_types": ["contact", "note"]});
    let run = read_on(&workspace, &settings, Some("xterm"), false).ended(1);
    let row = run.stderr.lines().find(|line| line.starts_with("│ note "));
    assert!(row.unwrap().contains("failed"));
    let log = untimed(&run.stderr);
    let last = log.lines().last().unwrap();
    assert!(last.contains("CRITICAL note failed"), "{last}");
}

#[test]
fn a_long_run_without_a_terminal_says_from_time_to_time_how_far_it_is() {
    let workspace = Workspace::askelephant("records=300");
    workspace.sandbox.inject(Fault {
        path_contains: "/v2/contacts".to_owned(),
        skip: 4,
        times: 3,
        reply: Reply::Status {
            status: 429,
            headers: vec![("Retry-After".to_owned(), "40".to_owned())],
            body: String::new(),
        },
    });
    let settings = json!({"page_size": 10, "concurrency": 1});
    let clock = FakeClock::new();
    let run = workspace.read(&settings).within(clock).ok();
    let lines = run.logged("INFO so far: ");
    assert!((1..=4).contains(&lines.len()), "{lines:?}");
    assert!(
        lines.iter().any(|line| line.starts_with("contacts (")),
        "{lines:?}"
    );
}

#[test]
fn an_interrupted_run_says_what_is_safe_and_what_comes_again() {
    let workspace = Workspace::new(ASKELEPHANT, "records=300");
    let settings = json!({"page_size": 5, "concurrency": 1});
    let (interrupt, interrupted) = tokio::sync::oneshot::channel();
    let waiting = Mutex::new((Some(interrupt), 0));
    workspace.sandbox.on_request(move |request| {
        let mut waiting = waiting.lock().unwrap();
        waiting.1 += u32::from(request.path == "/v2/companies");
        // By then, the writer has got beyond the state of the stream before.
        if waiting.1 > 9
            && let Some(interrupt) = waiting.0.take()
        {
            interrupt.send(()).unwrap();
        }
    });
    let config = workspace.config_file(&settings);
    let interruption = Box::pin(async move {
        interrupted.await.unwrap();
        tap_revops::run::exit::ExitStatus::Interrupted
    });
    let run = workspace.run_until(&["read", "-c", &config], FakeClock::new(), interruption);
    let run = run.ended(130);
    let said = run.logged("WARNING interrupted; ");
    assert_eq!(
        said,
        [
            "read to their end, with their state written: contacts",
            "read in part, and again in the next run: companies",
            "not begun, and left to the next run: users, tags, engagements",
        ]
    );
    assert_eq!(run.emitted().states.len(), 1);
}

#[test]
fn the_log_of_requests_has_their_limit_window_records_and_time() {
    let workspace = Workspace::askelephant("records=30");
    let flags = &["--stream", "contacts", "--start-date", "2026-01-01", "-v"];
    let run = workspace.read(&json!({"page_size": 7})).flags(flags).run();
    let run = run.ok();
    let lines = run.logged("DEBUG page 1 of contacts: ");
    let expected = "from 2026-01-01T00:00:00Z to its end, limit 7: 7 records in ";
    assert!(lines[0].starts_with(expected), "{lines:?}");
    assert!(lines[0].ends_with(" ms"));
}
