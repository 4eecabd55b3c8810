//! The executable `tap-revops`, a Singer tap.

use std::process::ExitCode;
use tap_revops::protocol::Protocol;

fn main() -> ExitCode {
    tap_revops::run::run_process(Protocol::Singer).into()
}
