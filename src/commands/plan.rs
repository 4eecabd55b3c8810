//! Divides a stream into windows for readers on several machines, and prints them.

use super::context::CommandContext;
use super::pick;
use crate::api::page::{LowerBound, Order, Page, PageRequest, Window};
use crate::catalog::Stream;
use crate::config::Config;
use crate::http::failure::Failure;
use crate::record::projection::{Projection, Scanned};
use crate::source::Source;
use crate::source::tally::Tally;
use crate::support::tasks;
use crate::sync::terms;
use crate::time::timestamp::{self, Timestamp};
use crate::walk::parts::{Part, Parts, Probe};
use crate::walk::terms::{Reading, lateness};
use anyhow::Result;
use chrono::TimeDelta;
use serde_json::json;
use std::sync::Arc;
use tokio::task::JoinSet;

/// What to divide.
pub struct Division<'d> {
    pub stream: &'d str,
    pub partitions: usize,
    pub start_date: Option<&'d String>,
    pub end_date: Option<&'d String>,
}

pub async fn run(
    context: &CommandContext,
    config: &[String],
    division: Division<'_>,
) -> Result<()> {
    let dates = [
        ("start_date", "--start-date", division.start_date),
        ("end_date", "--end-date", division.end_date),
    ];
    let config = context.config_with(config, &dates)?;
    let (source, _sandbox) = context.source(config).await?;
    let wanted = pick::one(&source, division.stream).await?;
    let stream = wanted.select(&source).await?.stream;
    let parts = if Reading::of(&stream) == Reading::Windows {
        let prober = Arc::new(Prober::new(&source, &stream));
        Some(prober.parts(division.partitions).await?)
    } else {
        context.log.warning(format!(
            "{} has no windows: the API cannot filter it by updated_at; read it as a whole",
            stream.name
        ));
        None
    };
    context.print(lines(&stream.name, parts.as_deref())).await;
    Ok(())
}

/// A line for each window; or one for the whole stream, if it has none.
fn lines(stream: &str, parts: Option<&[Part]>) -> String {
    let Some(parts) = parts else {
        let whole = json!({"stream": stream, "start_date": null, "end_date": null, "estimated_records": null});
        return format!("{whole}\n");
    };
    let line = |part: &Part| {
        let line = json!({
            "stream": stream,
            "start_date": timestamp::micros(part.from),
            "end_date": timestamp::micros(part.until),
            "estimated_records": part.records,
        });
        format!("{line}\n")
    };
    parts.iter().map(line).collect()
}

/// Asks for pages of a stream here and there.
struct Prober {
    source: Arc<Source>,
    config: Config,
    /// How long a stamp, or what belongs to its record, may take to become visible.
    lateness: TimeDelta,
    /// The stream whose pages are read.
    stream: Stream,
    versions: Projection,
    tally: Tally,
}

impl Prober {
    fn new(source: &Arc<Source>, stream: &Stream) -> Self {
        let (config, back) = terms::config(&source.config, stream);
        Self {
            source: Arc::clone(source),
            config,
            lateness: lateness(back),
            stream: stream.walked().clone(),
            versions: stream.walked().versions(),
            tally: Tally::of(&stream.name),
        }
    }

    /// The windows up to the horizon, or to the end date. The first begins where the stream does, whatever
    /// the pages show: these only say where to divide.
    async fn parts(self: &Arc<Self>, wanted: usize) -> Result<Vec<Part>, Failure> {
        let window = Window {
            from: self.config.start_date.clone().map(inclusive),
            until: self.config.end_date.clone(),
        };
        let first = self.page(&window).await?;
        let until = self.horizon(&first).await?;
        let start = self.config.start_date.as_deref().and_then(timestamp::parse);
        let start = start.map_or(Timestamp::UNIX_EPOCH, |start| start.timestamp);
        let stamps = self.stamps(&first);
        if stamps.len() < first.records.len() {
            let warning = format!(
                "{}: records without updated_at are in no window",
                self.tally.stream
            );
            self.source.log.warning(warning);
        }
        let is_empty = first.records.is_empty() && first.next.is_none();
        let from = stamps.first().copied().unwrap_or(start);
        if is_empty || start >= until {
            return Ok(Vec::new());
        }
        let mut parts = Parts::new(from.min(until), until, wanted);
        loop {
            let asks = parts.asks(self.source.config.concurrency);
            if asks.is_empty() {
                let mut parts = parts.parts();
                if let Some(first) = parts.first_mut() {
                    first.from = start;
                }
                return Ok(parts);
            }
            let mut asked = JoinSet::new();
            for (from, until) in asks {
                let prober = Arc::clone(self);
                asked.spawn(async move { prober.probe(from, until).await });
            }
            while let Some(probed) = asked.join_next().await {
                let (from, probe) = tasks::result(probed).await?;
                parts.learn(from, probe);
            }
        }
    }

    /// What no longer changes: all records before the server's time, less how late changes may show.
    async fn horizon(&self, first: &Page) -> Result<Timestamp, Failure> {
        let mut now = first.asked_at;
        if !first.has_date {
            // The clock of this machine may be wrong.
            let newest = self.ask(&Window::default(), 1, Order::Descending).await?;
            now = self
                .stamps(&newest)
                .first()
                .copied()
                .unwrap_or(now)
                .min(now);
        }
        let horizon = now - self.lateness;
        let end = self.config.end_date.as_deref().and_then(timestamp::parse);
        Ok(end.map_or(horizon, |end| end.timestamp.min(horizon)))
    }

    async fn probe(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<(Timestamp, Probe), Failure> {
        let window = Window {
            from: Some(inclusive(timestamp::micros(from))),
            until: Some(timestamp::micros(until)),
        };
        let page = self.page(&window).await?;
        let probe = Probe {
            records: u32::try_from(page.records.len()).unwrap_or(u32::MAX),
            last: self.stamps(&page).last().copied(),
            has_more: page.next.is_some(),
        };
        Ok((from, probe))
    }

    async fn page(&self, window: &Window) -> Result<Page, Failure> {
        self.ask(window, self.config.page_size, Order::Ascending)
            .await
    }

    async fn ask(&self, window: &Window, limit: u16, order: Order) -> Result<Page, Failure> {
        let request = PageRequest {
            stream: &self.stream,
            window,
            limit,
            order,
            token: None,
        };
        Ok(self.source.page(request, 1, &self.tally).await?.0)
    }

    /// The stamps of a page's records.
    fn stamps(&self, page: &Page) -> Vec<Timestamp> {
        let mut scanned = Scanned::default();
        let stamps = page.raw_records().filter_map(|raw| {
            self.versions.scan(raw, &mut scanned)?;
            Some(self.versions.version(&scanned)?.updated_at?.0)
        });
        stamps.collect()
    }
}

fn inclusive(updated_at: String) -> LowerBound {
    LowerBound {
        updated_at,
        inclusive: true,
    }
}
