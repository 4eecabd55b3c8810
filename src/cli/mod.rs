//! The command lines of the two executables. Both end in one command.

mod airbyte;
mod singer;

use crate::log::{Level, LogFormat};
use crate::protocol::Protocol;
use clap::ValueEnum;
use std::ffi::OsString;

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

impl Invocation {
    /// What arguments ask for, the program's name being the first. The error is
    /// clap's, which knows how to print itself; help and version are errors to it, too.
    pub fn parse(protocol: Protocol, arguments: &[OsString]) -> Result<Self, clap::Error> {
        match protocol {
            Protocol::Singer => singer::parse(arguments),
            Protocol::Airbyte => airbyte::parse(arguments),
        }
    }
}
