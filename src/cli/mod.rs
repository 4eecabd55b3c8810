//! The command lines of the two executables. Both parse to the same type of command.

mod airbyte;
pub mod command;
mod singer;

pub use self::singer::definition;

use self::command::Invocation;
use crate::protocol::Protocol;
use std::ffi::OsString;

/// Parses arguments, of which the first is the program's name. The error is clap's, which can print
/// itself; a request for help or the version is an error too.
pub fn parse(protocol: Protocol, arguments: &[OsString]) -> Result<Invocation, clap::Error> {
    match protocol {
        Protocol::Singer => singer::parse(arguments),
        Protocol::Airbyte => airbyte::parse(arguments),
    }
}
