//! Faults of bodies that arrive whole.

use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use super::{exchange, play};
use crate::client::{query, reevo, sandbox};

fn unzipped(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    GzDecoder::new(body).read_to_end(&mut content)?;
    Ok(content)
}

#[tokio::test]
async fn truncated_json_has_the_length_it_announces() {
    let sandbox = sandbox("records=10").await;
    let (_, whole) = exchange(&sandbox).await;
    play(&sandbox, &json!("truncated_json"));
    let (head, body) = exchange(&sandbox).await;
    assert!(head.contains(&format!("content-length: {}\r\n", body.len())));
    assert_eq!(body, whole[..whole.len() / 2]);
    assert!(serde_json::from_slice::<Value>(&body).is_err());
}

#[tokio::test]
async fn a_wrong_shape_is_the_body_of_the_script() {
    let sandbox = sandbox("records=10").await;
    play(&sandbox, &json!("wrong_shape"));
    let answer = query(&sandbox, "contact", &json!({})).await;
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({"data": "no records"}))
    );
    play(&sandbox, &json!({"wrong_shape": {"body": [null]}}));
    let answer = reevo(&sandbox, "GET", "/_schema/contact", "").await;
    assert_eq!((answer.status, answer.json()), (200, json!([null])));
}

#[tokio::test]
async fn gzip_is_cut_short() {
    let sandbox = sandbox("records=10").await;
    play(&sandbox, &json!("gzip_cut"));
    let (head, body) = exchange(&sandbox).await;
    assert!(head.contains("content-encoding: gzip\r\n"));
    assert!(head.contains(&format!("content-length: {}\r\n", body.len())));
    assert!(unzipped(&body).is_err());
}

#[tokio::test]
async fn a_bomb_is_small_and_holds_the_true_answer() {
    let sandbox = sandbox("records=10").await;
    let (_, whole) = exchange(&sandbox).await;
    play(&sandbox, &json!({"gzip_bomb": {"bytes": 5_000_000}}));
    let (head, body) = exchange(&sandbox).await;
    assert!(head.contains("content-encoding: gzip\r\n"));
    assert!(body.len() < whole.len() + 10_000);
    let content = unzipped(&body).unwrap();
    assert!(content.len() > 5_000_000);
    assert_eq!(content.trim_ascii_start(), whole);
}
