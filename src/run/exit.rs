//! The exit statuses of the program.

use crate::http::failure::{Failure, FailureKind};
use crate::protocol::Protocol;

/// The exit statuses. They are documented, so they never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    Success = 0,
    /// The API, the network or some streams failed.
    Failed = 1,
    /// The command line, the configuration, the catalog or the state is wrong.
    BadInput = 2,
    /// The API refused the key.
    Unauthorized = 3,
    /// The output cannot be written.
    Unwritable = 4,
    /// Stopped by SIGINT. This and the two below are 128 and the signal's number, as in a shell.
    Interrupted = 130,
    /// Nobody reads the output any more.
    BrokenPipe = 141,
    /// Stopped by SIGTERM.
    Terminated = 143,
}

impl ExitStatus {
    /// The status for an error. An error that is not a `Failure` is caused by the input. Airbyte
    /// knows only success and failure; the last message carries the kind.
    pub fn of(error: &anyhow::Error, protocol: Protocol) -> Self {
        match error.downcast_ref::<Failure>() {
            _ if protocol == Protocol::Airbyte => Self::Failed,
            Some(failure) if failure.kind == FailureKind::Unauthorized => Self::Unauthorized,
            Some(_) => Self::Failed,
            None => Self::BadInput,
        }
    }
}

impl From<ExitStatus> for std::process::ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status as u8)
    }
}
