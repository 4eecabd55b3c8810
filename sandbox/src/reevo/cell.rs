//! The value of one attribute of one record, computed from the seed. Records and filters both use
//! it, so they cannot disagree.

use std::borrow::Cow;

use super::attribute::{Choice, Content, ValueType};
use super::record_type::Field;
use crate::identity;
use crate::json::{Object, array};
use crate::noise::Draw;
use crate::options::Options;
use crate::stream::Stream;
use crate::timestamp::{DAY, SECOND};
use crate::words::{self, Person};
use crate::world::store::Entry;

/// The user and team ids that references point to; neither is a stream.
const USERS: u64 = 25;
const TEAMS: u64 = 3;
const USER: u64 = 0;
const TEAM: u64 = 1;
const ORGANIZATION: u64 = 2;
const PART: u64 = 3;

/// Shared by the parts of a person's name in one record.
const NAME_SALT: u64 = 50;

pub enum Cell {
    Text(Cow<'static, str>),
    Flag(bool),
    /// Microseconds since 1970.
    Timestamp(i64),
    /// Days since 1970.
    Day(i64),
    /// Seconds since midnight.
    TimeOfDay(i64),
    Decimal(&'static str),
    Amount(&'static str),
    Choice(&'static Choice),
    Reference(Reference),
    /// A composite value that no filter looks into, as JSON.
    Json(Vec<u8>),
}

pub struct Reference {
    pub id: u128,
    pub record_type: &'static str,
    /// The record, if the sandbox has it.
    pub target: Option<(Stream, u64)>,
}

pub enum Cells {
    Missing,
    One(Cell),
    Many(Vec<Cell>),
}

pub fn cells(options: &Options, field: Field, entry: &Entry) -> Cells {
    let stream = field.stream.number();
    let mut draw = Draw::new(&[options.seed, stream, entry.index, field.salt]);
    if is_missing(field, entry, &mut draw) {
        return Cells::Missing;
    }
    if field.attribute.is_array {
        let count = draw.below(4);
        let several = (0..count).filter_map(|_| cell(options, field, entry, &mut draw));
        let several: Vec<Cell> = several.collect();
        if several.is_empty() {
            Cells::Missing
        } else {
            Cells::Many(several)
        }
    } else {
        cell(options, field, entry, &mut draw).map_or(Cells::Missing, Cells::One)
    }
}

/// One value in four is missing where that is allowed, but never one that shows a change.
fn is_missing(field: Field, entry: &Entry, draw: &mut Draw) -> bool {
    let is_left_out = draw.one_in(4);
    let tells_a_change = match field.attribute.content {
        Content::ArchivedAt | Content::ArchivedBy => true,
        Content::Revised(_) => entry.version > 1,
        _ => false,
    };
    field.attribute.is_optional() && is_left_out && !tells_a_change
}

fn cell(options: &Options, field: Field, entry: &Entry, draw: &mut Draw) -> Option<Cell> {
    let seed = options.seed;
    let cell = match field.attribute.content {
        Content::Id => text(identity::uuid(identity::bits(
            seed,
            field.stream,
            entry.index,
        ))),
        Content::Organization => text(identity::uuid(identity::outsider(seed, ORGANIZATION, 0))),
        Content::CreatedAt => Cell::Timestamp(entry.created_at),
        Content::ArchivedAt | Content::ArchivedBy if !entry.archived => return None,
        Content::UpdatedAt | Content::ArchivedAt => Cell::Timestamp(entry.updated_at),
        Content::User | Content::ArchivedBy => outsider(seed, USER, draw.below(USERS), "user"),
        Content::Team => outsider(seed, TEAM, draw.below(TEAMS), "team"),
        Content::FullName => text(person(options, field, entry).full_name()),
        Content::FirstName => literal(person(options, field, entry).first),
        Content::LastName => literal(person(options, field, entry).last),
        Content::CompanyName => literal(draw.pick(words::COMPANIES).0),
        Content::Pool(pool) => literal(draw.pick(pool)),
        Content::Revised(pool) => text(words::revised(draw.pick(pool), entry.version)),
        Content::Mail => text(words::mail(entry.index, draw)),
        Content::Phone => text(words::phone(draw)),
        Content::Site(start) => text(format!("{start}{}?q=ž%20{}", entry.index, draw.below(9))),
        Content::Uuid => text(identity::uuid(some_id(options, field, entry, draw))),
        Content::Flag => Cell::Flag(draw.one_in(2)),
        Content::Timestamp => Cell::Timestamp(some_timestamp(entry, draw)),
        Content::Day => Cell::Day(small(draw.below(25_000))),
        Content::TimeOfDay => Cell::TimeOfDay(small(draw.below(86_400))),
        Content::Decimal(pool) if field.attribute.value_type == ValueType::Currency => {
            Cell::Amount(draw.pick(pool))
        }
        Content::Decimal(pool) => Cell::Decimal(draw.pick(pool)),
        Content::Choice(choices) => {
            let position = draw.below(choices.len() as u64);
            Cell::Choice(&choices[usize::try_from(position).expect("choices are few")])
        }
        Content::Reference(stream) => reference(options, stream, draw)?,
        Content::Place => Cell::Json(place(draw)),
        Content::MailEntry => Cell::Json(mail_entry(options, field, entry, draw)),
        Content::PhoneEntry => Cell::Json(phone_entry(options, field, entry, draw)),
        Content::Domain => Cell::Json(domain(entry, draw)),
    };
    Some(cell)
}

fn text(text: String) -> Cell {
    Cell::Text(Cow::Owned(text))
}

fn literal(text: &'static str) -> Cell {
    Cell::Text(Cow::Borrowed(text))
}

fn small(number: u64) -> i64 {
    i64::try_from(number).expect("small numbers fit")
}

fn person(options: &Options, field: Field, entry: &Entry) -> Person {
    let stream = field.stream.number();
    Person::draw(&mut Draw::new(&[
        options.seed,
        stream,
        entry.index,
        NAME_SALT,
    ]))
}

/// Within 90 days of the creation, to the microsecond.
fn some_timestamp(entry: &Entry, draw: &mut Draw) -> i64 {
    let offset = small(draw.below(180 * DAY.unsigned_abs())) - 90 * DAY;
    let timestamp = entry.created_at + offset;
    if draw.one_in(3) {
        timestamp - timestamp.rem_euclid(SECOND)
    } else {
        timestamp
    }
}

fn some_id(options: &Options, field: Field, entry: &Entry, draw: &mut Draw) -> u128 {
    let group = PART + field.stream.number();
    identity::outsider(options.seed, group, entry.index * 1000 + draw.below(1000))
}

fn outsider(seed: u64, group: u64, index: u64, record_type: &'static str) -> Cell {
    Cell::Reference(Reference {
        id: identity::outsider(seed, group, index),
        record_type,
        target: None,
    })
}

fn reference(options: &Options, stream: Stream, draw: &mut Draw) -> Option<Cell> {
    let size = options.size(stream);
    if size == 0 {
        return None;
    }
    let index = draw.below(size);
    Some(Cell::Reference(Reference {
        id: identity::bits(options.seed, stream, index),
        record_type: stream.name(),
        target: Some((stream, index)),
    }))
}

fn place(draw: &mut Draw) -> Vec<u8> {
    let (city, state, country, zip_code) = draw.pick(words::CITIES);
    let mut json = Vec::with_capacity(128);
    let mut object = Object::open(&mut json);
    object.text(
        "street_one",
        &format!("{} Market St \"B\"", draw.below(999)),
    );
    let floor = draw.one_in(2).then_some("3. patro");
    object.text_or_null("street_two", floor);
    object.text("city", city);
    object.text_or_null("state", state);
    object.text("country", country);
    object.text("zip_code", zip_code);
    object.close();
    json
}

fn mail_entry(options: &Options, field: Field, entry: &Entry, draw: &mut Draw) -> Vec<u8> {
    let id = identity::uuid(some_id(options, field, entry, draw));
    let mut json = Vec::with_capacity(128);
    let mut object = Object::open(&mut json);
    object.text("id", &id);
    object.text("email", &words::mail(entry.index, draw));
    object.flag("is_primary", draw.one_in(2));
    labels(&mut object, draw);
    object.close();
    json
}

fn phone_entry(options: &Options, field: Field, entry: &Entry, draw: &mut Draw) -> Vec<u8> {
    let id = identity::uuid(some_id(options, field, entry, draw));
    let mut json = Vec::with_capacity(128);
    let mut object = Object::open(&mut json);
    object.text("id", &id);
    object.text("phone_number", &words::phone(draw));
    object.flag("is_primary", draw.one_in(2));
    labels(&mut object, draw);
    object.close();
    json
}

fn labels(object: &mut Object, draw: &mut Draw) {
    let all = ["PERSONAL", "WORK", "MOBILE"];
    let some = all.iter().filter(|_| draw.one_in(2));
    let some: Vec<&&str> = some.collect();
    array(object.key("labels"), some, |out, label| {
        super::super::json::text(out, label);
    });
}

fn domain(entry: &Entry, draw: &mut Draw) -> Vec<u8> {
    let (_, domain) = draw.pick(words::COMPANIES);
    let mut json = Vec::with_capacity(64);
    let mut object = Object::open(&mut json);
    object.text("domain_name", &format!("{domain}-{}.example", entry.index));
    object.flag("is_primary", draw.one_in(2));
    object.close();
    json
}
