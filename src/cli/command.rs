//! The result of parsing a command line, whichever executable was started.

use crate::log::{Level, LogFormat};
use clap::ValueEnum;
use clap_complete::Shell;

/// The version, with the commit in release builds.
pub const VERSION: &str = env!("TAP_REVOPS_VERSION");

/// A command, with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Discover {
        config: Vec<String>,
    },
    Read {
        config: Vec<String>,
        catalog: Option<String>,
        state: Option<String>,
        pick: Pick,
    },
    Check {
        config: Vec<String>,
    },
    /// Settle what the API's documentation leaves open.
    DeepCheck {
        config: Vec<String>,
        json: bool,
    },
    /// Print the configuration form that Airbyte shows to its users.
    Spec,
    About {
        format: AboutFormat,
    },
    /// Show the newest records of a stream.
    Peek {
        config: Vec<String>,
        stream: String,
        fields: Vec<String>,
        limit: usize,
        json: bool,
    },
    /// Divide a stream into windows for readers on several machines.
    Plan {
        config: Vec<String>,
        stream: String,
        partitions: usize,
        start_date: Option<String>,
        end_date: Option<String>,
    },
    /// List the streams.
    Streams {
        config: Vec<String>,
        json: bool,
    },
    /// Print the script that completes command lines in a shell.
    Completions {
        shell: Shell,
    },
    /// Write the manual pages into a folder.
    Man {
        folder: String,
    },
    Sandbox {
        port: u16,
        options: String,
        faults: Option<String>,
    },
}

/// What a person picks for one run, beside the configuration and the catalog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pick {
    /// Patterns of the streams to read. Empty means all.
    pub streams: Vec<String>,
    /// The fields to emit, each as `stream:a,b`.
    pub fields: Vec<String>,
    /// Patterns of the streams whose bookmark does not count.
    pub fresh: Vec<String>,
    pub start_date: Option<String>,
    pub end_date: Option<String>,
    /// How many records to read of each stream. Then there is no state.
    pub limit: Option<u64>,
}

/// The output format of `--about`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum AboutFormat {
    #[default]
    Text,
    Json,
    Markdown,
}

/// A parsed command line: a command, and how to log it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    pub command: Command,
    /// None means that the environment decides.
    pub log_level: Option<Level>,
    pub log_format: Option<LogFormat>,
}
