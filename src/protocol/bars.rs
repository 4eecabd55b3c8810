//! The progress bars of a run, drawn for the writer: it alone writes them to the terminal.

use super::streams::Stream;
use crate::table;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often the bars are drawn again at most, in a second.
const DRAWS_PER_SECOND: u8 = 10;

/// The steps of a bar.
const STEPS: u64 = 1000;

const WITH_SHARE: &str = "{prefix} {bar:24} {percent:>3} %  {wide_msg}";
const WITHOUT_SHARE: &str = "{prefix} {wide_msg}";

pub struct Bars {
    all: MultiProgress,
    by_stream: BTreeMap<String, ProgressBar>,
    screen: Screen,
}

impl Bars {
    pub fn new() -> Self {
        let screen = Screen::default();
        let target =
            ProgressDrawTarget::term_like_with_hz(Box::new(screen.clone()), DRAWS_PER_SECOND);
        Self {
            all: MultiProgress::with_draw_target(target),
            by_stream: BTreeMap::new(),
            screen,
        }
    }

    /// Shows how far the open streams have come.
    pub fn show<'s>(&mut self, open: impl Iterator<Item = &'s Stream>, now: Duration) {
        let open: Vec<&Stream> = open.collect();
        self.by_stream.retain(|name, bar| {
            let is_open = open.iter().any(|one| one.name() == name);
            if !is_open {
                self.all.remove(bar);
            }
            is_open
        });
        let widest = open.iter().map(|one| one.name().len()).max();
        for stream in open {
            let bar = self.by_stream.entry(stream.name().to_owned());
            let bar = bar.or_insert_with(|| self.all.add(ProgressBar::new(STEPS)));
            draw(bar, stream, widest.unwrap_or_default(), now);
        }
    }

    /// Writes whole lines above the bars.
    pub fn put_above(&self, lines: &str) {
        for line in lines.lines() {
            // It writes into memory, which does not fail.
            let _ = self.all.println(line);
        }
    }

    /// Removes all bars from the screen, for good.
    pub fn clear(&mut self) {
        let _ = self.all.clear();
        self.all.set_draw_target(ProgressDrawTarget::hidden());
    }

    /// What has been drawn since the last call, for the terminal.
    pub fn drawn(&self) -> Vec<u8> {
        self.screen.take()
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a bar has few steps"
)]
fn draw(bar: &ProgressBar, stream: &Stream, widest: usize, now: Duration) {
    let template = match stream.share() {
        Some(share) => {
            bar.set_position((share * STEPS as f64) as u64);
            WITH_SHARE
        }
        None => WITHOUT_SHARE,
    };
    let style = ProgressStyle::with_template(template).expect("the template is valid");
    bar.set_style(style);
    bar.set_prefix(format!("{:<widest$}", stream.name()));
    bar.set_message(stream.figures_so_far(now));
}

/// A terminal that keeps what is to be written to it.
#[derive(Clone, Debug, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl Screen {
    fn put(&self, text: &str) {
        let mut drawn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        drawn.extend_from_slice(text.as_bytes());
    }

    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Moves the cursor, by one of the terminal's standard sequences.
    fn move_cursor(&self, count: usize, direction: char) {
        if count > 0 {
            self.put(&format!("\u{1b}[{count}{direction}"));
        }
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        u16::try_from(table::width_of_log()).unwrap_or(u16::MAX)
    }

    fn move_cursor_up(&self, count: usize) -> io::Result<()> {
        self.move_cursor(count, 'A');
        Ok(())
    }

    fn move_cursor_down(&self, count: usize) -> io::Result<()> {
        self.move_cursor(count, 'B');
        Ok(())
    }

    fn move_cursor_right(&self, count: usize) -> io::Result<()> {
        self.move_cursor(count, 'C');
        Ok(())
    }

    fn move_cursor_left(&self, count: usize) -> io::Result<()> {
        self.move_cursor(count, 'D');
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.put(&format!("{text}\n"));
        Ok(())
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.put(text);
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.put("\r\u{1b}[2K");
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}
