//! What ends a run from outside: a signal, or stdout losing its reader. Both executables watch for
//! these during a run.

use super::exit::ExitStatus;
use crate::protocol::writer::Stop;
use rustix::event::{PollFd, PollFlags, poll};
use std::future::Future;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

/// Resolves when the run has to end, with the status to exit with.
pub type Interruption = Pin<Box<dyn Future<Output = ExitStatus> + Send>>;

/// How long the current line may take to be written. A reader that has stalled would block it for
/// ever.
const GRACE: Duration = Duration::from_millis(700);

/// Waits for an interruption on a thread that a slow reader does not block, and stops the writer.
pub async fn watch(interruption: Interruption, stop: Stop) -> ExitStatus {
    let watching = tokio::spawn(async move {
        let status = interruption.await;
        stop.set();
        status
    });
    match watching.await {
        Ok(status) => status,
        Err(_) => std::future::pending().await,
    }
}

/// An interruption that never comes.
pub fn never() -> Interruption {
    Box::pin(std::future::pending())
}

/// The interruption of a process: SIGINT, SIGTERM, or nobody reading `out` any more. The process
/// exits soon after it, even if a write to `out` blocks.
pub fn of_process(out: impl AsFd + Send + 'static) -> Interruption {
    Box::pin(async move {
        let status = tokio::select! {
            () = received(SignalKind::interrupt()) => ExitStatus::Interrupted,
            () = received(SignalKind::terminate()) => ExitStatus::Terminated,
            () = unread(out) => ExitStatus::BrokenPipe,
        };
        std::thread::spawn(move || {
            std::thread::sleep(GRACE);
            std::process::exit(i32::from(status as u8));
        });
        status
    })
}

async fn received(kind: SignalKind) {
    match signal(kind) {
        Ok(mut signals) => {
            signals.recv().await;
        }
        // Without a listener, the signal's default action ends the process.
        Err(_) => std::future::pending().await,
    }
}

/// Resolves when the other end of a pipe is closed. For a file, it never resolves.
async fn unread(out: impl AsFd + Send + 'static) {
    let (closed, watched) = oneshot::channel();
    std::thread::spawn(move || {
        // `poll` reports errors and hang-ups even if no event is requested.
        let mut watch = [PollFd::new(&out, PollFlags::empty())];
        while poll(&mut watch, None).is_err_and(|error| error == rustix::io::Errno::INTR) {}
        if watch[0]
            .revents()
            .intersects(PollFlags::ERR | PollFlags::HUP)
        {
            let _ = closed.send(());
        }
    });
    if watched.await.is_err() {
        std::future::pending::<()>().await;
    }
}
