//! Settles what the API's documentation leaves open, by a handful of requests that only read.

mod findings;
mod questions;

use self::findings::Finding;
use self::questions::Questions;
use super::check::LONGEST_CHECK;
use super::context::CommandContext;
use crate::catalog::{Replication, Stream};
use crate::source::discover::{self, Answer, by_name};
use crate::table;
use anyhow::Result;

/// A stream with fewer records can hardly settle anything.
const ENOUGH: usize = 3;

pub async fn run(context: &CommandContext, config: &[String], json: bool) -> Result<()> {
    let mut config = context.config(config)?;
    config.max_retry = config.max_retry.min(LONGEST_CHECK);
    let (source, _sandbox) = context.source(config).await?;
    let (mut streams, mut failed) = (Vec::new(), Vec::new());
    for Answer { api_name, stream } in discover::survey(&source).await? {
        match stream {
            Ok(stream) => streams.push(stream),
            Err(failure) => failed.push((api_name, failure)),
        }
    }
    if streams.is_empty() {
        return Err(discover::nothing_readable(&source, &by_name(&failed)).into());
    }
    // Streams in order of `updated_at` come first: others settle less.
    streams.sort_by_key(|stream| stream.replication != Replication::Incremental);
    let questions = Questions { source: &source };
    let mut best: Option<(Stream, Vec<Finding>)> = None;
    for stream in streams.into_iter().take(3) {
        let (findings, records) = questions.ask(&stream).await?;
        best.get_or_insert((stream.clone(), findings.clone()));
        if records >= ENOUGH {
            best = Some((stream, findings));
            break;
        }
    }
    let (stream, findings) = best.expect("there is a stream");
    let document = if json {
        findings.iter().map(|one| one.json(&stream.name)).collect()
    } else {
        as_table(&findings, table::width(&context.environment))
    };
    context.print(context.log.without_secret(document)).await;
    let count = findings.iter().filter(|one| one.is_settled).count();
    let (of, name) = (findings.len(), &stream.name);
    context.log.info(format!(
        "{count} of {of} questions are settled, by the stream {name}"
    ));
    Ok(())
}

fn as_table(findings: &[Finding], width: usize) -> String {
    let rows = findings.iter().map(|one| {
        let cells = [one.question, &one.answer, &one.asked];
        cells.map(str::to_owned).to_vec()
    });
    table::text(&["question", "answer", "asked"], rows.collect(), 1, width)
}
