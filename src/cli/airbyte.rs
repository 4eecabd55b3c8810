//! The command line of `source-revops`: the four verbs of Airbyte's protocol.

use super::command::{Command, Invocation};
use crate::log::Level;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
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
    /// The configuration: the form that spec describes, or the flat one of tap-revops; - reads
    /// standard input.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<String>,
    /// Tell of every request.
    #[arg(long, global = true, hide = true)]
    debug: bool,
}

#[derive(Subcommand)]
enum Verb {
    /// Print the form that a host shows to its users.
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
        /// Where the last run ended.
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
        },
    };
    Ok(Invocation {
        command,
        log_level: line.debug.then_some(Level::Debug),
        log_format: None,
    })
}

/// A flag that is taken on either side of the verb cannot be a required one to clap.
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
    fn the_configuration_is_taken_before_and_after_the_verb() {
        for (before, behind) in [
            ("s --config a check", "s check --config a"),
            ("s --config a discover", "s discover --config a"),
            (
                "s --config a read --catalog c",
                "s read --catalog c --config a",
            ),
        ] {
            assert_eq!(parse(before).unwrap(), parse(behind).unwrap());
        }
    }

    #[test]
    fn a_verb_that_needs_the_configuration_says_so() {
        for line in ["s check", "s discover", "s read --catalog c"] {
            let error = parse(line).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::MissingRequiredArgument, "{line}");
            assert!(error.to_string().contains("Usage: source-revops"));
        }
        assert!(parse("s spec").is_ok());
    }
}
