//! A place among the requests of a run.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub enum Place {
    /// That of the stream.
    Own,
    /// One that no stream has for its own.
    Spare(OwnedSemaphorePermit),
}

impl Place {
    /// A spare place, if one is free and no stream waits for its first.
    pub fn spare(places: &Arc<Semaphore>) -> Option<Self> {
        let permit = Arc::clone(places).try_acquire_owned().ok();
        permit.map(Self::Spare)
    }

    pub fn is_own(&self) -> bool {
        matches!(self, Self::Own)
    }
}
