//! The list endpoints: from a query string to a page.

use serde::{Deserialize, Serialize};

use super::matching::{matches, range};
use super::parameters::{self, Pair, Parameters};
use super::problem::Problem;
use super::record;
use crate::answer::Answer;
use crate::call::Call;
use crate::identity;
use crate::json::{Object, array};
use crate::options::{AskElephantCursor, Options, Ties};
use crate::seal;
use crate::stream::Stream;
use crate::timestamp::SECOND;
use crate::world::World;
use crate::world::store::Entry;
use crate::world::walk::{self, Place, TieOrder};

/// The contents of a cursor; by default only an id, as in the documented sample.
#[derive(Serialize, Deserialize)]
struct Cursor {
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<Place>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pairs: Option<Vec<Pair>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ties: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issued: Option<i64>,
}

/// The query string, split into what may change from page to page and what may not.
struct Query {
    limit: Option<String>,
    cursor: Option<String>,
    /// Everything else.
    pairs: Vec<Pair>,
}

/// Where a page starts.
struct Start {
    after: Option<Place>,
    ties: Option<u64>,
}

pub fn page(world: &World, stream: Stream, call: &Call) -> Result<Answer, Problem> {
    let options = &world.options;
    let now = world.now();
    let mut query = Query::parse(&call.query);
    let start = query.start(world, stream, call.walk, now)?;
    let parameters = parameters::parse(stream, &query.pairs)?;
    let limit = parameters::limit(query.limit.as_deref(), options)?;
    for expansion in &parameters.expand {
        if let Some(scope) = expansion.scope().filter(|scope| !options.grants(*scope)) {
            return Err(Problem::forbidden(scope));
        }
    }
    let mut entries = entries(world, stream, &parameters, &start, limit + 1, now);
    let has_more = entries.len() > limit;
    entries.truncate(limit);
    let last = entries.last().filter(|_| has_more);
    let cursor = last.map(|last| cursor(options, stream, last, query.pairs, start.ties, now));
    let mut out = Vec::with_capacity(1024 * entries.len() + 512);
    let mut envelope = Object::open(&mut out);
    envelope.text("object", "list");
    array(envelope.key("data"), &entries, |out, entry| {
        record::write_expanded(out, options, stream, entry, &parameters.expand, now);
    });
    envelope.flag("has_more", has_more);
    envelope.text_or_null("next_cursor", cursor.as_deref());
    envelope.close();
    Ok(Answer::of_bytes(200, out))
}

impl Query {
    fn parse(query: &str) -> Self {
        let mut pairs: Vec<Pair> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let mut extract = |name: &str| {
            let position = pairs.iter().position(|(key, _)| key == name)?;
            Some(pairs.remove(position).1)
        };
        let (limit, cursor) = (extract("limit"), extract("cursor"));
        Query {
            limit,
            cursor,
            pairs,
        }
    }

    /// Opens the cursor. If it holds parameters, they replace those of the request.
    fn start(
        &mut self,
        world: &World,
        stream: Stream,
        walk: u64,
        now: i64,
    ) -> Result<Start, Problem> {
        let options = &world.options;
        let Some(text) = &self.cursor else {
            let shuffled = options.ties == Ties::Shuffled;
            return Ok(Start {
                after: None,
                ties: shuffled.then_some(walk),
            });
        };
        let cursor: Cursor = seal::open(text).ok_or_else(Problem::invalid_cursor)?;
        let index = identity::index(options.seed, stream, &cursor.id);
        let index = index.ok_or_else(Problem::invalid_cursor)?;
        if cursor.is_expired(options, now) {
            return Err(Problem::invalid_cursor());
        }
        let ties = cursor.ties;
        let place = match (options.askelephant_cursor, cursor.place, cursor.pairs) {
            (AskElephantCursor::IdOnly, _, _) => {
                let entry = world.store.entry(stream, index, now);
                entry.as_ref().map(Entry::place)
            }
            (AskElephantCursor::SelfContained, place, Some(pairs)) => {
                self.pairs = pairs;
                place
            }
            (AskElephantCursor::Strict, place, Some(pairs)) => {
                place.filter(|_| same(&self.pairs, &pairs))
            }
            (_, _, None) => None,
        };
        let after = Some(place.ok_or_else(Problem::invalid_cursor)?);
        Ok(Start { after, ties })
    }
}

impl Cursor {
    fn is_expired(&self, options: &Options, now: i64) -> bool {
        let lifetime = options.cursor_expires_after.zip(self.issued);
        lifetime.is_some_and(|(seconds, issued)| {
            let seconds = i64::try_from(seconds).expect("options limit the seconds");
            now.saturating_sub(issued) >= seconds * SECOND
        })
    }
}

/// Whether two lists have the same parameters, in any order.
fn same(one: &[Pair], other: &[Pair]) -> bool {
    one.len() == other.len() && one.iter().all(|pair| other.contains(pair))
}

fn entries(
    world: &World,
    stream: Stream,
    parameters: &Parameters,
    start: &Start,
    count: usize,
    now: i64,
) -> Vec<Entry> {
    let view = world.store.view(stream, now);
    let (from, to) = range(&parameters.updated_at);
    let entries = walk::within(&view.by_time, from, to);
    let ties = start.ties.map_or(TieOrder::ById, TieOrder::Shuffled);
    walk::by_time(entries, parameters.direction, ties, start.after)
        .filter(|entry| matches(&world.options, stream, parameters, entry))
        .take(count)
        .copied()
        .collect()
}

fn cursor(
    options: &Options,
    stream: Stream,
    last: &Entry,
    pairs: Vec<Pair>,
    ties: Option<u64>,
    now: i64,
) -> String {
    let holds_more = options.askelephant_cursor != AskElephantCursor::IdOnly;
    seal::seal(&Cursor {
        id: identity::text(options.seed, stream, last.index),
        place: holds_more.then(|| last.place()),
        pairs: holds_more.then_some(pairs),
        ties,
        issued: options.cursor_expires_after.map(|_| now),
    })
}
