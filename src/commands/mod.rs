//! The commands, one file each.

pub mod about;
mod check;
pub mod context;
mod deep_check;
mod discover;
mod manual;
mod peek;
mod pick;
mod plan;
mod read;
mod sandbox;
mod streams;

use self::context::CommandContext;
use self::plan::Division;
use crate::cli::command::Command;
use crate::protocol::airbyte;
use anyhow::Result;

/// Runs a command. The error is one sentence for the last line of the log.
pub async fn run(command: Command, context: &CommandContext) -> Result<()> {
    match command {
        Command::Discover { config } => discover::run(context, &config).await,
        Command::Read {
            config,
            catalog,
            state,
            pick,
        } => {
            let (catalog, state) = (catalog.as_deref(), state.as_deref());
            read::run(context, &config, catalog, state, &pick).await
        }
        Command::Check { config } => check::run(context, &config).await,
        Command::DeepCheck { config, json } => deep_check::run(context, &config, json).await,
        Command::Spec => {
            context.print(airbyte::spec::line()).await;
            Ok(())
        }
        Command::About { format } => {
            context.print(about::document(format)).await;
            Ok(())
        }
        Command::Peek {
            config,
            stream,
            fields,
            limit,
            json,
        } => peek::run(context, &config, &stream, &fields, limit, json).await,
        Command::Plan {
            config,
            stream,
            partitions,
            start_date,
            end_date,
        } => {
            let division = Division {
                stream: &stream,
                partitions,
                start_date: start_date.as_ref(),
                end_date: end_date.as_ref(),
            };
            plan::run(context, &config, division).await
        }
        Command::Streams { config, json } => streams::run(context, &config, json).await,
        Command::Completions { shell } => {
            context.print(manual::completions(shell)).await;
            Ok(())
        }
        Command::Man { folder } => manual::pages(&folder),
        Command::Sandbox {
            port,
            options,
            faults,
        } => sandbox::run(&context.log, port, &options, faults.as_deref()).await,
    }
}
