//! Reads and checks the query parameters of a list. All problems are collected before the request
//! is refused.

use std::collections::BTreeMap;

use super::crm::{Association, CrmObject};
use super::engagement::{STATUSES, TYPES};
use super::expansion::{EXPANSIONS, Expansion};
use super::problem::{FieldError, Problem};
use crate::options::{LimitOverrun, Options};
use crate::stream::Stream;
use crate::timestamp;
use crate::world::walk::Direction;

const DEFAULT_LIMIT: u64 = 25;
const MOST_IDS: usize = 25;
const MOST_ASSOCIATIONS: usize = 20;

/// Nanoseconds since 1970, as filters may be finer than the store.
#[derive(Clone, Copy, Debug)]
pub enum Bound {
    Gt(i64),
    Gte(i64),
    Lt(i64),
    Lte(i64),
}

/// The parameters of a list. A filter that was not given is an empty list.
pub struct Parameters {
    pub direction: Direction,
    pub updated_at: Vec<Bound>,
    pub start_at: Vec<Bound>,
    pub search: Option<String>,
    pub domain: Option<String>,
    pub associations: Vec<Association>,
    pub types: Vec<String>,
    pub statuses: Vec<String>,
    pub company_ids: Vec<String>,
    pub contact_ids: Vec<String>,
    pub expand: Vec<Expansion>,
}

/// A key and its value, both decoded.
pub type Pair = (String, String);

pub fn parse(stream: Stream, pairs: &[Pair]) -> Result<Parameters, Problem> {
    let mut reading = Reading {
        stream,
        parameters: Parameters {
            direction: Direction::Descending,
            updated_at: Vec::new(),
            start_at: Vec::new(),
            search: None,
            domain: None,
            associations: Vec::new(),
            types: Vec::new(),
            statuses: Vec::new(),
            company_ids: Vec::new(),
            contact_ids: Vec::new(),
            expand: Vec::new(),
        },
        indexed: BTreeMap::new(),
        errors: Vec::new(),
    };
    for (position, (key, value)) in pairs.iter().enumerate() {
        if pairs[..position].iter().any(|(before, _)| before == key) {
            reading.refuse(key, "duplicate_parameter", "must be given once");
        } else {
            reading.take(key, value);
        }
    }
    reading.finish()
}

/// The page size, or a problem.
pub fn limit(text: Option<&str>, options: &Options) -> Result<usize, Problem> {
    let most = options.askelephant_max_limit;
    let Some(text) = text else {
        return Ok(usize::try_from(DEFAULT_LIMIT.min(most)).unwrap_or(1));
    };
    let Ok(limit) = text.parse::<i128>() else {
        return Err(Problem::bad_request(vec![FieldError {
            field: "limit".to_owned(),
            code: "invalid_format",
            message: "limit must be an integer.".to_owned(),
        }]));
    };
    let most_signed = i128::from(most);
    let granted = match options.limit_overrun {
        LimitOverrun::Cap if limit > most_signed => most_signed,
        _ => limit,
    };
    if (1..=most_signed).contains(&granted) {
        usize::try_from(granted).map_err(|_| Problem::limit_out_of_range(most))
    } else {
        Err(Problem::limit_out_of_range(most))
    }
}

struct Reading {
    stream: Stream,
    parameters: Parameters,
    /// Associations given in indexed brackets: number, then id and object type.
    indexed: BTreeMap<u64, (Option<String>, Option<String>)>,
    errors: Vec<FieldError>,
}

impl Reading {
    fn take(&mut self, key: &str, value: &str) {
        let is_engagements = self.stream == Stream::Engagements;
        match key {
            "order_by" => match value {
                "updated_at:asc" => self.parameters.direction = Direction::Ascending,
                "updated_at:desc" => self.parameters.direction = Direction::Descending,
                _ => self.refuse(
                    key,
                    "invalid_value",
                    "must be updated_at:asc or updated_at:desc",
                ),
            },
            "search" if self.stream != Stream::Tags => {
                self.parameters.search = Some(value.to_lowercase());
            }
            "expand" if is_engagements => self.take_expand(key, value),
            _ => match brackets(key).as_deref() {
                Some(["updated_at", operator]) => {
                    let bound = self.bound(key, operator, value);
                    self.parameters.updated_at.extend(bound);
                }
                Some(["start_at", operator]) if is_engagements => {
                    let bound = self.bound(key, operator, value);
                    self.parameters.start_at.extend(bound);
                }
                Some(["domain", "eq"]) if self.stream == Stream::Companies => {
                    self.parameters.domain = Some(value.trim().to_lowercase());
                }
                Some(["crm_associations", "eq", rest @ ..]) if !self.object_types().is_empty() => {
                    self.take_associations(key, rest, value);
                }
                Some([field, operator @ ("eq" | "in")]) if is_engagements => {
                    self.take_alternatives(key, field, *operator == "in", value);
                }
                _ => self.unknown(key),
            },
        }
    }

    fn take_expand(&mut self, key: &str, value: &str) {
        for word in value.split(',').map(str::trim) {
            match EXPANSIONS.iter().find(|(known, _)| *known == word) {
                Some((_, expansion)) => self.parameters.expand.push(*expansion),
                None => self.refuse(
                    key,
                    "invalid_value",
                    "holds a value that cannot be expanded",
                ),
            }
        }
    }

    fn bound(&mut self, key: &str, operator: &str, value: &str) -> Option<Bound> {
        let make = match operator {
            "gt" => Bound::Gt,
            "gte" => Bound::Gte,
            "lt" => Bound::Lt,
            "lte" => Bound::Lte,
            _ => {
                self.unknown(key);
                return None;
            }
        };
        let nanos = timestamp::nanos_of_utc(value);
        if nanos.is_none() {
            self.refuse(key, "invalid_format", "must be an ISO-8601 UTC timestamp");
        }
        nanos.map(make)
    }

    fn take_alternatives(&mut self, key: &str, field: &str, several: bool, value: &str) {
        let values: Vec<String> = if several {
            value
                .split(',')
                .map(|part| part.trim().to_owned())
                .collect()
        } else {
            vec![value.to_owned()]
        };
        let known: Option<&[&str]> = match field {
            "engagement_type" => Some(TYPES),
            "processing_status" => Some(STATUSES),
            _ => None,
        };
        let is_known = |value: &String| known.is_none_or(|all| all.contains(&value.as_str()));
        if !values.iter().all(is_known) {
            return self.refuse(key, "invalid_value", "holds an unknown value");
        }
        if values.len() > MOST_IDS {
            return self.refuse(key, "too_many_values", "takes at most 25 values");
        }
        match field {
            "engagement_type" => self.parameters.types.extend(values),
            "processing_status" => self.parameters.statuses.extend(values),
            "company_ids" => self.parameters.company_ids.extend(values),
            "contact_ids" => self.parameters.contact_ids.extend(values),
            _ => self.unknown(key),
        }
    }

    /// Either one JSON array, or a bracketed number and a member for each parameter.
    fn take_associations(&mut self, key: &str, rest: &[&str], value: &str) {
        match rest {
            [] => {
                let parsed: Option<Vec<serde_json::Value>> = serde_json::from_str(value).ok();
                let Some(items) = parsed else {
                    return self.refuse(key, "invalid_format", "must be a JSON array of objects");
                };
                let start = self.indexed.len() as u64;
                for (number, item) in (start..).zip(items) {
                    let member = |name: &str| item[name].as_str().map(str::to_owned);
                    self.indexed
                        .insert(number, (member("id"), member("object_type")));
                }
            }
            [number, member @ ("id" | "object_type")] => {
                let Ok(number) = number.parse() else {
                    return self.unknown(key);
                };
                let slot = self.indexed.entry(number).or_default();
                let place = if *member == "id" {
                    &mut slot.0
                } else {
                    &mut slot.1
                };
                *place = Some(value.to_owned());
            }
            _ => self.unknown(key),
        }
    }

    /// The object types that the filter takes here.
    fn object_types(&self) -> &'static [CrmObject] {
        match self.stream {
            Stream::Contacts => &[CrmObject::Contact],
            Stream::Companies => &[CrmObject::Company],
            Stream::Engagements => &[CrmObject::Company, CrmObject::Contact, CrmObject::Deal],
            _ => &[],
        }
    }

    fn finish(mut self) -> Result<Parameters, Problem> {
        let key = "filter[crm_associations][eq]";
        if self.indexed.len() > MOST_ASSOCIATIONS {
            self.refuse(key, "too_many_values", "takes at most 20 objects");
        }
        for (id, object_type) in std::mem::take(&mut self.indexed).into_values() {
            let known = CrmObject::MEMBERS.iter();
            let mut known = known.filter(|(_, object)| self.object_types().contains(object));
            let object = known.find(|(word, _)| Some(*word) == object_type.as_deref());
            match (id, object) {
                (Some(id), Some((_, object))) => self.parameters.associations.push(Association {
                    id,
                    object: *object,
                }),
                _ => self.refuse(key, "invalid_value", "needs an id and a known object_type"),
            }
        }
        if self.errors.is_empty() {
            Ok(self.parameters)
        } else {
            Err(Problem::bad_request(self.errors))
        }
    }

    fn unknown(&mut self, key: &str) {
        self.refuse(key, "unknown_parameter", "is not a parameter of this list");
    }

    fn refuse(&mut self, key: &str, code: &'static str, what: &str) {
        self.errors.push(FieldError {
            field: key.to_owned(),
            code,
            message: format!("{key} {what}."),
        });
    }
}

/// The parts of `filter[one][two]`.
fn brackets(key: &str) -> Option<Vec<&str>> {
    let inner = key.strip_prefix("filter[")?.strip_suffix(']')?;
    Some(inner.split("][").collect())
}
