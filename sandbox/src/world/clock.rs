//! The sandbox's clock: that of the machine until a test or an option fixes it.

use std::sync::Mutex;

use chrono::{DateTime, Utc};

pub struct Clock {
    fixed: Mutex<Option<DateTime<Utc>>>,
}

impl Clock {
    pub fn new(fixed: Option<DateTime<Utc>>) -> Self {
        Clock {
            fixed: Mutex::new(fixed),
        }
    }

    pub fn fix(&self, at: DateTime<Utc>) {
        *self.fixed.lock().expect("no one panics holding the clock") = Some(at);
    }

    pub fn now(&self) -> DateTime<Utc> {
        let fixed = *self.fixed.lock().expect("no one panics holding the clock");
        fixed.unwrap_or_else(Utc::now)
    }
}
