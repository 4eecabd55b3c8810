//! What a run has seen of one stream: what is a repeat, where a walk can start again, and the
//! bookmark that it earns at its end.

use super::Bookmark;
use crate::record::Version;
use crate::timestamp::{self, Instant};
use chrono::TimeDelta;
use std::collections::HashSet;

/// What a stamp may have been cut by at most: no API writes less than seconds.
const COARSEST: TimeDelta = TimeDelta::seconds(1);

/// What a version is to a run that sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
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

/// What a run has seen of one stream. It remembers the ids of the newest instant alone.
#[derive(Debug)]
pub struct Progress {
    previous: Option<Bookmark>,
    /// Whether the record of the previous bookmark is a repeat.
    drops_previous: bool,
    newest: Option<Bookmark>,
    ids_at_newest: HashSet<String>,
    /// What came behind the newest with a stamp that may have been cut from a later one.
    cut: HashSet<(Instant, String)>,
    /// Whether the records were asked for in order.
    is_sorted: bool,
    /// Whether they have come so, since the walk began at a place without order before it.
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
            newest: None,
            ids_at_newest: HashSet::new(),
            cut: HashSet::new(),
            is_sorted: true,
            in_order: true,
        }
    }

    /// Whether the place of a record is meant to tell what came before it.
    pub fn is_sorted(&self) -> bool {
        self.is_sorted
    }

    /// Forgets what came in no order, before a walk that begins again at its start.
    pub fn begin_again(&mut self) {
        if self.is_sorted && !self.in_order {
            self.newest = None;
            self.ids_at_newest.clear();
            self.cut.clear();
            self.in_order = true;
        }
    }

    /// Takes note of a version of a record. Only what is certain to be a repeat counts as one.
    /// `now` is the server's time: a later stamp is no progress, since as a bookmark it would hide
    /// every change until then. Nor is one from `certain_below` on, if that is given.
    pub fn observe(
        &mut self,
        version: &Version,
        now: Instant,
        certain_below: Option<Instant>,
    ) -> Sight {
        let Some((instant, text)) = &version.updated_at else {
            return Sight::Undated;
        };
        if *instant > now {
            return Sight::AheadOfTime;
        }
        if certain_below.is_some_and(|certain_below| *instant >= certain_below) {
            return Sight::Uncertain;
        }
        let is_new = self.note(*instant, text, &version.id);
        let is_previous = self.drops_previous
            && self.previous.as_ref().is_some_and(|previous| {
                previous.instant == *instant && previous.id.as_deref() == Some(&version.id)
            });
        if is_new && !is_previous {
            Sight::New
        } else {
            Sight::Repeat
        }
    }

    /// The newest version seen.
    pub fn newest(&self) -> Option<&Bookmark> {
        self.newest.as_ref()
    }

    /// Where a walk can start again without missing anything: the newest instant seen, as long as
    /// the records came in ascending order.
    pub fn resume_from(&self) -> Option<&Bookmark> {
        self.newest.as_ref().filter(|_| self.in_order)
    }

    /// The bookmark that a walk earns which reached its end.
    pub fn bookmark(self) -> Option<Bookmark> {
        let candidates = [self.previous, self.newest];
        candidates
            .into_iter()
            .flatten()
            .max_by(|one, other| one.rank().cmp(&other.rank()))
    }

    /// Whether the version was not yet seen at its instant.
    fn note(&mut self, instant: Instant, text: &str, id: &str) -> bool {
        let candidate = || Bookmark {
            instant,
            updated_at: text.to_owned(),
            id: Some(id.to_owned()),
        };
        match &mut self.newest {
            Some(newest) if instant < newest.instant => {
                // A stamp with fewer digits may stand for a later moment than it says.
                if instant + timestamp::resolution(text) > newest.instant {
                    return self.cut.insert((instant, id.to_owned()));
                }
                self.in_order = false;
                true
            }
            Some(newest) if instant == newest.instant => {
                if newest.id.as_deref() < Some(id) {
                    *newest = candidate();
                }
                self.ids_at_newest.insert(id.to_owned())
            }
            newest => {
                *newest = Some(candidate());
                self.cut.retain(|(cut, _)| *cut + COARSEST > instant);
                self.ids_at_newest.clear();
                self.ids_at_newest.insert(id.to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::borrow::Cow;

    fn version<'a>(updated_at: &'a str, id: &'a str) -> Version<'a> {
        let instant = timestamp::parse(updated_at).unwrap().instant;
        Version {
            id: Cow::Borrowed(id),
            updated_at: Some((instant, Cow::Borrowed(updated_at))),
        }
    }

    fn bookmark(updated_at: &str, id: &str) -> Bookmark {
        Bookmark {
            instant: timestamp::parse(updated_at).unwrap().instant,
            updated_at: updated_at.to_owned(),
            id: Some(id.to_owned()),
        }
    }

    fn later() -> Instant {
        timestamp::parse("2026-12-31T00:00:00Z").unwrap().instant
    }

    #[test]
    fn a_stamp_ahead_of_the_servers_time_is_no_progress() {
        let mut progress = Progress::incremental(None);
        let now = timestamp::parse("2026-01-01T00:00:00Z").unwrap().instant;
        assert_eq!(
            progress.observe(&version("2026-01-01T00:00:01Z", "a"), now, None),
            Sight::AheadOfTime
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
            let sight = progress.observe(&version(updated_at, id), later(), None);
            assert_eq!(sight == Sight::New, emitted, "{updated_at} {id}");
        }
    }

    #[test]
    fn a_full_table_run_repeats_the_record_of_the_bookmark() {
        let mut progress = Progress::full_table(Some(bookmark("2026-01-01T00:00:00Z", "b")));
        assert_eq!(
            progress.observe(&version("2026-01-01T00:00:00Z", "b"), later(), None),
            Sight::New
        );
    }

    #[test]
    fn a_walk_out_of_order_gives_no_place_to_resume_from() {
        let mut progress = Progress::incremental(None);
        progress.observe(&version("2026-01-02T00:00:00Z", "a"), later(), None);
        assert_eq!(
            progress.resume_from().unwrap().updated_at,
            "2026-01-02T00:00:00Z"
        );
        progress.observe(&version("2026-01-01T00:00:00Z", "b"), later(), None);
        assert_eq!(progress.resume_from(), None);
        assert_eq!(
            progress.bookmark().unwrap(),
            bookmark("2026-01-02T00:00:00Z", "a")
        );
    }

    #[test]
    fn stamps_that_were_cut_do_not_put_a_walk_out_of_order() {
        let mut progress = Progress::incremental(None);
        for stamp in ["2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00Z"] {
            progress.observe(&version(stamp, stamp), later(), None);
        }
        assert!(progress.resume_from().is_some());
        let again = "2026-01-01T00:00:00Z";
        assert_eq!(
            progress.observe(&version(again, again), later(), None),
            Sight::Repeat
        );
        progress.observe(&version("2026-01-01T00:00:00.4Z", "a"), later(), None);
        assert!(progress.resume_from().is_none());
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
                let emits = progress.observe(&version(&stamp, id), later(), None) == Sight::New;
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
