//! The proxy variables of the environment: requests to other machines go through the proxy, and
//! requests to loopback bypass it.

use crate::support::run;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use tempfile::TempDir;

const KEY: &str = "sk-apik_77.never-shown";

/// An address at which nobody listens.
fn closed_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

fn config_file(folder: &TempDir, text: &str) -> String {
    let path = folder.path().join("config.json");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn requests_go_through_the_proxy_and_the_key_stays_inside_the_tunnel() {
    let folder = tempfile::tempdir().unwrap();
    let config = config_file(
        &folder,
        &format!(r#"{{"api": "askelephant", "api_key": "{KEY}", "max_retry_seconds": 0}}"#),
    );
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let received = std::thread::spawn(move || {
        let (connection, _) = proxy.accept().unwrap();
        let mut lines = BufReader::new(connection).lines().map_while(Result::ok);
        let request: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
        request.join("\n")
    });
    let run = run(&["check", "-c", &config], &[("HTTPS_PROXY", &address)]).ended(1);
    let request = received.join().unwrap();
    assert!(
        request.starts_with("CONNECT app.askelephant.ai:443 "),
        "{request}"
    );
    assert!(!request.contains("never-shown"), "{request}");
    assert!(!run.stderr.contains("never-shown"), "{}", run.stderr);
}

#[test]
fn an_unreachable_proxy_is_named_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let config = config_file(
        &folder,
        &format!(r#"{{"api": "askelephant", "api_key": "{KEY}", "max_retry_seconds": 0}}"#),
    );
    let closed = closed_address();
    let proxy = format!("http://user:pass-of-proxy@{closed}");
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        let run = run(&["check", "-c", &config], &[(variable, &proxy)]).ended(1);
        assert!(!run.stderr.contains("pass-of-proxy"), "{}", run.stderr);
        run.says(&format!(
            "cannot be reached through the proxy http://{closed} of {variable} ("
        ))
        .says(&format!("); correct {variable}, or unset it"));
    }
}

#[test]
fn an_invalid_proxy_is_reported_before_any_request() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(r#"{{"api": "reevo", "api_key": "{KEY}"}}"#);
    let config = config_file(&folder, &text);
    for proxy in [
        "ftp://proxy.example",
        "socks5://proxy.example:1080",
        "http://",
    ] {
        for command in ["read", "check"] {
            let run = run(&[command, "-c", &config], &[("HTTPS_PROXY", proxy)]).ended(2);
            assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
            run.says("CRITICAL HTTPS_PROXY is not the address of an http or https proxy");
        }
    }
}

#[test]
fn loopback_bypasses_the_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let config = config_file(
        &folder,
        r#"{"api": "reevo", "base_url": "sandbox:?records=5", "record_types": ["task"]}"#,
    );
    // A request through this proxy would fail.
    let address = format!("http://{}", closed_address());
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        run(&["read", "-c", &config], &[(name, &address)]).ok();
    }
}
