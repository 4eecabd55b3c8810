//! The proxy variables of the environment: the way out leads through them, and the way to this
//! machine does not.

use crate::support::run;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use tempfile::TempDir;

const KEY: &str = "sk-apik_77.never-shown";

fn config_file(folder: &TempDir, text: &str) -> String {
    let path = folder.path().join("config.json");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn the_way_out_leads_through_the_proxy_and_the_key_stays_inside_the_tunnel() {
    let folder = tempfile::tempdir().unwrap();
    let config = config_file(
        &folder,
        &format!(r#"{{"api": "askelephant", "api_key": "{KEY}", "max_retry_seconds": 0}}"#),
    );
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let heard = std::thread::spawn(move || {
        let (connection, _) = proxy.accept().unwrap();
        let mut lines = BufReader::new(connection).lines().map_while(Result::ok);
        let request: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
        request.join("\n")
    });
    let run = run(&["check", "-c", &config], &[("HTTPS_PROXY", &address)]).ended(1);
    let request = heard.join().unwrap();
    assert!(
        request.starts_with("CONNECT app.askelephant.ai:443 "),
        "{request}"
    );
    assert!(!request.contains("never-shown"), "{request}");
    assert!(!run.stderr.contains("never-shown"), "{}", run.stderr);
}

#[test]
fn the_way_to_this_machine_passes_by_the_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let config = config_file(
        &folder,
        r#"{"api": "reevo", "base_url": "sandbox:?records=5", "record_types": ["task"]}"#,
    );
    // Nobody listens there, so whatever took this way would fail.
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let address = format!("http://{closed}");
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        run(&["read", "-c", &config], &[(name, &address)]).ok();
    }
}
