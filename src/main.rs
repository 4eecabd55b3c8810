//! The Singer tap.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use tap_revops::World;
use tap_revops::clock::SystemClock;

fn main() -> ExitCode {
    let status = tap_revops::run(World {
        arguments: std::env::args_os().collect(),
        environment: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        clock: Arc::new(SystemClock),
        out: &mut io::stdout().lock(),
        err: &mut io::stderr().lock(),
    });
    status.into()
}
