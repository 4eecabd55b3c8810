//! docs/streams.md, from the shipped schemas of AskElephant's lists.

use super::{assert_current, cell, kind};
use crate::support::COLLECTIONS;
use serde_json::Value;
use std::path::Path;

const BEGIN: &str = "\
# Streams

Every stream has the primary key `id`, and is read incrementally by `updated_at`. `tap-revops streams` lists
those of a workspace, and `tap-revops discover` prints their schemas.

## Reevo

| Stream | What it is |
| --- | --- |
| `contact` | people |
| `account` | companies |
| `opportunity` | deals |
| `task` | tasks |
| `note` | notes; `deleted_at`, where a workspace has it, passes through |
| `meeting` | meetings |
| any custom object | by its API name in `record_types`; its stream's name has `_` for other characters than letters and digits |

Which fields a stream has, the workspace's own schema says; the tap reads it at every run. Value envelopes
become plain values: a text, a number with every digit, a date or time, an object for a stage, an address, an
amount or a reference, and an array where a field has several values. A stream whose schema says that
`updated_at` cannot be sorted or filtered by is read in full, and the log says so.

## AskElephant

The API describes no schemas; these are shipped. This part of the page is made from
[catalog/askelephant](../catalog/askelephant). Fields that the API sends beside them are counted in the log,
and kept if `unknown_fields` is `collect`.
";

#[test]
fn the_page_of_the_streams_is_current() {
    let mut text = BEGIN.to_owned();
    for stream in COLLECTIONS {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let path = root.join(format!("catalog/askelephant/{stream}.json"));
        let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let description = schema["description"].as_str().unwrap_or_default();
        text.push_str(&format!("\n### `{stream}`\n\n{description}\n\n"));
        text.push_str("| Field | Type | Meaning |\n| --- | --- | --- |\n");
        for (name, field) in schema["properties"].as_object().unwrap() {
            let mut meaning = field["description"].as_str().unwrap_or_default().to_owned();
            if let Some(member) = field["only_with_expand"].as_str() {
                meaning.push_str(&format!(" Only with `{member}` in `expand`."));
            }
            let (kind, meaning) = (kind(field), cell(meaning.trim()));
            text.push_str(&format!("| `{name}` | {kind} | {meaning} |\n"));
        }
    }
    assert_current("docs/streams.md", &text);
}
