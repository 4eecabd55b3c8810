//! docs/streams.md, from the shipped schemas of AskElephant's lists.

use super::{assert_current, cell, kind};
use crate::support::COLLECTIONS;
use serde_json::Value;
use std::path::Path;

const BEGIN: &str = "\
# Streams

Unless it says otherwise below, a stream has the primary key `id`, and is read incrementally by `updated_at`.
`tap-revops streams` lists those of a workspace, and `tap-revops discover` prints their schemas. Links and
transcripts are streams that are off until you select them, since they take a request for each record.

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

### Links

Which records belong together, no record tells. Each relationship that a record type's schema announces is a
stream of its own, such as `contact__accounts`, with the key `parent_id` and `related_record_id`:

| Field | Type | Meaning |
| --- | --- | --- |
| `parent_id` | text | the contact's id |
| `related_record_id`, `related_record_type` | text | the account |
| `through_id` | text | the id of the link itself, if it has one |
| `role` | text | the role in which they are linked, if links have one |
| `is_primary` | boolean | whether the link is the primary one, likewise |
| `through_attributes` | object | all attributes of the link, as JSON |
| `updated_at` | date-time | when the contact last changed, not the link |

```sh
tap-revops peek contact__accounts --config sample_config.json
tap-revops read --config sample_config.json --stream contact__accounts > output.jsonl
```

The API lists the links of one record at a time, so a reading takes one request for each contact, one more for
each page of contacts, and more for contacts with many links. 100,000 contacts at 100 ms and `concurrency` 8
take about 21 minutes, unless a rate limit makes it longer. By default, each run reads the links of all
contacts, since a link can be made or removed without a change of either record. With `links` set to
`changed_parents`, a run reads those of the contacts that changed since the bookmark, and misses links that
changed without their contact; read all from time to time (`--fresh contact__accounts`).

[Filters](filters.md) and `start_date` choose contacts, and so whose links are read: set filters under
`streams.contact`. A contact that vanishes while its links are read is skipped, and the log counts those.
Links that are gone stay in the destination, unless [`activate_version`](deletes.md) is set.

## AskElephant

The API describes no schemas; these are shipped. This part of the page is made from
[catalog/askelephant](../catalog/askelephant). Fields that the API sends beside them are counted in the log,
and kept if `unknown_fields` is `collect`.
";

const END: &str = "
The stream is off until you select it. It takes one request for each engagement that changed since the bookmark,
and the key needs the scope `transcript_timelines:read`; for private engagements, `engagements:private:read` as
well. An engagement without a transcript (404) has no record, and the log counts those. A transcript may become
ready without a change of its engagement, so a run starts seven days before its bookmark;
`streams.transcript_timelines.lookback_seconds` sets another time. A transcript whose engagement changes comes
again.

```sh
tap-revops read --config config.json --stream transcript_timelines
```
";

#[test]
fn the_page_of_the_streams_is_current() {
    let mut text = BEGIN.to_owned();
    for stream in COLLECTIONS.into_iter().chain(["transcript_timelines"]) {
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
    text.push_str(END);
    assert_current("docs/streams.md", &text);
}
