//! The result of parsing a command line, whichever executable was started.

use crate::log::{Level, LogFormat};
use clap::ValueEnum;

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
    },
    Check {
        config: Vec<String>,
    },
    /// Print the configuration form that Airbyte shows to its users.
    Spec,
    About {
        format: AboutFormat,
    },
    Sandbox {
        port: u16,
        options: String,
        faults: Option<String>,
    },
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
