//! The questions, and the requests that settle them.

use super::findings::{self, Finding};
use crate::api::page::{LowerBound, Order, PageRequest, PageToken, Window};
use crate::catalog::{REPLICATION_KEY, Replication, Stream};
use crate::config::ApiName;
use crate::http::failure::{Failure, FailureKind};
use crate::record::findings::counted;
use crate::source::{Sample, Source};
use crate::time::timestamp;
use serde_json::Value;

pub struct Questions<'s> {
    pub source: &'s Source,
}

/// A page as the API sent it, or why it refused.
type Asked = Result<Seen, Failure>;

struct Seen {
    sample: Sample,
    page: Value,
}

impl Seen {
    fn records(&self) -> &[Value] {
        self.page["data"].as_array().map_or(&[][..], Vec::as_slice)
    }

    fn stamps(&self) -> Vec<&str> {
        let stamps = self.records().iter().map(|record| {
            let top = record[REPLICATION_KEY].as_str();
            top.or_else(|| record["attributes"][REPLICATION_KEY]["value"].as_str())
        });
        stamps.flatten().collect()
    }
}

/// How many records the first pages have.
const SAMPLE: u16 = 20;

const CURSOR: &str = "place of the cursor";
const SECOND_PAGE: &str = "second page";
const LOWER: &str = "lower bound (gte)";
const UPPER: &str = "upper bound (lt)";
const DESCENDING: &str = "newest first";
const DATE: &str = "Date header";
const DIGITS: &str = "form of timestamps";
const NULLS: &str = "empty fields";
const LARGEST: &str = "largest page";
const BY_ID: &str = "order by id";

impl Questions<'_> {
    /// The findings about a stream, and how many of its records were seen at once.
    pub async fn ask(&self, stream: &Stream) -> Result<(Vec<Finding>, usize), Failure> {
        let window = Window::default();
        let first = self
            .page(stream, &window, 3, Order::Ascending, None)
            .await??;
        let count = first.records().len();
        let (second_page, lower_bound, upper_bound, newest, largest) = tokio::try_join!(
            self.second_page(stream, &first),
            self.lower_bound(stream, &first),
            self.upper_bound(stream, &first),
            self.newest(stream, &first),
            self.largest(stream),
        )?;
        let mut findings = vec![cursor(&first), second_page, lower_bound, upper_bound];
        findings.extend(newest);
        findings.push(largest);
        if self.source.config.api == ApiName::Reevo {
            findings.push(by_id(stream));
        }
        Ok((findings, count))
    }

    /// A page; or why the API refuses it. Other failures end the check.
    async fn page(
        &self,
        stream: &Stream,
        window: &Window,
        limit: u16,
        order: Order,
        token: Option<&PageToken>,
    ) -> Result<Asked, Failure> {
        let request = PageRequest {
            stream,
            window,
            limit,
            order,
            token,
        };
        match self.source.sample(&request).await {
            Ok(sample) => {
                let page = serde_json::from_slice(&sample.body).unwrap_or_default();
                Ok(Ok(Seen { sample, page }))
            }
            Err(failure) => match failure.kind {
                FailureKind::Rejected
                | FailureKind::LimitOutOfRange
                | FailureKind::InvalidCursor => Ok(Err(failure)),
                _ => Err(failure),
            },
        }
    }

    async fn second_page(&self, stream: &Stream, first: &Seen) -> Result<Finding, Failure> {
        const HOW: &str = "the page that the cursor of the first leads to";
        let Some(token) = &first.sample.next else {
            return Ok(too_few(SECOND_PAGE, HOW));
        };
        let window = Window::default();
        let asked = self.page(stream, &window, SAMPLE, Order::Ascending, Some(token));
        let second = match asked.await? {
            Ok(second) => second,
            Err(failure) => return Ok(refused(SECOND_PAGE, &failure, HOW)),
        };
        let ids = |seen: &Seen| -> Vec<Value> {
            seen.records().iter().map(|one| one["id"].clone()).collect()
        };
        let (before, after) = (ids(first), ids(&second));
        let repeated = after.iter().filter(|id| before.contains(id)).count();
        let answer = match (after.len(), repeated) {
            (0, _) => "is empty, though the first has a cursor".to_owned(),
            (_, 0) => "goes on after the first".to_owned(),
            (_, count) => format!("repeats {} of the first", counted(count as u64, "record")),
        };
        Ok(Finding::settled(SECOND_PAGE, answer, HOW))
    }

    async fn lower_bound(&self, stream: &Stream, first: &Seen) -> Result<Finding, Failure> {
        const HOW: &str = "records from the second updated_at on";
        let stamps = first.stamps();
        let Some(bound) = stamps.iter().find(|stamp| **stamp != stamps[0]) else {
            return Ok(too_few(LOWER, HOW));
        };
        let window = Window {
            from: Some(LowerBound {
                updated_at: (*bound).to_owned(),
                inclusive: true,
            }),
            until: None,
        };
        Ok(
            match self
                .page(stream, &window, 3, Order::Ascending, None)
                .await?
            {
                Err(failure) => refused(LOWER, &failure, HOW),
                Ok(seen) => match seen.stamps().first() {
                    Some(stamp) if stamp == bound => Finding::settled(LOWER, "works", HOW),
                    Some(stamp) if *stamp < *bound => Finding::settled(LOWER, "is ignored", HOW),
                    _ => Finding::settled(LOWER, "leaves out its own instant", HOW),
                },
            },
        )
    }

    async fn upper_bound(&self, stream: &Stream, first: &Seen) -> Result<Finding, Failure> {
        const HOW: &str = "records before the second updated_at";
        let stamps = first.stamps();
        let Some(bound) = stamps.iter().find(|stamp| **stamp != stamps[0]) else {
            return Ok(too_few(UPPER, HOW));
        };
        let window = Window {
            from: None,
            until: Some((*bound).to_owned()),
        };
        Ok(
            match self
                .page(stream, &window, 3, Order::Ascending, None)
                .await?
            {
                Err(failure) => refused(UPPER, &failure, HOW),
                Ok(seen) => match seen.stamps().last() {
                    Some(stamp) if *stamp < *bound => Finding::settled(UPPER, "works", HOW),
                    Some(stamp) if stamp == bound => {
                        Finding::settled(UPPER, "is ignored, or includes its own instant", HOW)
                    }
                    _ => Finding::settled(UPPER, "brings nothing", HOW),
                },
            },
        )
    }

    /// What one question for the newest records shows.
    async fn newest(&self, stream: &Stream, first: &Seen) -> Result<Vec<Finding>, Failure> {
        const HOW: &str = "newest records first";
        let window = Window::default();
        let asked = self.page(stream, &window, 50, Order::Descending, None);
        let newest = match asked.await? {
            Ok(newest) => newest,
            Err(failure) => return Ok(vec![refused(DESCENDING, &failure, HOW)]),
        };
        let stamps = newest.stamps();
        let falls = stamps.is_sorted_by(|one, next| one >= next);
        let descending = match (stamps.first(), first.stamps().last()) {
            (Some(newest), Some(oldest)) if newest > oldest && falls => {
                Finding::settled(DESCENDING, "works", HOW)
            }
            (Some(newest), Some(oldest)) if newest != oldest => {
                Finding::settled(DESCENDING, "is ignored", HOW)
            }
            _ => too_few(DESCENDING, HOW),
        };
        let mut findings = vec![descending, date(&newest.sample, &stamps), digits(&stamps)];
        if self.source.config.api == ApiName::Reevo {
            findings.push(nulls(stream, newest.records()));
        }
        Ok(findings)
    }

    async fn largest(&self, stream: &Stream) -> Result<Finding, Failure> {
        let documented = self.source.config.api.largest_page();
        let how = format!("a page of {documented} records, the most that is documented");
        let window = Window::default();
        let asked = self.page(stream, &window, documented, Order::Ascending, None);
        Ok(match asked.await? {
            Err(failure) => refused(LARGEST, &failure, &how),
            Ok(seen) => match seen.records().len() {
                count if count == usize::from(documented) => {
                    Finding::settled(LARGEST, format!("{count} records"), &how)
                }
                count if seen.sample.next.is_some() => {
                    let answer = format!("{count} records, fewer than asked for");
                    Finding::settled(LARGEST, answer, &how)
                }
                count => Finding::open(LARGEST, format!("there are only {count} records"), &how),
            },
        })
    }
}

fn too_few(question: &'static str, asked: &str) -> Finding {
    Finding::open(question, "too few records", asked)
}

fn refused(question: &'static str, failure: &Failure, asked: &str) -> Finding {
    Finding::settled(question, format!("refused: {failure}"), asked)
}

fn cursor(first: &Seen) -> Finding {
    const HOW: &str = "the first page";
    match findings::cursor_place(&first.page) {
        Some(place) => Finding::settled(CURSOR, place, HOW),
        None if first.sample.next.is_some() => {
            Finding::open(CURSOR, "it has no name of a cursor", HOW)
        }
        None => too_few(CURSOR, HOW),
    }
}

/// How far the server's clock is from the newest stamps.
fn date(sample: &Sample, stamps: &[&str]) -> Finding {
    const HOW: &str = "its time less the newest updated_at";
    if !sample.has_date {
        return Finding::settled(DATE, "there is none", HOW);
    }
    let newest = stamps.first().and_then(|text| timestamp::parse(text));
    match newest {
        None => too_few(DATE, HOW),
        Some(newest) => {
            let distance = (sample.server_time - newest.timestamp).num_seconds();
            Finding::settled(DATE, counted_seconds(distance), HOW)
        }
    }
}

fn counted_seconds(distance: i64) -> String {
    let count = counted(distance.unsigned_abs(), "second");
    match distance {
        0.. => format!("{count} after the newest record"),
        _ => format!("{count} before the newest record: stamps are of another clock"),
    }
}

fn digits(stamps: &[&str]) -> Finding {
    const HOW: &str = "up to 50 records";
    let forms = findings::stamp_forms(stamps.iter().copied());
    if forms.is_empty() {
        return too_few(DIGITS, HOW);
    }
    let forms: Vec<String> = forms.into_iter().collect();
    Finding::settled(DIGITS, forms.join("; "), HOW)
}

fn nulls(stream: &Stream, records: &[Value]) -> Finding {
    const HOW: &str = "up to 50 records";
    let fields = stream.properties.iter().map(|one| one.api_name.as_str());
    let fields: Vec<&str> = fields.filter(|name| !name.starts_with('_')).collect();
    let forms = findings::null_forms(records, &fields);
    if forms.is_empty() {
        return Finding::open(NULLS, "no field is empty", HOW);
    }
    let forms: Vec<&str> = forms.into_iter().collect();
    Finding::settled(NULLS, forms.join("; "), HOW)
}

fn by_id(stream: &Stream) -> Finding {
    const HOW: &str = "is_sortable of id in the schema";
    let answer = match (&stream.replication, stream.sorts_by_id) {
        (Replication::Incremental, true) => "can be asked for, and is",
        (_, true) => "can be asked for",
        (_, false) => "is not offered",
    };
    Finding::settled(BY_ID, answer, HOW)
}
