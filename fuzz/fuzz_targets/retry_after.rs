//! An answer with a status, the `Retry-After` header on the first line of the text, and the body
//! after it. The wait that follows is never longer than the retry budget allows.

#![no_main]

use checks::reading::{APIS, reply};
use libfuzzer_sys::fuzz_target;
use std::time::Duration;
use tap_revops::http::retry_after::RetryAfter;
use tap_revops::http::retry::{Budget, Decision};

const TOTAL: Duration = Duration::from_secs(86_400);

fuzz_target!(|input: (u16, u32, &str)| {
    let (status, attempt, text) = input;
    let (header, body) = text.split_once('\n').unwrap_or((text, ""));
    let mut answer = reply(status, body.as_bytes());
    answer.retry_after = RetryAfter::parse(header);
    for api in [&APIS.reevo, &APIS.askelephant] {
        let Err(failure) = api.succeeded(&answer, attempt.is_multiple_of(2)) else {
            continue;
        };
        assert!(!failure.sentence.contains(char::is_control), "{failure}");
        assert!(failure.sentence.len() < 4000, "{failure}");
        let budget = Budget { total: TOTAL };
        let elapsed = Duration::from_secs(u64::from(attempt));
        let decision = budget.decide(&failure, attempt.max(1), elapsed, 0.5);
        if let Decision::Wait(wait) = decision {
            assert!(wait <= TOTAL.saturating_sub(elapsed));
        }
    }
});
