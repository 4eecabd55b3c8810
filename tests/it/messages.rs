//! The output as a Singer target reads it, in strict types that are the tests' own, and the check
//! of the order of its lines.

use crate::json::Json;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

#[derive(Debug)]
pub enum Message {
    Schema(SchemaMessage),
    Record(RecordMessage),
    State(Value),
    ActivateVersion(ActivateVersionMessage),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActivateVersionMessage {
    #[serde(rename = "type")]
    _kind: String,
    pub stream: String,
    pub version: i64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemaMessage {
    #[serde(rename = "type")]
    _kind: String,
    pub stream: String,
    pub schema: Value,
    pub key_properties: Vec<String>,
    pub bookmark_properties: Option<Vec<String>>,
}

#[derive(Debug)]
pub struct RecordMessage {
    pub stream: String,
    pub record: Json,
    /// For schema validators, which need no exact digits.
    pub value: Value,
    pub version: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireRecord {
    #[serde(rename = "type")]
    _kind: String,
    stream: String,
    record: Box<RawValue>,
    version: Option<i64>,
    time_extracted: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireState {
    #[serde(rename = "type")]
    _kind: String,
    value: Value,
}

#[derive(Deserialize)]
struct Typed {
    #[serde(rename = "type")]
    kind: String,
}

/// Parses every line of an output. Panics on blank lines, unknown types and unknown members.
pub fn parse(stdout: &str) -> Vec<Message> {
    assert!(
        stdout.is_empty() || stdout.ends_with('\n'),
        "the last line has no line feed"
    );
    stdout.lines().map(message).collect()
}

fn message(line: &str) -> Message {
    let typed: Typed = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    match typed.kind.as_str() {
        "SCHEMA" => Message::Schema(serde_json::from_str(line).unwrap()),
        "RECORD" => {
            let wire: WireRecord = serde_json::from_str(line).unwrap();
            let extracted = chrono::DateTime::parse_from_rfc3339(&wire.time_extracted).unwrap();
            assert!(wire.time_extracted.ends_with('Z'), "{extracted}");
            Message::Record(RecordMessage {
                stream: wire.stream,
                record: Json::parse(wire.record.get()),
                value: serde_json::from_str(wire.record.get()).unwrap(),
                version: wire.version,
            })
        }
        "STATE" => {
            let wire: WireState = serde_json::from_str(line).unwrap();
            assert!(wire.value["bookmarks"].is_object(), "{line}");
            Message::State(wire.value)
        }
        "ACTIVATE_VERSION" => Message::ActivateVersion(serde_json::from_str(line).unwrap()),
        other => panic!("{other} is not a message type"),
    }
}

/// The messages of an output by type and stream.
#[derive(Debug, Default)]
pub struct Emitted {
    pub schemas: BTreeMap<String, SchemaMessage>,
    pub records: BTreeMap<String, Vec<RecordMessage>>,
    pub states: Vec<Value>,
    /// The streams whose earlier rows retire, with the version that stays.
    pub activated: Vec<(String, i64)>,
}

impl Emitted {
    /// Checks that each stream has one SCHEMA, before its records, and that each STATE follows the
    /// last record of one more stream and of every stream whose bookmark it moves.
    pub fn of(messages: Vec<Message>) -> Self {
        let mut emitted = Self::default();
        let mut last_line: BTreeMap<String, usize> = BTreeMap::new();
        let mut state_lines = Vec::new();
        for (line, message) in messages.into_iter().enumerate() {
            match message {
                Message::Schema(schema) => {
                    let name = schema.stream.clone();
                    last_line.insert(name.clone(), line);
                    emitted.records.insert(name.clone(), Vec::new());
                    let twice = emitted.schemas.insert(name, schema);
                    assert!(twice.is_none(), "two SCHEMA messages of {twice:?}");
                }
                Message::Record(record) => {
                    last_line.insert(record.stream.clone(), line);
                    emitted.take(record);
                }
                Message::State(state) => {
                    state_lines.push(line);
                    emitted.states.push(state);
                }
                Message::ActivateVersion(message) => {
                    last_line.insert(message.stream.clone(), line);
                    emitted.activated.push((message.stream, message.version));
                }
            }
        }
        emitted.assert_states_follow(&last_line, &state_lines);
        emitted
    }

    fn take(&mut self, record: RecordMessage) {
        let records = self.records.get_mut(&record.stream);
        let records =
            records.unwrap_or_else(|| panic!("{} has a RECORD before its SCHEMA", record.stream));
        records.push(record);
    }

    fn assert_states_follow(&self, last_line: &BTreeMap<String, usize>, state_lines: &[usize]) {
        for (at, line) in state_lines.iter().enumerate() {
            let finished = last_line.values().filter(|last| *last < line).count();
            assert!(finished > at, "line {line} is one STATE too many");
            let Some(before) = at.checked_sub(1).map(|before| &self.states[before]) else {
                continue;
            };
            for (name, last) in last_line {
                let moved = self.states[at]["bookmarks"][name] != before["bookmarks"][name];
                assert!(
                    !moved || last < line,
                    "a record of {name} follows its STATE"
                );
            }
        }
    }

    /// The value of the last STATE.
    pub fn state(&self) -> &Value {
        self.states.last().expect("there is a STATE")
    }

    pub fn records(&self, stream: &str) -> &[RecordMessage] {
        self.records
            .get(stream)
            .unwrap_or_else(|| panic!("{stream} was not read"))
    }

    pub fn ids(&self, stream: &str) -> Vec<&str> {
        let records = self.records(stream).iter();
        records.map(|one| one.record.get("id").text()).collect()
    }

    /// Records by id and `updated_at`. Panics if one was emitted twice.
    pub fn versions(&self, stream: &str) -> BTreeMap<(String, String), &Json> {
        let mut versions = BTreeMap::new();
        for one in self.records(stream) {
            let text = |name: &str| one.record.get(name).text().to_owned();
            let twice = versions.insert((text("id"), text("updated_at")), &one.record);
            assert!(twice.is_none(), "{stream}: {twice:?} was emitted twice");
        }
        versions
    }

    pub fn count(&self) -> usize {
        self.records.values().map(Vec::len).sum()
    }
}
