//! The executable as people and orchestrators call it: its commands and flags, its exit statuses,
//! and one clear sentence for each error in its input.

use crate::clock::FakeClock;
use crate::messages::{Emitted, parse};
use crate::support::{ASKELEPHANT, REEVO, Run, Workspace, command, run, untimed};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use tap_revops::protocol::Protocol;
use tap_revops::run::World;
use tap_revops::run::interruption;

/// Checks that a run refused its input with exit status 2 and one line.
fn assert_one_sentence(run: Run, sentence: &str) {
    let run = run.ended(2).says(sentence);
    assert_eq!(run.stdout, "");
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    assert_eq!(run.logged("CRITICAL ").len(), 1, "{}", run.stderr);
}

#[test]
fn a_broken_configuration_gives_one_clear_error() {
    let workspace = Workspace::reevo("records=1");
    for (text, sentence) in [
        (
            "",
            "broken.json is empty; see sample_config.json for an example",
        ),
        (" \n", "is empty"),
        (
            "{\n  \"api\": \"reevo\",\n}",
            "is not valid JSON at line 3, column 1",
        ),
        ("[1]", "is not a JSON object; see sample_config.json"),
    ] {
        let file = workspace.file("broken.json", text);
        for command in ["read", "discover", "check"] {
            assert_one_sentence(workspace.run(&[command, "--config", &file]), sentence);
        }
    }
}

#[test]
fn every_problem_of_a_configuration_is_reported_at_once() {
    let workspace = Workspace::reevo("records=1");
    let file = workspace.file(
        "wrong.json",
        r#"{"api": "reevoo", "page_size": 501, "start_date": "soon", "boundary": "lt"}"#,
    );
    let run = workspace.run(&["read", "--config", &file]).ended(2);
    assert_eq!(run.stdout, "");
    let errors = run.logged("CRITICAL ");
    assert_eq!(errors.len(), 6);
    assert_eq!(errors[0], "the configuration has 5 problems:");
    for key in ["api", "page_size", "start_date", "boundary", "api_key"] {
        assert!(
            errors
                .iter()
                .any(|line| line.starts_with(&format!("  {key}: "))),
            "{key}"
        );
    }
}

#[test]
fn a_broken_catalog_gives_one_clear_error() {
    let workspace = Workspace::reevo("records=1");
    let config = workspace.config_file(&json!({}));
    for (text, sentence) in [
        (
            "",
            "the catalog is empty; pass the one that discover prints",
        ),
        ("{", "the catalog is not valid JSON at line 1, column 1"),
        ("{}", "the catalog does not have Singer's form"),
        ("[]", "the catalog does not have Singer's form"),
        (r#"{"streams": [{}]}"#, "a stream without tap_stream_id"),
        (
            r#"{"streams": [{"stream": "contact", "schema": {}}]}"#,
            "the catalog's schema of contact has no properties",
        ),
        (
            r#"{"streams": [{"stream": "a", "schema": {"properties": {}}}, {"stream": "a", "schema": {"properties": {}}}]}"#,
            "the catalog lists a twice",
        ),
    ] {
        let catalog = workspace.file("catalog.json", text);
        let run = workspace.run(&["read", "--config", &config, "--catalog", &catalog]);
        assert_one_sentence(run, sentence);
        let run = workspace.run(&["--config", &config, "--properties", &catalog]);
        assert_one_sentence(run, sentence);
    }
    assert!(workspace.sandbox.requests().is_empty());
}

#[test]
fn a_broken_state_gives_one_clear_error() {
    let workspace = Workspace::reevo("records=1");
    let config = workspace.config_file(&json!({}));
    for (text, sentence) in [
        ("{", "the state is not valid JSON at line 1"),
        ("[]", "the state is not a JSON object"),
        (
            "{}\n{}\n",
            "the state holds several lines of JSON; pass the last one alone",
        ),
        (r#"{"bookmarks": 7}"#, "\"bookmarks\" is not a JSON object"),
        (
            r#"{"bookmarks": {"contact": {"updated_at": "soon"}}}"#,
            "the state's bookmark of contact has an updated_at that is not a date-time",
        ),
    ] {
        let state = workspace.file("state.json", text);
        let run = workspace.run(&["--config", &config, "--state", &state]);
        assert_one_sentence(run, sentence);
    }
    assert!(workspace.sandbox.requests().is_empty());
}

#[test]
fn a_missing_file_is_named() {
    let workspace = Workspace::reevo("records=1");
    let config = workspace.config_file(&json!({}));
    for (arguments, sentence) in [
        (
            vec!["read", "--config", "no.json"],
            "the configuration file no.json cannot be read",
        ),
        (
            vec!["--config", &config, "--catalog", "no.json"],
            "the catalog file no.json cannot be read; check its path",
        ),
        (
            vec!["--config", &config, "--state", "tests"],
            "the state file tests cannot be read; check its path",
        ),
        (vec!["read"], "there is no configuration; pass --config"),
    ] {
        assert_one_sentence(workspace.run(&arguments), sentence);
    }
}

#[test]
fn the_configuration_may_come_on_standard_input_and_before_the_subcommand() {
    let workspace = Workspace::reevo("records=20");
    let config = workspace.config_file(&json!({"page_size": 5, "record_types": ["task"]}));
    let over = workspace.file("over.json", r#"{"record_types": ["contact"]}"#);
    for (arguments, piped) in [
        (&["read", "--config", &config, "--config", "-"], &over),
        (&["--config", &config, "read", "--config", "-"], &over),
        (&["--config", "-", "read", "--config", &over], &config),
    ] {
        let piped = std::fs::File::open(piped).unwrap();
        let output = command(arguments, &[]).stdin(piped).output().unwrap();
        let run = workspace.assert_key_absent(Run::from(output).ok());
        assert_eq!(run.emitted().records("contact").len(), 20);
    }
    let run = workspace.run(&["--config", "-", "read", "--config", "-"]);
    assert_one_sentence(run, "standard input can be read only once; pass it once");
    let run = workspace.run(&["read", "--config", "-"]);
    assert_one_sentence(run, "the configuration on standard input is empty");
}

#[test]
fn an_unknown_key_is_a_warning_not_an_error() {
    let workspace = Workspace::reevo("records=5");
    let settings = json!({"record_types": ["note"], "_orchestrator_key": 1, "pagesize": 5});
    let run = workspace.read(&settings).run().ok();
    assert_eq!(run.emitted().records("note").len(), 1);
    assert_eq!(run.logged("WARNING ").len(), 2);
    run.says(
        "the configuration key pagesize is not known and has no effect; did you mean page_size?",
    );
}

#[test]
fn an_unknown_variable_is_a_warning_not_an_error() {
    let workspace = Workspace::reevo("records=5");
    let config = workspace.config_file(&json!({"record_types": ["note"]}));
    let variables = [
        ("TAP_REVOPS_PAGESIZE", "5"),
        ("TAP_REVOPS_LOGLEVEL", "warning"),
        ("TAP_REVOPS__LOAD_SCHEMA", "raw"),
    ];
    let run = workspace.assert_key_absent(run(&["read", "--config", &config], &variables).ok());
    assert_eq!(
        run.logged("WARNING "),
        [
            "the variable TAP_REVOPS_PAGESIZE is not known and has no effect; did you mean TAP_REVOPS_PAGE_SIZE?"
        ]
    );
}

#[test]
fn the_environment_wins_over_the_file_and_can_replace_it() {
    let workspace = Workspace::reevo("records=20");
    let config = workspace.config_file(&json!({"page_size": 5, "record_types": ["task"]}));
    let over = [
        ("TAP_REVOPS_RECORD_TYPES", "contact"),
        ("TAP_REVOPS_PAGE_SIZE", "7"),
    ];
    let run_one = workspace.assert_key_absent(run(&["read", "--config", &config], &over).ok());
    assert_eq!(run_one.emitted().records("contact").len(), 20);
    let url = workspace.sandbox.url();
    let alone = [
        ("TAP_REVOPS_API", "reevo"),
        ("TAP_REVOPS_BASE_URL", url.as_str()),
        ("TAP_REVOPS_API_KEY", workspace.sandbox.key()),
        ("TAP_REVOPS_RECORD_TYPES", "contact"),
    ];
    for arguments in [&["read", "--config", "ENV"] as &[&str], &["read"]] {
        let run = workspace.assert_key_absent(run(arguments, &alone).ok());
        assert_eq!(run.emitted().records("contact").len(), 20);
    }
}

#[test]
fn the_tap_describes_itself() {
    let about = run(&["--about", "--format=json"], &[]).ok();
    let about: Value = serde_json::from_str(&about.stdout).unwrap();
    assert_eq!(about["name"], "tap-revops");
    assert_eq!(
        about["settings"]["properties"]["api_key"]["writeOnly"],
        true
    );
    for capability in ["catalog", "discover", "state", "about"] {
        assert!(
            about["capabilities"]
                .as_array()
                .unwrap()
                .contains(&json!(capability))
        );
    }
    assert_eq!(
        run(&["about", "--format", "json"], &[]).ok().stdout,
        format!("{about:#}\n")
    );
    let markdown = run(&["about", "--format", "markdown"], &[]).ok().stdout;
    assert!(markdown.contains("| `api_key` |"));
    assert!(
        run(&["--about"], &[])
            .ok()
            .stdout
            .contains("api_key (string)")
    );
}

#[test]
fn version_and_help_go_to_stdout() {
    let version = run(&["--version"], &[]).ok();
    assert_eq!(
        version.stdout,
        concat!("tap-revops ", env!("CARGO_PKG_VERSION"), "\n")
    );
    let help = run(&["--help"], &[]).ok().stdout;
    for text in [
        "discover",
        "check",
        "sandbox",
        "sample_config.json",
        "--catalog",
        "Exit status",
    ] {
        assert!(help.contains(text), "{text}");
    }
    for arguments in [&["--nonsense"] as &[&str], &["raed"], &[]] {
        let run = run(arguments, &[]).ended(2);
        assert_eq!(run.stdout, "");
        assert!(run.stderr.contains("Usage: tap-revops"));
    }
}

#[test]
fn check_reports_what_the_key_can_read() {
    for (api, options, status, sentences) in [
        (
            REEVO,
            "records=1",
            0,
            vec![
                "INFO all 6 streams can be read",
                "contact: readable, incremental",
            ],
        ),
        (
            REEVO,
            "records=1&forbid=task,note",
            0,
            vec![
                "INFO 4 of 6 streams can be read",
                "WARNING task: not readable: the API answered 403",
            ],
        ),
        (
            ASKELEPHANT,
            "records=1",
            0,
            vec!["INFO all 5 streams can be read"],
        ),
        (
            ASKELEPHANT,
            "records=1&scopes=tags:read",
            0,
            vec![
                "INFO 1 of 5 streams can be read",
                "WARNING users: not readable",
            ],
        ),
        (
            ASKELEPHANT,
            "records=1&scopes=",
            1,
            vec!["CRITICAL this key can read no stream"],
        ),
    ] {
        let workspace = Workspace::new(api, options);
        let config = workspace.config_file(&json!({}));
        for arguments in [
            &["check", "--config", &config],
            &["--test", "--config", &config],
        ] {
            let mut run = workspace.run(arguments).ended(status);
            assert_eq!(run.stdout, "");
            for sentence in &sentences {
                run = run.says(sentence);
            }
        }
    }
}

#[test]
fn check_calls_a_configuration_valid_only_if_all_of_it_is() {
    let workspace = Workspace::reevo("records=1");
    for (ca_file, status) in [(json!(null), 0), (json!("no.pem"), 2)] {
        let config = workspace.config_file(&json!({"ca_file": ca_file}));
        let run = workspace.run(&["check", "--config", &config]).ended(status);
        let is_valid = untimed(&run.stderr).contains("INFO the configuration is valid");
        assert_eq!(is_valid, status == 0, "{}", run.stderr);
    }
}

#[test]
fn check_reports_a_single_stream_in_the_singular() {
    let workspace = Workspace::reevo("records=1");
    let config = workspace.config_file(&json!({"record_types": ["contact"]}));
    let run = workspace.run(&["check", "--config", &config]).ok();
    run.says("INFO the stream can be read");
}

#[test]
fn the_sample_configuration_runs_as_it_is() {
    // CI passes in the output of the README's first command.
    let emitted = match std::env::var_os("TAP_OUTPUT") {
        Some(path) => Emitted::of(parse(&std::fs::read_to_string(path).unwrap())),
        None => run(&["read", "--config", "sample_config.json"], &[])
            .ok()
            .emitted(),
    };
    assert_eq!(emitted.schemas.len(), 7);
    assert_eq!(emitted.states.len(), 7);
    // A record changes every second; one that changes during the run is emitted twice.
    let ids: HashSet<&str> = emitted.ids("contact").into_iter().collect();
    assert_eq!(ids.len(), 2000);
}

#[test]
fn flat_flags_read_the_same_as_the_subcommand() {
    let workspace = Workspace::reevo("records=20");
    let config = workspace.config_file(&json!({"record_types": ["contact"]}));
    let flat = workspace.run(&["-c", &config]).ok().emitted();
    let verb = workspace.run(&["read", "-c", &config]).ok().emitted();
    assert_eq!(flat.versions("contact"), verb.versions("contact"));
    let within = workspace
        .run_within(&["read", "-c", &config], FakeClock::new())
        .ok()
        .emitted();
    assert_eq!(within.versions("contact"), verb.versions("contact"));
}

#[test]
fn metrics_are_logged_unless_stderr_is_a_terminal() {
    let workspace = Workspace::reevo("records=5");
    let config = workspace.config_file(&json!({"record_types": ["note"]}));
    for err_is_terminal in [false, true] {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let status = tap_revops::run::run(World {
            protocol: Protocol::Singer,
            arguments: ["tap-revops", "read", "-c", &config].map(Into::into).into(),
            environment: Vec::new(),
            clock: FakeClock::new(),
            interruption: interruption::never(),
            out: &mut out,
            err: &mut err,
            err_is_terminal,
            out_is_terminal: false,
        });
        assert_eq!(status as i32, 0);
        let log = String::from_utf8(err).unwrap();
        assert_eq!(log.contains("METRIC: "), !err_is_terminal, "{log}");
        let log = untimed(&log);
        assert!(log.contains("INFO note: 1 record in 1 page"), "{log}");
    }
}

#[test]
fn a_reader_that_goes_away_ends_the_run_quietly() {
    let workspace = Workspace::reevo("records=2000");
    let config = workspace.config_file(&json!({"record_types": ["contact"], "page_size": 100}));
    for arguments in [
        &["read", "--config", &config],
        &["discover", "--config", &config],
    ] {
        let mut child = command(arguments, &[])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let run = Run::from(child.wait_with_output().unwrap()).ended(141);
        assert!(!run.stderr.contains("CRITICAL") && !run.stderr.contains("panicked"));
    }
}

#[test]
fn a_full_disk_is_reported() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
        return;
    };
    let workspace = Workspace::reevo("records=2000");
    let config = workspace.config_file(&json!({"record_types": ["contact"]}));
    let child = command(&["read", "--config", &config], &[])
        .stdout(full)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let run = Run::from(child.wait_with_output().unwrap()).ended(4);
    run.says("CRITICAL the output cannot be written");
}

#[test]
fn the_sandbox_command_serves_and_prints_its_address_and_key() {
    let arguments = [
        "sandbox",
        "--port",
        "0",
        "--options",
        "records=20&key=sk-apik_own.key",
    ];
    let mut child = command(&arguments, &[])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let lines: Vec<String> = lines.take(2).map(Result::unwrap).collect();
    let last_word = |line: &String| line.rsplit(' ').next().unwrap().to_owned();
    let (url, key) = (last_word(&lines[0]), last_word(&lines[1]));
    assert_eq!(key, "sk-apik_own.key");
    let workspace = Workspace::askelephant("records=1");
    let config = workspace.config_file(&json!({"base_url": url, "api_key": key}));
    let run = workspace.run(&["read", "--config", &config]);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(run.ok().emitted().records("engagements").len(), 20);
}

#[test]
fn the_options_of_the_sandbox_are_checked() {
    let options = [
        "sandbox",
        "--port",
        "0",
        "--options",
        "recrods=5&ties=maybe",
    ];
    let run = run(&options, &[]).ended(2);
    let run = run
        .says("Option recrods does not exist")
        .says("Option ties cannot be \"maybe\"");
    assert_eq!(run.stdout, "");
}
