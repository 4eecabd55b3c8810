//! Reads and writes pages as the tap does, without its network and its tasks.

use crate::lines::{check_digits, check_line, check_record};
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::LazyLock;
use tap_revops::api::Api;
use tap_revops::api::children::ParentRecord;
use tap_revops::api::page::Page;
use tap_revops::catalog::{Selection, Stream};
use tap_revops::config::{self, Config, RawConfig};
use tap_revops::http::failure::Failure;
use tap_revops::http::reply::Reply;
use tap_revops::protocol::Protocol;
use tap_revops::record::findings::Findings;
use tap_revops::record::projection::Scanned;
use tap_revops::record::value::ValueWriter;
use tap_revops::time::timestamp::Timestamp;

/// The two APIs, which collect unknown fields, and configurations that collect or report them.
pub struct Apis {
    pub reevo: Api,
    pub askelephant: Api,
    pub collecting: Config,
    pub reporting: Config,
}

pub static APIS: LazyLock<Apis> = LazyLock::new(|| {
    let config = |api: &str, unknown_fields: &str| {
        let raw = json!({"api": api, "base_url": "sandbox:", "unknown_fields": unknown_fields});
        config::resolve(&RawConfig::from(raw)).expect("the configuration is right")
    };
    let mut askelephant = config("askelephant", "collect");
    askelephant.expand = ["companies", "contacts", "owner", "action_items", "signals"]
        .into_iter()
        .chain(["transcript", "media_url", "tags"])
        .map(str::to_owned)
        .collect();
    Apis {
        reevo: Api::new(&config("reevo", "collect")),
        askelephant: Api::new(&askelephant),
        collecting: config("reevo", "collect"),
        reporting: config("reevo", "report"),
    }
});

pub fn now() -> Timestamp {
    chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("the instant is in range")
}

/// An answer of the API with a status and a body.
pub fn reply(status: u16, body: &[u8]) -> Reply {
    Reply {
        status,
        body: Bytes::copy_from_slice(body),
        retry_after: None,
        request_id: None,
        received_at: now(),
        server_time: now(),
        has_date: true,
        asked_at: now(),
    }
}

pub fn described(config: &Config, body: &[u8]) -> Result<Stream, Failure> {
    APIS.reevo.described("contact", &reply(200, body), config)
}

/// A stream with every attribute of the fixtures, and a single value and an array of every value
/// type.
pub static REEVO: LazyLock<Stream> = LazyLock::new(|| {
    let fixtures = [
        include_str!("../../sandbox/tests/fixtures/reevo/schema_contact.json"),
        include_str!("../../sandbox/tests/fixtures/reevo/schema_account.json"),
        include_str!("../../sandbox/tests/fixtures/reevo/schema_opportunity.json"),
        include_str!(
            "../../sandbox/tests/fixtures/reevo/schema_custom_implementation_project.json"
        ),
    ];
    let types = [
        "string",
        "number",
        "percent",
        "boolean",
        "timestamp",
        "date",
        "time",
        "currency",
        "select",
        "opportunity_stage",
        "record_reference",
        "contact_email",
        "address",
        "account_domain",
        "enum",
    ];
    let of_types = types.iter().flat_map(|name| {
        let attribute = |api_name: String, is_array: bool| {
            json!({"api_name": api_name, "type_info": {"value_type": name, "is_array": is_array}})
        };
        [
            attribute(format!("a_{name}"), false),
            attribute(format!("l_{name}"), true),
        ]
    });
    let mut attributes: Vec<Value> = of_types.collect();
    for fixture in fixtures {
        let schema: Value = serde_json::from_str(fixture).expect("the fixture is JSON");
        let listed = schema["attributes"].as_array().expect("it has attributes");
        attributes.extend(listed.iter().cloned());
    }
    let schema = json!({"attributes": attributes}).to_string();
    described(&APIS.collecting, schema.as_bytes()).expect("the schema is right")
});

pub static ASKELEPHANT: LazyLock<Vec<Stream>> = LazyLock::new(|| {
    let names = APIS.askelephant.standard_streams().iter();
    let shipped = names.map(|name| APIS.askelephant.shipped(name, &APIS.collecting));
    shipped
        .map(|stream| stream.expect("every standard stream is shipped"))
        .collect()
});

/// The streams of the children of contacts and of engagements.
pub static CHILDREN: LazyLock<Vec<(&Api, Selection)>> = LazyLock::new(|| {
    let contact = include_str!("../../sandbox/tests/fixtures/reevo/schema_contact.json");
    let contact = described(&APIS.collecting, contact.as_bytes()).expect("the schema is right");
    let links = APIS.reevo.children(&contact, &APIS.collecting).into_iter();
    let of_engagements = ASKELEPHANT
        .iter()
        .flat_map(|stream| APIS.askelephant.children(stream, &APIS.collecting));
    let links = links.map(|stream| (&APIS.reevo, stream.whole()));
    let transcripts = of_engagements.map(|stream| (&APIS.askelephant, stream.whole()));
    links.chain(transcripts).collect()
});

/// A page of the fixtures, for targets whose input is not a page.
pub static PAGE: &str =
    include_str!("../../sandbox/tests/fixtures/reevo/query_page_contact_1.json");

/// Decodes a page and writes its records in both protocols, with all checks.
pub fn read_page(api: &Api, selection: &Selection, body: &[u8]) {
    if let Ok(page) = api.page(reply(200, body), true) {
        write_page(selection, &page);
    }
}

pub fn write_page(selection: &Selection, page: &Page) {
    write_records(selection, &page.raw_records().collect::<Vec<_>>());
}

/// Decodes what an API answers about the children of a record, and writes them likewise.
pub fn read_children(api: &Api, selection: &Selection, body: &[u8]) {
    let parent = selection.stream.parent.as_ref().expect("it is a child stream");
    let record = ParentRecord {
        id: "\"p\u{2028}".to_owned(),
        updated_at: Some("2026-01-01T00:00:00Z".to_owned()),
    };
    if let Ok(page) = api.child_page(&parent.children, &record, &reply(200, body), true) {
        let records = page.records.iter().flatten().map(String::as_str);
        write_records(selection, &records.collect::<Vec<_>>());
    }
}

fn write_records(selection: &Selection, records: &[&str]) {
    let projection = selection.projection();
    // Children have the version of their parent.
    let has_version = selection.stream.parent.is_none();
    for protocol in [Protocol::Singer, Protocol::Airbyte] {
        let frame = protocol.frame(&selection.stream.name, None, now());
        let mut findings = Findings::default();
        for raw in records.iter().copied() {
            let mut scanned = Scanned::default();
            if projection.scan(raw, &mut scanned).is_none() {
                continue;
            }
            if has_version && projection.version(&scanned).is_none() {
                continue;
            }
            let mut writer = ValueWriter::default();
            projection.write(&mut writer, &scanned);
            let record = String::from_utf8(writer.out).expect("a record is UTF-8");
            let mut line = [&frame.before, record.as_bytes(), &frame.after].concat();
            protocol.alterations(&mut line, &writer.noticed);
            line.extend_from_slice(frame.end);
            findings.count(&writer.noticed);
            check_line(&line);
            check_record(&record, &selection.properties);
            check_digits(&record, raw);
        }
        findings.sentences(projection.collects());
    }
}

/// Checks that the names of a selection are safe for every target and unique.
pub fn check_names(selection: &Selection) {
    let mut names = HashSet::new();
    for property in &selection.properties {
        assert!(
            tap_revops::catalog::name::is_safe(&property.name),
            "{}",
            property.name
        );
        assert!(
            names.insert(&property.name),
            "{} is declared twice",
            property.name
        );
    }
}
