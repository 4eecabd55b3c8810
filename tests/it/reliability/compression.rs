//! Compressed answers that are truncated, or larger than the limit once decompressed.

use super::{BOTH, Trial};
use crate::clock::FakeClock;
use crate::support::{REEVO, Workspace};
use revops_sandbox::Faults;
use serde_json::json;
use std::time::Duration;
use tap_revops::http::client::{Client, Settings};
use tap_revops::http::failure::FailureKind;
use tap_revops::http::request::Request;

#[test]
fn truncated_gzip_is_requested_again() {
    for api in BOTH {
        let rules = json!([{"kind": "page", "skip": 1, "times": 2, "fault": "gzip_cut"}]);
        let course = Trial::new(api).survives(&rules);
        assert_eq!(course.waits.len(), 2, "{}", course.run.stderr);
    }
}

#[test]
fn a_body_is_read_up_to_the_cap_and_no_further() {
    const CAP: usize = 1024 * 1024;
    let workspace = Workspace::new(REEVO, "records=10");
    let settings = Settings {
        base_url: format!("{}/api/v2", workspace.sandbox.url()),
        authorization: format!("Bearer {}", workspace.sandbox.key()).into(),
        user_agent: "test".to_owned(),
        timeout: Duration::from_secs(60),
        largest_body: CAP,
        authorities: Vec::new(),
        proxy: None,
    };
    let client = Client::new(&settings, FakeClock::new()).unwrap();
    let request = Request {
        path: "/contact/_query".to_owned(),
        body: Some("{}".to_owned()),
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let bomb = |bytes: usize| {
        let rules = json!([{"times": 1, "fault": {"gzip_bomb": {"bytes": bytes}}}]);
        let rules = Faults::parse(&rules.to_string()).unwrap();
        workspace.sandbox.script(rules);
        runtime.block_on(client.send(&request))
    };
    assert!(bomb(CAP / 2).is_ok_and(|reply| reply.body.len() > CAP / 2));
    // The client stops at the limit instead of decompressing a gigabyte.
    let failure = bomb(1 << 30).err().unwrap();
    assert_eq!(failure.kind, FailureKind::Oversized);
    assert!(failure.sentence.contains("larger than 1 MiB"), "{failure}");
}

#[test]
fn an_oversized_page_is_requested_in_smaller_pages() {
    let rules = json!([
        {"kind": "page", "skip": 1, "times": 1, "fault": {"gzip_bomb": {"bytes": 300_000_000}}}
    ]);
    let course = Trial::new(REEVO).survives(&rules);
    course
        .run
        .says("the response is larger than 256 MiB")
        .says("going on with 5 records a page");
}
