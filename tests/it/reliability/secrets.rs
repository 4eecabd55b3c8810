//! The key is in no output: at the most verbose log level, in both log formats and both protocols,
//! while the API repeats it in every encoding.

use super::{BOTH, Trial};
use crate::clock::FakeClock;
use crate::support::{Run, spellings};
use serde_json::{Value, json};
use tap_revops::protocol::Protocol;
use tap_revops::run::World;
use tap_revops::run::interruption;

const KEY: &str = r#"sk-apik_q"uo/te+d%.h"al\f/of+it%20"#;

fn url_escaped(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn run(trial: &Trial, protocol: Protocol, arguments: &[&str]) -> Run {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = tap_revops::run::run(World {
        protocol,
        arguments: ["tap"].iter().chain(arguments).map(Into::into).collect(),
        environment: Vec::new(),
        clock: FakeClock::new(),
        interruption: interruption::never(),
        out: &mut out,
        err: &mut err,
        err_is_terminal: false,
        out_is_terminal: false,
    });
    trial.workspace.assert_key_absent(Run {
        status: status as i32,
        stdout: String::from_utf8(out).unwrap(),
        stderr: String::from_utf8(err).unwrap(),
    })
}

/// Bodies of answers that repeat the key.
fn echoes() -> Vec<Value> {
    let mut bodies: Vec<Value> = spellings(KEY)
        .into_iter()
        .map(|key| json!({"error": {"code": "internal_error", "message": format!("the key {key} is odd")}}))
        .collect();
    bodies.push(json!({"code": KEY, "message": "odd"}));
    bodies.push(json!({"detail": KEY, "request_id": KEY}));
    bodies.push(json!(KEY));
    bodies
}

#[test]
fn no_answer_makes_the_tap_print_the_key() {
    for api in BOTH {
        let options = format!("records=80&key={}", url_escaped(KEY));
        let trial = Trial::with(api, &options, &json!({}));
        let config = trial.workspace.config_file(&trial.settings);
        let catalog = trial
            .workspace
            .file("given.json", &trial.catalog.to_string());
        let read = [
            "read",
            "--config",
            &config,
            "--catalog",
            &catalog,
            "--log-level",
            "debug",
        ];
        for body in echoes() {
            for code in [200, 302, 400, 401, 403, 404, 429, 503] {
                let fault = json!({"status": {
                    "code": code, "body": body.to_string(),
                    "headers": {"x-request-id": url_escaped(KEY), "location": url_escaped(KEY)}
                }});
                for rule in [
                    json!({"kind": "page", "skip": 1, "fault": fault}),
                    json!({"fault": fault}),
                ] {
                    trial.script(&json!([rule]));
                    let format = if code % 2 == 0 { "json" } else { "text" };
                    let more = ["--log-format", format];
                    let arguments = read.iter().chain(&more);
                    let arguments: Vec<&str> = arguments.copied().collect();
                    let run = run(&trial, Protocol::Singer, &arguments);
                    assert_ne!(run.status, 0);
                }
            }
        }
    }
}

#[test]
fn neither_discover_nor_check_prints_the_key_in_either_protocol() {
    for api in BOTH {
        let options = format!("records=80&key={}", url_escaped(KEY));
        let trial = Trial::with(api, &options, &json!({}));
        let config = trial.workspace.config_file(&trial.settings);
        for body in echoes() {
            for code in [200, 400, 401, 403, 503] {
                let fault = json!({"status": {"code": code, "body": body.to_string()}});
                trial.script(&json!([{"fault": fault}]));
                for protocol in [Protocol::Singer, Protocol::Airbyte] {
                    for command in ["discover", "check"] {
                        run(&trial, protocol, &[command, "--config", &config]);
                    }
                }
            }
        }
    }
}

#[test]
fn no_broken_connection_makes_the_tap_print_the_key() {
    for api in BOTH {
        let options = format!("records=80&key={}", url_escaped(KEY));
        let trial = Trial::with(api, &options, &json!({}));
        for fault in [
            json!("close_before_headers"),
            json!("reset_in_body"),
            json!("short_body"),
            json!("gzip_cut"),
            json!("truncated_json"),
            json!("more_without_cursor"),
            json!({"redirect": {"origin": "http://elsewhere.invalid"}}),
            json!({"html": {}}),
            json!({"broken_record": {}}),
        ] {
            trial.fails(
                &json!([{"path_contains": "contact", "skip": 2, "fault": fault}]),
                "",
            );
        }
    }
}

#[test]
fn a_configuration_passed_as_state_or_catalog_is_refused() {
    for api in BOTH {
        let options = format!("records=4&key={}", url_escaped(KEY));
        let trial = Trial::with(api, &options, &json!({}));
        let config = trial.workspace.config_file(&trial.settings);
        for what in ["state", "catalog"] {
            let flag = format!("--{what}");
            let arguments = ["read", "--config", &config, &flag, &config];
            let run = run(&trial, Protocol::Singer, &arguments).ended(2);
            let told = format!(
                "the {what} file contains the api_key; pass a {what}, not the configuration"
            );
            assert_eq!(run.says(&told).stdout, "");
        }
    }
}

#[test]
fn no_description_of_a_stream_makes_a_catalog_print_the_key() {
    let options = format!("records=4&key={}", url_escaped(KEY));
    let trial = Trial::with("reevo", &options, &json!({"record_types": ["contact"]}));
    let attribute = |name: &str| json!({"api_name": name, "description": format!("as {KEY}"), "type_info": {"value_type": "text"}});
    let attributes = ["id", "name"].map(attribute);
    let body = json!({"display_name": KEY, "attributes": attributes});
    let fault = json!({"status": {"code": 200, "body": body.to_string()}});
    trial.script(&json!([{"kind": "schema", "fault": fault}]));
    let config = trial.workspace.config_file(&trial.settings);
    for protocol in [Protocol::Singer, Protocol::Airbyte] {
        let run = run(&trial, protocol, &["discover", "--config", &config]);
        assert!(run.ok().stdout.contains("<api_key>"));
    }
}
