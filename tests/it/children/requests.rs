//! The requests for children: how many, and how many at once.

use super::{BOTH, child_requests, read};
use crate::support::Workspace;
use serde_json::json;

#[test]
fn children_are_asked_for_side_by_side_within_concurrency() {
    for (api, stream, _) in BOTH {
        // An answer takes long enough for all requests that may be on their way to be sent.
        for concurrency in [8, 3, 1] {
            let workspace = Workspace::new(api, "records=40&latency_milliseconds=30");
            let settings = json!({"concurrency": concurrency});
            read(&workspace, &settings, &[stream]).run().ok();
            assert_eq!(workspace.sandbox.most_underway(), concurrency);
        }
    }
}

#[test]
fn each_parent_is_asked_once_although_its_page_may_come_twice() {
    for (api, stream, _) in BOTH {
        for concurrency in [1, 6] {
            let workspace = Workspace::new(api, "records=130");
            let settings = json!({"page_size": 20, "concurrency": concurrency});
            read(&workspace, &settings, &[stream]).run().ok();
            let mut asked: Vec<String> = workspace
                .sandbox
                .requests()
                .into_iter()
                .map(|request| format!("{}?{}", request.path, request.query))
                .filter(|target| {
                    target.contains("/relationship/") || target.contains("/transcript")
                })
                .collect();
            let count = asked.len();
            asked.sort();
            asked.dedup();
            assert_eq!(asked.len(), count, "{stream}");
            assert_eq!(count, child_requests(&workspace));
        }
    }
}
