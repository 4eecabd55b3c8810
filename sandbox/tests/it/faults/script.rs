//! Fault scripts as users write them, mostly wrong ones.

use revops_sandbox::{Api, Faults, Options, Reply, RequestKind, Requests, Rule, Stream};
use serde_json::json;

use crate::client::{query, sandbox};

#[test]
fn a_rule_has_what_the_script_says() {
    let script = r#"[
        {"api": "askelephant", "stream": "tags", "kind": "next_page", "path_contains": "v2",
         "limit_above": 50, "skip": 3, "times": 2, "fault": {"html": {"code": 502}}},
        {"fault": "same_cursor"}
    ]"#;
    let rules = Faults::parse(script).unwrap();
    let written = Rule {
        requests: Requests {
            api: Some(Api::AskElephant),
            stream: Some(Stream::Tags),
            kind: RequestKind::NextPage,
            path_contains: "v2".to_owned(),
            limit_above: Some(50),
        },
        skip: 3,
        times: Some(2),
        reply: Reply::Html { status: 502 },
    };
    assert_eq!(rules[0], written);
    assert_eq!(rules[1].requests.kind, RequestKind::NextPage);
    assert_eq!((rules[1].skip, rules[1].times), (0, None));
    assert_eq!(Faults::parse("[]"), Ok(Vec::new()));
}

#[test]
fn every_problem_is_reported_at_once_and_says_what_to_write() {
    let script = r#"[
        7,
        {"api": "salesforce", "stream": "pets", "skip": -1, "times": 0, "fualt": "html"},
        {"api": "reevo", "stream": "tags", "fault": "htlm"},
        {"fault": {"status": {"retry_after": true, "headers": {"a b": "c"}}}},
        {"fault": {"status": {"code": 42, "retry_after": 1, "retry_after_date_in": 1}}},
        {"fault": {"html": 502}},
        {"fault": {"html": {}, "status": {}}},
        {"fault": {"stall_before_headers": {"seconds": 5}}},
        {"kind": "schema", "fault": "empty_page"},
        {"kind": "page", "fault": "same_cursor"},
        {"api": "askelephant", "fault": "changed_schema"},
        {"fault": {"redirect": {"origin": "elsewhere"}}},
        {"fault": {"rate_limit": {"refill_per_second": 0}}},
        {"fault": {"record_with": {"member": "id"}}},
        {"fault": "html"}
    ]"#;
    let problems = Faults::parse(script).unwrap_err();
    let expected = [
        ("Rule 1 ", "write an object such as"),
        ("Rule 2: api ", "write one of reevo, askelephant"),
        ("Rule 2: stream ", "write one of contact, account"),
        ("Rule 2: skip ", "write a whole number from 0"),
        ("Rule 2: times ", "write a whole number from 1"),
        ("Rule 2: fault is missing", "write one of status, "),
        ("Rule 2: fualt does not exist", "it knows api, stream, kind"),
        ("Rule 3: fault cannot be \"htlm\"", "broken_record"),
        ("Rule 3: stream tags ", "leave api out"),
        ("Rule 4, status: code is missing", "such as 503"),
        ("Rule 4, status: headers ", "header names and values"),
        ("Rule 4, status: retry_after ", "write seconds"),
        ("Rule 5, status: code cannot be 42", "from 200 to 999"),
        ("Rule 5, status: retry_after and ", "leave one out"),
        ("Rule 6: the settings of html ", "or the name alone"),
        ("Rule 7: fault ", "an object with one name"),
        (
            "Rule 8, stall_before_headers: seconds ",
            "it has no settings",
        ),
        ("Rule 9: kind schema ", "write page"),
        ("Rule 10: kind page ", "write next_page"),
        ("Rule 11: AskElephant ", "write api reevo"),
        ("Rule 12, redirect: origin ", "http://localhost:9"),
        ("Rule 13, rate_limit: refill_per_second ", "above 0"),
        ("Rule 14, record_with: value is missing", "any JSON"),
    ];
    for (problem, (start, advice)) in problems.iter().zip(expected) {
        assert!(problem.starts_with(start), "{problem}");
        assert!(problem.contains(advice), "{problem}");
        assert!(problem.ends_with('.'), "{problem}");
    }
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
}

#[test]
fn a_file_that_is_not_a_script_is_reported() {
    for script in ["", "{", "{\"fault\": \"html\"}", "null"] {
        let problems = Faults::parse(script).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert!(problems[0].contains("write"), "{}", problems[0]);
    }
}

#[tokio::test]
async fn options_name_a_script_and_report_its_problems() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("faults.json");
    let option = format!("records=10&faults={}", path.display());
    let missing = Options::parse(&option).unwrap_err();
    assert!(missing[0].contains("cannot be read"), "{}", missing[0]);
    let script = json!([{"times": 1, "fault": {"status": {"code": 503}}}]);
    std::fs::write(&path, script.to_string()).unwrap();
    let sandbox = sandbox(&option).await;
    assert_eq!(query(&sandbox, "contact", &json!({})).await.status, 503);
    assert_eq!(query(&sandbox, "contact", &json!({})).await.status, 200);
    std::fs::write(&path, r#"[{"fault": "a"}, {"fault": "b"}]"#).unwrap();
    let problems = Options::parse(&format!("seed=x&{option}")).unwrap_err();
    assert_eq!(problems.len(), 3);
    assert!(
        problems[2].contains("faults.json: Rule 2: fault"),
        "{}",
        problems[2]
    );
}
