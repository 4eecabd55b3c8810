//! `GET /{record_type}/{id}/relationship/{name}`: the records that a record is related to, page by page.

use super::problem::Problem;
use super::query::{granted_limit, write_end};
use super::record_type::{RecordType, Relationship};
use crate::answer::Answer;
use crate::call::Call;
use crate::identity;
use crate::json::{Object, array};
use crate::noise::{Draw, noise};
use crate::options::{Junctions, Options, RelatedList};
use crate::seal;
use crate::world::World;

/// Draws for links differ from all others.
const SALT: u64 = 77;

/// The group of junctions among the ids of what is not in a stream.
const JUNCTIONS: u64 = 50;

/// One in so many records has more related records than a page.
const RARELY: u64 = 64;

const ROLES: [&str; 4] = ["CTO", "Champion", "Billing, \"head of\"", "Einkäufer"];

/// A related record.
pub struct Link {
    /// The index of the related record.
    pub related: u64,
    /// Identifies the junction, and draws its attributes.
    noise: u64,
    is_primary: bool,
}

/// The links of a record by its index, in the order of the API: only to records that lists show.
pub fn of(
    world: &World,
    record_type: &RecordType,
    relationship: &Relationship,
    index: u64,
) -> Vec<Link> {
    let (seed, now) = (world.options.seed, world.now());
    let place = relationship.name.bytes().map(u64::from).sum();
    let parts = [seed, SALT, record_type.stream.number(), place, index];
    let mut draw = Draw::new(&parts);
    let most = world.options.size(relationship.related);
    let count = match (relationship.is_array, draw.below(RARELY)) {
        (false, _) => draw.below(2),
        (true, 0) => 60 + draw.below(200),
        (true, _) => draw.below(4),
    };
    let mut links: Vec<Link> = Vec::new();
    for number in 0..count.min(most) {
        let related = draw.below(most);
        let is_known = links.iter().any(|link| link.related == related);
        let entry = world.store.entry(relationship.related, related, now);
        if !is_known && entry.is_some() {
            links.push(Link {
                related,
                noise: noise(&[noise(&parts), number]),
                is_primary: links.is_empty(),
            });
        }
    }
    links
}

pub fn page(
    world: &World,
    record_type: &'static RecordType,
    id: &str,
    name: &str,
    call: &Call,
) -> Result<Answer, Problem> {
    let mut relationships = record_type.relationships.iter();
    let relationship = relationships.find(|one| one.name == name);
    let relationship = relationship.ok_or_else(|| Problem::UnknownRelationship {
        api_name: name.to_owned(),
        record_type: record_type.name().to_owned(),
    })?;
    let options = &world.options;
    let index = identity::index(options.seed, record_type.stream, id)
        .filter(|index| {
            let entry = world.store.entry(record_type.stream, *index, world.now());
            entry.is_some()
        })
        .ok_or_else(|| Problem::RecordNotFound { id: id.to_owned() })?;
    let (limit, begin) = paging(call, options, (index, name))?;
    let links = of(world, record_type, relationship, index);
    let rest = links.get(begin..).unwrap_or_default();
    let shown = &rest[..limit.min(rest.len())];
    let next = begin + shown.len();
    let cursor = (next < links.len()).then(|| seal::seal(&(index, name, next)));
    let mut out = Vec::new();
    let mut object = Object::open(&mut out);
    let mut parent = Object::open(object.key("parent"));
    parent.text("id", id);
    parent.text("record_type", record_type.name());
    parent.close();
    object.text("api_name", name);
    let list = match options.related_list {
        RelatedList::Items => "items",
        RelatedList::Data => "data",
        RelatedList::Related => "related_records",
    };
    array(object.key(list), shown, |out, link| {
        write(out, options, relationship, link);
    });
    write_end(&mut object, cursor.as_deref(), limit, options);
    object.close();
    Ok(Answer::of_bytes(200, out))
}

/// The size of the page, and how many links come before it.
fn paging(call: &Call, options: &Options, of: (u64, &str)) -> Result<(usize, usize), Problem> {
    let (mut limit, mut begin) = (None, 0);
    for (name, value) in form_urlencoded::parse(call.query.as_bytes()) {
        match name.as_ref() {
            "limit" => {
                let message = "Input should be a valid integer";
                let number = value.parse();
                limit = Some(number.map_err(|_| Problem::invalid_body(&["limit"], message))?);
            }
            "cursor" => {
                let opened: Option<(u64, String, usize)> = seal::open(&value);
                let (index, name, place) = opened.ok_or(Problem::InvalidCursor)?;
                if (index, name.as_str()) != of {
                    return Err(Problem::InvalidCursor);
                }
                begin = place;
            }
            _ => {}
        }
    }
    Ok((granted_limit(limit, options)?, begin))
}

pub fn write(out: &mut Vec<u8>, options: &Options, relationship: &Relationship, link: &Link) {
    let related = relationship.related;
    let mut object = Object::open(out);
    let id = identity::text(options.seed, related, link.related);
    object.text("related_record_id", &id);
    object.text("related_record_type", related.name());
    match relationship.junction {
        Some(junction) if options.junctions == Junctions::Shown => {
            let mut through = Object::open(object.key("through"));
            let id = identity::outsider(options.seed, JUNCTIONS, link.noise);
            through.text("id", &identity::uuid(id));
            through.text("record_type", junction);
            let mut attributes = Object::open(through.key("attributes"));
            if junction == "contact_account_role" {
                let mut role = Object::open(attributes.key("role"));
                role.text("value_type", "string");
                let names = ROLES.map(Some).into_iter().chain([None]);
                let names: Vec<Option<&str>> = names.collect();
                let mut draw = Draw::new(&[link.noise]);
                role.text_or_null("value", draw.pick(&names));
                role.close();
            }
            let mut primary = Object::open(attributes.key("is_primary"));
            primary.text("value_type", "boolean");
            primary.flag("value", link.is_primary);
            primary.close();
            attributes.close();
            through.close();
        }
        _ => object.raw("through", "null"),
    }
    object.close();
}
