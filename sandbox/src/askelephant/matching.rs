//! Which records pass the filters of a list.

use super::crm::{Association, CrmObject};
use super::directory::{Company, Contact, User};
use super::engagement::Engagement;
use super::parameters::{Bound, Parameters};
use crate::identity;
use crate::options::Options;
use crate::stream::Stream;
use crate::words::Person;
use crate::world::store::Entry;

pub fn matches(options: &Options, stream: Stream, asked: &Parameters, entry: &Entry) -> bool {
    if !within(entry.updated_at, &asked.updated_at) {
        return false;
    }
    let search = asked.search.as_deref();
    match stream {
        Stream::Contacts if search.is_some() || !asked.associations.is_empty() => {
            let contact = Contact::of(options, entry.index);
            found(search, contact.person.as_ref(), &contact.mails)
                && linked(contact.association.as_ref(), &asked.associations)
        }
        Stream::Users if search.is_some() => {
            let user = User::of(options, entry.index);
            found(search, user.person.as_ref(), &user.mails)
        }
        Stream::Companies => company_matches(options, asked, entry),
        Stream::Engagements => engagement_matches(options, asked, entry),
        _ => true,
    }
}

/// A range of `updated_at` (microseconds, both ends included) that contains every match, rounded
/// outward.
pub fn range(bounds: &[Bound]) -> (i64, i64) {
    let micros = |nanos: i64| nanos.div_euclid(1000);
    bounds
        .iter()
        .fold((i64::MIN, i64::MAX), |(from, to), bound| match bound {
            Bound::Gt(nanos) | Bound::Gte(nanos) => (from.max(micros(*nanos)), to),
            Bound::Lt(nanos) | Bound::Lte(nanos) => (from, to.min(micros(*nanos) + 1)),
        })
}

fn within(micros: i64, bounds: &[Bound]) -> bool {
    let timestamp = micros.saturating_mul(1000);
    bounds.iter().all(|bound| match bound {
        Bound::Gt(nanos) => timestamp > *nanos,
        Bound::Gte(nanos) => timestamp >= *nanos,
        Bound::Lt(nanos) => timestamp < *nanos,
        Bound::Lte(nanos) => timestamp <= *nanos,
    })
}

fn company_matches(options: &Options, asked: &Parameters, entry: &Entry) -> bool {
    let nothing_asked =
        asked.search.is_none() && asked.domain.is_none() && asked.associations.is_empty();
    if nothing_asked {
        return true;
    }
    let company = Company::of(options, entry.index);
    let name = company.name.unwrap_or_default().to_lowercase();
    asked.search.as_ref().is_none_or(|text| name.contains(text))
        && asked
            .domain
            .as_ref()
            .is_none_or(|domain| company.domains.contains(domain))
        && linked(company.association.as_ref(), &asked.associations)
}

/// A company matches by id or by CRM link, and so does a contact. Companies, contacts and deals
/// must all match.
fn engagement_matches(options: &Options, asked: &Parameters, entry: &Entry) -> bool {
    let engagement = Engagement::of(options, entry);
    let among =
        |asked: &[String], value: &str| asked.is_empty() || asked.iter().any(|a| a == value);
    let starts = engagement.starts_at;
    let in_time =
        asked.start_at.is_empty() || starts.is_some_and(|start| within(start, &asked.start_at));
    let title = engagement.title.to_lowercase();
    asked
        .search
        .as_ref()
        .is_none_or(|text| title.contains(text))
        && in_time
        && among(&asked.types, engagement.activity)
        && among(&asked.statuses, engagement.processing_status)
        && bucket(options, Stream::Companies, asked, &engagement.companies)
        && bucket(options, Stream::Contacts, asked, &engagement.contacts)
        && deal(asked, engagement.association.as_ref())
}

fn bucket(options: &Options, stream: Stream, asked: &Parameters, present: &[u64]) -> bool {
    let (ids, object) = match stream {
        Stream::Companies => (&asked.company_ids, CrmObject::Company),
        _ => (&asked.contact_ids, CrmObject::Contact),
    };
    let is_of_bucket = |link: &&Association| link.object == object;
    let links: Vec<&Association> = asked.associations.iter().filter(is_of_bucket).collect();
    if ids.is_empty() && links.is_empty() {
        return true;
    }
    present.iter().any(|index| {
        let link = match stream {
            Stream::Companies => Company::of(options, *index).association,
            _ => Contact::of(options, *index).association,
        };
        let id = identity::text(options.seed, stream, *index);
        ids.contains(&id) || link.is_some_and(|link| links.contains(&&link))
    })
}

fn deal(asked: &Parameters, link: Option<&Association>) -> bool {
    let deals = asked.associations.iter();
    let mut deals = deals
        .filter(|link| link.object == CrmObject::Deal)
        .peekable();
    deals.peek().is_none() || deals.any(|asked| Some(asked) == link)
}

fn linked(link: Option<&Association>, asked: &[Association]) -> bool {
    asked.is_empty() || link.is_some_and(|link| asked.contains(link))
}

/// Looks for a text, in lower case, in the full name and the mail addresses.
fn found(search: Option<&str>, person: Option<&Person>, mails: &[String]) -> bool {
    let Some(search) = search else {
        return true;
    };
    let name = person.map(|person| person.full_name().to_lowercase());
    name.is_some_and(|name| name.contains(search))
        || mails
            .iter()
            .any(|mail| mail.to_lowercase().contains(search))
}
