//! Measures whole runs of the executable against the least that any tap must do: a client that fetches
//! the same pages one after the other, checks each once with `serde_json`, and writes the bodies out (the
//! *floor*). Server, floor and tap are processes of their own. Ratios are what counts; they carry over
//! from machine to machine, seconds do not.
//!
//! ```sh
//! cargo bench --bench extract              # all, and docs/performance.md; less than ten minutes
//! cargo bench --bench extract -- quick     # 100,000 records without latency only
//! ```

// A benchmark prints its results.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod floor;
mod measure;
mod pages;
mod report;
mod server;

use self::measure::{Cost, measure};
use self::pages::Api;
use self::report::Row;
use anyhow::{Context, Result};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

fn main() -> Result<()> {
    // Fails if there is one already, which does no harm.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve", api, records, latency] => {
            server::serve(Api::named(api), records.parse()?, latency.parse()?)
        }
        ["floor", api, url] => floor::run(Api::named(api), url, true),
        ["drain", api, url] => floor::run(Api::named(api), url, false),
        words => benchmark(words.contains(&"quick")),
    }
}

/// What is measured: records, milliseconds of latency, and requests on their way.
const CASES: [(u64, u64, usize); 9] = [
    (10_000, 0, 1),
    (100_000, 0, 1),
    (1_000_000, 0, 1),
    (10_000, 0, 4),
    (1_000_000, 0, 4),
    (100_000, 20, 1),
    (100_000, 20, 8),
    (100_000, 100, 1),
    (100_000, 100, 8),
];

fn benchmark(is_quick: bool) -> Result<()> {
    let mut rows = Vec::new();
    for api in Api::BOTH {
        for (records, latency, concurrency) in CASES {
            if is_quick && (records, latency, concurrency) != (100_000, 0, 1) {
                continue;
            }
            let row = case(api, records, latency, concurrency)?;
            eprintln!("{row}");
            rows.push(row);
        }
        let drained = drained(api)?;
        eprintln!(
            "{}: the server alone hands out {drained:.0} records a second",
            api.name()
        );
    }
    let table = report::table(&rows);
    println!("{table}");
    if is_quick {
        return Ok(());
    }
    report::write(&table)
}

/// A tap and the floor on the same server, in turns.
fn case(api: Api, records: u64, latency: u64, concurrency: usize) -> Result<Row> {
    let server = Server::start(api, records, latency)?;
    let rounds = match records * (latency + 1) {
        0..=100_000 => 9,
        100_001..=1_000_000 => 3,
        _ => 1,
    };
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("config.json");
    std::fs::write(&config, api.config(&server.url, concurrency))?;
    let (mut floors, mut taps) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        floors.push(measure(itself()?.args(["floor", api.name(), &server.url]))?);
        let mut tap = Command::new(env!("CARGO_BIN_EXE_tap-revops"));
        tap.args(["read", "-qq", "--config"]).arg(&config);
        tap.args(["--stream", api.stream()]);
        taps.push(measure(&mut tap)?);
    }
    Ok(Row {
        api,
        records,
        latency,
        concurrency,
        floor: median(&floors),
        tap: median(&taps),
    })
}

/// How many records a second the server hands out to a client that throws them away.
fn drained(api: Api) -> Result<f64> {
    const RECORDS: u32 = 100_000;
    let server = Server::start(api, RECORDS.into(), 0)?;
    let cost = measure(itself()?.args(["drain", api.name(), &server.url]))?;
    Ok(f64::from(RECORDS) / cost.wall)
}

/// Each cost in the middle of its own, since processes disturb each other.
fn median(costs: &[Cost]) -> Cost {
    let middle = |of: fn(&Cost) -> f64| {
        let mut costs: Vec<f64> = costs.iter().map(of).collect();
        costs.sort_by(f64::total_cmp);
        costs[costs.len() / 2]
    };
    Cost {
        wall: middle(|cost| cost.wall),
        cpu: middle(|cost| cost.cpu),
        memory: middle(|cost| cost.memory),
    }
}

fn itself() -> Result<Command> {
    Ok(Command::new(std::env::current_exe()?))
}

/// A server in a process of its own, which ends with this value.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(api: Api, records: u64, latency: u64) -> Result<Self> {
        let (records, latency) = (records.to_string(), latency.to_string());
        let mut process = itself()?
            .args(["serve", api.name(), &records, &latency])
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().context("its output is a pipe")?;
        let mut url = String::new();
        BufReader::new(output).read_line(&mut url)?;
        let url = url.trim().to_owned();
        Ok(Self { process, url })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is ours, and may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
