//! A schema of Reevo, converted to the catalogs of both protocols and back, and used to read a
//! page.

#![no_main]

use checks::lines::check_json;
use checks::reading::{APIS, PAGE, check_names, described, read_page};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use tap_revops::catalog::{Selection, Stream};
use tap_revops::protocol::{CatalogEntry, Protocol};
use tap_revops::record::schema::Property;

fuzz_target!(|body: &[u8]| {
    for config in [&APIS.reporting, &APIS.collecting] {
        let Ok(stream) = described(config, body) else {
            return;
        };
        let whole = stream.clone().whole();
        check_names(&whole);
        check_json(whole.schema.to_string().as_bytes());
        let streams = [stream.clone()];
        let singer = Protocol::Singer.catalog(&streams);
        check_same(&whole, &resolved(Protocol::Singer, &singer, &stream));
        let airbyte = configured(&Protocol::Airbyte.catalog(&streams));
        check_same(&whole, &resolved(Protocol::Airbyte, &airbyte, &stream));
        read_page(&APIS.reevo, &whole, PAGE.as_bytes());
    }
});

/// The configured catalog that a platform makes of a catalog, with every stream incremental.
fn configured(catalog: &str) -> String {
    let mut catalog: Value = serde_json::from_str(catalog).expect("it is JSON");
    let streams = catalog["catalog"]["streams"].take();
    let streams = streams.as_array().expect("they are listed").iter();
    let streams: Vec<Value> = streams
        .map(|stream| json!({"stream": stream, "sync_mode": "incremental"}))
        .collect();
    json!({"streams": streams}).to_string()
}

fn resolved(protocol: Protocol, catalog: &str, stream: &Stream) -> Selection {
    let listed: Vec<CatalogEntry> = protocol.selected(catalog).expect("our own catalog is read");
    let [listed] = listed.as_slice() else {
        panic!("one stream was written");
    };
    let (selection, missing) = listed.resolve(stream.clone());
    assert!(missing.is_empty(), "{missing:?}");
    selection
}

fn check_same(one: &Selection, other: &Selection) {
    let compared = |property: &Property| {
        let Property {
            name,
            api_name,
            shape,
            nullable,
            ..
        } = property.clone();
        (name, api_name, shape, nullable)
    };
    let properties =
        |selection: &Selection| -> Vec<_> { selection.properties.iter().map(compared).collect() };
    assert_eq!(properties(one), properties(other));
    assert_eq!((&one.schema, one.mode), (&other.schema, other.mode));
}
