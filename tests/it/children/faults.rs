//! The faults of docs/reliability.md in requests for children: what passes is retried, what stays fails
//! the stream and spares the others.

use super::{BOTH, assert_complete, discovered, read};
use crate::clock::FakeClock;
use crate::support::{Run, Workspace};
use revops_sandbox::{Fault, Faults, Reply};
use serde_json::{Value, json};

/// Runs with a fault in some requests for children, and returns how it went.
fn course(api: &'static str, stream: &str, fault: &Value, times: Option<u64>) -> (Workspace, Run) {
    let workspace = Workspace::new(api, "records=60");
    let settings = json!({"page_size": 20, "concurrency": 3, "request_timeout_seconds": 1});
    let other = if stream.contains("__") {
        "note"
    } else {
        "tags"
    };
    let reading = read(&workspace, &settings, &[stream, other]);
    let mut rule = json!({"kind": "child", "skip": 5, "fault": fault});
    if let Some(times) = times {
        rule["times"] = json!(times);
    }
    workspace
        .sandbox
        .script(Faults::parse(&json!([rule]).to_string()).unwrap());
    let run = reading.within(FakeClock::new());
    (workspace, run)
}

#[test]
fn what_passes_is_retried() {
    for fault in [
        json!({"status": {"code": 429, "retry_after": 1}}),
        json!({"status": {"code": 500}}),
        json!({"status": {"code": 503, "retry_after_date_in": 2}}),
        json!({"html": {"code": 502}}),
        json!({"html": {"code": 200}}),
        json!("truncated_json"),
        json!({"wrong_shape": {"body": {"data": "none"}}}),
        json!({"wrong_shape": {"body": []}}),
        json!("close_before_headers"),
        json!("reset_before_headers"),
        json!("gzip_cut"),
        json!("stall_before_headers"),
        json!("slow_drip"),
    ] {
        for (api, stream, _) in BOTH {
            let (workspace, run) = course(api, stream, &fault, Some(2));
            assert_eq!(run.status, 0, "{fault}: {}", run.stderr);
            let catalog = discovered(&workspace, &json!({}));
            assert_complete(&workspace, &catalog, stream, &run.emitted());
        }
    }
}

#[test]
fn what_stays_fails_the_stream_and_spares_the_others() {
    for (fault, sentence) in [
        (
            json!({"status": {"code": 503}}),
            "since max_retry_seconds is 600",
        ),
        (json!({"status": {"code": 400}}), "the API answered 400"),
        (
            json!({"status": {"code": 403}}),
            "give the key permission to read this",
        ),
        (json!({"html": {"code": 200}}), "check base_url for a proxy"),
        (
            json!({"wrong_shape": {"body": {}}}),
            "gave up after 3 attempts",
        ),
        (
            json!({"redirect": {"code": 302, "origin": "http://127.0.0.1:9"}}),
            "redirects are not followed",
        ),
    ] {
        for (api, stream, _) in BOTH {
            let (_, run) = course(api, stream, &fault, None);
            assert_eq!(run.status, 1, "{fault}: {}", run.stderr);
            let emitted = run.emitted();
            let run = run.says(sentence);
            assert_eq!(run.logged("CRITICAL ").len(), 1);
            let bookmarks = emitted.state()["bookmarks"].as_object().unwrap();
            assert!(
                bookmarks.len() == 1 && !bookmarks.contains_key(stream),
                "{bookmarks:?}"
            );
        }
    }
}

#[test]
fn a_refused_key_ends_the_run() {
    for (api, stream, _) in BOTH {
        let (_, run) = course(api, stream, &json!({"status": {"code": 401}}), None);
        run.ended(3).says("check api_key");
    }
}

#[test]
fn a_page_token_that_stops_working_starts_the_list_of_its_record_again() {
    for (times, survives) in [(2, true), (1000, false)] {
        let workspace = Workspace::reevo("records=300&max_limit=50");
        let settings = json!({"page_size": 50, "concurrency": 2});
        let reading = read(&workspace, &settings, &["contact__accounts"]);
        workspace.sandbox.inject(Fault {
            path_contains: "/relationship/".to_owned(),
            skip: 10,
            times,
            reply: Reply::Status {
                status: 400,
                headers: Vec::new(),
                body: json!({"error": {"code": "invalid_cursor"}}).to_string(),
            },
        });
        let run = reading.within(FakeClock::new());
        if survives {
            let catalog = discovered(&workspace, &json!({}));
            assert_complete(
                &workspace,
                &catalog,
                "contact__accounts",
                &run.ok().emitted(),
            );
        } else {
            let run = run.ended(1).says("gave up after starting again 2 times");
            assert!(run.emitted().states.is_empty());
        }
    }
}
