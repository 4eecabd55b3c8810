//! Pages of made-up records: those of the sandbox over and over, each with its own id and time.

use chrono::{DateTime, TimeDelta, Utc};
use revops_sandbox::{Options, Sandbox};
use serde_json::{Value, json};

/// Different records, before they repeat but for their ids and times.
const TEMPLATES: usize = 500;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    Reevo,
    AskElephant,
}

impl Api {
    pub const BOTH: [Self; 2] = [Self::Reevo, Self::AskElephant];

    pub fn named(name: &str) -> Self {
        match name {
            "reevo" => Self::Reevo,
            _ => Self::AskElephant,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Reevo => "reevo",
            Self::AskElephant => "askelephant",
        }
    }

    pub fn stream(self) -> &'static str {
        match self {
            Self::Reevo => "contact",
            Self::AskElephant => "contacts",
        }
    }

    pub fn page_size(self) -> usize {
        match self {
            Self::Reevo => 500,
            Self::AskElephant => 100,
        }
    }

    /// The tap's configuration for a server.
    pub fn config(self, url: &str, concurrency: usize) -> String {
        let (name, key) = (self.name(), "sk-apik_bench.mark");
        json!({"api": name, "base_url": url, "api_key": key, "concurrency": concurrency})
            .to_string()
    }
}

/// A workspace with one stream, whose records changed a millisecond after each other.
pub struct Pages {
    pub api: Api,
    pub records: usize,
    templates: Vec<Template>,
}

/// A record as text, and where its id and its time are in it.
struct Template {
    text: Vec<u8>,
    /// Where the last digits of the id begin.
    ids: Vec<usize>,
    times: Vec<usize>,
}

/// How many digits of an id tell its number.
const DIGITS: usize = 12;

impl Pages {
    pub fn new(api: Api, records: usize, sandbox: &Sandbox) -> Self {
        let truth = sandbox.truth(api.stream()).into_iter().take(TEMPLATES);
        let templates = truth.map(|one| {
            let record: Value =
                serde_json::from_str(&one.json).expect("the sandbox's records are JSON");
            let time = record["updated_at"].as_str().expect("it has a time");
            Template::new(&one.json, &one.id, time)
        });
        Self {
            api,
            records,
            templates: templates.collect(),
        }
    }

    /// The options of the sandbox whose records these are.
    pub fn options() -> Options {
        Options::parse("records=1000&clock=2026-07-15T12:00:00Z&change_every_seconds=0")
            .expect("the options are valid")
    }

    /// The number of the first record at or after a time.
    pub fn at(&self, time: DateTime<Utc>) -> usize {
        let micros = (time - start()).num_microseconds().unwrap_or_default();
        let number = usize::try_from(micros.max(0).unsigned_abs().div_ceil(1000));
        number.unwrap_or(usize::MAX).min(self.records)
    }

    /// A page of records, as the API would write it.
    pub fn page(&self, numbers: impl Iterator<Item = usize>, token: Option<usize>) -> Vec<u8> {
        let mut page = Vec::with_capacity(self.api.page_size() * 1800);
        page.extend_from_slice(b"{\"data\":[");
        let begin = page.len();
        let mut time = Time::default();
        for number in numbers {
            if page.len() > begin {
                page.push(b',');
            }
            self.templates[number % self.templates.len()].write(number, &mut time, &mut page);
        }
        let token = json!(token.map(|token| token.to_string()));
        let end = match self.api {
            Api::Reevo => format!("],\"next_cursor\":{token}}}"),
            Api::AskElephant => {
                let has_more = !token.is_null();
                format!("],\"has_more\":{has_more},\"next_cursor\":{token}}}")
            }
        };
        page.extend_from_slice(end.as_bytes());
        page
    }
}

impl Template {
    fn new(json: &str, id: &str, time: &str) -> Self {
        assert_eq!(time.len(), "2026-01-01T00:00:00.000000Z".len());
        let found = |text: &str| {
            json.match_indices(text)
                .map(|(at, _)| at)
                .collect::<Vec<_>>()
        };
        Self {
            ids: found(id)
                .into_iter()
                .map(|at| at + id.len() - DIGITS)
                .collect(),
            times: found(time),
            text: json.as_bytes().to_vec(),
        }
    }

    fn write(&self, number: usize, time: &mut Time, page: &mut Vec<u8>) {
        let begin = page.len();
        page.extend_from_slice(&self.text);
        let mut id = [0; DIGITS];
        write_digits(&mut id, number);
        for at in &self.ids {
            page[begin + at..begin + at + DIGITS].copy_from_slice(&id);
        }
        let time = time.of(number);
        for at in &self.times {
            page[begin + at..begin + at + time.len()].copy_from_slice(time);
        }
    }
}

/// The text of a record's time, which changes little from one to the next.
#[derive(Default)]
struct Time {
    second: usize,
    text: Vec<u8>,
}

impl Time {
    fn of(&mut self, number: usize) -> &[u8] {
        let second = number / 1000;
        if self.text.is_empty() || self.second != second {
            let seconds = TimeDelta::seconds(i64::try_from(second).unwrap_or_default());
            let time = start() + seconds;
            self.text = time
                .format("%Y-%m-%dT%H:%M:%S%.6fZ")
                .to_string()
                .into_bytes();
            self.second = second;
        }
        write_digits(&mut self.text[20..23], number % 1000);
        &self.text
    }
}

fn write_digits(text: &mut [u8], mut number: usize) {
    for digit in text.iter_mut().rev() {
        *digit = b"0123456789"[number % 10];
        number /= 10;
    }
}

/// When the first record changed.
fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_454)
}
