//! Scripted faults: what goes wrong with which requests. To add a kind of fault, add a `Reply` and say in `delivery` what it does to
//! an answer; the server only knows deliveries.

use std::sync::Mutex;

use super::answer::Answer;

/// What happens to requests whose decoded path contains a text.
#[derive(Clone, Debug)]
pub struct Fault {
    pub path_contains: String,
    /// How many matching requests to let pass first.
    pub skip: u64,
    /// How many matching requests to spoil after that.
    pub times: u64,
    pub reply: Reply,
}

#[derive(Clone, Debug)]
pub enum Reply {
    /// Something else instead of the answer. `content-type` is `application/json` unless given.
    Status {
        status: u16,
        headers: Vec<(String, String)>,
        body: String,
    },
    /// The connection is closed without an answer.
    CloseBeforeHeaders,
    /// The true headers with the whole length, half of the true body, and the end of the connection.
    CutBody,
    /// The request is taken and never answered.
    Stall,
}

/// How an answer leaves the server.
pub enum Delivery {
    Whole(Answer),
    Half(Answer),
    Close,
    Never,
}

#[derive(Default)]
pub struct Faults {
    script: Mutex<Vec<Fault>>,
}

impl Faults {
    pub fn inject(&self, fault: Fault) {
        let mut script = self
            .script
            .lock()
            .expect("no one panics holding the script");
        script.push(fault);
    }

    /// The fault that strikes a request now. Only the first that matches counts the request; one that is used up is dropped.
    pub fn strike(&self, path: &str) -> Option<Reply> {
        let mut script = self
            .script
            .lock()
            .expect("no one panics holding the script");
        script.retain(|fault| fault.times > 0);
        let mut matching = script.iter_mut();
        let fault = matching.find(|fault| path.contains(&fault.path_contains))?;
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        fault.times -= 1;
        Some(fault.reply.clone())
    }
}

/// What becomes of the true answer; it is only computed if some of it is needed.
pub fn delivery(reply: Option<Reply>, answer: impl FnOnce() -> Answer) -> Delivery {
    match reply {
        None => Delivery::Whole(answer()),
        Some(Reply::CutBody) => Delivery::Half(answer()),
        Some(Reply::CloseBeforeHeaders) => Delivery::Close,
        Some(Reply::Stall) => Delivery::Never,
        Some(Reply::Status {
            status,
            headers,
            body,
        }) => {
            let answer = Answer::of_bytes(status, body.into_bytes());
            let answer = headers.iter().fold(answer, |answer, (name, value)| {
                answer.with_header(&name.to_ascii_lowercase(), value)
            });
            Delivery::Whole(answer)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_lets_some_requests_pass_then_strikes_then_is_over() {
        let faults = Faults::default();
        faults.inject(Fault {
            path_contains: "contact".to_owned(),
            skip: 1,
            times: 2,
            reply: Reply::Stall,
        });
        let struck = ["contact", "account", "contact", "contact", "contact"]
            .map(|path| faults.strike(path).is_some());
        assert_eq!(struck, [false, false, true, true, false]);
    }
}
