//! The Airbyte source.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use tap_revops::World;
use tap_revops::clock::SystemClock;
use tap_revops::interruption;
use tap_revops::protocol::Protocol;

fn main() -> ExitCode {
    let status = tap_revops::run(World {
        protocol: Protocol::Airbyte,
        arguments: std::env::args_os().collect(),
        environment: tap_revops::environment(),
        clock: Arc::new(SystemClock),
        interruption: interruption::of_process(io::stdout()),
        out: &mut io::stdout().lock(),
        err: &mut io::stderr().lock(),
    });
    status.into()
}
