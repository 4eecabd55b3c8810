//! `POST /{record_type}/_query`: from the body of a request to a page of records.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::filter::Filter;
use super::key::Key;
use super::problem::Problem;
use super::record;
use super::record_type::RecordType;
use super::selection::{Axis, Reading, Sort};
use crate::answer::Answer;
use crate::call::Call;
use crate::json::{Object, array};
use crate::options::{CursorEnd, CursorPlace, LimitOverrun, Options, Ties};
use crate::seal;
use crate::timestamp::SECOND;
use crate::world::World;
use crate::world::store::{Entry, View};
use crate::world::walk::{self, Place, TieOrder};

const DEFAULT_LIMIT: u64 = 50;

/// A query as written: only its shape is checked.
struct Body {
    filters: Option<Value>,
    sort: Option<Value>,
    limit: Option<i64>,
    cursor: Option<String>,
}

/// The contents of a cursor: the whole query, since a client may send nothing but the cursor and a
/// limit.
#[derive(Serialize, Deserialize)]
struct Cursor {
    record_type: String,
    filters: Value,
    sort: Value,
    /// The last record that was sent.
    last: Last,
    ties: Option<u64>,
    issued: Option<i64>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Last {
    place: Place,
    /// Its sort keys, if the place is not enough.
    keys: Vec<Key>,
}

/// A query that is ready to run.
struct Query<'a> {
    record_type: &'static RecordType,
    filters: Value,
    sort: Value,
    filter: Filter,
    order: Sort,
    limit: usize,
    ties: TieOrder,
    after: Option<Last>,
    reading: Reading<'a>,
}

pub fn page(
    world: &World,
    record_type: &'static RecordType,
    call: &Call,
) -> Result<Answer, Problem> {
    let body = Body::parse(&call.body)?;
    let query = Query::new(world, record_type, body, call.walk)?;
    let view = world.store.view(record_type.stream, query.reading.now);
    let mut entries = query.entries(&view);
    let has_more = entries.len() > query.limit;
    entries.truncate(query.limit);
    let last = entries.last().filter(|_| has_more);
    let cursor = last.map(|entry| query.cursor(entry));
    Ok(write(world, &query, &entries, cursor.as_deref()))
}

impl Body {
    fn parse(body: &[u8]) -> Result<Body, Problem> {
        let body = if body.is_empty() { b"{}" } else { body };
        let value: Value = serde_json::from_slice(body)
            .map_err(|error| Problem::invalid_body(&[], &format!("JSON decode error: {error}")))?;
        let Value::Object(members) = value else {
            return Err(Problem::invalid_body(&[], "Input should be a valid object"));
        };
        let mut body = Body {
            filters: None,
            sort: None,
            limit: None,
            cursor: None,
        };
        for (key, value) in members {
            match (key.as_str(), value) {
                ("filters" | "sort" | "limit" | "cursor", Value::Null) => {}
                ("filters", value) => body.filters = Some(value),
                ("sort", value) => body.sort = Some(value),
                ("limit", value) => body.limit = Some(limit(&value)?),
                ("cursor", Value::String(text)) => body.cursor = Some(text),
                ("cursor", _) => {
                    let message = "Input should be a valid string";
                    return Err(Problem::invalid_body(&["cursor"], message));
                }
                (other, _) => {
                    let message = "Extra inputs are not permitted";
                    return Err(Problem::invalid_body(&[other], message));
                }
            }
        }
        Ok(body)
    }
}

fn limit(value: &Value) -> Result<i64, Problem> {
    let message = "Input should be a valid integer";
    value
        .as_i64()
        .ok_or_else(|| Problem::invalid_body(&["limit"], message))
}

impl<'a> Query<'a> {
    fn new(
        world: &'a World,
        record_type: &'static RecordType,
        body: Body,
        walk: u64,
    ) -> Result<Self, Problem> {
        let options = &world.options;
        let limit = granted_limit(body.limit, options)?;
        let now = world.now();
        let cursor = match &body.cursor {
            Some(text) => Some(Cursor::open(text, record_type, &body, options, now)?),
            None => None,
        };
        let (filters, sort, after, ties) = match cursor {
            Some(cursor) => (cursor.filters, cursor.sort, Some(cursor.last), cursor.ties),
            None => (
                body.filters.unwrap_or_else(|| json!([])),
                body.sort.unwrap_or_else(|| json!([])),
                None,
                (options.ties == Ties::Shuffled).then_some(walk),
            ),
        };
        let order = Sort::parse(&sort, record_type, options)?;
        let ties = ties.filter(|_| !order.names_id());
        Ok(Query {
            record_type,
            filter: Filter::parse(&filters, record_type, options)?,
            filters,
            sort,
            order,
            limit,
            ties: ties.map_or(TieOrder::ById, TieOrder::Shuffled),
            after,
            reading: Reading {
                options,
                store: &world.store,
                now,
            },
        })
    }

    /// The records of the page, and one more if there is one.
    fn entries(&self, view: &View) -> Vec<Entry> {
        let after = self.after.as_ref();
        let place = after.map(|last| last.place);
        let candidates = match self.order.axis() {
            Axis::Time(direction) => {
                let (from, to) = self.filter.range();
                let entries = walk::within(&view.by_time, from, to);
                walk::by_time(entries, direction, self.ties, place)
            }
            Axis::Id(direction) => {
                walk::by_id(view.by_id(), direction, place.map(|(_, rank)| rank))
            }
            Axis::Other => return self.sorted_entries(view),
        };
        candidates
            .filter(|entry| self.reading.matches(&self.filter, entry))
            .take(self.limit + 1)
            .copied()
            .collect()
    }

    fn sorted_entries(&self, view: &View) -> Vec<Entry> {
        let ranked = |keys: Vec<Key>, rank: u64| (keys, self.ties.tie(rank));
        let after = self.after.as_ref();
        let after = after.map(|last| ranked(last.keys.clone(), last.place.1));
        let matching = view.by_time.iter();
        let mut found: Vec<_> = matching
            .filter(|entry| self.reading.matches(&self.filter, entry))
            .map(|entry| {
                let keys = self.reading.keys(&self.order, entry);
                (ranked(keys, entry.rank), entry)
            })
            .filter(|(keys, _)| {
                let after = after.as_ref();
                after.is_none_or(|after| self.order.compare(keys, after).is_gt())
            })
            .collect();
        found.sort_by(|(one, _), (other, _)| self.order.compare(one, other));
        let page = found.into_iter().take(self.limit + 1);
        page.map(|(_, entry)| *entry).collect()
    }

    fn cursor(&self, last: &Entry) -> String {
        let keys = match self.order.axis() {
            Axis::Other => self.reading.keys(&self.order, last),
            Axis::Time(_) | Axis::Id(_) => Vec::new(),
        };
        let expires = self.reading.options.cursor_expires_after.is_some();
        seal::seal(&Cursor {
            record_type: self.record_type.name().to_owned(),
            filters: self.filters.clone(),
            sort: self.sort.clone(),
            last: Last {
                place: last.place(),
                keys,
            },
            ties: match self.ties {
                TieOrder::ById => None,
                TieOrder::Shuffled(walk) => Some(walk),
            },
            issued: expires.then_some(self.reading.now),
        })
    }
}

impl Cursor {
    /// With a cursor, filters and sort may be repeated or left out, but not changed.
    fn open(
        text: &str,
        record_type: &RecordType,
        body: &Body,
        options: &Options,
        now: i64,
    ) -> Result<Cursor, Problem> {
        let cursor: Cursor = seal::open(text).ok_or(Problem::InvalidCursor)?;
        let lifetime = options
            .cursor_expires_after
            .map(|seconds| SECOND * i64::try_from(seconds).expect("options limit the seconds"));
        let expired = lifetime
            .zip(cursor.issued)
            .is_some_and(|(lifetime, issued)| now.saturating_sub(issued) >= lifetime);
        let unchanged =
            |sent: &Option<Value>, bound: &Value| sent.as_ref().is_none_or(|sent| sent == bound);
        let belongs = cursor.record_type == record_type.name()
            && unchanged(&body.filters, &cursor.filters)
            && unchanged(&body.sort, &cursor.sort);
        if belongs && !expired {
            Ok(cursor)
        } else {
            Err(Problem::InvalidCursor)
        }
    }
}

/// The size of a page, given the one that was asked for.
pub fn granted_limit(asked: Option<i64>, options: &Options) -> Result<usize, Problem> {
    let most = options.reevo_max_limit;
    let limit = asked.unwrap_or_else(|| i64::try_from(DEFAULT_LIMIT.min(most)).unwrap_or(1));
    let granted = match u64::try_from(limit) {
        Ok(limit @ 1..) if limit <= most => Some(limit),
        Ok(1..) if options.limit_overrun == LimitOverrun::Cap => Some(most),
        _ => None,
    };
    let granted = granted.and_then(|limit| usize::try_from(limit).ok());
    granted.ok_or(Problem::LimitOutOfRange {
        limit,
        most,
        status: match options.limit_overrun {
            LimitOverrun::Error | LimitOverrun::Cap => 400,
            LimitOverrun::Error422 => 422,
        },
    })
}

fn write(world: &World, query: &Query, entries: &[Entry], cursor: Option<&str>) -> Answer {
    let options = &world.options;
    let mut out = Vec::with_capacity(4096 * entries.len() + 512);
    let mut page = Object::open(&mut out);
    array(page.key("data"), entries, |out, entry| {
        record::write(out, options, query.record_type, entry);
    });
    write_end(&mut page, cursor, query.limit, options);
    page.close();
    Answer::of_bytes(200, out)
}

/// Writes where a list goes on.
pub fn write_end(page: &mut Object, cursor: Option<&str>, limit: usize, options: &Options) {
    match options.cursor_place {
        CursorPlace::Top => write_cursor(page, cursor, options.cursor_end),
        CursorPlace::Meta => {
            let mut meta = Object::open(page.key("meta"));
            write_cursor(&mut meta, cursor, options.cursor_end);
            meta.close();
        }
        CursorPlace::Pagination => {
            let mut pagination = Object::open(page.key("pagination"));
            write_cursor(&mut pagination, cursor, options.cursor_end);
            pagination.flag("has_more", cursor.is_some());
            pagination.raw("limit", &limit.to_string());
            pagination.close();
        }
    }
}

fn write_cursor(object: &mut Object, cursor: Option<&str>, end: CursorEnd) {
    match (cursor, end) {
        (Some(cursor), _) => object.text("next_cursor", cursor),
        (None, CursorEnd::Null) => object.raw("next_cursor", "null"),
        (None, CursorEnd::Empty) => object.text("next_cursor", ""),
        (None, CursorEnd::Absent) => {}
    }
}
