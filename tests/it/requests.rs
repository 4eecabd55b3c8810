//! What the tap sends to the APIs: credentials, user agent, addresses and the order of requests.

use crate::support::{ASKELEPHANT, REEVO, Workspace};
use revops_sandbox::{Fault, Received, Reply};
use serde_json::{Value, json};

fn header<'r>(request: &'r Received, name: &str) -> Option<&'r str> {
    let found = request.headers.iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value.as_str())
}

/// Reads everything, and checks a header of every request.
fn check(api: &'static str, options: &str, settings: &Value, name: &str, expected: &str) {
    let workspace = Workspace::new(api, options);
    workspace.read(settings).emitted();
    let requests = workspace.sandbox.requests();
    assert!(!requests.is_empty());
    for request in &requests {
        assert_eq!(header(request, name), Some(expected), "{}", request.path);
    }
}

#[test]
fn keys_are_sent_in_the_form_that_each_api_takes() {
    let none = json!({});
    check(
        REEVO,
        "records=1",
        &none,
        "authorization",
        "Bearer <key ok>",
    );
    check(ASKELEPHANT, "records=1", &none, "authorization", "<key ok>");
}

#[test]
fn a_token_that_is_not_an_api_key_is_sent_as_a_bearer_token() {
    let workspace = Workspace::askelephant("records=1&key=eyJhbGciOi.token");
    // The sandbox accepts only API keys, and logs what it received.
    workspace.read(&json!({})).run().ended(3);
    let requests = workspace.sandbox.requests();
    assert_eq!(
        header(&requests[0], "authorization"),
        Some("Bearer <key ok>")
    );
}

#[test]
fn the_user_agent_names_the_tap_unless_configured() {
    let usual = concat!("tap-revops/", env!("CARGO_PKG_VERSION"));
    check(REEVO, "records=1", &json!({}), "user-agent", usual);
    let settings = json!({"user_agent": "acme-pipeline/7"});
    check(
        REEVO,
        "records=1",
        &settings,
        "user-agent",
        "acme-pipeline/7",
    );
}

#[test]
fn a_redirect_is_not_followed_and_its_target_gets_no_request() {
    let (workspace, elsewhere) = (Workspace::reevo("records=1"), Workspace::reevo("records=1"));
    workspace.sandbox.inject(Fault {
        path_contains: "contact".to_owned(),
        skip: 0,
        times: 1000,
        reply: Reply::Status {
            status: 302,
            headers: vec![("Location".to_owned(), elsewhere.sandbox.url())],
            body: String::new(),
        },
    });
    let run = workspace
        .read(&json!({"record_types": ["contact"]}))
        .run()
        .ended(1);
    run.says("redirects are not followed, to protect the key");
    assert!(elsewhere.sandbox.requests().is_empty());
}

#[test]
fn streams_are_read_one_after_another_if_concurrency_is_one() {
    let workspace = Workspace::reevo("records=60");
    let types = ["contact", "account", "task"];
    let settings = json!({"record_types": types, "page_size": 10, "concurrency": 1});
    workspace.read(&settings).emitted();
    let paths = workspace.sandbox.requests().into_iter().map(|one| one.path);
    let mut streams: Vec<String> = paths
        .filter(|path| path.ends_with("_query"))
        .skip(3)
        .collect();
    streams.dedup();
    assert_eq!(streams, types.map(|name| format!("/api/v2/{name}/_query")));
}

#[test]
fn base_url_works_with_and_without_its_documented_path() {
    for (api, path) in [(REEVO, "/api/v2"), (ASKELEPHANT, "/v2/"), (REEVO, "/")] {
        let workspace = Workspace::new(api, "records=1");
        let url = format!("{}{path}", workspace.sandbox.url());
        assert!(workspace.read(&json!({"base_url": url})).emitted().count() > 0);
    }
}
