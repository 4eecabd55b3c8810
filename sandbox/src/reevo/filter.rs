//! Reads the filters of a query and checks them against the schema. A `Filter` needs no further
//! checks.

use serde_json::Value;

use super::attribute::Content;
use super::cell::Cell;
use super::key::Key;
use super::problem::Problem;
use super::record_type::{Field, RecordType};
use super::record_types;
use crate::options::Options;

/// How many references a path in a filter may follow.
const MOST_REFERENCES: usize = 2;

pub enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    Test(Test),
}

pub struct Test {
    /// The references to follow before the field is read.
    pub path: Vec<Field>,
    pub field: Field,
    pub operator: Operator,
    pub operand: Operand,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Eq,
    Ne,
    In,
    NotIn,
    Contains,
    StartsWith,
    EndsWith,
    Gt,
    Gte,
    Lt,
    Lte,
    Between,
    Exists,
    NotExists,
}

const OPERATORS: &[(&str, Operator)] = &[
    ("eq", Operator::Eq),
    ("ne", Operator::Ne),
    ("in", Operator::In),
    ("not_in", Operator::NotIn),
    ("contains", Operator::Contains),
    ("starts_with", Operator::StartsWith),
    ("ends_with", Operator::EndsWith),
    ("gt", Operator::Gt),
    ("gte", Operator::Gte),
    ("lt", Operator::Lt),
    ("lte", Operator::Lte),
    ("between", Operator::Between),
    ("exists", Operator::Exists),
    ("not_exists", Operator::NotExists),
];

pub enum Operand {
    Nothing,
    One(Key),
    Range(Key, Key),
    Several(Vec<Key>),
}

impl Filter {
    /// Reads the list under `filters`; its elements are combined with "and".
    pub fn parse(
        filters: &Value,
        record_type: &RecordType,
        options: &Options,
    ) -> Result<Filter, Problem> {
        let parser = Parser {
            record_type,
            options,
        };
        parser.list(filters).map(Filter::All)
    }

    /// A range of `updated_at` (microseconds, both ends included) that contains every match, so
    /// that a walk can begin there.
    pub fn range(&self) -> (i64, i64) {
        let everything = (i64::MIN, i64::MAX);
        match self {
            Filter::All(filters) => filters
                .iter()
                .map(Filter::range)
                .fold(everything, |one, other| {
                    (one.0.max(other.0), one.1.min(other.1))
                }),
            Filter::Test(test) if test.is_on_updated_at() => test.range(),
            _ => everything,
        }
    }
}

impl Test {
    fn is_on_updated_at(&self) -> bool {
        self.path.is_empty() && matches!(self.field.attribute.content, Content::UpdatedAt)
    }

    /// Nanoseconds are rounded outward, since the filter is still applied.
    fn range(&self) -> (i64, i64) {
        let micros = |nanos: i64| nanos.div_euclid(1000);
        match (self.operator, &self.operand) {
            (Operator::Gt | Operator::Gte, Operand::One(Key::Integer(from))) => {
                (micros(*from), i64::MAX)
            }
            (Operator::Lt | Operator::Lte, Operand::One(Key::Integer(to))) => {
                (i64::MIN, micros(*to) + 1)
            }
            (Operator::Between, Operand::Range(Key::Integer(from), Key::Integer(to))) => {
                (micros(*from), micros(*to) + 1)
            }
            _ => (i64::MIN, i64::MAX),
        }
    }
}

struct Parser<'a> {
    record_type: &'a RecordType,
    options: &'a Options,
}

impl Parser<'_> {
    fn list(&self, filters: &Value) -> Result<Vec<Filter>, Problem> {
        let Some(filters) = filters.as_array() else {
            return Err(invalid("Input should be a valid list"));
        };
        filters.iter().map(|filter| self.filter(filter)).collect()
    }

    fn filter(&self, filter: &Value) -> Result<Filter, Problem> {
        let Some(members) = filter.as_object() else {
            return Err(invalid("Input should be a valid object"));
        };
        let mut keys = members.keys().map(String::as_str);
        match (keys.next(), members.len()) {
            (Some("and"), 1) => self.list(&filter["and"]).map(Filter::All),
            (Some("or"), 1) => self.list(&filter["or"]).map(Filter::Any),
            (Some("not"), 1) => self.negated(&filter["not"]),
            _ => self.test(filter).map(Filter::Test),
        }
    }

    /// `not` takes one filter or a list, whose elements are combined with "and" first.
    fn negated(&self, inner: &Value) -> Result<Filter, Problem> {
        let inner = if inner.is_array() {
            Filter::All(self.list(inner)?)
        } else {
            self.filter(inner)?
        };
        Ok(Filter::Not(Box::new(inner)))
    }

    fn test(&self, test: &Value) -> Result<Test, Problem> {
        let members = test.as_object().into_iter().flatten();
        for (key, _) in members {
            if !["field", "operator", "value"].contains(&key.as_str()) {
                return Err(invalid(&format!("Extra inputs are not permitted: {key}")));
            }
        }
        let (Some(name), Some(operator)) = (test["field"].as_str(), test["operator"].as_str())
        else {
            return Err(invalid(
                "A filter needs a field and an operator, or one of and, or, not",
            ));
        };
        let (path, field) = self.resolve(name)?;
        let declared = field.attribute.operators(field.stream, self.options);
        let Some(declared) = declared else {
            return Err(self.unfilterable(name));
        };
        let found = OPERATORS.iter().find(|(word, _)| *word == operator);
        let Some((word, operator)) = found.filter(|(word, _)| declared.contains(word)) else {
            return Err(Problem::InvalidFilterOperator {
                field: name.to_owned(),
                operator: operator.to_owned(),
            });
        };
        let operand = operand(*operator, field, &test["value"]);
        let operand = operand.ok_or_else(|| Problem::InvalidFilterValue {
            field: name.to_owned(),
            operator: (*word).to_owned(),
        })?;
        Ok(Test {
            path,
            field,
            operator: *operator,
            operand,
        })
    }

    /// Follows a dotted path through references. Its depth is checked before its names, since that
    /// needs no schema.
    fn resolve(&self, name: &str) -> Result<(Vec<Field>, Field), Problem> {
        if name.matches('.').count() > MOST_REFERENCES {
            return Err(Problem::FilterDepthExceeded {
                field: name.to_owned(),
            });
        }
        let mut record_type = self.record_type;
        let mut path = Vec::new();
        let mut segments = name.split('.').peekable();
        while let Some(segment) = segments.next() {
            let field = record_type.field(segment, self.options);
            let field = field.ok_or_else(|| self.unfilterable(name))?;
            if segments.peek().is_none() {
                return Ok((path, field));
            }
            record_type = self.target(field).ok_or_else(|| self.unfilterable(name))?;
            path.push(field);
        }
        Err(self.unfilterable(name))
    }

    fn target(&self, field: Field) -> Option<&'static RecordType> {
        match field.attribute.content {
            Content::Reference(stream) if !field.attribute.is_array => {
                let exists = self.options.streams.contains(&stream);
                exists.then(|| record_types::of(stream))
            }
            _ => None,
        }
    }

    fn unfilterable(&self, name: &str) -> Problem {
        Problem::InvalidFilterField {
            field: name.to_owned(),
            record_type: self.record_type.name().to_owned(),
        }
    }
}

fn invalid(message: &str) -> Problem {
    Problem::invalid_body(&["filters"], message)
}

fn operand(operator: Operator, field: Field, value: &Value) -> Option<Operand> {
    let value_type = field.attribute.value_type;
    match operator {
        Operator::Exists | Operator::NotExists => Some(Operand::Nothing),
        Operator::In | Operator::NotIn => {
            let keys = value.as_array()?.iter();
            let keys = keys.map(|value| Key::of_json(value, value_type));
            keys.collect::<Option<_>>().map(Operand::Several)
        }
        Operator::Between => {
            let [from, to] = value.as_array()?.as_slice() else {
                return None;
            };
            Some(Operand::Range(
                Key::of_json(from, value_type)?,
                Key::of_json(to, value_type)?,
            ))
        }
        _ => Key::of_json(value, value_type).map(Operand::One),
    }
}

/// Whether a value that exists passes. A choice matches by its id and by its API name; case
/// matters.
pub fn passes(cell: &Cell, operator: Operator, operand: &Operand) -> bool {
    let key = Key::of(cell);
    let equals = |other: &Key| {
        let by_id =
            matches!((cell, other), (Cell::Choice(choice), Key::Text(text)) if text == choice.id);
        by_id || key.compare(other).is_eq()
    };
    match (operator, operand) {
        (Operator::Exists, _) => true,
        (Operator::Eq, Operand::One(other)) => equals(other),
        (Operator::Ne, Operand::One(other)) => !equals(other),
        (Operator::In, Operand::Several(others)) => others.iter().any(equals),
        (Operator::NotIn, Operand::Several(others)) => !others.iter().any(equals),
        (Operator::Gt, Operand::One(other)) => key.compare(other).is_gt(),
        (Operator::Gte, Operand::One(other)) => key.compare(other).is_ge(),
        (Operator::Lt, Operand::One(other)) => key.compare(other).is_lt(),
        (Operator::Lte, Operand::One(other)) => key.compare(other).is_le(),
        (Operator::Between, Operand::Range(from, to)) => {
            key.compare(from).is_ge() && key.compare(to).is_le()
        }
        (text_operator, Operand::One(Key::Text(part))) => match &key {
            Key::Text(text) => match text_operator {
                Operator::Contains => text.contains(part),
                Operator::StartsWith => text.starts_with(part),
                Operator::EndsWith => text.ends_with(part),
                _ => false,
            },
            _ => false,
        },
        _ => false,
    }
}
