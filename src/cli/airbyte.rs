//! The command line of `source-revops`: the four commands of Airbyte's protocol.

use super::command::{Command, Invocation, Pick, VERSION};
use crate::log::Level;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use std::ffi::OsString;

const EXAMPLES: &str = "\
Try it without an account:
  source-revops check --config sample_config.json
  source-revops discover --config sample_config.json

All output goes to stdout, one message per line. Exit status: 0 success, or a check that reports
FAILED; 1 failure, with a TRACE message; 2 wrong arguments; 141 nobody reads the output.";

#[derive(Parser)]
#[command(
    name = "source-revops",
    version = VERSION,
    about = "Reads Reevo and AskElephant workspaces as an Airbyte source.",
    after_help = EXAMPLES,
    arg_required_else_help = true
)]
struct CommandLine {
    #[command(subcommand)]
    verb: Verb,
    /// The configuration, in the form that spec describes or in the flat form of tap-revops.
    /// - reads standard input.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<String>,
    /// Log every request.
    #[arg(long, global = true, hide = true)]
    debug: bool,
}

#[derive(Subcommand)]
enum Verb {
    /// Print the configuration form that Airbyte shows to its users.
    Spec,
    /// Check the configuration, the key, and the permission for each stream.
    Check,
    /// Print the catalog of the streams that the key can read.
    Discover,
    /// Read the configured streams, and print their records and states.
    Read {
        /// The configured catalog.
        #[arg(long, value_name = "FILE")]
        catalog: String,
        /// The state from the last run.
        #[arg(long, value_name = "FILE")]
        state: Option<String>,
    },
}

pub fn parse(arguments: &[OsString]) -> Result<Invocation, clap::Error> {
    let line = CommandLine::try_parse_from(arguments)?;
    let config = line.config.map(|file| vec![file]);
    let config = || config.ok_or_else(missing_config);
    let command = match line.verb {
        Verb::Spec => Command::Spec,
        Verb::Check => Command::Check { config: config()? },
        Verb::Discover => Command::Discover { config: config()? },
        Verb::Read { catalog, state } => Command::Read {
            config: config()?,
            catalog: Some(catalog),
            state,
            pick: Pick::default(),
        },
    };
    Ok(Invocation {
        command,
        log_level: line.debug.then_some(Level::Debug),
        log_format: None,
    })
}

/// Clap cannot require a flag that may stand before or after the verb, so this makes its error.
fn missing_config() -> clap::Error {
    let sentence = "the required argument '--config <FILE>' was not provided";
    CommandLine::command().error(ErrorKind::MissingRequiredArgument, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Invocation, clap::Error> {
        let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        super::parse(&arguments)
    }

    #[test]
    fn config_is_accepted_before_and_after_the_verb() {
        for (before, after) in [
            ("s --config a check", "s check --config a"),
            ("s --config a discover", "s discover --config a"),
            (
                "s --config a read --catalog c",
                "s read --catalog c --config a",
            ),
        ] {
            assert_eq!(parse(before).unwrap(), parse(after).unwrap());
        }
    }

    #[test]
    fn a_verb_that_needs_config_is_refused_without_it() {
        for line in ["s check", "s discover", "s read --catalog c"] {
            let error = parse(line).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::MissingRequiredArgument, "{line}");
            assert!(error.to_string().contains("Usage: source-revops"));
        }
        assert!(parse("s spec").is_ok());
    }
}
