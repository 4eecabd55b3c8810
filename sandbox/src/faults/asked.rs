//! What a request asks for, as far as rules need it, read as a proxy would read it.

use serde_json::{Map, Value};

use crate::call::{Call, decoded};
use crate::stream::{Api, Stream};

pub struct Asked {
    pub api: Option<Api>,
    pub stream: Option<Stream>,
    pub subject: Subject,
    /// Percent-decoded.
    pub path: String,
    pub cursor: Option<String>,
    pub limit: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Page,
    Schema,
    /// What belongs to one record.
    Child,
    Other,
}

impl Asked {
    pub fn of(call: &Call) -> Asked {
        let segments = call.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let (api, subject, name) = match segments.as_slice() {
            ["api", "v2", "_schema", name] => (Some(Api::Reevo), Subject::Schema, *name),
            ["api", "v2", name, "_query"] => (Some(Api::Reevo), Subject::Page, *name),
            ["api", "v2", name, _, "relationship", _] => (Some(Api::Reevo), Subject::Child, *name),
            ["api", "v2", name, ..] => (Some(Api::Reevo), Subject::Other, *name),
            ["v2", name] => (Some(Api::AskElephant), Subject::Page, *name),
            ["v2", name, _, "transcript_timeline"] => {
                (Some(Api::AskElephant), Subject::Child, *name)
            }
            ["v2", name, ..] => (Some(Api::AskElephant), Subject::Other, *name),
            _ => (None, Subject::Other, ""),
        };
        let (cursor, limit) = match (api, subject) {
            (Some(api), Subject::Page) => place(call, api),
            // Both APIs have these parameters in the query.
            (Some(_), Subject::Child) => place(call, Api::AskElephant),
            _ => (None, None),
        };
        Asked {
            api,
            stream: Stream::named(name).filter(|stream| Some(stream.api()) == api),
            subject,
            path: decoded(&call.path),
            cursor,
            limit,
        }
    }
}

/// The cursor and the limit of a request for a page.
fn place(call: &Call, api: Api) -> (Option<String>, Option<u64>) {
    match api {
        Api::Reevo => {
            let body = body(call);
            let cursor = body.get("cursor").and_then(Value::as_str);
            let limit = body.get("limit").and_then(Value::as_u64);
            (cursor.map(str::to_owned), limit)
        }
        Api::AskElephant => {
            let value = |name: &str| {
                let mut pairs = form_urlencoded::parse(call.query.as_bytes());
                pairs.find(|(key, _)| key == name).map(|(_, value)| value)
            };
            let limit = value("limit").and_then(|limit| limit.parse().ok());
            (value("cursor").map(Into::into), limit)
        }
    }
}

/// The same request for a page, with another cursor.
pub fn continued(call: &Call, api: Api, cursor: &str) -> Call {
    let mut call = call.clone();
    match api {
        Api::Reevo => {
            let mut body = body(&call);
            body.insert("cursor".to_owned(), cursor.into());
            call.body = Value::Object(body).to_string().into_bytes();
        }
        Api::AskElephant => {
            let pairs = form_urlencoded::parse(call.query.as_bytes());
            let others = pairs.filter(|(key, _)| key != "cursor");
            call.query = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(others)
                .append_pair("cursor", cursor)
                .finish();
        }
    }
    call
}

fn body(call: &Call) -> Map<String, Value> {
    serde_json::from_slice(&call.body).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(path: &str, query: &str, body: &str) -> Call {
        Call {
            method: String::new(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
            walk: 0,
        }
    }

    #[test]
    fn both_apis_are_understood() {
        let first = call("/api/v2/Renewal-Plan/_query", "", r#"{"limit":7}"#);
        let asked = Asked::of(&continued(&first, Api::Reevo, "c"));
        assert_eq!(asked.stream, Some(Stream::RenewalPlan));
        assert_eq!((asked.cursor.as_deref(), asked.limit), (Some("c"), Some(7)));
        let first = call("/v2/tags", "limit=7&cursor=b&a%5Bb%5D=1", "");
        let next = continued(&first, Api::AskElephant, "c&d");
        let asked = Asked::of(&next);
        assert_eq!(asked.stream, Some(Stream::Tags));
        assert_eq!(
            (asked.cursor.as_deref(), asked.limit),
            (Some("c&d"), Some(7))
        );
        assert!(next.query.contains("a%5Bb%5D=1"));
    }

    #[test]
    fn requests_for_anything_but_pages_are_recognized() {
        for (path, subject) in [
            ("/api/v2/_schema/contact", Subject::Schema),
            ("/api/v2/contact/abc", Subject::Other),
            ("/api/v2/contact/abc/relationship/accounts", Subject::Child),
            ("/v2/engagements/ngmt_1/transcript_timeline", Subject::Child),
            ("/api/v2/health", Subject::Other),
            ("/v2/tags/tag_1", Subject::Other),
            ("/", Subject::Other),
        ] {
            assert_eq!(Asked::of(&call(path, "", "")).subject, subject, "{path}");
        }
        assert_eq!(Asked::of(&call("/v2/contact", "", "")).stream, None);
    }
}
