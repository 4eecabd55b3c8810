//! Filters and sorts records: the part of a query that looks at values.

use std::cmp::Ordering;

use serde_json::Value;

use super::attribute::Content;
use super::cell::{Cell, Cells, cells};
use super::filter::{Filter, Operator, Test, passes};
use super::key::Key;
use super::problem::{MOST_SORT_FIELDS, Problem};
use super::record_type::{Field, RecordType};
use crate::options::Options;
use crate::world::store::{Entry, Store};
use crate::world::walk::Direction;

/// Reads the values of a stream's records.
pub struct Reading<'a> {
    pub options: &'a Options,
    pub store: &'a Store,
    pub now: i64,
}

impl Reading<'_> {
    pub fn matches(&self, filter: &Filter, entry: &Entry) -> bool {
        match filter {
            Filter::All(filters) => filters.iter().all(|filter| self.matches(filter, entry)),
            Filter::Any(filters) => filters.iter().any(|filter| self.matches(filter, entry)),
            Filter::Not(filter) => !self.matches(filter, entry),
            Filter::Test(test) => self.holds(test, entry),
        }
    }

    /// A missing value equals nothing: it passes `ne`, `not_in` and `not_exists`, and fails the
    /// rest.
    fn holds(&self, test: &Test, entry: &Entry) -> bool {
        let cells = self
            .follow(&test.path, entry)
            .map_or(Cells::Missing, |entry| {
                cells(self.options, test.field, &entry)
            });
        match cells {
            Cells::One(cell) => passes(&cell, test.operator, &test.operand),
            Cells::Missing | Cells::Many(_) => matches!(
                test.operator,
                Operator::NotExists | Operator::Ne | Operator::NotIn
            ),
        }
    }

    fn follow(&self, path: &[Field], entry: &Entry) -> Option<Entry> {
        path.iter().try_fold(*entry, |entry, field| {
            let Cells::One(Cell::Reference(reference)) = cells(self.options, *field, &entry) else {
                return None;
            };
            let (stream, index) = reference.target?;
            self.store.entry(stream, index, self.now)
        })
    }

    pub fn keys(&self, sort: &Sort, entry: &Entry) -> Vec<Key> {
        let fields = sort.fields.iter();
        fields
            .map(|(field, _)| match cells(self.options, *field, entry) {
                Cells::One(cell) => Key::of(&cell),
                Cells::Missing | Cells::Many(_) => Key::Missing,
            })
            .collect()
    }
}

pub struct Sort {
    fields: Vec<(Field, Direction)>,
}

/// The order that a walk follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    Time(Direction),
    Id(Direction),
    /// Another order, for which each page reads the whole stream.
    Other,
}

impl Sort {
    pub fn parse(
        sort: &Value,
        record_type: &RecordType,
        options: &Options,
    ) -> Result<Sort, Problem> {
        let invalid = |message: &str| Problem::invalid_body(&["sort"], message);
        let elements = sort
            .as_array()
            .ok_or_else(|| invalid("Input should be a valid list"))?;
        if elements.len() > MOST_SORT_FIELDS {
            return Err(Problem::SortTooManyFields);
        }
        let mut fields = Vec::new();
        for element in elements {
            let name = element["field"].as_str();
            let name = name.ok_or_else(|| invalid("A sort needs a field"))?;
            let direction = match element.get("direction").map(Value::as_str) {
                None | Some(Some("asc")) => Direction::Ascending,
                Some(Some("desc")) => Direction::Descending,
                _ => return Err(invalid("direction should be 'asc' or 'desc'")),
            };
            let field = record_type.field(name, options);
            let sortable = field.filter(|f| f.attribute.is_sortable(f.stream, options));
            let field = sortable.ok_or_else(|| Problem::UnsortableField {
                field: name.to_owned(),
            })?;
            fields.push((field, direction));
        }
        Ok(Sort { fields })
    }

    /// Without a sort, records come by id.
    pub fn axis(&self) -> Axis {
        let content = |position: usize| {
            let field = self.fields.get(position);
            field.map(|(field, direction)| (field.attribute.content, *direction))
        };
        match (content(0), content(1)) {
            (None, _) => Axis::Id(Direction::Ascending),
            (Some((Content::Id, direction)), _) => Axis::Id(direction),
            (Some((Content::UpdatedAt, direction)), None) => Axis::Time(direction),
            (Some((Content::UpdatedAt, direction)), Some((Content::Id, same)))
                if direction == same =>
            {
                Axis::Time(direction)
            }
            _ => Axis::Other,
        }
    }

    /// Whether the query itself says how ties are broken.
    pub fn names_id(&self) -> bool {
        let mut fields = self.fields.iter();
        fields.any(|(field, _)| matches!(field.attribute.content, Content::Id))
    }

    /// Compares sort keys, then what breaks ties.
    pub fn compare(&self, one: &(Vec<Key>, u64), other: &(Vec<Key>, u64)) -> Ordering {
        let directions = self.fields.iter().map(|(_, direction)| *direction);
        let pairs = one.0.iter().zip(&other.0);
        let by_keys = directions
            .zip(pairs)
            .map(|(direction, (one, other))| match direction {
                Direction::Ascending => one.compare(other),
                Direction::Descending => other.compare(one),
            });
        let unequal = by_keys.into_iter().find(|order| order.is_ne());
        unequal.unwrap_or_else(|| one.1.cmp(&other.1))
    }
}
