//! Transcripts: what was said in an engagement (`GET /engagements/{id}/transcript_timeline`). The
//! reference names the members of a timeline, but not its path; this is that of its sibling.

use crate::api::children::{ChildPage, Composed, ParentRecord};
use crate::api::malformed::{malformed, unreadable};
use crate::api::path::segment;
use crate::catalog::{Children, PRIMARY_KEY, Parent, REPLICATION_KEY, Replication, Stream};
use crate::http::failure::{Failure, FailureKind};
use crate::http::request::Request;
use crate::record::json;
use crate::record::parts::members;
use crate::record::projection::Layout;
use crate::record::raw::JsonType;
use crate::record::schema::Property;
use serde_json::value::RawValue;

/// The stream's name.
pub const TRANSCRIPTS: &str = "transcript_timelines";

/// The stream whose records have transcripts.
pub const PARENT: &str = "engagements";

const API_NAME: &str = "engagements/transcript_timeline";

/// The API's name of the parent, given either name of the stream.
pub fn parent(name: &str) -> Option<&'static str> {
    [TRANSCRIPTS, API_NAME].contains(&name).then_some(PARENT)
}

/// The stream of the transcripts of engagements.
pub fn stream(parent: &Stream, description: Option<String>, properties: Vec<Property>) -> Stream {
    Stream {
        name: TRANSCRIPTS.to_owned(),
        api_name: API_NAME.to_owned(),
        description,
        properties,
        replication: Replication::Incremental,
        layout: Layout::Plain,
        sorts_by_id: false,
        key: vec![PRIMARY_KEY.to_owned()],
        relationships: Vec::new(),
        parent: Some(Box::new(Parent {
            stream: parent.clone(),
            children: Children::Transcript,
        })),
    }
}

pub fn request(engagement: &str) -> Request {
    Request {
        path: format!("/{PARENT}/{}/transcript_timeline", segment(engagement)),
        body: None,
    }
}

/// Names the scopes, if a failure is that the key lacks one ("Authentication and scopes").
pub fn with_scopes(mut failure: Failure) -> Failure {
    if failure.kind == FailureKind::Forbidden {
        failure.sentence.push_str(
            ": transcripts need the scope transcript_timelines:read, and those of private engagements \
             engagements:private:read as well",
        );
    }
    failure
}

/// The one transcript of an answer. It gets the id of its engagement, and the time of that's last change.
pub fn page(text: &str, engagement: &ParentRecord) -> Result<ChildPage, Failure> {
    let text = text.trim();
    // This checks the grammar of the whole.
    let _: &RawValue = json::parse_object(text).map_err(|error| unreadable(text, &error))?;
    if !text.starts_with('{') {
        return Err(malformed("it is not a transcript"));
    }
    let mut record = Composed::open();
    record.add_text("engagement_id", Some(&engagement.id));
    let mut is_timeline = false;
    for (name, raw) in members(text) {
        let name = name
            .text()
            .ok_or_else(|| malformed("the name of a member is broken"))?;
        is_timeline |= name == "entries" && raw.kind == JsonType::Array;
        record.add(&name, raw.text);
    }
    if !is_timeline {
        return Err(malformed("it has no list of entries"));
    }
    record.add_text(PRIMARY_KEY, Some(&engagement.id));
    record.add_text(REPLICATION_KEY, engagement.updated_at.as_deref());
    Ok(ChildPage {
        records: vec![Some(record.close())],
        next: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_transcript_is_one_record_with_the_key_of_its_engagement() {
        let engagement = ParentRecord {
            id: "eng_1".to_owned(),
            updated_at: Some("2026-01-01T00:00:00.120Z".to_owned()),
        };
        let text = r#" {"object":"transcript_timeline","id":"trn_1","entries":[{"text":"a"}]} "#;
        let page = page(text, &engagement).unwrap();
        let [Some(record)] = page.records.as_slice() else {
            panic!("{page:?}");
        };
        let record: Value = serde_json::from_str(record).unwrap();
        assert_eq!(
            record,
            json!({
                "id": "eng_1",
                "engagement_id": "eng_1",
                "updated_at": "2026-01-01T00:00:00.120Z",
                "object": "transcript_timeline",
                "entries": [{"text": "a"}],
            })
        );
    }

    #[test]
    fn an_answer_without_entries_is_no_transcript() {
        let engagement = ParentRecord {
            id: "eng_1".to_owned(),
            updated_at: None,
        };
        for text in ["", "null", "[]", "<html>", "{}", r#"{"entries":null}"#] {
            assert!(page(text, &engagement).is_err(), "{text}");
        }
    }
}
