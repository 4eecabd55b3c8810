//! Reads a fault script: a JSON list of rules.

use serde_json::{Map, Value};

use super::fields::{Fields, shown};
use super::reply::Reply;
use super::requests::{RequestKind, Requests};
use super::rule::Rule;
use super::script::Faults;
use super::spelling;
use crate::stream::{Api, Stream};

const EXAMPLE: &str =
    r#"[{"kind": "page", "skip": 2, "times": 1, "fault": {"status": {"code": 503}}}]"#;

const APIS: &[(&str, Api)] = &[("reevo", Api::Reevo), ("askelephant", Api::AskElephant)];

impl Faults {
    /// Reads a script. Reports every problem, each as a sentence that names the rule, counted from
    /// 1, and says what to write.
    pub fn parse(text: &str) -> Result<Vec<Rule>, Vec<String>> {
        let rules: Value = serde_json::from_str(text).map_err(|error| {
            vec![format!(
                "The script is not JSON ({error}); write a list such as {EXAMPLE}."
            )]
        })?;
        let Value::Array(rules) = rules else {
            return Err(vec![format!(
                "The script is not a list of rules; write one such as {EXAMPLE}."
            )]);
        };
        let mut read = Vec::new();
        let mut problems = Vec::new();
        for (number, value) in (1..).zip(&rules) {
            match rule(number, value) {
                Ok(rule) => read.push(rule),
                Err(several) => problems.extend(several),
            }
        }
        if problems.is_empty() {
            Ok(read)
        } else {
            Err(problems)
        }
    }

    /// Reads a script from a file.
    pub fn read(path: &str) -> Result<Vec<Rule>, Vec<String>> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            vec![format!(
                "The fault script {path} cannot be read ({error}); check its path."
            )]
        })?;
        Faults::parse(&text).map_err(|problems| {
            let problems = problems.into_iter();
            problems
                .map(|problem| format!("{path}: {problem}"))
                .collect()
        })
    }
}

fn rule(number: usize, value: &Value) -> Result<Rule, Vec<String>> {
    let place = format!("Rule {number}");
    let Value::Object(members) = value else {
        let shown = shown(value);
        return Err(vec![format!(
            "{place} cannot be {shown}; write an object such as {{\"fault\": \"truncated_json\"}}."
        )]);
    };
    let mut fields = Fields::new(place.clone(), members);
    let api = fields.one_of("api", APIS);
    let stream = fields.one_of("stream", Stream::MEMBERS);
    let kind = fields.one_of("kind", RequestKind::MEMBERS);
    let path_contains = fields.text("path_contains", "write a part of a path", |_| true);
    let limit_above = fields.number("limit_above", 0, u64::MAX);
    let skip = fields.number("skip", 0, u64::MAX).unwrap_or_default();
    let times = fields.number("times", 1, u64::MAX);
    let reply = reply(&place, &mut fields);
    let requests = Requests {
        api,
        stream,
        kind: RequestKind::Any,
        path_contains: path_contains.unwrap_or_default(),
        limit_above,
    };
    check_stream(&mut fields, &requests);
    let kind = reply.as_ref().map(|reply| {
        check_schema(&mut fields, &requests, reply);
        checked_kind(&mut fields, kind, reply)
    });
    let problems = fields.problems();
    match (reply, kind) {
        (Some(reply), Some(kind)) if problems.is_empty() => Ok(Rule {
            requests: Requests { kind, ..requests },
            skip,
            times,
            reply,
        }),
        _ => Err(problems),
    }
}

/// A fault is written as its name, or as an object with the name as its only key and the settings
/// as the value.
fn reply(place: &str, fields: &mut Fields) -> Option<Reply> {
    fields.missing("fault", &format!("write {}", spelling::names()));
    let value = fields.value("fault")?;
    let none = Value::Object(Map::new());
    let (name, settings) = match value {
        Value::String(name) => (name, &none),
        Value::Object(members) if members.len() == 1 => members.iter().next()?,
        other => {
            let shown = shown(other);
            fields.problem(&format!(
                "fault cannot be {shown}; write a name, or an object with one name and its settings"
            ));
            return None;
        }
    };
    let Some(spelling) = spelling::named(name) else {
        let names = spelling::names();
        fields.problem(&format!("fault cannot be \"{name}\"; write {names}"));
        return None;
    };
    let Value::Object(settings) = settings else {
        let shown = shown(settings);
        fields.problem(&format!(
            "the settings of {name} cannot be {shown}; write an object, or the name alone"
        ));
        return None;
    };
    let mut settings = Fields::new(format!("{place}, {name}"), settings);
    let reply = spelling(&mut settings);
    fields.adopt(settings.problems());
    Some(reply)
}

fn check_stream(fields: &mut Fields, requests: &Requests) {
    if let (Some(api), Some(stream)) = (requests.api, requests.stream)
        && stream.api() != api
    {
        let name = stream.name();
        fields.problem(&format!(
            "stream {name} belongs to the other API; leave api out, or write a stream of that API"
        ));
    }
}

fn check_schema(fields: &mut Fields, requests: &Requests, reply: &Reply) {
    let api = requests.api.or(requests.stream.map(Stream::api));
    if reply.requests() == RequestKind::Schema && api == Some(Api::AskElephant) {
        fields.problem(
            "AskElephant is never asked for a schema; write api reevo, or one of its streams",
        );
    }
}

/// The kind of requests that the rule is for: as written, or else as the fault needs it. Reports a
/// written kind that the fault cannot have.
fn checked_kind(fields: &mut Fields, kind: Option<RequestKind>, reply: &Reply) -> RequestKind {
    let about = reply.requests();
    let Some(kind) = kind else {
        return about;
    };
    let general = match about {
        // Any request for a page may get the API's answer to an unknown cursor.
        RequestKind::NextPage if *reply == Reply::InvalidCursor => RequestKind::Page,
        other => other,
    };
    if !general.includes(kind) {
        let (name, about) = (kind.name(), about.name());
        fields.problem(&format!(
            "kind {name} does not go with this fault; write {about}, or leave it out"
        ));
    }
    kind
}
