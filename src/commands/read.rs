//! Reads the selected streams, and sends their records and states to the writer.

use super::context::CommandContext;
use super::pick;
use crate::cli::command::Pick;
use crate::config::{BaseUrl, BatchConfig, Config};
use crate::protocol::Protocol;
use crate::protocol::message::Message;
use crate::protocol::singer::batches;
use crate::source::settings;
use crate::state::State;
use crate::sync::{self, Wanted, conclusion};
use anyhow::{Context, Result};
use std::path::Path;

/// What a person may do after a first run.
const AFTER_THE_SANDBOX: &str = "\
These records are made up: they came from the sandbox, over HTTP. Look at them:
  tap-revops peek contact --config sample_config.json
  tap-revops read --config sample_config.json > output.jsonl
  duckdb -c \"select stream, count(*) from read_ndjson('output.jsonl') where type = 'RECORD' group by stream\"
For a workspace of your own, README.md says what to write into a configuration.";

pub async fn run(
    context: &CommandContext,
    config: &[String],
    catalog: Option<&str>,
    state: Option<&str>,
    pick: &Pick,
) -> Result<()> {
    let dates = [
        ("start_date", "--start-date", pick.start_date.as_ref()),
        ("end_date", "--end-date", pick.end_date.as_ref()),
    ];
    let config = context.config_with(config, &dates)?;
    let batches = batches(context, &config)?;
    warn_of_idle_versions(context, &config);
    let is_sandbox = matches!(config.base_url, BaseUrl::Sandbox(_));
    let state = context.protocol.state(&stored_state(context, state)?)?;
    let catalog = context.input(catalog, "catalog")?;
    let entries = catalog
        .map(|text| context.protocol.selected(&text))
        .transpose()?;
    let (source, _sandbox) = context.source(config).await?;
    let wanted = match entries {
        None => Wanted::everything(&source),
        Some(entries) => Wanted::selected(&source, entries),
    };
    let wanted = pick::apply(pick, &source, wanted).await?;
    if pick.limit.is_some() {
        context
            .log
            .warning("no state is written, because --limit leaves records out");
    }
    if wanted.is_empty() {
        context
            .log
            .warning("no stream is selected, so there is nothing to read");
    }
    let names: Vec<(&str, &str)> = wanted.iter().map(Wanted::names).collect();
    settings::warn_of_unknown_streams(&source, &names);
    warn_of_foreign_state(context, &state, &wanted);
    let resumed = Message::Resumed {
        state: state.clone(),
        streams: wanted.iter().map(|one| one.name().to_owned()).collect(),
        batches,
    };
    context.send(resumed).await;
    let ends = sync::sync(&source, context.protocol, wanted, &state, &context.messages).await;
    if let Some(failure) = conclusion::failure(&source, &ends) {
        return Err(failure.into());
    }
    if is_sandbox {
        context.log.advice(AFTER_THE_SANDBOX);
    }
    Ok(())
}

/// Where records go in files, if they do. Airbyte has no such messages.
fn batches(context: &CommandContext, config: &Config) -> Result<Option<BatchConfig>> {
    let Some(batches) = config.batches.clone() else {
        return Ok(None);
    };
    if context.protocol == Protocol::Airbyte {
        context
            .log
            .warning("batch_config has no effect: Airbyte takes records only as messages");
        return Ok(None);
    }
    batches::check(&batches).with_context(|| {
        let root = batches.root.display();
        format!("batch_config.storage.root: no file can be written to {root}; choose a folder that can be written to")
    })?;
    Ok(Some(batches))
}

/// Warns if `activate_version` can do nothing.
fn warn_of_idle_versions(context: &CommandContext, config: &Config) {
    if !config.activate_version {
        return;
    }
    if context.protocol == Protocol::Airbyte {
        context.log.warning(
            "activate_version has no effect: Airbyte's full refresh with overwrite does the same",
        );
    } else if config.batches.is_some() {
        context.log.warning(
            "activate_version has no effect with batch_config: records in files have no version",
        );
    }
}

/// The text of the state file; empty if the file does not exist, as before the first run.
fn stored_state(context: &CommandContext, path: Option<&str>) -> Result<String> {
    let path = path.filter(|path| {
        let is_there = !matches!(Path::new(path).try_exists(), Ok(false));
        if !is_there {
            context.log.warning(format!(
                "the state file {path} does not exist; every stream is read from its start"
            ));
        }
        is_there
    });
    Ok(context.input(path, "state")?.unwrap_or_default())
}

/// Warns if the state has bookmarks, but none for a stream that is read.
fn warn_of_foreign_state(context: &CommandContext, state: &State, wanted: &[Wanted]) {
    let names = state.streams();
    let has_bookmark = |one: &Wanted| state.holds(one.name());
    if let Some(first) = wanted.first()
        && !names.is_empty()
        && !wanted.iter().any(has_bookmark)
    {
        let (names, form) = (names.join(", "), context.protocol.state_form(first.name()));
        context.log.warning(format!(
            "the state has no bookmark for any stream that is read (it names {names}), \
             so all are read from their start; the expected form is {form}"
        ));
    }
}
