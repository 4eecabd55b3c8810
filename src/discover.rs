//! What a workspace offers to this key: every stream is described and probed, side by side.

use crate::catalog::Stream;
use crate::http::failure::{Failure, Kind};
use crate::name;
use crate::source::Source;
use crate::tasks;
use anyhow::{Context, Result};
use std::sync::Arc;
use tokio::task::JoinSet;

/// How one stream answered.
pub struct Finding {
    pub api_name: String,
    pub stream: Result<Stream, Failure>,
}

/// The streams that the key can read, in the API's order. Standard ones that it cannot reach are
/// left out with a warning; one that the configuration names beyond those is an error.
pub async fn discover(source: &Arc<Source>) -> Result<Vec<Stream>> {
    let mut streams = Vec::new();
    for finding in survey(source).await? {
        let Finding { api_name, stream } = finding;
        match stream {
            Ok(stream) => streams.push(stream),
            Err(failure) if is_left_out(source, &api_name, &failure) => {
                source
                    .log
                    .warning(format!("{api_name} is left out: {failure}"));
            }
            Err(failure) => return Err(failure).with_context(|| format!("discovering {api_name}")),
        }
    }
    if streams.is_empty() {
        let sentence = "this key can read no stream at all; give it the permission to read some";
        return Err(Failure::new(Kind::Forbidden, sentence).into());
    }
    Ok(streams)
}

/// Describes and probes every stream that is offered, and tells how each answered, in order. The
/// first goes alone: if the key or the address is wrong, it tells as much as all of them.
pub async fn survey(source: &Arc<Source>) -> Result<Vec<Finding>, Failure> {
    let api_names = source.api_names();
    let names = name::safe_names(api_names.iter().map(String::as_str));
    let mut findings = Vec::new();
    let mut tasks = JoinSet::new();
    for (at, (api_name, name)) in api_names.into_iter().zip(names).enumerate() {
        if at == 0 {
            let stream = finding(examine(source, &api_name).await, name)?;
            findings.push((at, Finding { api_name, stream }));
            continue;
        }
        let source = Arc::clone(source);
        tasks.spawn(async move {
            let stream = finding(examine(&source, &api_name).await, name)?;
            Ok((at, Finding { api_name, stream }))
        });
    }
    for answer in tasks::all(tasks).await {
        findings.push(answer?);
    }
    findings.sort_by_key(|(at, _)| *at);
    Ok(findings.into_iter().map(|(_, finding)| finding).collect())
}

/// An answer for one stream, under its emitted name; or a failure that concerns all of them.
fn finding(
    answer: Result<Stream, Failure>,
    name: String,
) -> Result<Result<Stream, Failure>, Failure> {
    match answer {
        Ok(stream) => Ok(Ok(Stream { name, ..stream })),
        Err(failure) if matches!(failure.kind, Kind::Unauthorized | Kind::Unreachable) => {
            Err(failure)
        }
        Err(failure) => Ok(Err(failure)),
    }
}

async fn examine(source: &Source, api_name: &str) -> Result<Stream, Failure> {
    let stream = source.describe(api_name).await?;
    source.probe(api_name).await?;
    Ok(stream)
}

fn is_left_out(source: &Source, api_name: &str, failure: &Failure) -> bool {
    source.is_optional(api_name) && matches!(failure.kind, Kind::Forbidden | Kind::NotFound)
}
