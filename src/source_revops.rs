//! The executable `source-revops`, an Airbyte source.

use std::process::ExitCode;
use tap_revops::protocol::Protocol;

fn main() -> ExitCode {
    tap_revops::run::run_process(Protocol::Airbyte).into()
}
