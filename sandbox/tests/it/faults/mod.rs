//! Scripted faults, and the log of what was received.

mod bodies;
mod connections;
mod pages;
mod records;
mod script;
mod statuses;

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{query, raw, raw_bytes, sandbox};
use revops_sandbox::{Ending, Fault, Faults, Reply, Sandbox};

fn fault(reply: Reply) -> Fault {
    Fault {
        path_contains: "contact/_query".to_owned(),
        skip: 0,
        times: 1,
        reply,
    }
}

/// Plays one fault once, with the settings that a script may have.
fn play(sandbox: &Sandbox, fault: &serde_json::Value) {
    play_rules(sandbox, &json!([{"times": 1, "fault": fault}]));
}

fn play_rules(sandbox: &Sandbox, rules: &serde_json::Value) {
    sandbox.script(Faults::parse(&rules.to_string()).unwrap());
}

/// Head and body of a contact query.
async fn exchange(sandbox: &Sandbox) -> (String, Vec<u8>) {
    let (answer, _) = raw_bytes(sandbox, &request(sandbox)).await;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let (head, body) = answer.split_at(end.unwrap() + 4);
    (String::from_utf8(head.to_vec()).unwrap(), body.to_vec())
}

fn request(sandbox: &Sandbox) -> String {
    format!(
        "POST /api/v2/contact/_query HTTP/1.1\r\nhost: s\r\nx-api-key: {}\r\n\
         content-type: application/json\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{{}}",
        sandbox.key()
    )
}

#[tokio::test]
async fn a_status_has_its_headers_and_body_and_ends_after_its_times() {
    let sandbox = sandbox("records=10").await;
    sandbox.inject(fault(Reply::Status {
        status: 429,
        headers: vec![
            ("Retry-After".to_owned(), "5".to_owned()),
            ("Content-Type".to_owned(), "text/html".to_owned()),
        ],
        body: "<html>".to_owned(),
    }));
    let answer = query(&sandbox, "contact", &json!({})).await;
    assert_eq!((answer.status, answer.body.as_str()), (429, "<html>"));
    assert_eq!(answer.header("retry-after"), Some("5"));
    assert_eq!(answer.header("content-type"), Some("text/html"));
    assert_eq!(query(&sandbox, "contact", &json!({})).await.status, 200);
}

#[tokio::test]
async fn a_connection_closed_before_the_headers_sends_nothing() {
    let sandbox = sandbox("records=10").await;
    sandbox.inject(fault(Reply::CloseBeforeHeaders));
    assert_eq!(raw(&sandbox, &request(&sandbox)).await, "");
}

#[tokio::test]
async fn a_cut_body_is_shorter_than_announced() {
    let sandbox = sandbox("records=10").await;
    let whole = raw(&sandbox, &request(&sandbox)).await;
    sandbox.inject(fault(Reply::BreakBody {
        after_bytes: None,
        ending: Ending::Close,
    }));
    let cut = raw(&sandbox, &request(&sandbox)).await;
    let body = |answer: &str| answer.split_once("\r\n\r\n").unwrap().1.len();
    let announced = format!("content-length: {}", body(&whole));
    assert!(
        whole.contains(&announced) && cut.contains(&announced),
        "{cut}"
    );
    assert_eq!(body(&cut), body(&whole) / 2);
    assert!(cut.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_stalled_request_is_never_answered() {
    let sandbox = sandbox("records=10").await;
    sandbox.inject(fault(Reply::Stall));
    let request = request(&sandbox);
    let answer = tokio::time::timeout(Duration::from_millis(200), raw(&sandbox, &request));
    assert!(answer.await.is_err());
    assert_eq!(sandbox.requests().len(), 1);
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let sandbox = sandbox("records=10").await;
    let mut connection = TcpStream::connect(sandbox.address()).await.unwrap();
    for _ in 0..3 {
        let get = "GET /api/v2/health HTTP/1.1\r\nhost: s\r\n\r\n";
        connection.write_all(get.as_bytes()).await.unwrap();
        let mut answer = [0; 1024];
        let length = connection.read(&mut answer).await.unwrap();
        assert!(answer[..length].starts_with(b"HTTP/1.1 200"));
    }
    assert_eq!(sandbox.requests().len(), 3);
}

#[tokio::test]
async fn requests_are_logged_without_the_key() {
    let sandbox = sandbox("records=10").await;
    query(&sandbox, "Renewal-Plan", &json!({"limit": 1})).await;
    let target = "GET /v2/contacts?filter%5Bupdated_at%5D%5Bgte%5D=x&limit=1 HTTP/1.1\r\nhost: s\r\nconnection: close\r\n\r\n";
    raw(&sandbox, target).await;
    raw(
        &sandbox,
        "GET /api/v2/_schema/Gr%C3%B6%C3%9Fe HTTP/1.0\r\n\r\n",
    )
    .await;
    let requests = sandbox.requests();
    assert_eq!(requests[0].method, "POST");
    assert_eq!(requests[0].path, "/api/v2/Renewal-Plan/_query");
    assert_eq!(requests[0].body, "{\"limit\":1}");
    assert_eq!(requests[0].at, sandbox.now());
    assert_eq!(
        requests[1].query,
        "filter%5Bupdated_at%5D%5Bgte%5D=x&limit=1"
    );
    assert_eq!(requests[2].path, "/api/v2/_schema/Größe");
    let shown = format!("{requests:?}");
    assert!(!shown.contains(sandbox.key()));
    sandbox.clear_requests();
    assert!(sandbox.requests().is_empty());
}

#[tokio::test]
async fn the_server_stops_with_its_last_handle() {
    let sandbox = sandbox("records=10").await;
    let (address, other) = (sandbox.address(), sandbox.clone());
    drop(sandbox);
    assert!(TcpStream::connect(address).await.is_ok());
    drop(other);
    // The accepting task ends when the runtime next looks at it.
    tokio::task::yield_now().await;
    assert!(TcpStream::connect(address).await.is_err());
}
