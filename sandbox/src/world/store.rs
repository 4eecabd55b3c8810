//! The records of every stream as lists show them now: their history, and the edits of tests and
//! faults. The store knows when and how often a record changed; its contents are computed where it
//! is written.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use super::history::{Change, History};
use crate::identity;
use crate::noise::noise;
use crate::options::{Archived, Options, Scope};
use crate::stream::{Api, Stream};
use crate::timestamp::SECOND;

/// What the store knows about a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub index: u64,
    /// Sorts as the ids do.
    pub rank: u64,
    pub updated_at: i64,
    pub created_at: i64,
    pub version: u64,
    pub archived: bool,
}

impl Entry {
    /// The order of a stream: by `updated_at`, then by id.
    pub fn place(&self) -> (i64, u64) {
        (self.updated_at, self.rank)
    }
}

/// The records that lists show, in order.
pub struct View {
    pub by_time: Vec<Entry>,
    by_id: OnceLock<Vec<Entry>>,
}

impl View {
    fn new(by_time: Vec<Entry>) -> Arc<View> {
        Arc::new(View {
            by_time,
            by_id: OnceLock::new(),
        })
    }

    /// The same records ordered by id; sorted when first asked for.
    pub fn by_id(&self) -> &[Entry] {
        self.by_id.get_or_init(|| {
            let mut entries = self.by_time.clone();
            entries.sort_unstable_by_key(|entry| entry.rank);
            entries
        })
    }
}

pub struct Store {
    options: Options,
    stocks: Vec<OnceLock<Mutex<Stock>>>,
}

impl Store {
    pub fn new(options: &Options) -> Self {
        Store {
            options: options.clone(),
            stocks: Stream::MEMBERS.iter().map(|_| OnceLock::new()).collect(),
        }
    }

    pub fn view(&self, stream: Stream, now: i64) -> Arc<View> {
        self.stock(stream).view(now)
    }

    /// A record as lists show it; `None` if they do not.
    pub fn entry(&self, stream: Stream, index: u64, now: i64) -> Option<Entry> {
        self.stock(stream).visible(index, now)
    }

    pub fn touch(&self, stream: Stream, index: u64, at: i64, now: i64) {
        self.stock(stream).touch(index, at, now);
    }

    /// Returns the index of the new record.
    pub fn insert(&self, stream: Stream, at: i64, now: i64) -> u64 {
        self.stock(stream).insert(at, now)
    }

    pub fn remove(&self, stream: Stream, index: u64, now: i64) {
        self.stock(stream).remove(index, now);
    }

    /// The records of a stream are made when first asked for, so that a run that reads one stream
    /// does not pay for all.
    fn stock(&self, stream: Stream) -> MutexGuard<'_, Stock> {
        let position = usize::try_from(stream.number()).expect("there are few streams");
        self.stocks[position]
            .get_or_init(|| Mutex::new(Stock::new(&self.options, stream)))
            .lock()
            .expect("no one panics while holding a stock")
    }
}

/// A change made by a test or a fault. From then on, the record no longer changes by itself.
struct Edit {
    visible_from: i64,
    entry: Entry,
}

/// A view, and the time during which it is valid.
struct Shown {
    view: Arc<View>,
    from: i64,
    until: i64,
}

struct Stock {
    seed: u64,
    stream: Stream,
    history: History,
    /// The first state of each record, in order, without those that the key may not see.
    past: Vec<Entry>,
    edits: HashMap<u64, Vec<Edit>>,
    inserted: u64,
    delay: i64,
    archived_visible: bool,
    private_hidden: bool,
    shown: Option<Shown>,
}

impl Stock {
    fn new(options: &Options, stream: Stream) -> Self {
        let size = options.size(stream);
        let delay = i64::try_from(options.visibility_delay_seconds).expect("options limit it");
        let mut stock = Stock {
            seed: options.seed,
            stream,
            history: History::new(options.seed, stream, size, options.change_every_seconds),
            past: Vec::new(),
            edits: HashMap::new(),
            inserted: 0,
            delay: delay * SECOND,
            archived_visible: options.archived == Archived::Visible && stream.api() == Api::Reevo,
            private_hidden: stream == Stream::Engagements
                && !options.grants(Scope::PrivateEngagements),
            shown: None,
        };
        stock.past = (0..size)
            .filter(|index| !stock.hides(*index))
            .map(|index| stock.entry(index, stock.history.first(index)))
            .collect();
        stock.past.sort_unstable_by_key(Entry::place);
        stock
    }

    fn view(&mut self, now: i64) -> Arc<View> {
        if let Some(shown) = &self.shown
            && (shown.from..shown.until).contains(&now)
        {
            return Arc::clone(&shown.view);
        }
        let view = View::new(self.in_order(now));
        self.shown = Some(Shown {
            view: Arc::clone(&view),
            from: now,
            until: self.next_change(now),
        });
        view
    }

    /// Merges the few records that have changed into the many that have not.
    fn in_order(&self, now: i64) -> Vec<Entry> {
        let mut changed: HashSet<u64> = self.edits.keys().copied().collect();
        changed.extend(self.history.changed_by(now - self.delay));
        let mut moved: Vec<Entry> = changed
            .iter()
            .filter_map(|index| self.visible(*index, now))
            .collect();
        moved.sort_unstable_by_key(Entry::place);
        let mut moved = moved.into_iter().peekable();
        let existing = &self.past[..self.existing(now)];
        let mut entries = Vec::with_capacity(existing.len() + changed.len());
        for entry in existing {
            if !changed.contains(&entry.index) {
                while let Some(before) = moved.next_if(|other| other.place() < entry.place()) {
                    entries.push(before);
                }
                entries.push(*entry);
            }
        }
        entries.extend(moved);
        entries
    }

    /// How many first states lists show already.
    fn existing(&self, now: i64) -> usize {
        self.past
            .partition_point(|entry| entry.updated_at <= now - self.delay)
    }

    /// The next time at which lists change.
    fn next_change(&self, now: i64) -> i64 {
        let live = self.history.next_change(now - self.delay);
        let past = self.past.get(self.existing(now));
        let by_itself = live.into_iter().chain(past.map(|entry| entry.updated_at));
        let edits = self.edits.values().flatten();
        edits
            .map(|edit| edit.visible_from)
            .filter(|at| *at > now)
            .chain(by_itself.map(|at| at + self.delay))
            .min()
            .unwrap_or(i64::MAX)
    }

    fn visible(&self, index: u64, now: i64) -> Option<Entry> {
        if self.hides(index) {
            return None;
        }
        let edits = self.edits.get(&index).map_or(&[][..], Vec::as_slice);
        let edit = edits.iter().rfind(|edit| edit.visible_from <= now);
        match edit {
            Some(edit) if edit.entry.archived && !self.archived_visible => None,
            Some(edit) => Some(edit.entry),
            None if index < self.history.size() => {
                let change = self.history.at(index, now - self.delay)?;
                Some(self.entry(index, change))
            }
            None => None,
        }
    }

    /// The latest state, which the next edit changes, whether lists show it yet or not.
    fn latest(&self, index: u64, now: i64) -> Entry {
        let edits = self.edits.get(&index).and_then(|edits| edits.last());
        edits.map_or_else(
            || {
                let change = self.history.at(index, now);
                self.entry(index, change.unwrap_or_else(|| self.history.first(index)))
            },
            |edit| edit.entry,
        )
    }

    fn touch(&mut self, index: u64, at: i64, now: i64) {
        let mut entry = self.latest(index, now);
        entry.version += 1;
        entry.updated_at = at;
        entry.created_at = entry.created_at.min(entry.updated_at);
        self.edit(entry, now);
    }

    fn insert(&mut self, at: i64, now: i64) -> u64 {
        let index = self.history.size() + self.inserted;
        self.inserted += 1;
        let entry = Entry {
            index,
            rank: identity::rank(self.seed, self.stream, index),
            updated_at: at,
            created_at: at,
            version: 1,
            archived: false,
        };
        self.edit(entry, now);
        index
    }

    fn remove(&mut self, index: u64, now: i64) {
        let mut entry = self.latest(index, now);
        entry.archived = true;
        if self.archived_visible {
            entry.version += 1;
            entry.updated_at = now;
        }
        self.edit(entry, now);
    }

    fn edit(&mut self, entry: Entry, now: i64) {
        let visible_from = now + self.delay;
        let edits = self.edits.entry(entry.index).or_default();
        edits.push(Edit {
            visible_from,
            entry,
        });
        self.shown = None;
    }

    fn entry(&self, index: u64, change: Change) -> Entry {
        let archived = self.archived_visible
            && change.version == 1
            && noise(&[self.seed, self.stream.number(), index, 6]).is_multiple_of(50);
        Entry {
            index,
            rank: identity::rank(self.seed, self.stream, index),
            updated_at: change.updated_at,
            created_at: self.history.created_at(index),
            version: change.version,
            archived,
        }
    }

    fn hides(&self, index: u64) -> bool {
        self.private_hidden
            && index < self.history.size()
            && is_private_engagement(self.seed, index)
    }
}

/// One engagement in eight is private. Those that tests insert are not: `hides` leaves them out.
pub fn is_private_engagement(seed: u64, index: u64) -> bool {
    noise(&[seed, Stream::Engagements.number(), index, 7]).is_multiple_of(8)
}

#[cfg(test)]
mod tests {
    use super::super::history::LIVE_FROM;
    use super::*;

    const STREAM: Stream = Stream::Account;

    fn store(query: &str) -> Store {
        Store::new(&Options::parse(query).unwrap())
    }

    #[test]
    fn views_are_in_order_and_hold_every_record_once() {
        let store = store("records=1000");
        for minutes in [0, 1, 7, 1000] {
            let view = store.view(STREAM, LIVE_FROM + minutes * 60 * SECOND);
            assert!(view.by_time.is_sorted_by_key(Entry::place));
            let indexes: HashSet<u64> = view.by_time.iter().map(|entry| entry.index).collect();
            assert_eq!((indexes.len(), view.by_time.len()), (500, 500));
            assert!(view.by_id().is_sorted_by_key(|entry| entry.rank));
        }
    }

    #[test]
    fn a_view_is_kept_until_the_next_change() {
        let store = store("records=100");
        let view = store.view(STREAM, LIVE_FROM + 2 * SECOND);
        assert!(Arc::ptr_eq(
            &view,
            &store.view(STREAM, LIVE_FROM + 3 * SECOND)
        ));
        assert!(!Arc::ptr_eq(
            &view,
            &store.view(STREAM, LIVE_FROM + 60 * SECOND)
        ));
        store.touch(STREAM, 3, LIVE_FROM, LIVE_FROM);
        assert!(!Arc::ptr_eq(
            &view,
            &store.view(STREAM, LIVE_FROM + 3 * SECOND)
        ));
    }

    #[test]
    fn edits_show_after_the_visibility_delay() {
        let store = store("records=100&change_every_seconds=0&visibility_delay_seconds=10");
        let now = LIVE_FROM + 100 * SECOND;
        store.touch(STREAM, 3, now, now);
        let index = store.insert(STREAM, now, now);
        let seen = |at| store.view(STREAM, at).by_time.len();
        assert_eq!(seen(now + 9 * SECOND), 50);
        assert_eq!(store.entry(STREAM, 3, now + 9 * SECOND).unwrap().version, 1);
        assert_eq!(seen(now + 10 * SECOND), 51);
        assert_eq!(
            store.entry(STREAM, 3, now + 10 * SECOND).unwrap().version,
            2
        );
        store.remove(STREAM, index, now + 20 * SECOND);
        assert_eq!(seen(now + 29 * SECOND), 51);
        assert_eq!(seen(now + 30 * SECOND), 50);
    }

    #[test]
    fn records_of_the_future_are_not_listed_yet() {
        let store = store("records=100");
        assert!(store.view(STREAM, 0).by_time.is_empty());
        let some = store.view(STREAM, LIVE_FROM - 90 * crate::timestamp::DAY);
        assert!((1..50).contains(&some.by_time.len()));
    }
}
