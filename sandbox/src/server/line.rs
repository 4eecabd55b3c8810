//! A connection that can end in a reset instead of an orderly close.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

pub struct Line {
    stream: TokioIo<TcpStream>,
    reset: Arc<AtomicBool>,
}

/// Decides how a line ends. The code that answers its requests holds one.
#[derive(Clone, Default)]
pub struct Switch(Arc<AtomicBool>);

impl Switch {
    /// Resets the line when it ends. Bytes that were not sent by then are lost.
    pub fn reset_at_end(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Line {
    pub fn new(stream: TcpStream) -> (Line, Switch) {
        // Without this, a small answer may wait for the acknowledgement of the previous one.
        let _ = stream.set_nodelay(true);
        let switch = Switch::default();
        let line = Line {
            stream: TokioIo::new(stream),
            reset: Arc::clone(&switch.0),
        };
        (line, switch)
    }

    fn ends_in_reset(&self) -> bool {
        self.reset.load(Ordering::Relaxed)
    }

    fn stream(self: Pin<&mut Self>) -> Pin<&mut TokioIo<TcpStream>> {
        Pin::new(&mut self.get_mut().stream)
    }
}

/// The stream is reset when it is dropped.
pub fn reset(stream: &TcpStream) {
    // Where the system does not support this, the connection is closed anyway.
    let _ = stream.set_zero_linger();
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.ends_in_reset() {
            reset(self.stream.inner());
        }
    }
}

impl Read for Line {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream().poll_read(context, buffer)
    }
}

impl Write for Line {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(context)
    }

    /// A reset comes without an orderly close.
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.ends_in_reset() {
            return Poll::Ready(Ok(()));
        }
        self.stream().poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write_vectored(context, slices)
    }
}
