//! Engagements, and what their expanded members are made of.

use super::crm::{Association, CrmObject};
use super::directory::{facts, revised};
use super::members::Members;
use crate::identity;
use crate::noise::Draw;
use crate::options::Options;
use crate::stream::Stream;
use crate::timestamp::{DAY, SECOND};
use crate::words;
use crate::world::store::{Entry, is_private_engagement};

pub const TYPES: &[&str] = &[
    "MEETING",
    "CALL",
    "EMAIL",
    "TASK",
    "NOTE",
    "CALENDAR_EVENT",
    "DOCUMENT",
];
pub const STATUSES: &[&str] = &["PENDING", "PROCESSING", "COMPLETED", "FAILED"];

pub struct Engagement {
    pub index: u64,
    pub title: &'static str,
    pub activity: &'static str,
    pub processing_status: &'static str,
    pub starts_at: Option<i64>,
    pub companies: Vec<u64>,
    pub contacts: Vec<u64>,
    pub tags: Vec<u64>,
    pub owner: Option<u64>,
    pub association: Option<Association>,
    host: Option<u64>,
    minutes: Option<u64>,
    description: Option<&'static str>,
    is_private: bool,
}

impl Engagement {
    pub fn of(options: &Options, entry: &Entry) -> Self {
        let mut draw = facts(options, Stream::Engagements, entry.index);
        let is_webinar = draw.one_in(10) && options.extra_members;
        let activity = draw.pick(TYPES);
        let linked = draw.one_in(2);
        let offset = draw.below(60 * DAY.unsigned_abs()) / SECOND.unsigned_abs();
        let start = entry.created_at + i64::try_from(offset).unwrap_or(0) * SECOND;
        let is_of_the_start = entry.index < options.size(Stream::Engagements);
        Engagement {
            index: entry.index,
            title: draw.pick(words::TOPICS),
            activity: if is_webinar { "WEBINAR" } else { activity },
            processing_status: status(entry, &mut draw),
            starts_at: (!draw.one_in(4)).then_some(start),
            companies: some_of(options, Stream::Companies, &mut draw),
            contacts: some_of(options, Stream::Contacts, &mut draw),
            tags: some_of(options, Stream::Tags, &mut draw),
            owner: some_of(options, Stream::Users, &mut draw).pop(),
            association: linked.then(|| Association::of(CrmObject::Deal, entry.index)),
            host: some_of(options, Stream::Users, &mut draw).pop(),
            minutes: (!draw.one_in(3)).then(|| draw.below(180)),
            description: (!draw.one_in(3)).then(|| draw.pick(words::PROSE)),
            is_private: is_of_the_start && is_private_engagement(options.seed, entry.index),
        }
    }

    /// Writes everything but the timestamps that close the object, so that expanded members can
    /// follow.
    pub fn write<'a>(
        &self,
        out: &'a mut Vec<u8>,
        options: &'a Options,
        entry: &Entry,
    ) -> Members<'a> {
        let seed = options.seed;
        let user = |index: Option<u64>| index.map(|i| identity::text(seed, Stream::Users, i));
        let id = identity::text(seed, Stream::Engagements, entry.index);
        let mut members = Members::open(out, options, entry, "engagement", &id);
        members.prose("title", self.title);
        members.object.text("engagement_type", self.activity);
        members
            .object
            .text("processing_status", self.processing_status);
        members.object.flag("is_private", self.is_private);
        members.optional_prose("description", revised(self.description, entry).as_deref());
        let is_call = self.activity == "CALL";
        members.optional(
            "data_source",
            Some(if is_call { "my-dialer" } else { "zoom" }),
        );
        members
            .object
            .flag("is_internal", self.companies.is_empty());
        members.optional_timestamp("engagement_at", self.starts_at);
        members.optional_timestamp("start_at", self.starts_at);
        let seconds = self.minutes.map(|minutes| minutes * 60);
        let length = seconds.and_then(|seconds| i64::try_from(seconds).ok());
        let end = self.starts_at.zip(length);
        members.optional_timestamp("end_at", end.map(|(start, length)| start + length * SECOND));
        members.optional_number("duration_seconds", seconds);
        let link = format!("https://zoom.example/j/{}?pwd=a%2Fb", entry.index);
        let is_meeting = self.activity == "MEETING";
        members.optional("meeting_url", is_meeting.then_some(link.as_str()));
        let dialer = format!("wavv://call/{}", entry.index);
        members.optional("external_url", is_call.then_some(dialer.as_str()));
        members.association(self.association.as_ref());
        members.optional("owner_user_id", user(self.owner).as_deref());
        members.optional("host_user_id", user(self.host).as_deref());
        members
    }

    /// The source of expanded members.
    pub fn expansion(&self, options: &Options) -> Draw {
        Draw::new(&[options.seed, Stream::Engagements.number(), self.index, 201])
    }
}

/// Some are still being processed in their first version, and done in the next.
fn status(entry: &Entry, draw: &mut Draw) -> &'static str {
    let first = draw.pick(STATUSES);
    if entry.version > 1 && (first == "PENDING" || first == "PROCESSING") {
        "COMPLETED"
    } else {
        first
    }
}

fn some_of(options: &Options, stream: Stream, draw: &mut Draw) -> Vec<u64> {
    let size = options.size(stream);
    let count = if size == 0 { 0 } else { draw.below(4) };
    let mut some: Vec<u64> = (0..count).map(|_| draw.below(size)).collect();
    some.sort_unstable();
    some.dedup();
    some
}
