//! The past of a stream: its windows, and how they are split among the places that are free.

use super::ask::Query;
use super::edge::Edge;
use super::window::WindowWalk;
use crate::api::page::{PageToken, Window};
use crate::time::timestamp::Timestamp;
use chrono::TimeDelta;

/// Fewer pages than this are not worth a window of their own.
const PAGES_WORTH_SPLITTING: f64 = 3.0;

/// No window is narrower, since stamps may show whole seconds only.
const NARROWEST: TimeDelta = TimeDelta::seconds(2);

pub struct Past {
    pub horizon: Timestamp,
    /// Whether the horizon is certain. By the machine's own clock, it is once the newest record is
    /// known.
    pub is_final: bool,
    pub newest: NewestRecord,
    pub may_split: bool,
    /// Whether one walk has read all that there is.
    pub is_whole: bool,
    pub places: usize,
    pages: usize,
    /// The new records of the page that is being read.
    pub fresh: u32,
    /// The sum of what pages lacked to be full, in pages.
    unfilled: f64,
    pub windows: Vec<Walker<WindowWalk>>,
}

/// The newest record of the stream, which tells where its data ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewestRecord {
    /// Records without a stamp may come last, and only this question shows them.
    Needed,
    /// It would help to know it.
    Wanted,
    Needless,
    Known(Timestamp),
}

/// Something that walks, and the request of its that is on the way.
pub struct Walker<W> {
    pub walk: W,
    pub asked: Option<u64>,
}

impl<W> Walker<W> {
    pub fn new(walk: W) -> Self {
        Self { walk, asked: None }
    }
}

pub fn page_query(
    asked: &mut Option<u64>,
    id: u64,
    ask: impl FnOnce() -> (Window, Option<PageToken>),
) -> Option<Query> {
    if asked.is_some() {
        return None;
    }
    *asked = Some(id);
    let (window, token) = ask();
    Some(Query::Page { window, token })
}

impl Past {
    /// The past up to a horizon, of which the first window is being read.
    pub fn new(horizon: Timestamp, first: Walker<WindowWalk>, places: usize) -> Self {
        Self {
            horizon,
            is_final: true,
            newest: NewestRecord::Needless,
            may_split: false,
            is_whole: false,
            places,
            pages: 0,
            fresh: 0,
            unfilled: 0.0,
            windows: vec![first],
        }
    }

    pub fn of(&mut self, id: u64) -> Option<&mut Walker<WindowWalk>> {
        self.windows.iter_mut().find(|one| one.asked == Some(id))
    }

    pub fn wants_newest(&self) -> bool {
        matches!(self.newest, NewestRecord::Needed | NewestRecord::Wanted)
    }

    /// Gives the highest window an upper edge. Until the horizon is final there is only one.
    pub fn lower_top(&mut self, edge: Edge) {
        if let Some(top) = self.windows.last_mut() {
            top.walk.narrow(edge);
        }
    }

    /// Without a `Date`, the horizon is younger than the first page, so the token of that page may have
    /// gone astray to below it.
    pub fn begin_anew(&mut self) {
        if let Some(first) = self.windows.first_mut() {
            first.walk.drop_token();
        }
    }

    /// A request for the lowest window that waits.
    pub fn ask_waiting(&mut self, id: u64) -> Option<Query> {
        let window = self.windows.iter_mut().find(|one| one.asked.is_none())?;
        page_query(&mut window.asked, id, || window.walk.ask())
    }

    /// A request for a new window: the upper part of the one with most left.
    pub fn ask_split(&mut self, id: u64, limit: u16) -> Option<Query> {
        if !self.may_split || !self.is_affordable() {
            return None;
        }
        let (at, start) = self.largest_split(limit)?;
        let mut window = Walker::new(self.windows[at].walk.split_off(start)?);
        let query = page_query(&mut window.asked, id, || window.walk.ask());
        self.windows.insert(at + 1, window);
        query
    }

    /// The window with most left, and where its upper part begins: none if that is not worth its
    /// requests. The part leaves as much for each of the places that are still free.
    fn largest_split(&self, limit: u16) -> Option<(usize, Edge)> {
        let NewestRecord::Known(data_end) = self.newest else {
            return None;
        };
        let left = |one: &Walker<WindowWalk>| one.walk.records_left(data_end);
        let windows = self.windows.iter().enumerate();
        let (at, largest) = windows.max_by(|one, other| left(one.1).total_cmp(&left(other.1)))?;
        let pages = left(largest) / f64::from(limit);
        if pages < PAGES_WORTH_SPLITTING {
            return None;
        }
        let free = self.places.saturating_sub(self.windows.len()).max(1);
        let share = i32::try_from(free + 1).unwrap_or(i32::MAX);
        let position = largest.walk.position()?;
        let end = largest.walk.edge()?.timestamp.min(data_end);
        let part = ((end - position) / share).max(NARROWEST);
        (part * 2 <= end - position).then(|| (at, Edge::at(end - part)))
    }

    /// Whether one more window keeps the requests within the bound: a fifth more than the pages that
    /// the records fill, and two for each place. A window may cost two: its last page, which is not
    /// full, and the one by which the window below it finds the edge.
    #[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
    fn is_affordable(&self) -> bool {
        let expected = 2 * (self.windows.len() + 1);
        let allowed = self.pages as f64 / 5.0 + (2 * self.places) as f64;
        self.unfilled + expected as f64 <= allowed + 2.0
    }

    pub fn count_page(&mut self, has_next: bool, limit: u16) {
        self.pages += 1;
        let is_full = has_next && self.fresh > 0;
        if !is_full {
            self.unfilled += 1.0 - f64::from(self.fresh) / f64::from(limit);
        }
        self.fresh = 0;
    }
}
