//! From a raw record to the record that is emitted: finds its id and `updated_at`, and writes the
//! selected fields, each in its declared form, straight from slices of the page.

use crate::record::envelope::{self, Attribute, Wrapped};
use crate::record::findings::Finding;
use crate::record::json;
use crate::record::parts::Parts;
use crate::record::raw::{JsonType, Raw};
use crate::record::schema::Property;
use crate::record::value::{Unknown, ValueWriter};
use crate::time::timestamp::{self, Timestamp};
use foldhash::fast::FixedState;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// The column that keeps what the schema did not announce.
pub const UNKNOWN_FIELDS: &str = "_unknown_fields";

/// How an API lays out a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Members as they are.
    Plain,
    /// System fields at the top, all others in value envelopes below `attributes`.
    Envelopes,
}

/// How the records of one stream are read: which members become which columns.
pub struct Projection {
    columns: Vec<Column>,
    /// The columns of the version, where the record has one of its own.
    id: Option<usize>,
    updated_at: Option<usize>,
    top: Lookup,
    attributes: Lookup,
    /// Where everything goes that no schema announces, if the selection has a place for it.
    collector: Option<Column>,
}

struct Column {
    /// `"name":`, ready to be written.
    key: Vec<u8>,
    property: Property,
}

/// Where members of one level go.
#[derive(Default)]
struct Lookup {
    names: Vec<(String, Place)>,
    index: HashMap<String, usize, FixedState>,
}

/// What becomes of a member that is known.
#[derive(Clone, Copy)]
enum Place {
    Column(usize),
    Unselected,
    /// The object of the attributes, which are looked up elsewhere.
    Attributes,
}

/// The next member of an object.
enum Member<'a> {
    Known(Place),
    Unknown(Cow<'a, str>),
    /// Its name holds half a surrogate pair.
    Unreadable,
    End,
}

/// The members of one record that matter, as slices of the page.
#[derive(Default)]
pub struct Scanned<'a> {
    top: Vec<Option<Raw<'a>>>,
    attributes: Vec<Option<Found<'a>>>,
    unknown: Vec<Unknown<'a>>,
    top_order: Order,
    attributes_order: Order,
}

/// In which order members come. They are expected in that of the schema first, and then as they came
/// before.
#[derive(Default)]
struct Order {
    /// For each member, and for the beginning, the index of the one after it.
    after: Vec<usize>,
    /// The place in `after` of the member that was passed last.
    at: usize,
}

/// A raw value that was found.
#[derive(Clone, Copy)]
enum Found<'a> {
    /// One without an envelope, or out of it.
    Value(Raw<'a>),
    /// An attribute that is no single envelope, such as a list of them.
    Wrapped(Raw<'a>),
}

/// What tells one version of a record from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version<'a> {
    pub id: Cow<'a, str>,
    /// The instant, and the exact text that the API sent; nothing if it sent none that is usable.
    pub updated_at: Option<(Timestamp, Cow<'a, str>)>,
}

impl Projection {
    /// A projection onto `selected`. `announced` are the API names of all fields that the schema
    /// knows, selected or not.
    pub fn new(layout: Layout, selected: &[Property], announced: &[String]) -> Self {
        let (collectors, columns): (Vec<&Property>, Vec<&Property>) =
            selected.iter().partition(|property| is_collector(property));
        let columns: Vec<Column> = columns.into_iter().map(Column::new).collect();
        let position = |name: &str| {
            columns
                .iter()
                .position(|column| column.property.api_name == name)
        };
        let (id, updated_at) = (position("id"), position("updated_at"));
        let all = Lookup::new(&columns, announced, |_| true);
        let (top, attributes) = match layout {
            Layout::Plain => (all, Lookup::default()),
            Layout::Envelopes => {
                let mut top = Lookup::new(&columns, &system_names(), is_system);
                top.add("attributes", Place::Attributes);
                (top, all)
            }
        };
        Self {
            id,
            updated_at,
            top,
            attributes,
            collector: collectors.first().map(|property| Column::new(property)),
            columns,
        }
    }

    /// Whether what the schema does not announce comes out in the column for it.
    pub fn collects(&self) -> bool {
        self.collector.is_some()
    }

    /// Finds the members of a record, which has been parsed before. None if it is not an object of the
    /// API's form.
    pub fn scan<'a>(&self, raw: &'a str, scanned: &mut Scanned<'a>) -> Option<()> {
        scanned.clear(self.columns.len());
        if !raw.starts_with('{') {
            return None;
        }
        let mut parts = Parts::of(raw, b'{');
        scanned.top_order.begin(&self.top);
        loop {
            match self.top.next(&mut parts, &mut scanned.top_order) {
                Member::Known(Place::Attributes) => self.scan_attributes(&mut parts, scanned)?,
                Member::Known(Place::Column(column)) => scanned.top[column] = Some(parts.value()?),
                Member::Known(Place::Unselected) => drop(parts.value()?),
                Member::Unknown(name) => scanned.add_unknown(name, parts.value()?, false),
                Member::Unreadable => return None,
                Member::End => return Some(()),
            }
        }
    }

    /// A record may have `null` in place of its attributes.
    fn scan_attributes<'a>(&self, parts: &mut Parts<'a>, scanned: &mut Scanned<'a>) -> Option<()> {
        let Some(start) = parts.enter() else {
            return parts.value()?.is_null().then_some(());
        };
        scanned.attributes_order.begin(&self.attributes);
        loop {
            match self.attributes.next(parts, &mut scanned.attributes_order) {
                Member::Known(Place::Column(column)) => {
                    let wrapped = Wrapped::next(parts)?;
                    scanned.attributes[column] = Some(match wrapped.envelope {
                        Some(value) => Found::Value(value.raw),
                        None => Found::Wrapped(wrapped.raw),
                    });
                }
                Member::Known(_) => drop(parts.value()?),
                Member::Unknown(name) => scanned.add_unknown(name, parts.value()?, true),
                Member::Unreadable => return None,
                Member::End => return parts.leave(start).map(|_| ()),
            }
        }
    }

    /// The record's id and instant; nothing if it has no id.
    pub fn version<'a>(&self, scanned: &Scanned<'a>) -> Option<Version<'a>> {
        let id = scanned.plain(self.id?)?;
        let id = match id.kind {
            JsonType::String => id.characters().filter(|text| !text.is_empty())?,
            JsonType::Number => Cow::Borrowed(id.text),
            _ => return None,
        };
        let raw = self.updated_at.and_then(|at| scanned.plain(at));
        let updated_at = raw.and_then(Raw::characters).and_then(|text| {
            let timestamp = timestamp::parse(&text)?.timestamp;
            Some((timestamp, text))
        });
        Some(Version { id, updated_at })
    }

    /// Writes the record as one JSON object.
    pub fn write<'a>(&'a self, writer: &mut ValueWriter<'a>, scanned: &Scanned<'a>) {
        for unknown in &scanned.unknown {
            let noticed = (unknown.name.to_string(), Finding::Unannounced);
            writer.noticed.push(noticed);
        }
        writer.open();
        for (at, column) in self.columns.iter().enumerate() {
            let raw = scanned.raw(at);
            let key = |out: &mut Vec<u8>| out.extend_from_slice(&column.key);
            writer.member(key, &column.property, |writer| match raw {
                Some(Found::Wrapped(raw)) => writer.attribute(&column.property.shape, raw),
                Some(Found::Value(raw)) => writer.value(&column.property.shape, raw),
                None => writer.null(),
            });
        }
        if let Some(Column { key, property }) = &self.collector {
            let key = |out: &mut Vec<u8>| out.extend_from_slice(key);
            writer.member(key, property, |writer| {
                writer.collect(&property.shape, &scanned.unknown)
            });
        }
        writer.close();
    }
}

impl Column {
    fn new(property: &Property) -> Self {
        Self {
            key: json::key(&property.name),
            property: property.clone(),
        }
    }
}

impl Lookup {
    fn new(columns: &[Column], announced: &[String], belongs: impl Fn(&str) -> bool) -> Self {
        let api_names = columns
            .iter()
            .map(|column| column.property.api_name.as_str());
        let column_of: HashMap<&str, usize> =
            api_names.enumerate().map(|(at, name)| (name, at)).collect();
        let mut listed = HashSet::new();
        let in_order = announced
            .iter()
            .map(String::as_str)
            .chain(column_of.keys().copied());
        let mut lookup = Self::default();
        for name in in_order.filter(|name| belongs(name) && listed.insert(*name)) {
            let column = column_of.get(name);
            lookup.add(
                name,
                column.map_or(Place::Unselected, |at| Place::Column(*at)),
            );
        }
        lookup
    }

    fn add(&mut self, name: &str, place: Place) {
        self.index.insert(name.to_owned(), self.names.len());
        self.names.push((name.to_owned(), place));
    }

    /// Passes the next name, and says which member it is.
    fn next<'a>(&self, parts: &mut Parts<'a>, order: &mut Order) -> Member<'a> {
        let expected = order.after[order.at];
        if let Some((next, place)) = self.names.get(expected)
            && parts.passes(next)
        {
            order.at = expected + 1;
            return Member::Known(*place);
        }
        let Some(name) = parts.name() else {
            return Member::End;
        };
        let Some(name) = name.text() else {
            return Member::Unreadable;
        };
        match self.index.get(name.as_ref()) {
            Some(at) => {
                order.after[order.at] = *at;
                order.at = at + 1;
                Member::Known(self.names[*at].1)
            }
            None => Member::Unknown(name),
        }
    }
}

impl Order {
    fn begin(&mut self, lookup: &Lookup) {
        if self.after.is_empty() {
            self.after = (0..=lookup.names.len()).collect();
        }
        self.at = 0;
    }
}

impl<'a> Scanned<'a> {
    fn clear(&mut self, columns: usize) {
        self.top.clear();
        self.top.resize(columns, None);
        self.attributes.clear();
        self.attributes.resize(columns, None);
        self.unknown.clear();
    }

    fn add_unknown(&mut self, name: Cow<'a, str>, raw: Raw<'a>, enveloped: bool) {
        self.unknown.push(Unknown {
            name,
            raw,
            enveloped,
        });
    }

    /// A column's raw value. The top level is preferred to the attribute of the same name, unless it
    /// holds no value.
    fn raw(&self, at: usize) -> Option<Found<'a>> {
        let top = self.top[at].filter(|raw| !raw.is_null());
        top.map(Found::Value).or(self.attributes[at])
    }

    /// A column's raw value out of its envelope.
    fn plain(&self, at: usize) -> Option<Raw<'a>> {
        match self.raw(at)? {
            Found::Value(raw) => Some(raw),
            Found::Wrapped(raw) => match envelope::unwrap(raw) {
                Attribute::One(value) => Some(value.raw),
                _ => None,
            },
        }
    }
}

/// Both names say so: a column that a catalog calls differently is one like any other.
fn is_collector(property: &Property) -> bool {
    property.name == UNKNOWN_FIELDS && property.api_name == UNKNOWN_FIELDS
}

/// The fields that Reevo repeats at the top of a record.
const SYSTEM: [&str; 4] = ["id", "record_type", "created_at", "updated_at"];

fn is_system(name: &str) -> bool {
    SYSTEM.contains(&name)
}

fn system_names() -> Vec<String> {
    SYSTEM.map(str::to_owned).to_vec()
}
