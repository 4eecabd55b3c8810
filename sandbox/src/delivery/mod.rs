//! What a request gets: the true answer, or what the fault script makes of it.

mod gzip;
mod page;
mod paging;
mod proxy;
mod record;
mod schema;

use std::time::Duration;

use crate::answer::Answer;
use crate::call::Call;
use crate::faults::{Asked, Ending, Hit, Reply};
use crate::stream::{Api, Stream};
use crate::timestamp;
use crate::world::World;
use crate::{askelephant, reevo};
use paging::Scene;

/// How an answer leaves the server.
pub enum Delivery {
    Answer(Answer, Manner),
    Close,
    Reset,
    Never,
}

/// How a body leaves the server.
pub enum Manner {
    Whole,
    /// The announced length is that of the whole body.
    Broken {
        after: usize,
        ending: Ending,
    },
    Drip {
        bytes: usize,
        pause: Duration,
    },
}

/// What a request gets. `answer` gives the true answer; it is only called if a part of that is
/// needed.
pub fn delivery(world: &World, call: &Call, answer: &dyn Fn(&Call) -> Answer) -> Delivery {
    let asked = Asked::of(call);
    let hits = world.faults.hits(&asked, world.now());
    for hit in hits.changes {
        if let Some(stream) = asked.stream {
            change_records(world, stream, hit);
        }
    }
    let scene = Scene::new(world, call, &asked, answer);
    match hits.fault {
        None => whole(scene.truth()),
        Some(hit) => faulty(world, call, &scene, hit),
    }
}

fn faulty(world: &World, call: &Call, scene: &Scene, mut hit: Hit) -> Delivery {
    match hit.reply {
        Reply::Status {
            status,
            headers,
            body,
        } => whole(written(status, &headers, body)),
        Reply::StatusUntil {
            status,
            headers,
            body,
            seconds,
        } => {
            let until =
                timestamp::http_date(timestamp::utc(world.now() + seconds * timestamp::SECOND));
            whole(written(status, &headers, body).with_header("retry-after", &until))
        }
        Reply::RateLimit { headers, .. } => whole(limited(world, scene, hit.wait, headers)),
        Reply::Refuse { connections } => {
            world.faults.refuse(connections);
            Delivery::Reset
        }
        Reply::CloseBeforeHeaders => Delivery::Close,
        Reply::ResetBeforeHeaders => Delivery::Reset,
        Reply::Stall => Delivery::Never,
        Reply::BreakBody {
            after_bytes,
            ending,
        } => broken(scene.truth(), after_bytes, ending),
        Reply::Drip {
            bytes,
            pause_milliseconds,
        } => Delivery::Answer(
            scene.truth(),
            Manner::Drip {
                bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
                pause: Duration::from_millis(pause_milliseconds),
            },
        ),
        Reply::Html { status } => whole(proxy::html(status)),
        Reply::Redirect { status, origin } => whole(proxy::redirect(status, &origin, call)),
        Reply::WrongShape { body } => whole(Answer::json(200, &body)),
        Reply::TruncatedJson => whole(scene.truth().with_body(halved)),
        Reply::GzipCut => whole(gzipped(scene.truth(), |body| {
            halved(gzip::compressed(&body))
        })),
        Reply::GzipBomb { bytes } => whole(gzipped(scene.truth(), |body| gzip::bomb(&body, bytes))),
        of_pages => whole(scene.faulty(&of_pages, &mut hit.draw)),
    }
}

fn whole(answer: Answer) -> Delivery {
    Delivery::Answer(answer, Manner::Whole)
}

fn written(status: u16, headers: &[(String, String)], body: String) -> Answer {
    let answer = Answer::of_bytes(status, body.into_bytes());
    headers.iter().fold(answer, |answer, (name, value)| {
        answer.with_header(&name.to_ascii_lowercase(), value)
    })
}

/// Cuts off at least one byte, if there is any.
fn broken(answer: Answer, after_bytes: Option<u64>, ending: Ending) -> Delivery {
    let length = answer.body.len();
    let after = after_bytes.map_or(length / 2, |after| {
        usize::try_from(after).unwrap_or(usize::MAX)
    });
    let after = after.min(length.saturating_sub(1));
    Delivery::Answer(answer, Manner::Broken { after, ending })
}

fn halved(mut body: Vec<u8>) -> Vec<u8> {
    body.truncate(body.len() / 2);
    body
}

fn gzipped(answer: Answer, compress: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Answer {
    answer
        .with_body(compress)
        .with_header("content-encoding", "gzip")
}

fn limited(world: &World, scene: &Scene, wait: u64, headers: bool) -> Answer {
    let answer = match scene.api() {
        Some(Api::AskElephant) => askelephant::rate_limited(world),
        _ => reevo::rate_limited(world),
    };
    if headers {
        answer.with_header("retry-after", &wait.to_string())
    } else {
        answer
    }
}

/// Changes or removes some records, none of them twice.
fn change_records(world: &World, stream: Stream, mut hit: Hit) {
    let now = world.now();
    let view = world.store.view(stream, now);
    let mut indexes: Vec<u64> = view.by_time.iter().map(|entry| entry.index).collect();
    // Sorted by index, so that earlier changes do not affect the choice.
    indexes.sort_unstable();
    let (count, removed) = match hit.reply {
        Reply::RecordsVanish { count } => (count, true),
        Reply::RecordsChange { count } => (count, false),
        _ => return,
    };
    for _ in 0..count.min(indexes.len() as u64) {
        let position = hit.draw.below(indexes.len() as u64);
        let position = usize::try_from(position).expect("a position below a length fits");
        let index = indexes.swap_remove(position);
        if removed {
            world.store.remove(stream, index, now);
        } else {
            world.store.touch(stream, index, now, now);
        }
    }
}
