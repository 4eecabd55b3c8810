//! The `Retry-After` header: when the API wants the next attempt.

use crate::time::timestamp::Timestamp;
use std::time::Duration;

/// A parsed `Retry-After` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    Seconds(u64),
    At(std::time::SystemTime),
}

impl RetryAfter {
    /// Parses both forms of the header. Returns None for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        match text.parse() {
            Ok(seconds) => Some(Self::Seconds(seconds)),
            // Saturate on overflow.
            Err(_) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(Self::Seconds(u64::MAX))
            }
            Err(_) => httpdate::parse_http_date(text).ok().map(Self::At),
        }
    }

    /// How long to wait. `now` is the server's time.
    pub fn wait(&self, now: Timestamp) -> Duration {
        match self {
            Self::Seconds(seconds) => Duration::from_secs(*seconds),
            Self::At(moment) => moment.duration_since(now.into()).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::timestamp;

    #[test]
    fn both_forms_are_parsed_and_other_text_is_ignored() {
        assert_eq!(RetryAfter::parse(" 120 "), Some(RetryAfter::Seconds(120)));
        assert!(matches!(
            RetryAfter::parse("Fri, 05 Jun 2026 10:00:00 GMT"),
            Some(RetryAfter::At(_))
        ));
        assert_eq!(
            RetryAfter::parse("99999999999999999999999"),
            Some(RetryAfter::Seconds(u64::MAX))
        );
        assert_eq!(RetryAfter::parse("soon"), None);
        assert_eq!(RetryAfter::parse(""), None);
        assert_eq!(RetryAfter::parse("-1"), None);
    }

    #[test]
    fn a_date_is_compared_with_the_server_time() {
        let after = RetryAfter::parse("Fri, 05 Jun 2026 10:00:00 GMT").unwrap();
        for (now, seconds) in [("09:58:30", 90), ("10:00:01", 0)] {
            let text = format!("2026-06-05T{now}Z");
            let now = timestamp::parse(&text).unwrap().timestamp;
            assert_eq!(after.wait(now), Duration::from_secs(seconds));
        }
    }
}
