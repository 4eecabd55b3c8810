//! Streams that fail, keys that are refused, and addresses that cannot be reached.

use crate::clock::FakeClock;
use crate::support::{ASKELEPHANT, REEVO, Workspace};
use revops_sandbox::{Fault, Reply};
use serde_json::{Value, json};

/// Answers requests whose path contains a text with a status, except the first `skip` ones.
fn refuse(workspace: &Workspace, path: &str, skip: u64, status: u16, body: &str) {
    workspace.sandbox.inject(Fault {
        path_contains: path.to_owned(),
        skip,
        times: 1000,
        reply: Reply::Status {
            status,
            headers: Vec::new(),
            body: body.to_owned(),
        },
    });
}

/// Three streams; in most tests one of them fails.
const THREE: [&str; 3] = ["contact", "account", "task"];

#[test]
fn a_stream_that_fails_half_way_keeps_its_old_bookmark() {
    for concurrency in [1, 3] {
        let workspace = Workspace::reevo("records=60");
        let settings = json!({"record_types": THREE, "page_size": 10, "concurrency": concurrency});
        let old = json!({"updated_at": "2026-01-01T00:00:00Z", "id": "old"});
        let state = json!({"bookmarks": {"account": old}});
        // The probe and the first page pass.
        refuse(
            &workspace,
            "account/_query",
            2,
            403,
            r#"{"code":"forbidden"}"#,
        );
        let run = workspace.read(&settings).state(&state).run().ended(1);
        let run = run.says("CRITICAL account failed, and its bookmark stays as it was; the other 2 streams were read: the API answered 403");
        let emitted = run.emitted();
        assert_eq!(emitted.schemas.len(), 3);
        assert_eq!(emitted.states.len(), 2);
        assert_eq!(emitted.records("account").len(), 10);
        for state in &emitted.states {
            assert_eq!(state["bookmarks"]["account"], old);
        }
        let bookmarks = &emitted.state()["bookmarks"];
        assert!(bookmarks["contact"].is_object() && bookmarks["task"].is_object());
    }
}

#[test]
fn every_failed_stream_is_reported_with_its_cause() {
    let workspace = Workspace::reevo("records=60");
    let settings = json!({"record_types": THREE, "page_size": 10});
    refuse(
        &workspace,
        "account/_query",
        1,
        404,
        r#"{"code":"unknown_record_type"}"#,
    );
    refuse(
        &workspace,
        "task/_query",
        1,
        400,
        r#"{"code":"unsortable_field"}"#,
    );
    let run = workspace.read(&settings).run().ended(1);
    let run = run.says("CRITICAL 2 of 3 streams failed, and their bookmarks stay as they were; the other stream was read:")
        .says("CRITICAL   account: the API answered 404 unknown_record_type")
        .says("CRITICAL   task: the API answered 400 unsortable_field");
    assert_eq!(run.emitted().states.len(), 1);
}

#[test]
fn streams_that_the_key_may_not_read_are_left_out_of_the_catalog() {
    let reevo = Workspace::reevo("records=10&forbid=task,meeting");
    let catalog = reevo.discover(&json!({}));
    let names: Vec<&str> = catalog
        .streams
        .iter()
        .map(|entry| entry.stream.as_str())
        .collect();
    assert_eq!(names, ["contact", "account", "opportunity", "note"]);
    let askelephant = Workspace::askelephant("records=10&scopes=contacts:read,tags:read");
    let catalog = askelephant.discover(&json!({}));
    let names: Vec<&str> = catalog
        .streams
        .iter()
        .map(|entry| entry.stream.as_str())
        .collect();
    assert_eq!(names, ["contacts", "tags"]);
    let config = askelephant.config_file(&json!({}));
    let run = askelephant.run(&["discover", "--config", &config]).ok();
    assert_eq!(run.logged("WARNING ").len(), 3);
    run.says("companies is left out: the API answered 403")
        .says("companies:read");
}

#[test]
fn discover_fails_if_the_key_can_read_no_stream() {
    let workspace = Workspace::askelephant("records=10&scopes=");
    let config = workspace.config_file(&json!({}));
    let run = workspace.run(&["discover", "--config", &config]).ended(1);
    assert_eq!(run.stdout, "");
    run.says("this key can read no stream");
}

/// The catalog that discover prints.
fn catalog_of(workspace: &Workspace, settings: &Value) -> Value {
    let config = workspace.config_file(settings);
    let run = workspace.run(&["discover", "--config", &config]).ok();
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn a_forbidden_stream_that_a_catalog_selects_fails_and_the_others_are_read() {
    let (all, fewer) = (
        Workspace::reevo("records=10"),
        Workspace::reevo("records=10&forbid=task"),
    );
    let settings = json!({"record_types": THREE});
    let catalog = catalog_of(&all, &settings);
    let run = fewer.read(&settings).catalog(&catalog).run().ended(1);
    let run = run.says("CRITICAL task failed").says("403");
    let emitted = run.emitted();
    assert_eq!(emitted.states.len(), 2);
    assert!(!emitted.schemas.contains_key("task"));

    let all = Workspace::askelephant("records=10");
    let fewer = Workspace::askelephant("records=10&scopes=contacts:read,tags:read,users:read");
    let catalog = catalog_of(&all, &json!({}));
    let run = fewer.read(&json!({})).catalog(&catalog).run().ended(1);
    let run = run
        .says("2 of 5 streams failed")
        .says("companies")
        .says("engagements");
    assert_eq!(run.emitted().states.len(), 3);
}

#[test]
fn a_custom_object_that_is_unknown_or_forbidden_is_named() {
    let workspace = Workspace::reevo("records=10&forbid=implementation_project");
    for (name, status) in [("vineyard", "404"), ("implementation_project", "403")] {
        let config = workspace.config_file(&json!({"record_types": ["contact", name]}));
        let run = workspace.run(&["discover", "--config", &config]).ended(1);
        assert_eq!(
            (run.stdout.as_str(), run.logged("CRITICAL ").len()),
            ("", 1)
        );
        run.says(&format!("discovering {name}: the API answered {status}"));
        let run = workspace.run(&["read", "--config", &config]).ended(1);
        let run = run
            .says(&format!("CRITICAL {name} failed"))
            .says(&format!("answered {status}"));
        let streams: Vec<String> = run.emitted().schemas.into_keys().collect();
        assert_eq!(streams, ["contact"]);
    }
}

#[test]
fn a_stream_that_the_configuration_names_and_the_key_may_not_read_fails_the_run() {
    let workspace = Workspace::reevo("records=10&forbid=note");
    let named = json!({"record_types": ["note", "task"]});
    let config = workspace.config_file(&named);
    for command in ["read", "discover", "check"] {
        let run = workspace.run(&[command, "--config", &config]).ended(1);
        run.says("note").says("403");
    }
    let run = workspace.read(&named).run();
    assert_eq!(run.emitted().states.len(), 1);
    // This configuration does not name the note stream.
    let run = workspace.read(&json!({})).run().ok();
    run.says("WARNING note is left out: the API answered 403");
}

#[test]
fn without_a_catalog_a_stream_without_a_schema_fails_alone() {
    for (status, body) in [
        (503, ""),
        (200, "<html>"),
        (404, r#"{"code":"unknown_record_type"}"#),
    ] {
        for failing in THREE {
            let workspace = Workspace::reevo("records=10");
            let schema = format!("_schema/{failing}");
            refuse(&workspace, &schema, 0, status, body);
            let settings = json!({"record_types": THREE});
            let run = workspace.read(&settings).within(FakeClock::new()).ended(1);
            let run = run.says(&format!("CRITICAL {failing} failed"));
            let emitted = run.emitted();
            assert_eq!(emitted.states.len(), 2, "{failing} {status}");
            assert!(!emitted.schemas.contains_key(failing));
        }
    }
}

#[test]
fn the_final_error_covers_all_streams_and_gives_each_cause_once() {
    let workspace = Workspace::reevo("records=10");
    refuse(
        &workspace,
        "_query",
        0,
        400,
        r#"{"code":"unsortable_field"}"#,
    );
    let run = workspace
        .read(&json!({"record_types": THREE}))
        .run()
        .ended(1);
    let errors: Vec<String> = run.logged("CRITICAL ");
    assert_eq!(errors.len(), 2);
    assert_eq!(
        errors[0],
        "all 3 streams failed, and their bookmarks stay as they were:"
    );
    let mut names = errors[1]
        .trim_start()
        .split(':')
        .next()
        .unwrap()
        .split(", ")
        .collect::<Vec<_>>();
    names.sort_unstable();
    assert_eq!(names, ["account", "contact", "task"]);
    let run = workspace
        .read(&json!({"record_types": ["task"]}))
        .run()
        .ended(1);
    run.says("CRITICAL task failed, and its bookmark stays as it was: the API answered 400");
}

#[test]
fn a_404_for_every_stream_is_reported_as_a_wrong_base_url() {
    for (api, usual) in [
        (REEVO, "for Reevo it is usually https://api.reevo.ai"),
        (
            ASKELEPHANT,
            "for AskElephant it is usually https://app.askelephant.ai/api",
        ),
    ] {
        let workspace = Workspace::new(api, "records=10");
        let wrong = format!("{}/wrong", workspace.sandbox.url());
        let config = workspace.config_file(&json!({"base_url": wrong}));
        for command in ["read", "discover", "check"] {
            let run = workspace.run(&[command, "--config", &config]).ended(1);
            assert_eq!(run.stdout, "");
            run.says(&format!("base_url ({wrong}) is probably wrong; {usual}"));
        }
    }
}

#[test]
fn a_wrong_key_ends_the_run_at_once() {
    for api in [REEVO, ASKELEPHANT] {
        let workspace = Workspace::new(api, "records=10");
        let settings = json!({"api_key": "sk-apik_12.wrongsecret", "concurrency": 2});
        for (command, most) in [("read", 1), ("discover", 2), ("check", 2)] {
            workspace.sandbox.clear_requests();
            let config = workspace.config_file(&settings);
            let run = workspace.run(&[command, "--config", &config]).ended(3);
            assert_eq!(run.stdout, "");
            assert!(!run.stderr.contains("wrongsecret"));
            assert_eq!(run.logged("CRITICAL ").len(), 1);
            assert!(workspace.sandbox.requests().len() <= most);
            run.says("check api_key");
        }
    }
}

#[test]
fn a_key_that_is_revoked_during_the_run_ends_it() {
    let workspace = Workspace::reevo("records=60");
    let settings = json!({"record_types": THREE, "page_size": 10, "concurrency": 1});
    refuse(&workspace, "_query", 4, 401, r#"{"code":"unauthorized"}"#);
    let run = workspace.read(&settings).run().ended(3);
    assert_eq!(run.logged("CRITICAL ").len(), 1);
    let emitted = run.emitted();
    assert!(emitted.states.is_empty());
    // The streams after it were not started.
    assert_eq!(emitted.schemas.len(), 1);
}

#[test]
fn an_unreachable_address_is_reported_after_three_attempts() {
    let workspace = Workspace::reevo("records=10");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let clock = FakeClock::new();
    let run = workspace
        .read(&json!({"base_url": address}))
        .within(clock.clone())
        .ended(1);
    assert_eq!(clock.waits().len(), 2);
    assert_eq!(run.stdout, "");
    assert_eq!(run.logged("CRITICAL ").len(), 1);
    run.says(&format!("{address}/api/v2 cannot be reached"))
        .says("check base_url");
}

#[test]
fn an_invalid_schema_fails_only_its_stream() {
    for body in ["<html>", r#"{"attributes":5}"#, "{}"] {
        let workspace = Workspace::reevo("records=10");
        let settings = json!({"record_types": THREE});
        let catalog = catalog_of(&workspace, &settings);
        refuse(&workspace, "_schema/account", 0, 200, body);
        let run = workspace
            .read(&settings)
            .catalog(&catalog)
            .within(FakeClock::new())
            .ended(1);
        let run = run.says("CRITICAL account failed");
        let emitted = run.emitted();
        assert_eq!(emitted.states.len(), 2);
        assert!(!emitted.schemas.contains_key("account"));
    }
}

#[test]
fn a_record_of_another_form_fails_its_stream() {
    let workspace = Workspace::reevo("records=10");
    let settings = json!({"record_types": ["contact"]});
    refuse(
        &workspace,
        "contact/_query",
        1,
        200,
        r#"{"data":[7],"next_cursor":null}"#,
    );
    let run = workspace.read(&settings).run().ended(1);
    run.says("contact failed")
        .says("a record does not have the documented form");
}

#[test]
fn a_record_without_an_id_is_counted_and_one_without_a_date_moves_no_bookmark() {
    let workspace = Workspace::reevo("records=10");
    let settings = json!({"record_types": ["contact"]});
    let body = json!({"next_cursor": null, "data": [
        {"id": null, "updated_at": "2026-01-01T00:00:00Z", "attributes": {}},
        {"id": "a", "updated_at": "soon", "attributes": {}},
        {"id": "b", "updated_at": "2026-01-01T00:00:00Z", "attributes": null}
    ]});
    refuse(&workspace, "contact/_query", 1, 200, &body.to_string());
    let run = workspace.read(&settings).run().ok();
    let emitted = run.emitted();
    assert_eq!(emitted.ids("contact"), ["a", "b"]);
    assert_eq!(emitted.state()["bookmarks"]["contact"]["id"], "b");
    run.says("1 record without a usable id could not be emitted")
        .says("1 record without a usable updated_at came out")
        .says("updated_at: 1 value did not fit the declared date-time");
}

#[test]
fn every_error_envelope_is_understood() {
    for envelope in ["nested", "flat", "platform", "errors", "detail"] {
        let options = format!("records=10&forbid=task&error_envelope={envelope}");
        let workspace = Workspace::reevo(&options);
        let config = workspace.config_file(&json!({}));
        let run = workspace.run(&["discover", "--config", &config]).ok();
        run.says("task is left out: the API answered 403")
            .says("give the key permission");
    }
}

#[test]
fn a_misspelt_stream_is_reported_with_a_suggestion() {
    let reevo = Workspace::reevo("records=10");
    let run = reevo.read(&json!({"record_types": ["contacts"]})).run();
    run.ended(1)
        .says("404 unknown_record_type")
        .says("; did you mean contact?");
    let askelephant = Workspace::askelephant("records=10");
    let mut catalog = catalog_of(&askelephant, &json!({}));
    let metadata = &mut catalog["streams"][0]["metadata"][0]["metadata"];
    metadata["api-name"] = json!("contact");
    let run = askelephant.read(&json!({})).catalog(&catalog).run();
    run.ended(1)
        .says("there is no such stream")
        .says("; did you mean contacts?");
}
