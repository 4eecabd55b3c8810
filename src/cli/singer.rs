//! The command line of `tap-revops`: flat flags as Singer's orchestrators pass them, and
//! subcommands for people.

use super::{AboutFormat, Command, Invocation};
use crate::log::{Level, LogFormat};
use clap::{Args, Parser, Subcommand};
use std::ffi::OsString;

const EXAMPLES: &str = "\
Try it without an account:
  tap-revops read --config sample_config.json

With an account, and a target behind it:
  tap-revops check --config config.json
  tap-revops discover --config config.json > catalog.json
  tap-revops --config config.json --catalog catalog.json --state state.json | target-jsonl

Messages go to stdout; everything for people goes to stderr.
Exit status: 0 all streams read, 1 the API or some streams failed, 2 wrong input,
3 the key was refused, 4 the output cannot be written, 141 nobody reads it.";

#[derive(Parser)]
#[command(
    name = "tap-revops",
    version,
    about = "Reads Reevo and AskElephant workspaces into Singer targets.",
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    arg_required_else_help = true
)]
struct CommandLine {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    flat: Flat,
    /// What matters less is not told.
    #[arg(long, global = true, value_enum, value_name = "LEVEL")]
    log_level: Option<Level>,
    /// How the log is written; Meltano asks for JSON by itself.
    #[arg(long, global = true, value_enum, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
}

#[derive(Subcommand)]
enum Verb {
    /// Print the catalog of the streams that the key can read.
    Discover {
        #[command(flatten)]
        config: ConfigFlag,
    },
    /// Read the selected streams, and print their records and state.
    Read {
        #[command(flatten)]
        config: ConfigFlag,
        #[command(flatten)]
        input: InputFlags,
    },
    /// Check the configuration, the key, and the permission for each stream.
    Check {
        #[command(flatten)]
        config: ConfigFlag,
    },
    /// Describe the tap and its settings.
    About {
        /// How to print it.
        #[arg(long, value_enum, default_value_t)]
        format: AboutFormat,
    },
    /// Serve both APIs on this machine, with made-up records, until stopped.
    Sandbox {
        /// The port to listen on; 0 takes a free one.
        #[arg(long, default_value_t = 8800)]
        port: u16,
        /// What the sandbox is like, as behind "sandbox:" in `base_url`: "records=20000&seed=7".
        #[arg(long, default_value = "")]
        options: String,
        /// A script of what goes wrong with which requests: a JSON list of rules, such as
        /// `[{"kind": "page", "skip": 2, "times": 1, "fault": "reset_in_body"}]`.
        #[arg(long, value_name = "FILE")]
        faults: Option<String>,
    },
}

#[derive(Args)]
struct ConfigFlag {
    /// The configuration file; of several, a later one wins key by key. ENV stands for the
    /// environment alone, which always wins: `TAP_REVOPS_API_KEY` is `api_key`.
    #[arg(short, long, value_name = "FILE")]
    config: Vec<String>,
}

#[derive(Args)]
struct InputFlags {
    /// What to read, as discover printed it and you or an orchestrator changed it. Left out,
    /// everything is read.
    #[arg(long, value_name = "FILE")]
    catalog: Option<String>,
    /// The older name of --catalog.
    #[arg(short, long, value_name = "FILE")]
    properties: Option<String>,
    /// Where the last run ended. Left out, streams are read from their start.
    #[arg(short, long, value_name = "FILE")]
    state: Option<String>,
}

#[derive(Args)]
struct Flat {
    #[command(flatten)]
    config: ConfigFlag,
    #[command(flatten)]
    input: InputFlags,
    /// Print the catalog, as `discover` does; wins over every other flag.
    #[arg(short, long)]
    discover: bool,
    /// Check, as `check` does.
    #[arg(long, num_args = 0..=1, require_equals = true, value_name = "KIND", default_missing_value = "all")]
    test: Option<String>,
    /// Describe the tap, as `about` does.
    #[arg(long)]
    about: bool,
    /// How --about is printed.
    #[arg(long, value_enum, default_value_t)]
    format: AboutFormat,
    /// Accepted for Singer's sake, and ignored.
    #[arg(long, hide = true)]
    dev: bool,
}

pub fn parse(arguments: &[OsString]) -> Result<Invocation, clap::Error> {
    let line = CommandLine::try_parse_from(arguments)?;
    let command = match line.verb {
        None => line.flat.command(),
        Some(Verb::Discover { config }) => Command::Discover {
            config: config.config,
        },
        Some(Verb::Read { config, input }) => input.command(config),
        Some(Verb::Check { config }) => Command::Check {
            config: config.config,
        },
        Some(Verb::About { format }) => Command::About { format },
        Some(Verb::Sandbox {
            port,
            options,
            faults,
        }) => Command::Sandbox {
            port,
            options,
            faults,
        },
    };
    Ok(Invocation {
        command,
        log_level: line.log_level,
        log_format: line.log_format,
    })
}

impl Flat {
    fn command(self) -> Command {
        let config = self.config;
        if self.about {
            Command::About {
                format: self.format,
            }
        } else if self.discover {
            Command::Discover {
                config: config.config,
            }
        } else if self.test.is_some() {
            Command::Check {
                config: config.config,
            }
        } else {
            self.input.command(config)
        }
    }
}

impl InputFlags {
    fn command(self, config: ConfigFlag) -> Command {
        Command::Read {
            config: config.config,
            catalog: self.catalog.or(self.properties),
            state: self.state,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Command {
        let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        super::parse(&arguments).unwrap().command
    }

    #[test]
    fn flat_flags_and_subcommands_mean_the_same() {
        for (flat, verb) in [
            ("t -c a --discover", "t discover --config a"),
            (
                "t --config a --config b -s s --catalog c",
                "t read -c a -c b --state s --catalog c",
            ),
            ("t --config a -p c", "t read --config a --properties c"),
            ("t --config a --test", "t check --config a"),
            ("t --config a --test=schema", "t check --config a"),
            ("t --about --format=json", "t about --format json"),
        ] {
            assert_eq!(parse(flat), parse(verb));
        }
    }

    #[test]
    fn the_sandbox_takes_options_and_a_script_of_faults() {
        let command = parse("t sandbox --port 0 --options seed=3 --faults f.json");
        let expected = Command::Sandbox {
            port: 0,
            options: "seed=3".to_owned(),
            faults: Some("f.json".to_owned()),
        };
        assert_eq!(command, expected);
    }

    #[test]
    fn discover_wins_over_state_and_catalog() {
        let command = parse("t --config a --state s --catalog c --discover --dev");
        assert_eq!(command, parse("t discover --config a"));
    }
}
