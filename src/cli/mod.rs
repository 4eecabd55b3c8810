//! The command lines of the two executables. Both end in one command.

mod airbyte;
pub mod command;
mod singer;

use self::command::Invocation;
use crate::protocol::Protocol;
use std::ffi::OsString;

/// What arguments ask for, the program's name being the first. The error is
/// clap's, which knows how to print itself; help and version are errors to it, too.
pub fn parse(protocol: Protocol, arguments: &[OsString]) -> Result<Invocation, clap::Error> {
    match protocol {
        Protocol::Singer => singer::parse(arguments),
        Protocol::Airbyte => airbyte::parse(arguments),
    }
}
