//! Checks the configuration, the key, and the permission for each stream.

use super::context::CommandContext;
use crate::catalog::{Replication, Stream};
use crate::config::Config;
use crate::http::failure::Failure;
use crate::source::Source;
use crate::source::discover::{self, Answer, by_name, is_left_out};
use crate::source::settings;
use anyhow::{Result, anyhow};
use std::time::Duration;

/// A check retries no longer than this, because a person is waiting for it.
pub const LONGEST_CHECK: Duration = Duration::from_secs(10);

/// Runs a check, and reports its outcome as the protocol prescribes.
pub async fn run(context: &CommandContext, files: &[String]) -> Result<()> {
    let outcome = match context.config(files) {
        Ok(config) => check(context, config).await,
        Err(error) => Err(error),
    };
    let sentence = match &outcome {
        Ok(sentence) => sentence.clone(),
        Err(error) => format!("{error:#}"),
    };
    let sentence = context.log.without_secret(sentence);
    let result = if outcome.is_ok() {
        Ok(sentence.as_str())
    } else {
        Err(sentence.as_str())
    };
    if let Some(document) = context.protocol.checked(result) {
        context.print(document).await;
        return Ok(());
    }
    outcome.map(|sentence| context.log.info(sentence))
}

/// Succeeds if all streams that the configuration names can be read, or, if it names none, at least
/// one. Returns a sentence that says how many.
async fn check(context: &CommandContext, mut config: Config) -> Result<String> {
    config.max_retry = config.max_retry.min(LONGEST_CHECK);
    let (source, _sandbox) = context.source(config).await?;
    context.log.info("the configuration is valid");
    settings::warn_of_unknown_streams(&source, &[]);
    let answers = discover::survey(&source).await?;
    let count = answers.len();
    let mut unreadable = Vec::new();
    for Answer { api_name, stream } in answers {
        match stream {
            Ok(stream) => context.log.info(readable(&stream)),
            Err(failure) => {
                context
                    .log
                    .warning(format!("{api_name}: not readable: {failure}"));
                unreadable.push((api_name, failure));
            }
        }
    }
    conclude(&source, count, &by_name(&unreadable))
}

/// The outcome of checking `count` streams, given those that cannot be read.
fn conclude(source: &Source, count: usize, unreadable: &[(&str, &Failure)]) -> Result<String> {
    if unreadable.len() == count {
        return Err(discover::nothing_readable(source, unreadable).into());
    }
    let wanted = unreadable.iter().copied();
    let wanted = wanted.filter(|(name, failure)| !is_left_out(source, name, failure));
    match wanted.collect::<Vec<_>>().as_slice() {
        [] => Ok(readable_streams(count, unreadable)),
        [(name, failure)] => {
            Err(anyhow!((*failure).clone()).context(format!("{name} cannot be read")))
        }
        several => {
            let heading = format!("{} of {count} streams cannot be read", several.len());
            Err(Failure::of_several(&heading, several).into())
        }
    }
}

fn readable_streams(count: usize, unreadable: &[(&str, &Failure)]) -> String {
    let names: Vec<&str> = unreadable.iter().map(|(name, _)| *name).collect();
    match (count, names.as_slice()) {
        (1, []) => "the stream can be read".to_owned(),
        (_, []) => format!("all {count} streams can be read"),
        _ => {
            let readable = count - names.len();
            let names = names.join(", ");
            format!("{readable} of {count} streams can be read, but not {names}")
        }
    }
}

fn readable(stream: &Stream) -> String {
    let fields = stream.properties.len();
    match &stream.replication {
        Replication::Incremental => {
            format!("{}: readable, incremental, {fields} fields", stream.name)
        }
        Replication::FullTable { because } => {
            format!(
                "{}: readable, full refresh only ({because}), {fields} fields",
                stream.name
            )
        }
    }
}
