//! Files that were passed in the place of others, named for what they are.

use super::Protocol;
use anyhow::anyhow;
use serde_json::Value;

/// The files that a user of either protocol has at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Document {
    SingerCatalog,
    SingerState,
    /// What Airbyte's `discover` prints.
    AirbyteCatalog,
    ConfiguredCatalog,
    AirbyteState,
}

/// What is wrong with a text that is not a catalog of this protocol, if it is another document.
pub fn not_a_catalog(protocol: Protocol, text: &str) -> Option<anyhow::Error> {
    let document = Document::of(text)?;
    let what = document.name();
    Some(match (protocol, document) {
        (Protocol::Singer, Document::SingerCatalog)
        | (Protocol::Airbyte, Document::ConfiguredCatalog) => return None,
        (Protocol::Singer, Document::AirbyteCatalog | Document::ConfiguredCatalog) => anyhow!(
            "the catalog file holds {what}; use source-revops for it, or pass what tap-revops discover prints"
        ),
        (Protocol::Airbyte, Document::SingerCatalog) => anyhow!(
            "the catalog file holds {what}; use tap-revops for it, or pass a configured catalog"
        ),
        (Protocol::Airbyte, Document::AirbyteCatalog) => anyhow!(
            "the catalog file holds {what}, not a configured one; \
             put each stream to read below \"stream\", with a \"sync_mode\" beside it"
        ),
        (_, Document::SingerState | Document::AirbyteState) => {
            anyhow!("the catalog file holds {what}; pass it with --state, and a catalog here")
        }
    })
}

/// What is wrong with a text that is not a state, if it is another document. Airbyte's hosts keep
/// states of either form.
pub fn not_a_state(protocol: Protocol, text: &str) -> Option<anyhow::Error> {
    let document = Document::of(text)?;
    let what = document.name();
    match document {
        Document::SingerState => None,
        Document::AirbyteState if protocol == Protocol::Airbyte => None,
        Document::AirbyteState => Some(anyhow!(
            "the state file holds {what}; use source-revops for it, or pass the state that a Singer target wrote"
        )),
        _ => Some(anyhow!(
            "the state file holds {what}; pass it with --catalog, and a state here or none"
        )),
    }
}

impl Document {
    /// Tells a document by members that no other has; nothing for any other text.
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
    fn each_document_is_taken_in_its_place_alone() {
        for (document, text) in TABLE {
            assert_eq!(Document::of(text), Some(document), "{text}");
            for (protocol, catalog) in [
                (Protocol::Singer, Document::SingerCatalog),
                (Protocol::Airbyte, Document::ConfiguredCatalog),
            ] {
                let refused = not_a_catalog(protocol, text);
                assert_eq!(refused.is_none(), document == catalog, "{text}");
            }
            let is_singer_state = document == Document::SingerState;
            let is_state = is_singer_state || document == Document::AirbyteState;
            assert_eq!(
                not_a_state(Protocol::Singer, text).is_none(),
                is_singer_state
            );
            assert_eq!(not_a_state(Protocol::Airbyte, text).is_none(), is_state);
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
