//! `GET /engagements/{id}/transcript_timeline`: who said what in an engagement, if it has a transcript.

use super::engagement::Engagement;
use super::problem::Problem;
use crate::answer::Answer;
use crate::identity;
use crate::json::{Object, array};
use crate::noise::Draw;
use crate::options::{Options, Scope};
use crate::stream::Stream;
use crate::timestamp::SECOND;
use crate::words;
use crate::words::Person;
use crate::world::World;
use crate::world::store::{Entry, is_private_engagement};

pub fn timeline(world: &World, id: &str) -> Result<Answer, Problem> {
    let options = &world.options;
    if !options.grants(Scope::Transcripts) {
        return Err(Problem::forbidden(Scope::Transcripts));
    }
    let index = identity::index(options.seed, Stream::Engagements, id);
    let index = index.ok_or_else(Problem::not_found)?;
    let is_private = is_private_engagement(options.seed, index);
    if is_private && !options.grants(Scope::PrivateEngagements) {
        return Err(Problem::forbidden(Scope::PrivateEngagements));
    }
    let entry = world.store.entry(Stream::Engagements, index, world.now());
    let text = entry.and_then(|entry| text(options, &entry, world.now()));
    text.map(|text| Answer::of_bytes(200, text))
        .ok_or_else(Problem::not_found)
}

/// The timeline of an engagement; none before it has been processed. It may be ready later than the
/// engagement's last change.
pub fn text(options: &Options, entry: &Entry, now: i64) -> Option<Vec<u8>> {
    let engagement = Engagement::of(options, entry);
    let delay = i64::try_from(options.transcript_delay_seconds).ok()?;
    let ready = entry
        .updated_at
        .saturating_add(delay.saturating_mul(SECOND));
    (engagement.processing_status == "COMPLETED" && ready <= now)
        .then(|| write(options, entry, &mut engagement.expansion(options)))
}

fn write(options: &Options, entry: &Entry, draw: &mut Draw) -> Vec<u8> {
    let mut out = Vec::new();
    let mut timeline = Object::open(&mut out);
    timeline.text("object", "transcript_timeline");
    let id = identity::text(options.seed, Stream::Engagements, entry.index);
    timeline.text("engagement_id", &id);
    let lines = 3 + draw.below(60);
    let speakers = [Person::draw(draw), Person::draw(draw)];
    let numbered = speakers.iter().enumerate();
    array(
        timeline.key("speakers"),
        numbered,
        |out, (number, speaker)| {
            let mut object = Object::open(out);
            object.raw("speaker_index", &number.to_string());
            object.text("name", speaker.first);
            let size = options.size(Stream::Contacts);
            if size > 0 {
                let contact = identity::text(options.seed, Stream::Contacts, draw.below(size));
                object.text("contact_id", &contact);
            }
            object.close();
        },
    );
    let mut begin = 0;
    array(timeline.key("entries"), 0..lines, |out, line| {
        let end = begin + 5 + draw.below(200);
        let mut object = Object::open(out);
        object.raw("speaker_index", &(line % 2).to_string());
        object.raw("start_seconds", &tenths(begin));
        object.raw("end_seconds", &tenths(end));
        object.text("text", draw.pick(words::PROSE));
        object.close();
        begin = end;
    });
    match draw.below(4) {
        0 => timeline.raw("overall_sentiment", "null"),
        _ => timeline.raw("overall_sentiment", &format!("0.{:02}", draw.below(100))),
    }
    timeline.close();
    out
}

/// Seconds with one digit after the point.
fn tenths(number: u64) -> String {
    format!("{}.{}", number / 10, number % 10)
}
