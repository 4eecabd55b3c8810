//! The Reevo API, below `/api/v2`: leads each request to its answer.

mod attribute;
mod cell;
mod choices;
mod crm;
mod custom;
mod filter;
mod key;
mod links;
mod problem;
mod query;
mod record;
mod record_type;
mod record_types;
mod schema;
mod selection;
mod work;

use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::identity;
use crate::options::Options;
use crate::stream::{Api, Stream};
use crate::world::World;
use crate::world::store::Entry;
use problem::Problem;
use record_type::RecordType;

/// Answers a request whose path, below `/api/v2`, has these segments.
pub fn answer(world: &World, call: &Call, segments: &[&str]) -> Answer {
    let answer = route(world, call, segments);
    answer.unwrap_or_else(|problem| problem.answer(world.options.error_envelope))
}

/// Writes a record as lists show it.
pub fn write_record(out: &mut Vec<u8>, options: &Options, stream: Stream, entry: &Entry) {
    record::write(out, options, record_types::of(stream), entry);
}

/// Every link that a walk over all parents would list now: the parent's id, and the link as it is listed.
pub fn links(world: &World, stream: Stream, relationship: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let record_type = record_types::of(stream);
    let mut relationships = record_type.relationships.iter();
    let relationship = relationships.find(|one| one.name == relationship)?;
    let seed = world.options.seed;
    let view = world.store.view(stream, world.now());
    let parents = view.by_time.iter();
    let links = parents.flat_map(|parent| {
        let of_parent = links::of(world, record_type, relationship, parent.index).into_iter();
        of_parent.map(|link| {
            let mut text = Vec::new();
            links::write(&mut text, &world.options, relationship, &link);
            (identity::text(seed, stream, parent.index), text)
        })
    });
    Some(links.collect())
}

pub fn invalid_cursor(world: &World) -> Answer {
    Problem::InvalidCursor.answer(world.options.error_envelope)
}

pub fn rate_limited(world: &World) -> Answer {
    Problem::RateLimited.answer(world.options.error_envelope)
}

fn route(world: &World, call: &Call, segments: &[&str]) -> Result<Answer, Problem> {
    match segments {
        ["health"] => {
            allow(call, "GET")?;
            Ok(Answer::json(200, &json!({"status": "ok"})))
        }
        ["_schema", name] => {
            allow(call, "GET")?;
            let record_type = record_type(world, call, name)?;
            Ok(Answer::json(
                200,
                &schema::schema(record_type, &world.options),
            ))
        }
        [name, "_query"] => {
            allow(call, "POST")?;
            let record_type = record_type(world, call, name)?;
            if call.has_json() {
                query::page(world, record_type, call)
            } else {
                let message = "Input should be a valid dictionary";
                Err(Problem::invalid_body(&[], message))
            }
        }
        [name, id, "relationship", relationship] => {
            allow(call, "GET")?;
            let record_type = record_type(world, call, name)?;
            links::page(world, record_type, id, relationship, call)
        }
        [name, id] => {
            allow(call, "GET")?;
            let record_type = record_type(world, call, name)?;
            single(world, record_type, id)
        }
        _ => Err(Problem::UnknownRoute),
    }
}

fn allow(call: &Call, method: &'static str) -> Result<(), Problem> {
    if call.method == method {
        Ok(())
    } else {
        Err(Problem::MethodNotAllowed { allowed: method })
    }
}

/// The record type, if the key is valid, the type exists, and the key may read it; checked in this
/// order.
fn record_type(world: &World, call: &Call, name: &str) -> Result<&'static RecordType, Problem> {
    let bearer = call
        .header("authorization")
        .and_then(|value| value.strip_prefix("Bearer "));
    let key = bearer.or_else(|| call.header("x-api-key"));
    if key != Some(world.options.key.as_str()) {
        return Err(Problem::Unauthorized);
    }
    let stream = Stream::named(name)
        .filter(|stream| stream.api() == Api::Reevo && world.options.streams.contains(stream));
    let stream = stream.ok_or_else(|| Problem::UnknownRecordType {
        record_type: name.to_owned(),
    })?;
    if world.options.forbid.contains(&stream) {
        let permission = stream.permission();
        return Err(Problem::Forbidden { permission });
    }
    Ok(record_types::of(stream))
}

/// One record, wrapped in `data`.
fn single(world: &World, record_type: &RecordType, id: &str) -> Result<Answer, Problem> {
    let index = identity::index(world.options.seed, record_type.stream, id);
    let entry = index.and_then(|index| world.store.entry(record_type.stream, index, world.now()));
    let entry = entry.ok_or_else(|| Problem::RecordNotFound { id: id.to_owned() })?;
    let mut out = b"{\"data\":".to_vec();
    record::write(&mut out, &world.options, record_type, &entry);
    out.push(b'}');
    Ok(Answer::of_bytes(200, out))
}
