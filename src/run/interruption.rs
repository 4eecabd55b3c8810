//! What ends a run from outside: a signal, or the reader of stdout going away. Both executables
//! listen for them while they work.

use super::exit::ExitStatus;
use crate::protocol::writer::Stop;
use rustix::event::{PollFd, PollFlags, poll};
use std::future::Future;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

/// Resolves when the run has to end, with the status that says why.
pub type Interruption = Pin<Box<dyn Future<Output = ExitStatus> + Send>>;

/// How long the line that is being written may take to get out. A reader that stands still would
/// hold it for ever.
const GRACE: Duration = Duration::from_millis(700);

/// Waits for an interruption on a thread that no slow reader holds up, and tells the writer of it.
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

/// The interruption of a process: SIGINT, SIGTERM, or nobody reading what it writes to `out`.
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
        // The signal then keeps its usual effect, which ends the process too.
        Err(_) => std::future::pending().await,
    }
}

/// Resolves when the other end of a pipe has been closed. Of a file that never comes.
async fn unread(out: impl AsFd + Send + 'static) {
    let (closed, watched) = oneshot::channel();
    std::thread::spawn(move || {
        // No event is asked for; an error on the pipe is always told.
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
