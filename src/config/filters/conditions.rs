//! The grammar of Reevo's filters ("Query Records for Sync"): conditions on fields, combined by
//! `and`, `or` and `not`. Fields and the types of values are for the schema to judge.

use super::lists::{instead, one_of};
use crate::config::problems::Problem;
use serde_json::{Map, Value};

/// A condition that a filter sets.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Where it is in the configuration.
    pub place: String,
    /// A field of the record, or a dot path to one of a related record.
    pub field: String,
    pub operator: &'static str,
    /// What it compares with: none, one, two or several plain values.
    pub values: Vec<Value>,
}

/// What an operator compares with.
#[derive(Clone, Copy, PartialEq)]
enum Takes {
    Nothing,
    One,
    Two,
    Several,
}

/// The operators of the guide.
const OPERATORS: [(&str, Takes); 14] = [
    ("eq", Takes::One),
    ("ne", Takes::One),
    ("in", Takes::Several),
    ("not_in", Takes::Several),
    ("contains", Takes::One),
    ("starts_with", Takes::One),
    ("ends_with", Takes::One),
    ("gt", Takes::One),
    ("gte", Takes::One),
    ("lt", Takes::One),
    ("lte", Takes::One),
    ("between", Takes::Two),
    ("exists", Takes::Nothing),
    ("not_exists", Takes::Nothing),
];

const COMPOSITES: [&str; 3] = ["and", "or", "not"];
const MEMBERS: [&str; 3] = ["field", "operator", "value"];

const EXAMPLE: &str = r#"[{"field": "title", "operator": "contains", "value": "founder"}]"#;

/// The conditions of a list of filters. `place` is where the list is in the configuration.
pub fn parse(filters: &Value, place: &str, problems: &mut Vec<Problem>) -> Vec<Condition> {
    let mut reading = Reading {
        conditions: Vec::new(),
        problems,
    };
    match filters {
        Value::Array(list) => reading.list(list, place),
        _ => reading.refuse(place, format!("is not a list; write one such as {EXAMPLE}")),
    }
    reading.conditions
}

struct Reading<'p> {
    conditions: Vec<Condition>,
    problems: &'p mut Vec<Problem>,
}

impl Reading<'_> {
    fn list(&mut self, filters: &[Value], place: &str) {
        for (at, filter) in filters.iter().enumerate() {
            self.filter(filter, &format!("{place}.{at}"));
        }
    }

    fn filter(&mut self, filter: &Value, place: &str) {
        let Value::Object(members) = filter else {
            let text =
                "is not an object; write a field, an operator and a value, or one of and, or, not";
            return self.refuse(place, text);
        };
        let composite = COMPOSITES
            .into_iter()
            .find(|key| members.contains_key(*key));
        match composite {
            Some(key) if members.len() > 1 => {
                let text = format!(
                    "has other keys beside {key}; write each filter as an object of its own"
                );
                self.refuse(place, text);
            }
            Some(key) => self.composite(key, &members[key], &format!("{place}.{key}")),
            None => self.condition(members, place),
        }
    }

    /// `not` takes one filter or, like the others, a list.
    fn composite(&mut self, key: &str, inner: &Value, place: &str) {
        match inner {
            Value::Array(list) if !list.is_empty() => self.list(list, place),
            Value::Object(_) if key == "not" => self.filter(inner, place),
            _ => self.refuse(
                place,
                format!("is not a list of filters; write one such as {EXAMPLE}"),
            ),
        }
    }

    fn condition(&mut self, members: &Map<String, Value>, place: &str) {
        match condition(members, place) {
            Ok(condition) => self.conditions.push(condition),
            Err(problem) => self.problems.push(problem),
        }
    }

    fn refuse(&mut self, place: &str, text: impl Into<String>) {
        self.problems.push(Problem::new(place, text));
    }
}

fn condition(members: &Map<String, Value>, place: &str) -> Result<Condition, Problem> {
    let mut keys = members.keys();
    if let Some(key) = keys.find(|key| !MEMBERS.contains(&key.as_str())) {
        let known = [&MEMBERS[..], &COMPOSITES].concat();
        let text = format!("is not known; {}", instead(key, &known));
        return Err(Problem::new(format!("{place}.{key}"), text));
    }
    let text = |key: &str| members.get(key)?.as_str().filter(|text| !text.is_empty());
    let (Some(field), Some(operator)) = (text("field"), text("operator")) else {
        let text = "lacks a field or an operator; write both as texts in quotes";
        return Err(Problem::new(place, text));
    };
    let (operator, takes) =
        known(operator).map_err(|text| Problem::new(format!("{place}.operator"), text))?;
    let values = values(operator, takes, members.get("value")).map_err(|text| {
        let text = format!("invalid_filter_value: {operator} {text}");
        Problem::new(format!("{place}.value"), text)
    })?;
    Ok(Condition {
        place: place.to_owned(),
        field: field.to_owned(),
        operator,
        values,
    })
}

/// An operator of the guide; or what is wrong with one that is not.
fn known(operator: &str) -> Result<(&'static str, Takes), String> {
    let mut operators = OPERATORS.into_iter();
    operators
        .find(|(word, _)| *word == operator)
        .ok_or_else(|| {
            let instead = instead(operator, &OPERATORS.map(|(word, _)| word));
            format!("invalid_filter_operator: there is no such operator; {instead}")
        })
}

/// The plain values that an operator compares with; or what is wrong with them.
fn values(operator: &str, takes: Takes, value: Option<&Value>) -> Result<Vec<Value>, String> {
    let is_plain = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
    match (takes, value) {
        (Takes::Nothing, None | Some(Value::Null)) => Ok(Vec::new()),
        (Takes::Nothing, Some(_)) => Err("takes no value; remove it".to_owned()),
        (_, None | Some(Value::Null)) => {
            let empty = one_of(&["exists", "not_exists"]);
            Err(format!(
                "needs a value; write one, or use {empty} to ask for empty fields"
            ))
        }
        (Takes::One, Some(value)) if is_plain(value) => Ok(vec![value.clone()]),
        (Takes::One, Some(Value::Array(_))) => Err(match operator {
            "eq" => "takes one value, not a list; use in for several".to_owned(),
            "ne" => "takes one value, not a list; use not_in for several".to_owned(),
            _ => "takes one value, not a list; use or to combine several filters".to_owned(),
        }),
        (Takes::One, Some(_)) => {
            Err("takes a text, a number, true or false, not an object".to_owned())
        }
        (Takes::Two, Some(Value::Array(list))) if list.len() == 2 && list.iter().all(is_plain) => {
            Ok(list.clone())
        }
        (Takes::Two, Some(_)) => {
            Err("takes a list of two values, the lowest and the highest".to_owned())
        }
        (Takes::Several, Some(Value::Array(list)))
            if !list.is_empty() && list.iter().all(is_plain) =>
        {
            Ok(list.clone())
        }
        (Takes::Several, Some(_)) => Err("takes a list of values, as in [\"a\", \"b\"]".to_owned()),
    }
}

/// Filters as a text that does not depend on the order of what is combined, of the members of
/// objects, or of the values of a list.
pub fn canonical(filters: &[Value]) -> String {
    format!("({})", sorted(filters.iter().map(canonical_filter)))
}

fn canonical_filter(filter: &Value) -> String {
    let composite = COMPOSITES.into_iter().find(|key| filter.get(key).is_some());
    if let Some(key) = composite {
        return match &filter[key] {
            Value::Array(list) => format!("{key}{}", canonical(list)),
            one => format!("{key}({})", canonical_filter(one)),
        };
    }
    let value = match (filter["operator"].as_str(), &filter["value"]) {
        (Some("between"), value) => value.to_string(),
        (_, Value::Array(list)) => format!("[{}]", sorted(list.iter().map(Value::to_string))),
        (_, value) => value.to_string(),
    };
    format!("{} {} {value}", filter["field"], filter["operator"])
}

fn sorted(texts: impl Iterator<Item = String>) -> String {
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(filters: &Value) -> (Vec<Condition>, Vec<String>) {
        let mut problems = Vec::new();
        let conditions = parse(filters, "f", &mut problems);
        let sentences = problems
            .iter()
            .map(|one| format!("{}: {}", one.place, one.text));
        (conditions, sentences.collect())
    }

    #[test]
    fn every_operator_of_the_guide_is_read_however_it_is_combined() {
        let (conditions, problems) = read(&json!([
            {"or": [
                {"field": "primary_email", "operator": "contains", "value": "@acme.com"},
                {"and": [
                    {"field": "title", "operator": "in", "value": ["CTO", "CFO"]},
                    {"not": {"field": "lead_score", "operator": "lt", "value": 5}}
                ]}
            ]},
            {"not": [{"field": "sms_consent", "operator": "eq", "value": false}]},
            {"field": "created_at", "operator": "between", "value": ["2026-01-01T00:00:00Z", "2026-07-01T00:00:00Z"]},
            {"field": "account_id.display_name", "operator": "exists"}
        ]));
        assert_eq!(problems, [""; 0]);
        let found: Vec<(&str, &str, usize)> = conditions
            .iter()
            .map(|one| (one.place.as_str(), one.operator, one.values.len()))
            .collect();
        assert_eq!(
            found,
            [
                ("f.0.or.0", "contains", 1),
                ("f.0.or.1.and.0", "in", 2),
                ("f.0.or.1.and.1.not", "lt", 1),
                ("f.1.not.0", "eq", 1),
                ("f.2", "between", 2),
                ("f.3", "exists", 0),
            ]
        );
    }

    #[test]
    fn every_problem_says_where_it_is_and_what_to_write() {
        for (filters, expected) in [
            (
                json!({"field": "a"}),
                "f: is not a list; write one such as [{",
            ),
            (
                json!(["a"]),
                "f.0: is not an object; write a field, an operator",
            ),
            (json!([{"field": "a"}]), "f.0: lacks a field or an operator"),
            (
                json!([{"field": "a", "op": "eq"}]),
                "f.0.op: is not known; write one of field, operator, value, and, or, not",
            ),
            (
                json!([{"or": [], "field": "a"}]),
                "f.0: has other keys beside or; write each filter as an object",
            ),
            (
                json!([{"or": {"field": "a", "operator": "exists"}}]),
                "f.0.or: is not a list of filters",
            ),
            (json!([{"and": []}]), "f.0.and: is not a list of filters"),
            (
                json!([{"field": "a", "operator": "equals", "value": 1}]),
                "f.0.operator: invalid_filter_operator: there is no such operator; write one of eq, ne, in,",
            ),
            (
                json!([{"field": "a", "operator": "start_with", "value": 1}]),
                "f.0.operator: invalid_filter_operator: there is no such operator; did you mean starts_with?",
            ),
            (
                json!([{"field": "a", "operator": "eq", "value": ["b"]}]),
                "f.0.value: invalid_filter_value: eq takes one value, not a list; use in for several",
            ),
            (
                json!([{"not": {"field": "a", "operator": "gt", "value": [1]}}]),
                "f.0.not.value: invalid_filter_value: gt takes one value, not a list; use or to combine",
            ),
            (
                json!([{"field": "a", "operator": "in", "value": "b"}]),
                "f.0.value: invalid_filter_value: in takes a list of values",
            ),
            (
                json!([{"field": "a", "operator": "between", "value": [1]}]),
                "f.0.value: invalid_filter_value: between takes a list of two values",
            ),
            (
                json!([{"field": "a", "operator": "exists", "value": true}]),
                "f.0.value: invalid_filter_value: exists takes no value; remove it",
            ),
            (
                json!([{"field": "a", "operator": "ne", "value": null}]),
                "f.0.value: invalid_filter_value: ne needs a value; write one, or use exists or not_exists",
            ),
            (
                json!([{"field": "a", "operator": "eq", "value": {"amount": 1}}]),
                "f.0.value: invalid_filter_value: eq takes a text, a number, true or false, not an object",
            ),
        ] {
            let (_, problems) = read(&filters);
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert!(
                problems[0].starts_with(expected),
                "{}\nnot {expected}",
                problems[0]
            );
        }
    }

    #[test]
    fn the_canonical_form_ignores_orders_without_a_meaning_and_no_others() {
        let of = |filters: Value| canonical(filters.as_array().unwrap());
        let (a, b) = (
            json!({"field": "a", "operator": "in", "value": [1, 2]}),
            json!({"value": "x", "field": "b", "operator": "eq"}),
        );
        let other_a = json!({"operator": "in", "value": [2, 1], "field": "a"});
        assert_eq!(of(json!([a, b])), of(json!([b, other_a])));
        assert_eq!(of(json!([{"or": [a, b]}])), of(json!([{"or": [b, a]}])));
        assert_ne!(of(json!([{"or": [a, b]}])), of(json!([{"and": [a, b]}])));
        assert_ne!(of(json!([{"not": a}])), of(json!([a])));
        let between =
            |range: Value| of(json!([{"field": "a", "operator": "between", "value": range}]));
        assert_ne!(between(json!([1, 2])), between(json!([2, 1])));
        let eq = |value: Value| of(json!([{"field": "a", "operator": "eq", "value": value}]));
        assert_ne!(eq(json!("1")), eq(json!(1)));
    }
}
