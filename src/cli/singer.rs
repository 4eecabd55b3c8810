//! The command line of `tap-revops`: flat flags, as Singer's orchestrators pass them, and
//! subcommands for people.

use super::command::{AboutFormat, Command, Invocation, Pick, VERSION};
use crate::log::{Level, LogFormat};
use clap::error::ErrorKind;
use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use std::ffi::OsString;

const EXAMPLES: &str = "\
Try it without an account:
  tap-revops read --config sample_config.json

With an account, into a target:
  tap-revops check --config config.json
  tap-revops discover --config config.json > catalog.json
  tap-revops --config config.json --catalog catalog.json --state state.json | target-jsonl

Singer messages go to stdout, the log to stderr.
Exit status: 0 all streams read, 1 the API or some streams failed, 2 wrong input,
3 the API refused the key, 4 the output cannot be written, 141 nobody reads the output.";

#[derive(Parser)]
#[command(
    name = "tap-revops",
    version = VERSION,
    about = "Reads Reevo and AskElephant workspaces into Singer targets.",
    after_help = EXAMPLES,
    arg_required_else_help = true
)]
struct CommandLine {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    flat: Flat,
    /// Hide log entries below this level.
    #[arg(long, global = true, value_enum, value_name = "LEVEL", conflicts_with_all = ["verbose", "quiet"])]
    log_level: Option<Level>,
    /// Log every request, as `--log-level debug` does.
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    verbose: bool,
    /// Log only warnings and errors; twice, only errors.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    quiet: u8,
    /// The format of the log. Meltano requests JSON itself.
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
        #[command(flatten)]
        pick: PickFlags,
    },
    /// Check the configuration, the key, and the permission for each stream.
    Check {
        #[command(flatten)]
        config: ConfigFlag,
        /// Settle by a few requests what the API's documentation leaves open, and print a table.
        #[arg(long)]
        deep: bool,
        /// With --deep: print one JSON object per line.
        #[arg(long, requires = "deep")]
        json: bool,
    },
    /// List what can be read, how, and what this key may not read.
    Streams {
        #[command(flatten)]
        config: ConfigFlag,
        /// Print one JSON object per line.
        #[arg(long)]
        json: bool,
    },
    /// Show the newest records of a stream as a table.
    Peek {
        /// The stream, as `streams` lists it.
        stream: String,
        #[command(flatten)]
        config: ConfigFlag,
        /// How many records.
        #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..))]
        limit: u16,
        /// Show only these fields.
        #[arg(long, value_name = "FIELD,FIELD", value_delimiter = ',')]
        fields: Vec<String>,
        /// Print one JSON object per line, with all fields.
        #[arg(long)]
        json: bool,
    },
    /// Divide a stream into windows that readers on several machines can read, one JSON object per line.
    Plan {
        #[command(flatten)]
        config: ConfigFlag,
        /// The stream, as `streams` lists it.
        #[arg(long, value_name = "STREAM")]
        stream: String,
        /// How many windows, at most.
        #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=10_000))]
        partitions: u16,
        /// Only what was updated from this date or time on.
        #[arg(long, value_name = "DATE")]
        start_date: Option<String>,
        /// Only what was updated before this date or time.
        #[arg(long, value_name = "DATE")]
        end_date: Option<String>,
    },
    /// Describe the tap and its settings.
    About {
        /// The output format.
        #[arg(long, value_enum)]
        format: Option<AboutFormat>,
    },
    /// Print a script that completes command lines, for your shell's start-up file.
    Completions { shell: Shell },
    /// Write the manual pages of all commands into a folder.
    Man {
        #[arg(value_name = "FOLDER")]
        folder: String,
    },
    /// Serve both APIs on this machine, with made-up records, until stopped.
    Sandbox {
        /// The port to listen on; 0 chooses a free one.
        #[arg(long, default_value_t = 8800)]
        port: u16,
        /// The options of the sandbox, as after "sandbox:?" in `base_url`: "records=20000&seed=7".
        #[arg(long, default_value = "")]
        options: String,
        /// A script of the faults to simulate: a JSON list of rules, such as
        /// `[{"kind": "page", "skip": 2, "times": 1, "fault": "reset_in_body"}]`.
        #[arg(long, value_name = "FILE")]
        faults: Option<String>,
    },
}

#[derive(Args)]
struct ConfigFlag {
    /// The configuration file. Repeat the flag to merge files; later ones win key by key. - reads
    /// standard input. ENV uses no file, only variables such as `TAP_REVOPS_API_KEY` for `api_key`.
    /// Variables always win over files.
    #[arg(short, long, value_name = "FILE")]
    config: Vec<String>,
}

#[derive(Args)]
struct InputFlags {
    /// The catalog from `discover`, with streams and fields selected. Without it, everything is
    /// read.
    #[arg(long, value_name = "FILE")]
    catalog: Option<String>,
    /// The older name of `--catalog`.
    #[arg(short, long, value_name = "FILE")]
    properties: Option<String>,
    /// The state from the last run. Without it, streams are read from their start.
    #[arg(short, long, value_name = "FILE")]
    state: Option<String>,
}

#[derive(Args)]
struct PickFlags {
    /// Read only this stream. * stands for any letters: 'custom_*'. Repeat the flag for more.
    #[arg(long = "stream", value_name = "STREAM")]
    streams: Vec<String>,
    /// Emit only these fields of a stream. Repeat the flag for other streams.
    #[arg(long, value_name = "STREAM:FIELD,FIELD")]
    fields: Vec<String>,
    /// Read streams that have no bookmark from this date or time on.
    #[arg(long, value_name = "DATE")]
    start_date: Option<String>,
    /// Read only what was updated before this date or time.
    #[arg(long, value_name = "DATE")]
    end_date: Option<String>,
    /// Read this stream from its start, whatever its bookmark is. Repeat the flag for more.
    #[arg(long, value_name = "STREAM")]
    fresh: Vec<String>,
    /// Read only so many records of each stream, to try things. No state is written.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
}

#[derive(Args)]
struct Flat {
    #[command(flatten)]
    config: ConfigFlag,
    #[command(flatten)]
    input: InputFlags,
    /// Print the catalog, as `discover` does. Overrides --test, --catalog and --state.
    #[arg(short, long)]
    discover: bool,
    /// Check, as `check` does. Every KIND runs the same check.
    #[arg(long, num_args = 0..=1, require_equals = true, value_name = "KIND", default_missing_value = "all", value_parser = ["all", "records", "schema"])]
    test: Option<String>,
    /// Describe the tap, as `about` does.
    #[arg(long)]
    about: bool,
    /// The output format of `--about`.
    #[arg(long, value_enum)]
    format: Option<AboutFormat>,
    /// Accepted because other taps have it. It has no effect.
    #[arg(long, hide = true)]
    dev: bool,
}

/// The definition of the command line.
pub fn definition() -> clap::Command {
    CommandLine::command()
}

pub fn parse(arguments: &[OsString]) -> Result<Invocation, clap::Error> {
    let line = CommandLine::try_parse_from(arguments)?;
    let command = match line.verb {
        None => line.flat.command(),
        Some(verb) => {
            line.flat.check_beside(&verb)?;
            verb.command(line.flat)
        }
    };
    Ok(Invocation {
        command,
        log_level: line.log_level.or(match (line.verbose, line.quiet) {
            (true, _) => Some(Level::Debug),
            (_, 0) => None,
            (_, 1) => Some(Level::Warning),
            (_, _) => Some(Level::Error),
        }),
        log_format: line.log_format,
    })
}

impl Verb {
    /// The command, with the flags before the verb and those after it.
    fn command(self, before: Flat) -> Command {
        let config = before.config;
        match self {
            Self::Discover { config: own } => Command::Discover {
                config: config.followed_by(own).config,
            },
            Self::Read {
                config: own,
                input,
                pick,
            } => {
                let input = input.or(before.input);
                input.command(config.followed_by(own), pick.picked())
            }
            Self::Check {
                config: own,
                deep,
                json,
            } => {
                let config = config.followed_by(own).config;
                if deep {
                    Command::DeepCheck { config, json }
                } else {
                    Command::Check { config }
                }
            }
            Self::Streams { config: own, json } => Command::Streams {
                config: config.followed_by(own).config,
                json,
            },
            Self::Peek {
                stream,
                config: own,
                limit,
                fields,
                json,
            } => Command::Peek {
                config: config.followed_by(own).config,
                stream,
                fields,
                limit: limit.into(),
                json,
            },
            Self::Plan {
                config: own,
                stream,
                partitions,
                start_date,
                end_date,
            } => Command::Plan {
                config: config.followed_by(own).config,
                stream,
                partitions: partitions.into(),
                start_date,
                end_date,
            },
            Self::Completions { shell } => Command::Completions { shell },
            Self::Man { folder } => Command::Man { folder },
            Self::About { format } => Command::About {
                format: format.or(before.format).unwrap_or_default(),
            },
            Self::Sandbox {
                port,
                options,
                faults,
            } => Command::Sandbox {
                port,
                options,
                faults,
            },
        }
    }
}

impl Flat {
    /// Refuses flags before a verb that select another command, or that this one does not have.
    fn check_beside(&self, verb: &Verb) -> Result<(), clap::Error> {
        let takes_input = matches!(verb, Verb::Read { .. });
        let takes_no_config = matches!(
            verb,
            Verb::About { .. } | Verb::Completions { .. } | Verb::Man { .. } | Verb::Sandbox { .. }
        );
        let refused = [
            ("--discover", self.discover),
            ("--test", self.test.is_some()),
            ("--about", self.about),
            (
                "--config",
                takes_no_config && !self.config.config.is_empty(),
            ),
            ("--catalog", !takes_input && self.input.catalog().is_some()),
            ("--state", !takes_input && self.input.state.is_some()),
        ];
        match refused.iter().find(|(_, is_refused)| *is_refused) {
            None => Ok(()),
            Some((flag, _)) => Err(CommandLine::command().error(
                ErrorKind::ArgumentConflict,
                format!("the argument '{flag}' cannot be used with this subcommand"),
            )),
        }
    }

    fn command(self) -> Command {
        let config = self.config;
        if self.about {
            Command::About {
                format: self.format.unwrap_or_default(),
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
            self.input.command(config, Pick::default())
        }
    }
}

impl ConfigFlag {
    fn followed_by(mut self, later: Self) -> Self {
        self.config.extend(later.config);
        self
    }
}

impl InputFlags {
    fn catalog(&self) -> Option<&String> {
        self.catalog.as_ref().or(self.properties.as_ref())
    }

    /// These flags, with missing ones taken from `other`.
    fn or(self, other: Self) -> Self {
        Self {
            catalog: self.catalog().or(other.catalog()).cloned(),
            properties: None,
            state: self.state.or(other.state),
        }
    }

    fn command(self, config: ConfigFlag, pick: Pick) -> Command {
        Command::Read {
            config: config.config,
            catalog: self.catalog().cloned(),
            state: self.state,
            pick,
        }
    }
}

impl PickFlags {
    fn picked(self) -> Pick {
        Pick {
            streams: self.streams,
            fields: self.fields,
            fresh: self.fresh,
            start_date: self.start_date,
            end_date: self.end_date,
            limit: self.limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invocation(line: &str) -> Result<Invocation, clap::Error> {
        let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        super::parse(&arguments)
    }

    fn parse(line: &str) -> Command {
        invocation(line).unwrap().command
    }

    #[test]
    fn flat_flags_and_subcommands_parse_to_the_same_command() {
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
    fn an_unknown_kind_of_test_is_refused() {
        for (kind, exists) in [
            ("all", true),
            ("records", true),
            ("garbage", false),
            ("", false),
        ] {
            let invocation = invocation(&format!("t --config a --test={kind}"));
            assert_eq!(invocation.is_ok(), exists, "{kind}");
        }
    }

    #[test]
    fn a_flag_has_the_same_effect_before_and_after_the_subcommand() {
        for (before, after) in [
            ("t --config a read", "t read --config a"),
            ("t -c a discover -c b", "t discover -c a -c b"),
            ("t -c a check", "t check -c a"),
            (
                "t --catalog c --state s read",
                "t read --catalog c --state s",
            ),
            ("t -p c read -s s", "t read -p c -s s"),
            ("t --state old read --state s", "t read --state s"),
            ("t --format json about", "t about --format json"),
        ] {
            assert_eq!(parse(before), parse(after), "{before}");
        }
        for line in [
            "t --log-level debug --log-format json read",
            "t read --log-level debug --log-format json",
        ] {
            let invocation = invocation(line).unwrap();
            assert_eq!(invocation.log_level, Some(Level::Debug), "{line}");
            assert_eq!(invocation.log_format, Some(LogFormat::Json), "{line}");
        }
    }

    #[test]
    fn a_flag_that_the_subcommand_does_not_have_is_refused_before_it_too() {
        for line in [
            "t --discover read",
            "t --test check",
            "t --about read",
            "t --state s discover",
            "t --catalog c check",
            "t -p c check",
            "t --config a about",
            "t --config a sandbox",
            "t --config a man f",
            "t --state s peek contact",
        ] {
            assert!(invocation(line).is_err(), "{line}");
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
    fn one_letter_sets_the_level_of_the_log() {
        for (line, level) in [
            ("t read -v", Some(Level::Debug)),
            ("t -v read", Some(Level::Debug)),
            ("t read -q", Some(Level::Warning)),
            ("t read -qq", Some(Level::Error)),
            ("t --config a", None),
        ] {
            assert_eq!(invocation(line).unwrap().log_level, level, "{line}");
        }
        for line in ["t read -v -q", "t read -v --log-level debug"] {
            assert!(invocation(line).is_err(), "{line}");
        }
    }

    #[test]
    fn discover_wins_over_state_and_catalog() {
        let command = parse("t --config a --state s --catalog c --discover --dev");
        assert_eq!(command, parse("t discover --config a"));
    }
}
