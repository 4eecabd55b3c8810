//! How the program ends.

use crate::http::failure::{Failure, FailureKind};
use crate::protocol::Protocol;

/// The exit statuses, which are documented and stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    Success = 0,
    /// The API or the network failed, or some streams did.
    Failed = 1,
    /// The command line, the configuration, the catalog or the state is not right.
    BadInput = 2,
    /// The API refused the key.
    Unauthorized = 3,
    /// The output cannot be written.
    Unwritable = 4,
    /// Stopped by SIGINT; as a shell tells of it. Likewise the two below.
    Interrupted = 130,
    /// Whoever read the output has gone away.
    BrokenPipe = 141,
    /// Stopped by SIGTERM.
    Terminated = 143,
}

impl ExitStatus {
    /// The status that an error asks for. An error that no request caused is one of the input.
    /// Airbyte's hosts know success and failure alone; the kind stands in the last message.
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
