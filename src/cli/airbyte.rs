//! The command line of `source-revops`: the four verbs of Airbyte's protocol.

use super::{Command, Invocation};
use crate::log::Level;
use clap::{Args, Parser, Subcommand};
use std::ffi::OsString;

const EXAMPLES: &str = "\
Try it without an account:
  source-revops check --config sample_config.json
  source-revops discover --config sample_config.json

Everything goes to stdout, one message to a line. Exit status: 0 done, also a check that failed;
1 something failed, and a TRACE message tells what; 2 wrong arguments; 141 nobody reads the output.";

#[derive(Parser)]
#[command(
    name = "source-revops",
    version,
    about = "Reads Reevo and AskElephant workspaces as an Airbyte source.",
    after_help = EXAMPLES,
    arg_required_else_help = true
)]
struct CommandLine {
    #[command(subcommand)]
    verb: Verb,
    /// Tell of every request.
    #[arg(long, global = true, hide = true)]
    debug: bool,
}

#[derive(Subcommand)]
enum Verb {
    /// Print the form that a host shows to its users.
    Spec,
    /// Check the configuration, the key, and the permission for each stream.
    Check(ConfigFlag),
    /// Print the catalog of the streams that the key can read.
    Discover(ConfigFlag),
    /// Read the configured streams, and print their records and states.
    Read {
        #[command(flatten)]
        config: ConfigFlag,
        /// The configured catalog.
        #[arg(long, value_name = "FILE")]
        catalog: String,
        /// Where the last run ended.
        #[arg(long, value_name = "FILE")]
        state: Option<String>,
    },
}

#[derive(Args)]
struct ConfigFlag {
    /// The configuration: the form that spec describes, or the flat one of tap-revops.
    #[arg(long, value_name = "FILE")]
    config: String,
}

impl ConfigFlag {
    fn files(self) -> Vec<String> {
        vec![self.config]
    }
}

pub fn parse(arguments: &[OsString]) -> Result<Invocation, clap::Error> {
    let line = CommandLine::try_parse_from(arguments)?;
    let command = match line.verb {
        Verb::Spec => Command::Spec,
        Verb::Check(config) => Command::Check {
            config: config.files(),
        },
        Verb::Discover(config) => Command::Discover {
            config: config.files(),
        },
        Verb::Read {
            config,
            catalog,
            state,
        } => Command::Read {
            config: config.files(),
            catalog: Some(catalog),
            state,
        },
    };
    Ok(Invocation {
        command,
        log_level: line.debug.then_some(Level::Debug),
        log_format: None,
    })
}
