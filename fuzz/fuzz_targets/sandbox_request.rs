//! A request to the sandbox: the sandbox's options on the first line, the method and the target on
//! the second, and then the body. A cursor in the answer is followed once.

#![no_main]

use libfuzzer_sys::fuzz_target;
use revops_sandbox::{Options, answered};
use serde_json::{Value, json};

/// Enough for several pages, and fast.
const MOST_RECORDS: u64 = 12;

fuzz_target!(|text: &str| {
    let mut parts = text.splitn(3, '\n');
    let mut part = || parts.next().unwrap_or_default();
    let (options, request, body) = (part(), part(), part());
    let Ok(mut options) = Options::parse(options) else {
        return;
    };
    options.records = options.records.min(MOST_RECORDS);
    let (method, target) = request.split_once(' ').unwrap_or((request, ""));
    let answer = checked(options.clone(), method, target, body);
    let (Some(cursor), true) = (cursor_of(&answer), target.len() < 4096) else {
        return;
    };
    if method == "POST" {
        let body = json!({"cursor": cursor, "limit": 1}).to_string();
        checked(options, method, target, &body);
    } else {
        let joint = if target.contains('?') { '&' } else { '?' };
        checked(
            options,
            method,
            &format!("{target}{joint}cursor={cursor}"),
            body,
        );
    }
});

/// The answer, after checking that it is JSON and not a server error.
fn checked(options: Options, method: &str, target: &str, body: &str) -> Value {
    let (status, answer) = answered(options, method, target, body.as_bytes());
    assert!((200..500).contains(&status), "{status}");
    serde_json::from_slice(&answer).expect("answers are JSON")
}

fn cursor_of(answer: &Value) -> Option<String> {
    let places = [answer, &answer["meta"], &answer["pagination"]];
    let mut cursors = places
        .iter()
        .filter_map(|place| place["next_cursor"].as_str());
    cursors.next().map(str::to_owned)
}
