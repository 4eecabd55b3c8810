//! What a run has seen of one stream: what is a repeat, where a walk can start again, and the
//! bookmark that it earns at its end.

use crate::record::projection::Version;
use crate::state::Bookmark;
use crate::time::timestamp::{self, Timestamp};
use chrono::TimeDelta;
use std::collections::BTreeSet;

/// What a stamp may have been cut by at most: no API writes less than seconds.
const COARSEST: TimeDelta = TimeDelta::seconds(1);

/// What a version is to a run that sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation {
    New,
    /// It has been emitted before, for certain.
    Repeat,
    /// Its stamp is later than the server's own time.
    AheadOfTime,
    /// What comes before it may not have come yet.
    Uncertain,
    /// It has no stamp that can be read.
    Undated,
}

/// So many versions are remembered. Beyond that, repeats come out.
const MOST_SEEN: usize = 100_000;

/// What a run has seen of one stream. It remembers the ids of the last pages alone.
#[derive(Debug)]
pub struct Progress {
    previous: Option<Bookmark>,
    /// Whether the record of the previous bookmark is a repeat.
    drops_previous: bool,
    /// Where this walk has begun, if not at the window's start.
    from: Option<Timestamp>,
    /// The newest version of this walk.
    reached: Option<Bookmark>,
    /// What it had reached before the page that is being read.
    before_page: Option<Bookmark>,
    /// Whether that page is known to have come in its turn, once a record of it was seen.
    in_sequence: Option<bool>,
    /// What it had reached before its last whole page.
    settled: Option<Bookmark>,
    /// The versions seen since then, and a little before.
    seen: BTreeSet<(Timestamp, String)>,
    /// Whether the records were asked for in order.
    is_sorted: bool,
    /// Whether they have come so since the walk began.
    in_order: bool,
}

impl Progress {
    /// Progress behind a previous bookmark, whose own record an incremental run need not repeat.
    pub fn incremental(previous: Option<Bookmark>) -> Self {
        Self::new(previous, true)
    }

    /// Progress of a run that reads everything, bookmark or not.
    pub fn full_table(previous: Option<Bookmark>) -> Self {
        Self::new(previous, false)
    }

    /// Progress of a run that reads everything in no order, which can start again only at the
    /// beginning.
    pub fn unsorted(previous: Option<Bookmark>) -> Self {
        Self {
            is_sorted: false,
            in_order: false,
            ..Self::new(previous, false)
        }
    }

    fn new(previous: Option<Bookmark>, drops_previous: bool) -> Self {
        Self {
            previous,
            drops_previous,
            from: None,
            reached: None,
            before_page: None,
            in_sequence: None,
            settled: None,
            seen: BTreeSet::new(),
            is_sorted: true,
            in_order: true,
        }
    }

    /// Whether the place of a record is meant to tell what came before it.
    pub fn is_sorted(&self) -> bool {
        self.is_sorted
    }

    /// Begins a walk from a place, or from the window's start.
    pub fn begin_walk(&mut self, from: Option<Bookmark>) {
        self.from = from.as_ref().map(|from| from.timestamp);
        self.settled.clone_from(&from);
        self.reached = from;
        self.in_order = self.is_sorted;
    }

    /// Begins the first page of a walk, or another.
    pub fn begin_page(&mut self, is_first: bool) {
        self.before_page.clone_from(&self.reached);
        self.in_sequence = (!is_first).then_some(false);
    }

    /// Ends a page that was whole: what was reached before it is settled, and what it has brought
    /// as well if it is known to have come in its turn.
    pub fn end_page(&mut self) {
        self.settled = match self.in_sequence {
            Some(true) => self.reached.clone(),
            _ => self.before_page.take(),
        };
        if let Some(settled) = &self.settled {
            let remembered = settled.timestamp - COARSEST;
            self.seen = self.seen.split_off(&(remembered, String::new()));
        }
    }

    /// Takes note of a version of a record. Only what is certain to be a repeat counts as one.
    /// `now` is the server's time: a later stamp is no progress, since as a bookmark it would hide
    /// every change until then. Nor is one from `certain_below` on, if that is given.
    pub fn observe(
        &mut self,
        version: &Version,
        now: Timestamp,
        certain_below: Option<Timestamp>,
    ) -> Observation {
        let Some((timestamp, text)) = &version.updated_at else {
            return Observation::Undated;
        };
        if *timestamp > now {
            return Observation::AheadOfTime;
        }
        if certain_below.is_some_and(|certain_below| *timestamp >= certain_below) {
            return Observation::Uncertain;
        }
        let is_new = self.note(*timestamp, text, &version.id);
        let is_previous = self.drops_previous
            && self.previous.as_ref().is_some_and(|previous| {
                previous.timestamp == *timestamp && previous.id.as_deref() == Some(&version.id)
            });
        if is_new && !is_previous {
            Observation::New
        } else {
            Observation::Repeat
        }
    }

    /// The newest version of this walk, in whatever order its records came.
    pub fn newest(&self) -> Option<&Bookmark> {
        self.reached.as_ref()
    }

    /// The same, as long as they came in ascending order.
    pub fn reached(&self) -> Option<&Bookmark> {
        self.reached.as_ref().filter(|_| self.in_order)
    }

    /// Where a walk can start again without missing anything, even if the last page came before
    /// its turn.
    pub fn settled(&self) -> Option<&Bookmark> {
        self.settled.as_ref().filter(|_| self.in_order)
    }

    /// The bookmark that a walk earns which reached its end.
    pub fn bookmark(self) -> Option<Bookmark> {
        newer(self.previous, self.reached)
    }

    /// The bookmark of a walk that was ended where everything that was asked for is settled.
    pub fn settled_bookmark(self) -> Option<Bookmark> {
        newer(self.previous, self.settled)
    }

    /// Whether the version was not yet seen.
    fn note(&mut self, timestamp: Timestamp, text: &str, id: &str) -> bool {
        // A stamp with fewer digits may stand for a later moment than it says.
        let latest = timestamp + timestamp::resolution(text);
        let may_follow = |reached: &Bookmark| latest > reached.timestamp;
        self.in_order &= self.reached.as_ref().is_none_or(may_follow);
        let is_newest = self
            .reached
            .as_ref()
            .is_none_or(|reached| reached.rank() < (timestamp, Some(id)));
        if is_newest {
            self.reached = Some(Bookmark {
                timestamp,
                updated_at: text.to_owned(),
                id: Some(id.to_owned()),
            });
        }
        let is_new = self.seen.insert((timestamp, id.to_owned()));
        // A first page that begins with the record where the walk began is no later one.
        self.in_sequence
            .get_or_insert(!is_new && self.from == Some(timestamp));
        if self.seen.len() > MOST_SEEN {
            self.seen.pop_first();
        }
        is_new
    }
}

fn newer(one: Option<Bookmark>, other: Option<Bookmark>) -> Option<Bookmark> {
    let bookmarks = [one, other].into_iter().flatten();
    bookmarks.max_by(|one, other| one.rank().cmp(&other.rank()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::borrow::Cow;
    use std::collections::HashSet;

    fn version<'a>(updated_at: &'a str, id: &'a str) -> Version<'a> {
        let timestamp = timestamp::parse(updated_at).unwrap().timestamp;
        Version {
            id: Cow::Borrowed(id),
            updated_at: Some((timestamp, Cow::Borrowed(updated_at))),
        }
    }

    fn bookmark(updated_at: &str, id: &str) -> Bookmark {
        Bookmark {
            timestamp: timestamp::parse(updated_at).unwrap().timestamp,
            updated_at: updated_at.to_owned(),
            id: Some(id.to_owned()),
        }
    }

    fn later() -> Timestamp {
        timestamp::parse("2026-12-31T00:00:00Z").unwrap().timestamp
    }

    #[test]
    fn a_stamp_ahead_of_the_servers_time_is_no_progress() {
        let mut progress = Progress::incremental(None);
        let now = timestamp::parse("2026-01-01T00:00:00Z").unwrap().timestamp;
        assert_eq!(
            progress.observe(&version("2026-01-01T00:00:01Z", "a"), now, None),
            Observation::AheadOfTime
        );
        assert_eq!(progress.bookmark(), None);
    }

    #[test]
    fn only_certain_repeats_are_dropped() {
        let mut progress = Progress::incremental(Some(bookmark("2026-01-01T00:00:00Z", "b")));
        let table = [
            ("2026-01-01T00:00:00Z", "a", true),
            ("2026-01-01T00:00:00.000Z", "b", false),
            ("2026-01-01T00:00:01Z", "b", true),
            ("2026-01-01T00:00:01Z", "b", false),
            ("2026-01-01T00:00:01Z", "c", true),
            ("2026-01-01T01:00:01+01:00", "c", false),
            ("2026-01-01T00:00:02Z", "c", true),
        ];
        for (updated_at, id, emitted) in table {
            let observation = progress.observe(&version(updated_at, id), later(), None);
            assert_eq!(
                observation == Observation::New,
                emitted,
                "{updated_at} {id}"
            );
        }
    }

    #[test]
    fn a_full_table_run_repeats_the_record_of_the_bookmark() {
        let mut progress = Progress::full_table(Some(bookmark("2026-01-01T00:00:00Z", "b")));
        assert_eq!(
            progress.observe(&version("2026-01-01T00:00:00Z", "b"), later(), None),
            Observation::New
        );
    }

    #[test]
    fn a_walk_out_of_order_gives_no_place_to_resume_from() {
        let mut progress = Progress::incremental(None);
        progress.observe(&version("2026-01-02T00:00:00Z", "a"), later(), None);
        assert_eq!(
            progress.reached().unwrap().updated_at,
            "2026-01-02T00:00:00Z"
        );
        progress.observe(&version("2026-01-01T00:00:00Z", "b"), later(), None);
        assert_eq!(progress.reached(), None);
        assert_eq!(
            progress.bookmark().unwrap(),
            bookmark("2026-01-02T00:00:00Z", "a")
        );
    }

    #[test]
    fn what_the_last_page_brought_is_not_settled_yet() {
        let mut progress = Progress::incremental(None);
        let settled = |progress: &Progress| progress.settled().map(|one| one.updated_at.clone());
        let stamps = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"];
        for (stamp, before) in stamps.into_iter().zip([None, Some(stamps[0].to_owned())]) {
            progress.begin_page(false);
            progress.observe(&version(stamp, "a"), later(), None);
            progress.end_page();
            assert_eq!(settled(&progress), before);
        }
        // A page that is not whole settles nothing.
        progress.begin_page(false);
        progress.observe(&version("2026-01-03T00:00:00Z", "a"), later(), None);
        assert_eq!(settled(&progress).as_deref(), Some(stamps[0]));
        let resume = progress.settled().cloned();
        progress.begin_walk(resume);
        for (stamp, id, observation) in [
            (stamps[0], "a", Observation::Repeat),
            ("2026-01-01T12:00:00Z", "b", Observation::New),
            (stamps[1], "a", Observation::Repeat),
        ] {
            assert_eq!(
                progress.observe(&version(stamp, id), later(), None),
                observation
            );
        }
        assert_eq!(settled(&progress).as_deref(), Some(stamps[0]));
        assert_eq!(progress.settled_bookmark(), Some(bookmark(stamps[0], "a")));
    }

    #[test]
    fn a_first_page_that_begins_where_its_walk_began_is_settled_at_once() {
        let stamps = ["01", "02", "03"].map(|day| format!("2026-01-{day}T00:00:00Z"));
        for (first, is_settled) in [(0, true), (1, false)] {
            let mut progress = Progress::incremental(None);
            progress.observe(&version(&stamps[0], "a"), later(), None);
            progress.begin_walk(Some(bookmark(&stamps[0], "a")));
            progress.begin_page(true);
            for stamp in &stamps[first..] {
                progress.observe(&version(stamp, "a"), later(), None);
            }
            progress.end_page();
            let settled = &progress.settled().unwrap().updated_at;
            assert_eq!(settled == &stamps[2], is_settled, "{settled}");
        }
    }

    #[test]
    fn memory_does_not_grow_with_the_records_of_one_moment() {
        let mut progress = Progress::incremental(None);
        for record in 0..=MOST_SEEN {
            let id = format!("{record:09}");
            progress.observe(&version("2026-01-01T00:00:00Z", &id), later(), None);
        }
        assert_eq!(progress.seen.len(), MOST_SEEN);
        let last = version("2026-01-01T00:00:00Z", "000100000");
        assert_eq!(progress.observe(&last, later(), None), Observation::Repeat);
    }

    #[test]
    fn memory_does_not_grow_with_the_pages() {
        let mut progress = Progress::incremental(None);
        for page in 0..50 {
            progress.begin_page(false);
            for record in 0..10 {
                let stamp = format!("2026-01-01T00:{page:02}:{record:02}Z");
                progress.observe(&version(&stamp, "a"), later(), None);
            }
            progress.end_page();
            assert!(progress.seen.len() <= 21, "{}", progress.seen.len());
        }
    }

    #[test]
    fn stamps_that_were_cut_do_not_put_a_walk_out_of_order() {
        let mut progress = Progress::incremental(None);
        for stamp in ["2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00Z"] {
            progress.observe(&version(stamp, stamp), later(), None);
        }
        assert!(progress.reached().is_some());
        let again = "2026-01-01T00:00:00Z";
        assert_eq!(
            progress.observe(&version(again, again), later(), None),
            Observation::Repeat
        );
        progress.observe(&version("2026-01-01T00:00:00.4Z", "a"), later(), None);
        assert!(progress.reached().is_none());
    }

    #[test]
    fn the_bookmark_is_the_largest_pair_in_the_exact_text() {
        let mut progress = Progress::incremental(None);
        for (updated_at, id) in [
            ("2026-01-01T02:00:00+02:00", "b"),
            ("2026-01-01T00:00:00.000000Z", "c"),
            ("2026-01-01T00:00:00Z", "a"),
        ] {
            progress.observe(&version(updated_at, id), later(), None);
        }
        assert_eq!(
            progress.bookmark().unwrap(),
            bookmark("2026-01-01T00:00:00.000000Z", "c")
        );
    }

    proptest! {
        #[test]
        fn a_bookmark_never_goes_back_and_no_first_sight_is_dropped(
            previous in prop::option::of((0_i64..20, "[a-c]")),
            seen in prop::collection::vec((0_i64..20, "[a-c]"), 0..40),
        ) {
            let text = |second: i64| format!("2026-01-01T00:00:{second:02}Z");
            let previous = previous.map(|(second, id)| bookmark(&text(second), &id));
            let mut progress = Progress::incremental(previous.clone());
            let mut emitted = HashSet::new();
            for (second, id) in &seen {
                let stamp = text(*second);
                let first = emitted.insert((*second, id.clone()));
                let is_previous = previous.as_ref() == Some(&bookmark(&stamp, id));
                let emits = progress.observe(&version(&stamp, id), later(), None) == Observation::New;
                prop_assert!(emits || !first || is_previous);
            }
            let earned = progress.bookmark();
            prop_assert!(earned.as_ref().map(Bookmark::rank) >= previous.as_ref().map(Bookmark::rank));
            let highest = seen.iter().max().map(|(second, id)| bookmark(&text(*second), id));
            let expected = [previous, highest].into_iter().flatten().max_by(|a, b| a.rank().cmp(&b.rank()));
            prop_assert_eq!(earned, expected);
        }
    }
}
