//! What a command line asks for.

use crate::log::{Level, LogFormat};
use clap::ValueEnum;

/// What the program is asked to do.
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
    /// Print the form that a host shows to its users.
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

/// How `--about` is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum AboutFormat {
    #[default]
    Text,
    Json,
    Markdown,
}

/// What a command line asks for: a command, and how much is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    pub command: Command,
    /// Nothing leaves it to the environment.
    pub log_level: Option<Level>,
    pub log_format: Option<LogFormat>,
}
