//! Faults of connections.

use std::io::ErrorKind;

use revops_sandbox::Sandbox;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{exchange, play, play_rules, request};
use crate::client::{query, raw, raw_bytes, sandbox};

async fn fails(sandbox: &Sandbox) -> (usize, Option<ErrorKind>) {
    let (answer, error) = raw_bytes(sandbox, &request(sandbox)).await;
    (answer.len(), error)
}

#[tokio::test]
async fn a_connection_reset_before_the_headers_sends_nothing() {
    let sandbox = sandbox("records=10").await;
    play(&sandbox, &json!("reset_before_headers"));
    assert_eq!(fails(&sandbox).await, (0, Some(ErrorKind::ConnectionReset)));
    play(&sandbox, &json!("close_before_headers"));
    assert_eq!(fails(&sandbox).await, (0, None));
    assert_eq!(query(&sandbox, "contact", &json!({})).await.status, 200);
}

#[tokio::test]
async fn refused_connections_are_reset_before_any_request() {
    let sandbox = sandbox("records=10").await;
    play(&sandbox, &json!({"connection_refused": {"connections": 2}}));
    for _ in 0..3 {
        let (answered, error) = fails(&sandbox).await;
        assert_eq!(answered, 0);
        assert!(error.is_some());
    }
    assert_eq!(sandbox.requests().len(), 1);
    assert_eq!(query(&sandbox, "contact", &json!({})).await.status, 200);
}

#[tokio::test]
async fn a_new_script_forgets_refusals() {
    let sandbox = sandbox("records=10").await;
    play(&sandbox, &json!({"connection_refused": {"connections": 2}}));
    fails(&sandbox).await;
    sandbox.script(Vec::new());
    assert_eq!(query(&sandbox, "contact", &json!({})).await.status, 200);
}

#[tokio::test]
async fn a_body_is_reset_in_its_middle() {
    let sandbox = sandbox("records=10").await;
    let (_, whole) = exchange(&sandbox).await;
    play(&sandbox, &json!({"reset_in_body": {"after_bytes": 100}}));
    let (answer, error) = raw_bytes(&sandbox, &request(&sandbox)).await;
    assert_eq!(error, Some(ErrorKind::ConnectionReset));
    let answer = String::from_utf8(answer).unwrap();
    let announced = format!("content-length: {}\r\n", whole.len());
    assert!(answer.is_empty() || answer.contains(&announced), "{answer}");
    assert!(answer.len() < whole.len());
}

#[tokio::test]
async fn a_short_body_ends_with_an_orderly_close() {
    let sandbox = sandbox("records=10").await;
    let (_, whole) = exchange(&sandbox).await;
    for (after, expected) in [(0, 0), (100, 100), (1_000_000, whole.len() - 1)] {
        play(&sandbox, &json!({"short_body": {"after_bytes": after}}));
        let (head, body) = exchange(&sandbox).await;
        let announced = format!("content-length: {}\r\n", whole.len());
        assert!(head.contains(&announced), "{head}");
        assert_eq!(body, whole[..expected]);
    }
}

#[tokio::test]
async fn a_body_stalls_after_its_beginning() {
    let sandbox = sandbox("records=10").await;
    let (_, whole) = exchange(&sandbox).await;
    play(&sandbox, &json!({"stall_in_body": {"after_bytes": 10}}));
    let mut connection = TcpStream::connect(sandbox.address()).await.unwrap();
    let request = request(&sandbox);
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut arrived = Vec::new();
    while !arrived.ends_with(&whole[..10]) {
        connection.read_buf(&mut arrived).await.unwrap();
    }
    // The connection is open, and nothing comes.
    let more = connection.try_read(&mut [0; 10]);
    assert_eq!(more.unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[tokio::test]
async fn a_dripping_body_arrives_whole() {
    let sandbox = sandbox("records=10").await;
    let (_, whole) = exchange(&sandbox).await;
    for (bytes, pause) in [(1, 0), (7, 0), (whole.len() / 2, 1), (whole.len(), 0)] {
        let settings = json!({"bytes": bytes, "pause_milliseconds": pause});
        play(&sandbox, &json!({"slow_drip": settings}));
        let (head, body) = exchange(&sandbox).await;
        assert!(head.contains(&format!("content-length: {}", whole.len())));
        assert_eq!(body, whole);
    }
}

#[tokio::test]
async fn a_dripping_body_has_pieces() {
    let sandbox = sandbox("records=10").await;
    let slow = json!({"bytes": 5, "pause_milliseconds": 1_000_000});
    play(&sandbox, &json!({"slow_drip": slow}));
    let mut connection = TcpStream::connect(sandbox.address()).await.unwrap();
    let request = request(&sandbox);
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut arrived = Vec::new();
    while !arrived.ends_with(b"\r\n\r\n") {
        connection.read_buf(&mut arrived).await.unwrap();
    }
    let more = connection.try_read(&mut [0; 10]);
    assert_eq!(more.unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[tokio::test]
async fn rules_skip_and_select() {
    let sandbox = sandbox("records=10").await;
    play_rules(
        &sandbox,
        &json!([
            {"api": "reevo", "stream": "account", "fault": "close_before_headers"},
            {"stream": "contact", "kind": "page", "limit_above": 5, "skip": 1, "times": 2, "fault": "html"},
            {"path_contains": "health", "fault": {"html": {"code": 502}}},
        ]),
    );
    let is_html = async |body| {
        let answer = query(&sandbox, "contact", &body).await;
        answer.body.starts_with("<!DOCTYPE html>")
    };
    assert!(!is_html(json!({"limit": 6})).await);
    assert!(!is_html(json!({"limit": 5})).await);
    assert!(!is_html(json!({})).await);
    assert!(is_html(json!({"limit": 6})).await);
    assert!(is_html(json!({"limit": 7})).await);
    assert!(!is_html(json!({"limit": 6})).await);
    let health = "GET /api/v2/health HTTP/1.1\r\nhost: s\r\nconnection: close\r\n\r\n";
    assert!(raw(&sandbox, health).await.starts_with("HTTP/1.1 502"));
    let account = request(&sandbox).replace("/contact/", "/account/");
    assert_eq!(raw(&sandbox, &account).await, "");
}
