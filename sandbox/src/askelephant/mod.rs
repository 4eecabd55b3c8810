//! The AskElephant API, below `/v2`: leads each request to its answer.

mod crm;
mod directory;
mod engagement;
mod expansion;
mod list;
mod matching;
mod members;
mod parameters;
mod problem;
mod record;
mod transcript;

use crate::answer::Answer;
use crate::call::Call;
use crate::identity;
use crate::options::Scope;
use crate::stream::{Api, Stream};
use crate::world::World;
use problem::Problem;
pub use record::write_record;
pub use transcript::text as transcript;

/// Answers a request whose path, below `/v2`, has these segments.
pub fn answer(world: &World, call: &Call, segments: &[&str]) -> Answer {
    route(world, call, segments)
        .unwrap_or_else(|problem| problem.answer(world))
        .with_header("x-api-version", "v2")
}

pub fn invalid_cursor(world: &World) -> Answer {
    failed(world, &Problem::invalid_cursor())
}

pub fn rate_limited(world: &World) -> Answer {
    failed(world, &Problem::rate_limited())
}

fn failed(world: &World, problem: &Problem) -> Answer {
    problem.answer(world).with_header("x-api-version", "v2")
}

fn route(world: &World, call: &Call, segments: &[&str]) -> Result<Answer, Problem> {
    let ([name] | [name, _] | [name @ "engagements", _, "transcript_timeline"]) = segments else {
        return Err(Problem::not_found());
    };
    authorize(world, call)?;
    let stream = Stream::named(name).filter(|stream| {
        stream.api() == Api::AskElephant && world.options.streams.contains(stream)
    });
    let stream = stream.ok_or_else(Problem::not_found)?;
    if call.method != "GET" {
        return Err(Problem::method_not_allowed());
    }
    if let [_, id, _] = segments {
        return transcript::timeline(world, id);
    }
    let scope = scope(stream);
    if !world.options.grants(scope) || world.options.forbid.contains(&stream) {
        return Err(Problem::forbidden(scope));
    }
    match segments {
        [_, id] => single(world, stream, id),
        _ => list::page(world, stream, call),
    }
}

/// The header is the key alone: an API key after `Bearer` is refused, as documented.
fn authorize(world: &World, call: &Call) -> Result<(), Problem> {
    if call.header("authorization") == Some(world.options.key.as_str()) {
        Ok(())
    } else {
        Err(Problem::unauthorized())
    }
}

fn scope(stream: Stream) -> Scope {
    match stream {
        Stream::Companies => Scope::Companies,
        Stream::Users => Scope::Users,
        Stream::Tags => Scope::Tags,
        Stream::Engagements => Scope::Engagements,
        _ => Scope::Contacts,
    }
}

/// One record, without an envelope.
fn single(world: &World, stream: Stream, id: &str) -> Result<Answer, Problem> {
    let index = identity::index(world.options.seed, stream, id);
    let entry = index.and_then(|index| world.store.entry(stream, index, world.now()));
    let entry = entry.ok_or_else(Problem::not_found)?;
    let mut out = Vec::new();
    write_record(&mut out, &world.options, stream, &entry);
    let etag = format!("\"{:x}-{:x}\"", entry.rank, entry.version);
    Ok(Answer::of_bytes(200, out).with_header("etag", &etag))
}
