//! The query parameters by which AskElephant filters its lists: `search`, and `filter[name][operator]`
//! ("Pagination and filtering", and the reference of each list).

use super::lists::{instead, one_of};
use crate::config::forms::{full_date, utc_date};
use crate::config::problems::Problem;
use crate::time::timestamp;
use serde_json::{Value, json};

/// A filter of a list.
struct Parameter {
    name: &'static str,
    takes: Takes,
}

/// What a filter compares with.
#[derive(Clone, Copy)]
enum Takes {
    Text,
    Time,
    Choice(&'static [&'static str]),
    Ids,
    /// Records of a CRM, of these types.
    Links(&'static [&'static str]),
}

/// "Searching engagements" and "Filtering engagements by CRM object IDs" set these limits.
const MOST_IDS: usize = 25;
const MOST_LINKS: usize = 20;

const TYPES: &[&str] = &[
    "MEETING",
    "CALL",
    "EMAIL",
    "TASK",
    "NOTE",
    "CALENDAR_EVENT",
    "DOCUMENT",
];
const STATUSES: &[&str] = &["PENDING", "PROCESSING", "COMPLETED", "FAILED"];

const fn parameter(name: &'static str, takes: Takes) -> Parameter {
    Parameter { name, takes }
}

const LINKS: &str = "crm_associations";

const CONTACTS: &[Parameter] = &[parameter(LINKS, Takes::Links(&["contact"]))];
const COMPANIES: &[Parameter] = &[
    parameter(LINKS, Takes::Links(&["company"])),
    parameter("domain", Takes::Text),
];
const ENGAGEMENTS: &[Parameter] = &[
    parameter("company_ids", Takes::Ids),
    parameter("contact_ids", Takes::Ids),
    parameter(LINKS, Takes::Links(&["company", "contact", "deal"])),
    parameter("engagement_type", Takes::Choice(TYPES)),
    parameter("processing_status", Takes::Choice(STATUSES)),
    parameter("start_at", Takes::Time),
];

/// The filters of a collection; None if there is no such collection.
fn offered(collection: &str) -> Option<&'static [Parameter]> {
    match collection {
        "contacts" => Some(CONTACTS),
        "companies" => Some(COMPANIES),
        "engagements" => Some(ENGAGEMENTS),
        "users" | "tags" => Some(&[]),
        _ => None,
    }
}

/// The parameter of a text to search for, which every collection but one takes.
pub fn search(
    collection: &str,
    text: &str,
    place: &str,
    problems: &mut Vec<Problem>,
) -> (String, String) {
    if collection == "tags" {
        problems.push(Problem::new(
            place,
            "tags cannot be searched; remove the key",
        ));
    }
    ("search".to_owned(), text.to_owned())
}

/// The parameters of a collection's filters. Those of an unknown collection are ignored: a warning
/// says that it is unknown.
pub fn parse(
    collection: &str,
    filters: &Value,
    place: &str,
    problems: &mut Vec<Problem>,
) -> Vec<(String, String)> {
    let Some(offered) = offered(collection) else {
        return Vec::new();
    };
    let Value::Object(members) = filters else {
        let text = r#"is not an object; write one such as {"engagement_type": {"in": ["CALL"]}}"#;
        problems.push(Problem::new(place, text));
        return Vec::new();
    };
    let mut pairs = Vec::new();
    for (name, value) in members {
        let place = format!("{place}.{name}");
        let found = offered.iter().find(|one| one.name == name);
        let read = found.ok_or_else(|| not_offered(collection, name, offered));
        match read.and_then(|parameter| parameter.read(value)) {
            Ok(of_parameter) => pairs.extend(of_parameter),
            Err(text) => problems.push(Problem::new(place, text)),
        }
    }
    pairs.sort();
    pairs
}

fn not_offered(collection: &str, name: &str, offered: &[Parameter]) -> String {
    let names: Vec<&str> = offered.iter().map(|one| one.name).collect();
    match names.as_slice() {
        _ if name == "updated_at" => {
            "is what the tap filters by itself; remove it, and set start_date or end_date"
                .to_owned()
        }
        [] => format!("{collection} takes no filters; remove it"),
        names => format!("is not a filter of {collection}; {}", instead(name, names)),
    }
}

impl Parameter {
    /// The query parameters of the operators that are given, or what is wrong with them.
    fn read(&self, value: &Value) -> Result<Vec<(String, String)>, String> {
        let operators = self.takes.operators();
        let example = json!({self.name: {operators[0]: self.takes.example()}});
        let Some(members) = value.as_object().filter(|members| !members.is_empty()) else {
            return Err(format!("lacks its operator; write it as in {example}"));
        };
        if members.len() > 1 && !matches!(self.takes, Takes::Time) {
            return Err(format!(
                "has several operators; write {}",
                one_of(operators)
            ));
        }
        let read = members.iter().map(|(operator, value)| {
            if !operators.contains(&operator.as_str()) {
                return Err(format!(
                    "does not take {operator}; write {}",
                    one_of(operators)
                ));
            }
            let text = self.takes.text(operator, value);
            let text = text.map_err(|problem| format!("{operator} {problem}"))?;
            Ok((format!("filter[{}][{operator}]", self.name), text))
        });
        read.collect()
    }
}

impl Takes {
    fn operators(self) -> &'static [&'static str] {
        match self {
            Self::Text | Self::Links(_) => &["eq"],
            Self::Time => &["gte", "gt", "lt", "lte"],
            Self::Choice(_) | Self::Ids => &["eq", "in"],
        }
    }

    /// A value of the first operator.
    fn example(self) -> Value {
        match self {
            Self::Text => json!("example.com"),
            Self::Time => json!("2026-01-01T00:00:00Z"),
            Self::Choice(words) => json!(words[0]),
            Self::Ids => json!("…"),
            Self::Links(types) => json!([{"id": "…", "object_type": types[0]}]),
        }
    }

    /// The value of the query parameter.
    fn text(self, operator: &str, value: &Value) -> Result<String, String> {
        match self {
            Self::Text => one_text(value).map(str::to_owned),
            Self::Time => time(value),
            Self::Links(types) => links(value, types),
            Self::Choice(_) | Self::Ids => {
                let texts = if operator == "in" {
                    texts(value)?
                } else {
                    vec![one_text(value)?]
                };
                self.check(&texts)?;
                Ok(texts.join(","))
            }
        }
    }

    fn check(self, texts: &[&str]) -> Result<(), String> {
        let unknown = |words: &'static [&str]| texts.iter().find(|text| !words.contains(*text));
        match self {
            Self::Ids if texts.len() > MOST_IDS => {
                let count = texts.len();
                Err(format!(
                    "has {count} values, and the API takes at most {MOST_IDS}; leave some out"
                ))
            }
            Self::Choice(words) => match unknown(words) {
                Some(text) => Err(format!(
                    "has a value that is not known; {}",
                    instead(text, words)
                )),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

fn one_text(value: &Value) -> Result<&str, String> {
    match value {
        Value::Array(_) => Err("takes one value, not a list".to_owned()),
        Value::String(text) if text.contains(',') => {
            Err("has a comma in a value; write each value as an item of a list under in".to_owned())
        }
        Value::String(text) if !text.is_empty() => Ok(text),
        _ => Err("takes a text in quotes".to_owned()),
    }
}

/// The texts of a list, in a fixed order.
fn texts(value: &Value) -> Result<Vec<&str>, String> {
    let list = value.as_array().filter(|list| !list.is_empty());
    let list = list.ok_or("takes a list of values, as in [\"a\", \"b\"]")?;
    let mut texts = list.iter().map(one_text).collect::<Result<Vec<_>, _>>()?;
    texts.sort_unstable();
    Ok(texts)
}

fn time(value: &Value) -> Result<String, String> {
    let text = value.as_str().unwrap_or_default();
    match timestamp::parse(&full_date(text)) {
        Some(_) => Ok(utc_date(text)),
        None => Err("takes a date-time such as 2026-01-01T00:00:00Z".to_owned()),
    }
}

fn links(value: &Value, types: &[&str]) -> Result<String, String> {
    let example = json!([{"id": "…", "object_type": types[0]}]);
    let list = value.as_array().filter(|list| !list.is_empty());
    let list = list.ok_or_else(|| format!("takes a list of objects, as in {example}"))?;
    if list.len() > MOST_LINKS {
        let count = list.len();
        return Err(format!(
            "has {count} objects, and the API takes at most {MOST_LINKS}; leave some out"
        ));
    }
    let read = list.iter().map(|link| link_of(link, types));
    let mut links = read.collect::<Option<Vec<Value>>>().ok_or_else(|| {
        format!(
            "takes objects with an id and an object_type, which is {}, as in {example}",
            one_of(types)
        )
    })?;
    links.sort_by_key(Value::to_string);
    Ok(Value::Array(links).to_string())
}

fn link_of(link: &Value, types: &[&str]) -> Option<Value> {
    let id = link["id"].as_str().filter(|id| !id.is_empty())?;
    let object_type = link["object_type"]
        .as_str()
        .filter(|one| types.contains(one))?;
    let is_whole = link.as_object()?.len() == 2;
    is_whole.then(|| json!({"id": id, "object_type": object_type}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(collection: &str, filters: &Value) -> (Vec<(String, String)>, Vec<String>) {
        let mut problems = Vec::new();
        let pairs = parse(collection, filters, "f", &mut problems);
        let sentences = problems
            .iter()
            .map(|one| format!("{}: {}", one.place, one.text));
        (pairs, sentences.collect())
    }

    #[test]
    fn documented_filters_become_query_parameters_in_a_fixed_order() {
        let (pairs, problems) = read(
            "engagements",
            &json!({
                "start_at": {"lt": "2026-04-01", "gte": "2026-01-01T02:00:00+02:00"},
                "engagement_type": {"in": ["MEETING", "CALL"]},
                "processing_status": {"eq": "COMPLETED"},
                "company_ids": {"in": ["cmp_2", "cmp_1"]},
                "crm_associations": {"eq": [{"object_type": "deal", "id": "7"}]}
            }),
        );
        assert_eq!(problems, [""; 0]);
        let expected = [
            ("filter[company_ids][in]", "cmp_1,cmp_2"),
            (
                "filter[crm_associations][eq]",
                r#"[{"id":"7","object_type":"deal"}]"#,
            ),
            ("filter[engagement_type][in]", "CALL,MEETING"),
            ("filter[processing_status][eq]", "COMPLETED"),
            ("filter[start_at][gte]", "2026-01-01T00:00:00Z"),
            ("filter[start_at][lt]", "2026-04-01T00:00:00Z"),
        ];
        assert_eq!(
            pairs,
            expected.map(|(name, text)| (name.to_owned(), text.to_owned()))
        );
        let (pairs, problems) = read("companies", &json!({"domain": {"eq": "acme.com"}}));
        assert_eq!(problems, [""; 0]);
        assert_eq!(
            pairs,
            [("filter[domain][eq]".to_owned(), "acme.com".to_owned())]
        );
    }

    #[test]
    fn as_many_values_as_documented_are_taken_and_no_more() {
        let ids = |count: usize| json!({"company_ids": {"in": vec!["cmp_1"; count]}});
        assert_eq!(read("engagements", &ids(25)).1, [""; 0]);
        let expected =
            "f.company_ids: in has 26 values, and the API takes at most 25; leave some out";
        assert_eq!(read("engagements", &ids(26)).1, [expected]);
        let link = json!({"id": "1", "object_type": "contact"});
        let links = |count: usize| json!({"crm_associations": {"eq": vec![link.clone(); count]}});
        assert_eq!(read("contacts", &links(20)).1, [""; 0]);
        let expected =
            "f.crm_associations: eq has 21 objects, and the API takes at most 20; leave some out";
        assert_eq!(read("contacts", &links(21)).1, [expected]);
    }

    #[test]
    fn every_problem_says_where_it_is_and_what_to_write() {
        for (collection, filters, expected) in [
            (
                "contacts",
                json!([]),
                "f: is not an object; write one such as {",
            ),
            (
                "contacts",
                json!({"domain": {"eq": "a"}}),
                "f.domain: is not a filter of contacts; write crm_associations",
            ),
            (
                "tags",
                json!({"name": {"eq": "a"}}),
                "f.name: tags takes no filters; remove it",
            ),
            (
                "contacts",
                json!({"updated_at": {"gte": "2026-01-01"}}),
                "f.updated_at: is what the tap filters by itself; remove it, and set start_date",
            ),
            (
                "engagements",
                json!({"engagment_type": {"eq": "CALL"}}),
                "f.engagment_type: is not a filter of engagements; did you mean engagement_type?",
            ),
            (
                "engagements",
                json!({"engagement_type": "CALL"}),
                "f.engagement_type: lacks its operator; write it as in {\"engagement_type\":{\"eq\":\"MEETING\"}}",
            ),
            (
                "engagements",
                json!({"engagement_type": {"gte": "CALL"}}),
                "f.engagement_type: does not take gte; write eq or in",
            ),
            (
                "engagements",
                json!({"engagement_type": {"eq": "CALLS"}}),
                "f.engagement_type: eq has a value that is not known; did you mean CALL?",
            ),
            (
                "engagements",
                json!({"engagement_type": {"eq": "CALL", "in": ["TASK"]}}),
                "f.engagement_type: has several operators; write eq or in",
            ),
            (
                "engagements",
                json!({"company_ids": {"eq": ["a"]}}),
                "f.company_ids: eq takes one value, not a list",
            ),
            (
                "engagements",
                json!({"company_ids": {"in": "a"}}),
                "f.company_ids: in takes a list of values",
            ),
            (
                "engagements",
                json!({"company_ids": {"in": ["a,b"]}}),
                "f.company_ids: in has a comma in a value",
            ),
            (
                "engagements",
                json!({"contact_ids": {"eq": 5}}),
                "f.contact_ids: eq takes a text in quotes",
            ),
            (
                "engagements",
                json!({"start_at": {"gte": "yesterday"}}),
                "f.start_at: gte takes a date-time such as 2026-01-01T00:00:00Z",
            ),
            (
                "companies",
                json!({"domain": {"eq": ["a", "b"]}}),
                "f.domain: eq takes one value, not a list",
            ),
            (
                "companies",
                json!({"crm_associations": {"eq": [{"id": "1", "object_type": "deal"}]}}),
                "f.crm_associations: eq takes objects with an id and an object_type, which is company",
            ),
        ] {
            let (_, problems) = read(collection, &filters);
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert!(
                problems[0].starts_with(expected),
                "{}\nnot {expected}",
                problems[0]
            );
        }
    }
}
