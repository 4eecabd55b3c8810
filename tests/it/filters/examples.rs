//! The examples of the manual.

use super::{ids, kept};
use crate::support::Workspace;
use serde_json::{Value, json};

/// The configurations of the page, parsed.
fn examples() -> Vec<Value> {
    let page = include_str!("../../../docs/filters.md");
    let blocks = page.split("```json\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap());
    let parsed = blocks.map(|block| serde_json::from_str::<Value>(block).unwrap());
    parsed
        .filter(|example| example.get("api").is_some())
        .collect()
}

#[test]
fn each_example_of_the_manual_reads_some_records_of_each_stream_that_it_filters() {
    let examples = examples();
    assert_eq!(examples.len(), 2);
    for mut example in examples {
        let api = match example["api"].as_str() {
            Some("reevo") => crate::support::REEVO,
            _ => crate::support::ASKELEPHANT,
        };
        let workspace = Workspace::new(api, "records=2000");
        example["base_url"] = json!(workspace.sandbox.url());
        let emitted = workspace.read(&example).run().ok().emitted();
        for stream in example["streams"].as_object().unwrap().keys() {
            let all = kept(&workspace, stream, |_| true);
            let read = ids(&emitted, stream);
            assert!(read.is_subset(&all));
            assert!(!read.is_empty() && read.len() < all.len(), "{stream}");
        }
    }
}
