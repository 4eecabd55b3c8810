//! Contacts, companies, users and tags: what they contain, and how they are written.

use super::crm::{Association, CrmObject};
use super::members::Members;
use crate::identity;
use crate::json::Object;
use crate::noise::Draw;
use crate::options::Options;
use crate::stream::Stream;
use crate::timestamp::DAY;
use crate::words::{self, Person};
use crate::world::store::Entry;

pub struct Contact {
    pub person: Option<Person>,
    pub mails: Vec<String>,
    pub association: Option<Association>,
    company: Option<u64>,
    phones: Vec<String>,
    description: Option<&'static str>,
    time_zone: Option<&'static str>,
}

impl Contact {
    pub fn of(options: &Options, index: u64) -> Self {
        let mut draw = facts(options, Stream::Contacts, index);
        let linked = !draw.one_in(3);
        let companies = options.size(Stream::Companies);
        Contact {
            person: (!draw.one_in(10)).then(|| Person::draw(&mut draw)),
            mails: some_mails(index, &mut draw),
            association: linked.then(|| Association::of(CrmObject::Contact, index)),
            company: (companies > 0 && !draw.one_in(4)).then(|| draw.below(companies)),
            phones: (0..draw.below(3))
                .map(|_| words::phone(&mut draw))
                .collect(),
            description: (!draw.one_in(3)).then(|| draw.pick(words::PROSE)),
            time_zone: (!draw.one_in(3)).then(|| draw.pick(words::TIME_ZONES)),
        }
    }

    pub fn write(&self, out: &mut Vec<u8>, options: &Options, entry: &Entry) {
        let id = identity::text(options.seed, Stream::Contacts, entry.index);
        let mut members = Members::open(out, options, entry, "contact", &id);
        members.nullable_prose(
            "first_name",
            self.person.as_ref().map(|person| person.first),
        );
        members.nullable_prose("last_name", self.person.as_ref().map(|person| person.last));
        members.optional_prose("description", revised(self.description, entry).as_deref());
        match self.company {
            Some(company) => {
                let mut reference = Object::open(members.object.key("company"));
                reference.text(
                    "id",
                    &identity::text(options.seed, Stream::Companies, company),
                );
                reference.text("object", "company");
                reference.close();
            }
            None => members.missing("company"),
        }
        members.mails(&self.mails);
        members.primary_first("phone_numbers", "phone_number", &self.phones);
        members.association(self.association.as_ref());
        members.optional("time_zone", self.time_zone);
        members.close(entry);
    }
}

pub struct Company {
    pub name: Option<&'static str>,
    pub domains: Vec<String>,
    pub association: Option<Association>,
    description: Option<&'static str>,
    industry: Option<&'static str>,
    employees: Option<u64>,
    has_logo: bool,
}

impl Company {
    pub fn of(options: &Options, index: u64) -> Self {
        let mut draw = facts(options, Stream::Companies, index);
        let linked = !draw.one_in(3);
        let (name, domain) = draw.pick(words::COMPANIES);
        let domains = (0..draw.below(3)).map(|number| format!("{domain}-{index}-{number}.example"));
        Company {
            name: (!draw.one_in(12)).then_some(name),
            domains: domains.collect(),
            association: linked.then(|| Association::of(CrmObject::Company, index)),
            description: (!draw.one_in(3)).then(|| draw.pick(words::PROSE)),
            industry: (!draw.one_in(3)).then(|| draw.pick(words::INDUSTRIES)),
            employees: (!draw.one_in(4)).then(|| draw.below(1 << size_bits(index))),
            has_logo: draw.one_in(2),
        }
    }

    pub fn write(&self, out: &mut Vec<u8>, options: &Options, entry: &Entry) {
        let id = identity::text(options.seed, Stream::Companies, entry.index);
        let mut members = Members::open(out, options, entry, "company", &id);
        members.nullable_prose("name", self.name);
        members.optional_prose("description", revised(self.description, entry).as_deref());
        members.optional("industry", self.industry);
        let website = self
            .domains
            .first()
            .map(|domain| format!("https://{domain}"));
        members.optional("website", website.as_deref());
        members.optional_number("number_of_employees", self.employees);
        let logo = format!("https://cdn.example/logo/{}.png?v=2&size=l", entry.index);
        members.optional("logo_url", self.has_logo.then_some(logo.as_str()));
        members.association(self.association.as_ref());
        members.domains(&self.domains);
        members.close(entry);
    }
}

/// Companies of very different sizes, a few with more employees than 32 bits can count.
fn size_bits(index: u64) -> u64 {
    1 + index % 40
}

pub struct User {
    pub person: Option<Person>,
    pub mails: Vec<String>,
    role: &'static str,
    job_title: Option<&'static str>,
    time_zone: Option<&'static str>,
    idle: Option<u64>,
}

impl User {
    pub fn of(options: &Options, index: u64) -> Self {
        let mut draw = facts(options, Stream::Users, index);
        let is_guest = draw.one_in(10) && options.extra_members;
        let roles = ["OWNER", "MANAGER", "MEMBER", "INACTIVE", "NOT_INVITED"];
        let role = draw.pick(&roles);
        let is_person = role != "NOT_INVITED";
        User {
            person: is_person.then(|| Person::draw(&mut draw)),
            mails: vec![format!("user.{index}@sandbox.example")],
            role: if is_guest { "GUEST" } else { role },
            job_title: (!draw.one_in(3)).then(|| draw.pick(words::JOB_TITLES)),
            time_zone: (!draw.one_in(3)).then(|| draw.pick(words::TIME_ZONES)),
            idle: (is_person && !draw.one_in(3)).then(|| draw.below(30 * DAY.unsigned_abs())),
        }
    }

    pub fn write(&self, out: &mut Vec<u8>, options: &Options, entry: &Entry) {
        let id = identity::text(options.seed, Stream::Users, entry.index);
        let mut members = Members::open(out, options, entry, "user", &id);
        members.object.text("role", self.role);
        members.nullable_prose(
            "first_name",
            self.person.as_ref().map(|person| person.first),
        );
        members.nullable_prose("last_name", self.person.as_ref().map(|person| person.last));
        members.optional_prose("job_title", revised(self.job_title, entry).as_deref());
        members.mails(&self.mails);
        members.optional("time_zone", self.time_zone);
        let idle = self.idle.and_then(|idle| i64::try_from(idle).ok());
        members.optional_timestamp("last_activity_at", idle.map(|idle| entry.updated_at - idle));
        members.close(entry);
    }
}

pub struct Tag {
    pub name: String,
    description: Option<&'static str>,
    hex_color: Option<&'static str>,
    auto_tagging_enabled: Option<bool>,
}

impl Tag {
    pub fn of(options: &Options, index: u64) -> Self {
        let mut draw = facts(options, Stream::Tags, index);
        Tag {
            name: format!("{} {index}", draw.pick(words::TOPICS)),
            description: (!draw.one_in(3)).then(|| draw.pick(words::PROSE)),
            hex_color: (!draw.one_in(3)).then(|| draw.pick(&["#6966FF", "#ffb700", "#19A974"])),
            auto_tagging_enabled: (!draw.one_in(3)).then(|| draw.one_in(2)),
        }
    }

    pub fn write(&self, out: &mut Vec<u8>, options: &Options, entry: &Entry) {
        let id = identity::text(options.seed, Stream::Tags, entry.index);
        let mut members = Members::open(out, options, entry, "tag", &id);
        members.prose("name", &self.name);
        members.nullable_prose("description", revised(self.description, entry).as_deref());
        members.object.text_or_null("hex_color", self.hex_color);
        match self.auto_tagging_enabled {
            Some(enabled) => members.object.flag("auto_tagging_enabled", enabled),
            None => members.missing("auto_tagging_enabled"),
        }
        members.close(entry);
    }
}

/// The source of a record's contents.
pub fn facts(options: &Options, stream: Stream, index: u64) -> Draw {
    Draw::new(&[options.seed, stream.number(), index, 200])
}

/// A text that names the record's version. It is never missing once the record has changed.
pub fn revised(text: Option<&str>, entry: &Entry) -> Option<String> {
    if text.is_none() && entry.version == 1 {
        return None;
    }
    Some(words::revised(text.unwrap_or_default(), entry.version))
}

fn some_mails(index: u64, draw: &mut Draw) -> Vec<String> {
    let count = draw.below(3);
    (0..count).map(|_| words::mail(index, draw)).collect()
}
