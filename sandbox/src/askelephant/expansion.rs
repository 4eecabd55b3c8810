//! The members of an engagement that lists show only when asked to expand them.

use super::directory::{Company, Contact, Tag, User};
use super::engagement::Engagement;
use super::members::{Members, write_primary_first};
use crate::identity;
use crate::json::{Object, array};
use crate::noise::{Draw, noise};
use crate::options::{NestedKeys, Options, Scope};
use crate::stream::Stream;
use crate::timestamp::SECOND;
use crate::words::{self, Person};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expansion {
    Transcript,
    MediaUrl,
    Companies,
    Contacts,
    Owner,
    ActionItems,
    Signals,
    Tags,
}

/// In the order in which they are written.
pub const EXPANSIONS: &[(&str, Expansion)] = &[
    ("transcript", Expansion::Transcript),
    ("media_url", Expansion::MediaUrl),
    ("companies", Expansion::Companies),
    ("contacts", Expansion::Contacts),
    ("owner", Expansion::Owner),
    ("action_items", Expansion::ActionItems),
    ("signals", Expansion::Signals),
    ("tags", Expansion::Tags),
];

impl Expansion {
    /// The scope that it needs besides that of engagements.
    pub fn scope(self) -> Option<Scope> {
        match self {
            Expansion::Companies => Some(Scope::Companies),
            Expansion::Contacts => Some(Scope::Contacts),
            Expansion::Owner => Some(Scope::Users),
            _ => None,
        }
    }
}

/// Writes the expanded members. Media URLs are signed anew for each read.
pub fn write(members: &mut Members, engagement: &Engagement, expand: &[Expansion], now: i64) {
    let mut draw = engagement.expansion(members.options);
    let transcript = transcript(engagement, &mut draw);
    let items = draw.below(3);
    let signals = draw.below(3);
    for (name, expansion) in EXPANSIONS {
        if !expand.contains(expansion) {
            continue;
        }
        match expansion {
            Expansion::Transcript => members.nullable_prose(name, transcript.as_deref()),
            Expansion::MediaUrl => {
                let url = transcript.is_some().then(|| media_url(engagement, now));
                members.object.text_or_null(name, url.as_deref());
            }
            Expansion::Companies => companies(members, name, engagement),
            Expansion::Contacts => contacts(members, name, engagement),
            Expansion::Owner => owner(members, name, engagement),
            Expansion::ActionItems => action_items(members, name, engagement, items),
            Expansion::Signals => signal_list(members, name, engagement, signals),
            Expansion::Tags => tags(members, name, engagement),
        }
    }
}

/// Missing until processing has ended.
fn transcript(engagement: &Engagement, draw: &mut Draw) -> Option<String> {
    let lines = 3 + draw.below(60);
    let speakers = [Person::draw(draw), Person::draw(draw)];
    (engagement.processing_status == "COMPLETED").then(|| {
        let lines = (0..lines).map(|line| {
            let speaker = &speakers[usize::from(line % 2 == 1)];
            format!("{}: {}", speaker.first, draw.pick(words::PROSE))
        });
        lines.collect::<Vec<_>>().join("\n")
    })
}

fn media_url(engagement: &Engagement, now: i64) -> String {
    let expires = now / SECOND + 900;
    let signature = noise(&[engagement.index, now.unsigned_abs()]);
    format!(
        "https://media.example/signed/{}?expires={expires}&sig={signature:016x}",
        engagement.index
    )
}

/// The key of nested ids, in either spelling.
fn id_key(options: &Options, long: &'static str) -> &'static str {
    match options.nested_keys {
        NestedKeys::A => "id",
        NestedKeys::B => long,
    }
}

fn companies(members: &mut Members, name: &str, engagement: &Engagement) {
    let options = members.options;
    let out = members.object.key(name);
    array(out, &engagement.companies, |out, index| {
        let company = Company::of(options, *index);
        let mut item = Object::open(out);
        item.text("object", "engagement_company");
        let id = identity::text(options.seed, Stream::Companies, *index);
        item.text(id_key(options, "company_id"), &id);
        item.text_or_null("name", company.name);
        array(item.key("domains"), &company.domains, |out, domain| {
            super::super::json::text(out, domain);
        });
        item.close();
    });
}

fn contacts(members: &mut Members, name: &str, engagement: &Engagement) {
    let options = members.options;
    let out = members.object.key(name);
    array(out, &engagement.contacts, |out, index| {
        let contact = Contact::of(options, *index);
        let id = identity::text(options.seed, Stream::Contacts, *index);
        let mut item = Object::open(out);
        item.text("object", "engagement_contact");
        item.text(id_key(options, "contact_id"), &id);
        person(&mut item, contact.person.as_ref(), &contact.mails);
        item.close();
    });
}

fn owner(members: &mut Members, name: &str, engagement: &Engagement) {
    let options = members.options;
    let Some(index) = engagement.owner else {
        members.object.raw(name, "null");
        return;
    };
    let user = User::of(options, index);
    let mut item = Object::open(members.object.key(name));
    item.text("object", "engagement_owner");
    let id = identity::text(options.seed, Stream::Users, index);
    item.text(id_key(options, "user_id"), &id);
    person(&mut item, user.person.as_ref(), &user.mails);
    item.close();
}

fn person(item: &mut Object, person: Option<&Person>, mails: &[String]) {
    item.text_or_null("first_name", person.map(|person| person.first));
    item.text_or_null("last_name", person.map(|person| person.last));
    write_primary_first(item.key("emails"), "email", "is_primary", mails);
}

fn action_items(members: &mut Members, name: &str, engagement: &Engagement, count: u64) {
    let options = members.options;
    array(members.object.key(name), 0..count, |out, number| {
        let mut item = Object::open(out);
        item.text("object", "engagement_action_item");
        item.text("id", &nested_id(options, "act", engagement, number));
        item.text("title", words::TOPICS[usize::from(number == 0)]);
        item.text("status", "OPEN");
        item.raw("due_at", "null");
        let assignee = engagement.owner;
        let assignee = assignee.map(|user| identity::text(options.seed, Stream::Users, user));
        item.text_or_null("assignee_user_id", assignee.as_deref());
        item.close();
    });
}

fn signal_list(members: &mut Members, name: &str, engagement: &Engagement, count: u64) {
    let options = members.options;
    array(members.object.key(name), 0..count, |out, number| {
        let mut item = Object::open(out);
        item.text("object", "engagement_signal");
        item.text("id", &nested_id(options, "sig", engagement, number));
        item.text("name", "Budget confirmed");
        item.text("value", "ano, \"yes\"");
        item.close();
    });
}

fn nested_id(options: &Options, prefix: &str, engagement: &Engagement, number: u64) -> String {
    let bits = identity::outsider(options.seed, 50, engagement.index * 10 + number);
    identity::prefixed(prefix, bits)
}

fn tags(members: &mut Members, name: &str, engagement: &Engagement) {
    let options = members.options;
    let out = members.object.key(name);
    array(out, &engagement.tags, |out, index| {
        let tag = Tag::of(options, *index);
        let mut item = Object::open(out);
        item.text("object", "engagement_tag");
        let id = identity::text(options.seed, Stream::Tags, *index);
        item.text(id_key(options, "tag_id"), &id);
        item.text("name", &tag.name);
        item.close();
    });
}
