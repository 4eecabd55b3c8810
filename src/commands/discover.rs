//! Prints the catalog of the streams that the key can read.

use super::context::CommandContext;
use crate::source::{discover, settings};
use anyhow::Result;

pub async fn run(context: &CommandContext, config: &[String]) -> Result<()> {
    let config = context.config(config)?;
    let (source, _sandbox) = context.source(config).await?;
    settings::warn_of_unknown_streams(&source, &[]);
    let streams = discover::discover(&source).await?;
    context.print(context.protocol.catalog(&streams)).await;
    Ok(())
}
