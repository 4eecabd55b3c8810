//! The name and the settings of each fault in a script.

use hyper::header::{HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::fields::{Fields, words};
use super::reply::{Ending, RecordChange, Reply, SchemaChange};

type Spelling = fn(&mut Fields) -> Reply;

const SPELLINGS: &[(&str, Spelling)] = &[
    ("status", status),
    ("rate_limit", rate_limit),
    ("connection_refused", |fields| Reply::Refuse {
        connections: fields.number("connections", 0, MANY).unwrap_or(1),
    }),
    ("close_before_headers", |_| Reply::CloseBeforeHeaders),
    ("reset_before_headers", |_| Reply::ResetBeforeHeaders),
    ("reset_in_body", |fields| broken(fields, Ending::Reset)),
    ("short_body", |fields| broken(fields, Ending::Close)),
    ("stall_before_headers", |_| Reply::Stall),
    ("stall_in_body", |fields| broken(fields, Ending::Stall)),
    ("slow_drip", |fields| Reply::Drip {
        bytes: fields.number("bytes", 1, MANY).unwrap_or(1024),
        pause_milliseconds: fields.number("pause_milliseconds", 0, MANY).unwrap_or(100),
    }),
    ("html", |fields| Reply::Html {
        status: code(fields, "code").unwrap_or(200),
    }),
    ("redirect", redirect),
    ("truncated_json", |_| Reply::TruncatedJson),
    ("wrong_shape", |fields| Reply::WrongShape {
        body: fields
            .value("body")
            .cloned()
            .unwrap_or_else(|| json!({"data": "no records"})),
    }),
    ("gzip_cut", |_| Reply::GzipCut),
    ("gzip_bomb", |fields| Reply::GzipBomb {
        bytes: fields.number("bytes", 1, LARGEST_BOMB).unwrap_or(1 << 30),
    }),
    ("invalid_cursor", |_| Reply::InvalidCursor),
    ("same_cursor", |_| Reply::SameCursor),
    ("empty_page", |_| Reply::EmptyPage),
    ("more_without_cursor", |_| Reply::MoreWithoutCursor),
    ("duplicated_page", |_| Reply::DuplicatedPage),
    ("pages_out_of_order", |_| Reply::PagesOutOfOrder),
    ("changed_schema", changed_schema),
    ("record_without", record_without),
    ("record_with", record_with),
    ("record_from_the_future", |fields| Reply::Record {
        change: RecordChange::Ahead(
            fields
                .number("seconds", 1, CENTURY)
                .unwrap_or(YEAR)
                .cast_signed(),
        ),
        at: at(fields),
    }),
    ("broken_record", |fields| Reply::Record {
        change: RecordChange::Broken(
            fields
                .value("value")
                .cloned()
                .unwrap_or_else(|| json!("no record")),
        ),
        at: at(fields),
    }),
    ("records_change", |fields| Reply::RecordsChange {
        count: fields.number("count", 1, MANY).unwrap_or(1),
    }),
    ("records_vanish", |fields| Reply::RecordsVanish {
        count: fields.number("count", 1, MANY).unwrap_or(1),
    }),
];

/// More than any script needs, and far from overflow.
const MANY: u64 = 1_000_000_000;
/// In seconds.
const YEAR: u64 = 31_557_600;
const CENTURY: u64 = 100 * YEAR;
/// 64 GiB, of which 64 MiB are sent.
const LARGEST_BOMB: u64 = 1 << 36;

pub fn named(name: &str) -> Option<Spelling> {
    let found = SPELLINGS.iter().find(|(known, _)| *known == name);
    found.map(|(_, spelling)| *spelling)
}

pub fn names() -> String {
    format!("one of {}", words(SPELLINGS))
}

fn status(fields: &mut Fields) -> Reply {
    fields.missing("code", "write a status such as 503");
    let status = code(fields, "code").unwrap_or(500);
    let advice = "write an object of header names and values, such as {\"x-request-id\": \"abc\"}";
    let mut headers = fields.pairs("headers", advice, is_header);
    let body = match fields.value("body") {
        None => json!({"detail": "This answer comes from the fault script."}).to_string(),
        Some(Value::String(text)) => text.clone(),
        Some(json) => json.to_string(),
    };
    let advice = "write seconds, or a text to be sent as it is";
    let retry_after = fields.read(
        "retry_after",
        || advice.to_owned(),
        |value| match value {
            Value::Number(number) => Some(number.to_string()),
            Value::String(text) => Some(text.clone()).filter(|text| is_header("retry-after", text)),
            _ => None,
        },
    );
    let until = fields.signed("retry_after_date_in", CENTURY.cast_signed());
    if retry_after.is_some() && until.is_some() {
        fields.problem("retry_after and retry_after_date_in are the same header; leave one out");
    }
    headers.extend(retry_after.map(|value| ("retry-after".to_owned(), value)));
    match until {
        None => Reply::Status {
            status,
            headers,
            body,
        },
        Some(seconds) => Reply::StatusUntil {
            status,
            headers,
            body,
            seconds,
        },
    }
}

fn rate_limit(fields: &mut Fields) -> Reply {
    Reply::RateLimit {
        capacity: fields.number("capacity", 1, MANY).unwrap_or(10),
        refill_per_second: fields.positive("refill_per_second", 1e6).unwrap_or(1.0),
        headers: fields.flag("headers").unwrap_or(true),
    }
}

fn redirect(fields: &mut Fields) -> Reply {
    let advice = "write an origin such as http://localhost:9, without a slash at its end";
    let origin = fields.text("origin", advice, |text| {
        let host = text
            .strip_prefix("http://")
            .or(text.strip_prefix("https://"));
        host.is_some_and(|host| !host.is_empty() && host.bytes().all(is_of_a_host))
    });
    Reply::Redirect {
        status: code(fields, "code").unwrap_or(307),
        origin: origin.unwrap_or_else(|| "http://elsewhere.invalid".to_owned()),
    }
}

fn changed_schema(fields: &mut Fields) -> Reply {
    let advice = "write an object of attributes and value types, such as {\"title\": \"number\"}";
    Reply::ChangedSchema(SchemaChange {
        vanish: fields.texts("vanish"),
        appear: fields.texts("appear"),
        retype: fields.pairs("retype", advice, |_, _| true),
    })
}

fn record_without(fields: &mut Fields) -> Reply {
    Reply::Record {
        change: RecordChange::Without(member(fields)),
        at: at(fields),
    }
}

fn record_with(fields: &mut Fields) -> Reply {
    let member = member(fields);
    fields.missing("value", "write any JSON");
    let value = fields.value("value").cloned().unwrap_or_default();
    Reply::Record {
        change: RecordChange::With(member, value),
        at: at(fields),
    }
}

fn member(fields: &mut Fields) -> String {
    let advice = "write a member of records, such as updated_at or id";
    fields.missing("member", advice);
    fields
        .text("member", advice, |text| !text.is_empty())
        .unwrap_or_default()
}

fn at(fields: &mut Fields) -> Option<u64> {
    fields.number("at", 0, MANY)
}

fn broken(fields: &mut Fields, ending: Ending) -> Reply {
    Reply::BreakBody {
        after_bytes: fields.number("after_bytes", 0, MANY),
        ending,
    }
}

/// Statuses below 200 are not final answers.
fn code(fields: &mut Fields, name: &'static str) -> Option<u16> {
    let code = fields.number(name, 200, 999);
    code.and_then(|code| u16::try_from(code).ok())
}

fn is_header(name: &str, value: &str) -> bool {
    HeaderName::from_bytes(name.as_bytes()).is_ok() && HeaderValue::from_str(value).is_ok()
}

fn is_of_a_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte)
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;
    use crate::faults::Faults;

    #[test]
    fn every_fault_but_three_needs_no_settings() {
        for (name, _) in SPELLINGS {
            let needs = matches!(*name, "status" | "record_without" | "record_with");
            let read = Faults::parse(&json!([{"fault": name}]).to_string());
            assert_eq!(read.is_err(), needs, "{name}: {read:?}");
        }
    }

    #[test]
    fn every_example_of_the_manual_can_be_played_and_every_fault_has_one() {
        let manual = include_str!("../../../docs/sandbox.md");
        let scripts = manual.split("```json\n").skip(1);
        let scripts = scripts.filter(|script| script.starts_with('['));
        let examples: Vec<&str> = scripts.map(|s| s.split("```").next().unwrap()).collect();
        for example in &examples {
            Faults::parse(example).unwrap();
        }
        for (name, _) in SPELLINGS {
            let quoted = format!("\"{name}\"");
            assert!(examples.iter().any(|e| e.contains(&quoted)), "{name}");
            assert!(manual.contains(&format!("| `{name}` |")), "{name}");
        }
    }

    #[test]
    fn the_manual_has_every_setting() {
        let manual = include_str!("../../../docs/sandbox.md");
        for (name, spelling) in SPELLINGS {
            let settings = Map::new();
            let mut fields = Fields::new(String::new(), &settings);
            spelling(&mut fields);
            let row = manual.split(&format!("| `{name}` |")).nth(1).unwrap();
            let row = row.lines().next().unwrap();
            for setting in fields.known() {
                assert!(row.contains(&format!("`{setting}`")), "{name}: {setting}");
            }
        }
    }
}
