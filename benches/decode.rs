//! How fast pages are decoded and records written, in bytes of the page a second.
//!
//! ```sh
//! cargo bench --bench decode
//! ```

#[path = "extract/pages.rs"]
#[expect(dead_code, reason = "it also serves a whole workspace")]
mod pages;

use bytes::Bytes;
use divan::Bencher;
use divan::counter::BytesCount;
use pages::{Api, Pages};
use revops_sandbox::Sandbox;
use serde_json::json;
use tap_revops::api::Api as Wire;
use tap_revops::catalog::Selection;
use tap_revops::config::{self, Config, RawConfig};
use tap_revops::http::reply::Reply;
use tap_revops::record::projection::Scanned;
use tap_revops::record::value::ValueWriter;
use tap_revops::time::timestamp::Timestamp;

fn main() {
    // Fails if there is one already, which does no harm.
    let _ = rustls::crypto::ring::default_provider().install_default();
    divan::main();
}

/// A page of the largest size, and what it takes to read it.
struct Subject {
    wire: Wire,
    selection: Selection,
    body: Bytes,
}

impl Subject {
    fn of(api: Api) -> Self {
        let raw = json!({"api": api.name(), "base_url": "sandbox:"});
        let config = config::resolve(&RawConfig::from(raw)).expect("the configuration is right");
        let wire = Wire::new(&config);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build();
        let runtime = runtime.expect("threads can be started");
        let (body, schema) = runtime.block_on(async {
            let address = "127.0.0.1:0".parse().expect("it is an address");
            let sandbox = Sandbox::start(Pages::options(), address).await;
            let sandbox = sandbox.expect("the sandbox starts");
            let pages = Pages::new(api, 10_000, &sandbox);
            let url = format!("{}/api/v2/_schema/contact", sandbox.url());
            let request = reqwest::Client::new().get(url).bearer_auth(sandbox.key());
            let schema = request.send().await.expect("it answers").bytes().await;
            (
                pages.page(0..api.page_size(), Some(1)),
                schema.expect("it answers"),
            )
        });
        let selection = stream(api, &wire, &config, schema).whole();
        Self {
            wire,
            selection,
            body: body.into(),
        }
    }

    fn reply(&self) -> Reply {
        reply(self.body.clone())
    }

    fn size(&self) -> BytesCount {
        BytesCount::new(self.body.len())
    }
}

fn stream(api: Api, wire: &Wire, config: &Config, schema: Bytes) -> tap_revops::catalog::Stream {
    match api {
        Api::Reevo => wire
            .described("contact", &reply(schema), config)
            .expect("the schema is right"),
        Api::AskElephant => wire.shipped("contacts", config).expect("it is shipped"),
    }
}

fn reply(body: Bytes) -> Reply {
    let now = Timestamp::UNIX_EPOCH;
    Reply {
        status: 200,
        body,
        retry_after: None,
        request_id: None,
        received_at: now,
        server_time: now,
        has_date: true,
        asked_at: now,
    }
}

/// From a body to its records and the token of the next page.
#[divan::bench(args = Api::BOTH)]
fn page(bencher: Bencher, api: Api) {
    let subject = Subject::of(api);
    bencher.counter(subject.size()).bench(|| {
        subject
            .wire
            .page(subject.reply(), true)
            .map(|page| page.records.len())
    });
}

/// From a page's records to the lines that are written.
#[divan::bench(args = Api::BOTH)]
fn records(bencher: Bencher, api: Api) {
    let subject = Subject::of(api);
    let page = subject
        .wire
        .page(subject.reply(), true)
        .expect("it is a page");
    let projection = subject.selection.projection();
    bencher.counter(subject.size()).bench_local(|| {
        let mut scanned = Scanned::default();
        let mut writer = ValueWriter::with_capacity(subject.body.len());
        for raw in page.raw_records() {
            projection.scan(raw, &mut scanned).expect("it is a record");
            divan::black_box(projection.version(&scanned));
            projection.write(&mut writer, &scanned);
        }
        writer.out
    });
}
