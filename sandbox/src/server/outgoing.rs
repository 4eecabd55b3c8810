//! The body of an answer. It always announces its whole length, even if it breaks off earlier.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::delivery::Manner;
use crate::faults::Ending;

pub enum Outgoing {
    Whole(Option<Bytes>),
    /// Breaks off after this many bytes.
    Broken {
        bytes: Bytes,
        after: usize,
        ending: Ending,
    },
    /// Hyper has the bytes. It is polled once more, so that it sends them before the break.
    Breaking {
        rest: u64,
        sent: bool,
        ending: Ending,
    },
    Drip(Drip),
}

/// Sent piece by piece.
pub struct Drip {
    rest: Bytes,
    piece: usize,
    pause: Duration,
    pausing: Pausing,
}

enum Pausing {
    Due,
    /// Even the shortest pause lets hyper send what it has.
    Turn,
    Until(Pin<Box<Sleep>>),
    Over,
}

impl Outgoing {
    pub fn new(body: Vec<u8>, manner: &Manner) -> Self {
        let bytes = Bytes::from(body);
        match *manner {
            Manner::Whole => Outgoing::Whole(Some(bytes)),
            Manner::Broken { after, ending } => Outgoing::Broken {
                bytes,
                after,
                ending,
            },
            Manner::Drip {
                bytes: piece,
                pause,
            } => Outgoing::Drip(Drip {
                rest: bytes,
                piece,
                pause,
                pausing: Pausing::Due,
            }),
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        match this {
            Outgoing::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Outgoing::Broken {
                bytes,
                after,
                ending,
            } => {
                let beginning = bytes.slice(..*after);
                *this = Outgoing::Breaking {
                    rest: (bytes.len() - beginning.len()) as u64,
                    sent: false,
                    ending: *ending,
                };
                Poll::Ready(Some(Ok(Frame::data(beginning))))
            }
            Outgoing::Breaking {
                ending: Ending::Stall,
                ..
            } => Poll::Pending,
            Outgoing::Breaking { sent: true, .. } => {
                Poll::Ready(Some(Err(io::Error::other("cut by the fault script"))))
            }
            Outgoing::Breaking { sent, .. } => {
                *sent = true;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Outgoing::Drip(drip) => drip
                .poll(context)
                .map(|bytes| bytes.map(|b| Ok(Frame::data(b)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Outgoing::Whole(bytes) => bytes.is_none(),
            Outgoing::Drip(drip) => drip.rest.is_empty(),
            Outgoing::Broken { .. } | Outgoing::Breaking { .. } => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            Outgoing::Whole(bytes) => bytes.as_ref().map_or(0, Bytes::len) as u64,
            Outgoing::Broken { bytes, .. } => bytes.len() as u64,
            Outgoing::Breaking { rest, .. } => *rest,
            Outgoing::Drip(drip) => drip.rest.len() as u64,
        })
    }
}

impl Drip {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        loop {
            match &mut self.pausing {
                Pausing::Due if self.pause.is_zero() => self.pausing = Pausing::Turn,
                Pausing::Due => self.pausing = Pausing::Until(Box::pin(sleep(self.pause))),
                Pausing::Turn => {
                    self.pausing = Pausing::Over;
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Pausing::Until(sleep) => {
                    std::task::ready!(sleep.as_mut().poll(context));
                    self.pausing = Pausing::Over;
                }
                Pausing::Over => {
                    self.pausing = Pausing::Due;
                    let piece = self.piece.clamp(1, self.rest.len());
                    return Poll::Ready(Some(self.rest.split_to(piece)));
                }
            }
        }
    }
}
