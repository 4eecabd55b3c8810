//! What a history's runs asked, and what they were answered, for the reader of a failure. Times are
//! seconds from the start.

use super::api::Answer;
use super::history::{Event, Micros, START};
use super::question::Question;
use super::records::{Records, Version};

/// The lines of a history, if anyone will read them.
pub struct Journal {
    lines: Option<Vec<String>>,
}

impl Journal {
    pub fn kept() -> Self {
        Self {
            lines: Some(Vec::new()),
        }
    }

    pub fn not_kept() -> Self {
        Self { lines: None }
    }

    pub fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines {
            lines.push(line());
        }
    }

    pub fn text(&self) -> String {
        self.lines.as_deref().unwrap_or_default().join("\n")
    }
}

/// A line for a request, with its number.
pub fn request(id: u64, question: &Question, event: Event) -> String {
    let bound = |bound: Option<Micros>| bound.map_or("…".to_owned(), seconds);
    let asked = match question {
        Question::Newest { until } => format!("the newest until {}", bound(*until)),
        Question::Oldest { from, until } => {
            format!("the oldest from {} to {}", bound(*from), bound(*until))
        }
        Question::Page { from, until, token } => {
            let token = token.as_ref();
            let token = token.map_or(String::new(), |token| format!(" by token {}", token.0));
            format!("from {} to {}{token}", bound(*from), bound(*until))
        }
    };
    let event = match event {
        Event::Nothing => String::new(),
        event => format!(", {event:?}"),
    };
    format!("  asks {id}: {asked}{event}")
}

/// A line for what a request brought.
pub fn answer(id: u64, records: &Records, answer: &Answer) -> String {
    let name = |number: &u32| version(records.of(*number), *number);
    let text = match answer {
        Answer::Refused => "refused".to_owned(),
        Answer::TokenRefused => "token refused".to_owned(),
        Answer::Newest(newest) => newest.as_ref().map_or("none".to_owned(), name),
        Answer::Page(page) => {
            let rows: Vec<String> = page.rows.iter().map(name).collect();
            let next = page.next.as_ref();
            let next = next.map_or("the end".to_owned(), |next| format!("token {}", next.0));
            format!("[{}], {next}", rows.join(", "))
        }
    };
    let now = seconds(records.now);
    format!("  at {now}, {id} brings {text}")
}

/// A version, as `record.version@stamp`.
pub fn version(version: &Version, number: u32) -> String {
    let stamp = version.stamp.map_or("none".to_owned(), seconds);
    format!("{}.{number}@{stamp}", version.record)
}

pub fn seconds(at: Micros) -> String {
    let from_start = at - START;
    let sign = if from_start < 0 { '-' } else { '+' };
    let (whole, rest) = (from_start.abs() / 1_000_000, from_start.abs() % 1_000_000);
    let fraction = format!(".{rest:06}");
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    format!("{sign}{whole}{fraction}")
}
