//! Recognizes files that were passed in the wrong place, such as a state as a catalog.

use anyhow::anyhow;
use serde_json::Value;

/// The kinds of files that users of either protocol have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Document {
    SingerCatalog,
    SingerState,
    /// What Airbyte's `discover` prints.
    AirbyteCatalog,
    ConfiguredCatalog,
    AirbyteState,
}

/// What a file is passed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    SingerCatalog,
    ConfiguredCatalog,
    SingerState,
    /// Singer states are accepted here too.
    AirbyteState,
}

/// The error for a document that was passed in the wrong place.
pub fn mistaken(place: Place, text: &str) -> Option<anyhow::Error> {
    let document = Document::of(text)?;
    let advice = advice(place, document)?;
    let flag = place.flag();
    let what = document.name();
    Some(anyhow!("the {flag} file holds {what}; {advice}"))
}

/// What to do about a document in the wrong place; None if the place is right.
fn advice(place: Place, document: Document) -> Option<&'static str> {
    use Document::{AirbyteCatalog, AirbyteState, ConfiguredCatalog, SingerCatalog, SingerState};
    Some(match (place, document) {
        (Place::SingerCatalog, SingerCatalog)
        | (Place::ConfiguredCatalog, ConfiguredCatalog)
        | (Place::SingerState, SingerState)
        | (Place::AirbyteState, SingerState | AirbyteState) => return None,
        (Place::SingerCatalog, AirbyteCatalog | ConfiguredCatalog) => {
            "use source-revops for it, or pass what tap-revops discover prints"
        }
        (Place::ConfiguredCatalog, SingerCatalog) => {
            "use tap-revops for it, or pass a configured catalog"
        }
        (Place::ConfiguredCatalog, AirbyteCatalog) => {
            "a configured catalog has each stream to read below \"stream\", with a \"sync_mode\" beside it"
        }
        (Place::SingerCatalog | Place::ConfiguredCatalog, _) => {
            "pass it with --state, and a catalog here"
        }
        (Place::SingerState, AirbyteState) => {
            "use source-revops for it, or pass the state that a Singer target wrote"
        }
        (Place::SingerState | Place::AirbyteState, _) => {
            "pass it with --catalog, and a state here or none"
        }
    })
}

impl Place {
    fn flag(self) -> &'static str {
        match self {
            Self::SingerCatalog | Self::ConfiguredCatalog => "catalog",
            Self::SingerState | Self::AirbyteState => "state",
        }
    }
}

impl Document {
    /// Recognizes a document by members that no other has.
    fn of(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
        let first = match &value {
            Value::Array(list) => list.first()?,
            other => other,
        };
        let state = first.get("state").unwrap_or(first);
        if state
            .get("stream")
            .is_some_and(|stream| stream.get("stream_descriptor").is_some())
        {
            return Some(Self::AirbyteState);
        }
        let singer_state = first.get("value").unwrap_or(first);
        if singer_state.get("bookmarks").is_some() {
            return Some(Self::SingerState);
        }
        let catalog = first.get("catalog").unwrap_or(first);
        let stream = catalog.get("streams")?.as_array()?.first()?;
        let has = |member: &str| stream.get(member).is_some();
        match stream.get("stream") {
            Some(Value::Object(_)) => Some(Self::ConfiguredCatalog),
            _ if has("tap_stream_id") => Some(Self::SingerCatalog),
            _ if has("json_schema") => Some(Self::AirbyteCatalog),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::SingerCatalog => "a Singer catalog",
            Self::SingerState => "a Singer state",
            Self::AirbyteCatalog => "an Airbyte catalog",
            Self::ConfiguredCatalog => "an Airbyte configured catalog",
            Self::AirbyteState => "an Airbyte state",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: [(Document, &str); 8] = [
        (
            Document::SingerCatalog,
            r#"{"streams":[{"tap_stream_id":"a","stream":"a","schema":{}}]}"#,
        ),
        (
            Document::ConfiguredCatalog,
            r#"{"streams":[{"stream":{"name":"a"},"sync_mode":"incremental"}]}"#,
        ),
        (
            Document::AirbyteCatalog,
            r#"{"streams":[{"name":"a","json_schema":{}}]}"#,
        ),
        (
            Document::AirbyteCatalog,
            r#"{"type":"CATALOG","catalog":{"streams":[{"name":"a","json_schema":{}}]}}"#,
        ),
        (Document::SingerState, r#"{"bookmarks":{}}"#),
        (
            Document::SingerState,
            r#"{"type":"STATE","value":{"bookmarks":{}}}"#,
        ),
        (
            Document::AirbyteState,
            r#"[{"type":"STREAM","stream":{"stream_descriptor":{"name":"a"}}}]"#,
        ),
        (
            Document::AirbyteState,
            r#"{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"a"}}}}"#,
        ),
    ];

    #[test]
    fn each_document_is_accepted_only_in_its_place() {
        let places = [
            (Place::SingerCatalog, vec![Document::SingerCatalog]),
            (Place::ConfiguredCatalog, vec![Document::ConfiguredCatalog]),
            (Place::SingerState, vec![Document::SingerState]),
            (
                Place::AirbyteState,
                vec![Document::SingerState, Document::AirbyteState],
            ),
        ];
        for (document, text) in TABLE {
            assert_eq!(Document::of(text), Some(document), "{text}");
            for (place, taken) in &places {
                let is_taken = mistaken(*place, text).is_none();
                assert_eq!(is_taken, taken.contains(&document), "{place:?} {text}");
            }
        }
    }

    #[test]
    fn any_other_text_is_left_to_its_reader() {
        for text in [
            "",
            "{",
            "[]",
            "{}",
            "null",
            r#"{"contact":{"updated_at":"x"}}"#,
            r#"{"streams":[]}"#,
        ] {
            assert_eq!(Document::of(text), None, "{text}");
        }
    }
}
