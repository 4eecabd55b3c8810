//! Streams: those that a workspace offers, and the selection of streams and fields that a run
//! reads.

pub mod name;

use crate::config::Config;
use crate::config::filters::Filters;
use crate::record::projection::{Layout, Projection};
use crate::record::schema::{self, Property};
use crate::support::suggestion;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Duration;

/// The field that says what changed.
pub const REPLICATION_KEY: &str = "updated_at";
/// The field that identifies a record of the API.
pub const PRIMARY_KEY: &str = "id";

/// A kind of object that a workspace offers.
#[derive(Clone, Debug)]
pub struct Stream {
    /// The name in the output.
    pub name: String,
    /// The name in the API's paths.
    pub api_name: String,
    pub description: Option<String>,
    pub properties: Vec<Property>,
    pub replication: Replication,
    pub layout: Layout,
    /// The API can sort by id, so that records with the same `updated_at` have a fixed order.
    pub sorts_by_id: bool,
    /// The names of the fields that identify a record.
    pub key: Vec<String>,
    /// How its records are related to others, where the API's schema says so.
    pub relationships: Vec<Relationship>,
    /// Where its records are found, if not in pages of its own.
    pub parent: Option<Box<Parent>>,
}

/// A relationship that the API announces for the records of a stream.
#[derive(Clone, Debug)]
pub struct Relationship {
    /// The name in the API's paths.
    pub api_name: String,
    pub description: Option<String>,
}

/// The stream whose records a child stream is asked for by: one request for each, or several.
#[derive(Clone, Debug)]
pub struct Parent {
    pub stream: Stream,
    pub children: Children,
}

/// What is asked for of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Children {
    /// The records that it is related to, by the API's name of the relationship.
    Links(String),
    /// What was said in it.
    Transcript,
}

impl Children {
    /// How many parents a page has at most. What they have is in memory together.
    pub fn most_parents(&self) -> u16 {
        match self {
            Self::Links(_) => 250,
            Self::Transcript => 40,
        }
    }

    /// How far before its bookmark a run starts, unless a setting says so: children may come late
    /// without a change of their parent.
    pub fn lookback(&self) -> Duration {
        match self {
            Self::Links(_) => Duration::ZERO,
            Self::Transcript => Duration::from_secs(7 * 24 * 60 * 60),
        }
    }
}

/// How a stream can be read in later runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replication {
    Incremental,
    /// Only as a whole, with the reason.
    FullTable {
        because: String,
    },
}

/// How a stream is read in this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncMode {
    Incremental,
    FullTable,
}

/// A stream that a run reads, with the fields that it emits.
#[derive(Clone, Debug)]
pub struct Selection {
    pub stream: Stream,
    /// The emitted fields in their order; the key and `updated_at` are always among them.
    pub properties: Vec<Property>,
    /// The JSON Schema of what is emitted.
    pub schema: Value,
    pub mode: SyncMode,
    /// Whether what is read takes the place of everything that the destination has.
    pub replaces: bool,
}

impl Stream {
    /// The JSON Schema of the whole stream.
    pub fn json_schema(&self) -> Value {
        json!({"type": "object", "properties": schema::properties_schema(&self.properties)})
    }

    /// A selection of all fields, in the best sync mode.
    pub fn whole(self) -> Selection {
        Selection {
            properties: self.properties.clone(),
            schema: self.json_schema(),
            mode: self.best_mode(),
            replaces: false,
            stream: self,
        }
    }

    /// The stream whose pages a run reads: the parent, for a child stream.
    pub fn walked(&self) -> &Stream {
        self.parent.as_ref().map_or(self, |parent| &parent.stream)
    }

    /// The filters with which it is read.
    pub fn filters<'c>(&self, config: &'c Config) -> &'c Filters {
        let walked = self.walked();
        config.filters(&walked.name, &walked.api_name)
    }

    /// Whether a field is emitted whatever is selected: one of the primary key, or the replication
    /// key.
    pub fn is_automatic(&self, name: &str) -> bool {
        name == REPLICATION_KEY || self.key.iter().any(|one| one == name)
    }

    /// How a record of the API becomes one with these fields.
    fn projection(&self, properties: &[Property]) -> Projection {
        let announced = self.properties.iter().map(|one| one.api_name.clone());
        let announced: Vec<String> = announced.collect();
        Projection::new(self.layout, properties, &announced)
    }

    /// A projection that finds nothing but the version of a record.
    pub fn versions(&self) -> Projection {
        let is_of_version =
            |one: &&Property| [PRIMARY_KEY, REPLICATION_KEY].contains(&&*one.api_name);
        let properties = self.properties.iter().filter(is_of_version).cloned();
        self.projection(&properties.collect::<Vec<_>>())
    }

    pub fn best_mode(&self) -> SyncMode {
        match self.replication {
            Replication::Incremental => SyncMode::Incremental,
            Replication::FullTable { .. } => SyncMode::FullTable,
        }
    }
}

impl Selection {
    /// The selection of these fields only, by their emitted names or those of the API, and of the
    /// automatic ones. The error says which one is not among the fields.
    pub fn only(mut self, fields: &[String]) -> Result<Self, String> {
        let is_named = |property: &Property, field: &String| {
            *field == property.name || *field == property.api_name
        };
        let properties = &self.properties;
        let unknown = |field: &&String| !properties.iter().any(|one| is_named(one, field));
        if let Some(field) = fields.iter().find(unknown) {
            let names = properties.iter().map(|property| property.name.as_str());
            return Err(unknown_field(field, names));
        }
        let stream = &self.stream;
        self.properties.retain(|property| {
            stream.is_automatic(&property.name)
                || fields.iter().any(|field| is_named(property, field))
        });
        let kept: HashSet<&str> = self
            .properties
            .iter()
            .map(|one| one.name.as_str())
            .collect();
        if let Some(properties) = self.schema["properties"].as_object_mut() {
            properties.retain(|name, _| kept.contains(name.as_str()));
        }
        Ok(self)
    }

    /// How a record of the API becomes a record of this selection.
    pub fn projection(&self) -> Projection {
        self.stream.projection(&self.properties)
    }
}

fn unknown_field<'n>(field: &str, names: impl Iterator<Item = &'n str> + Clone) -> String {
    let advice = match suggestion::closest(field, names.clone()) {
        Some(meant) => format!("did you mean {meant}?"),
        None => format!("the fields are {}", names.collect::<Vec<_>>().join(", ")),
    };
    format!("there is no field {field}; {advice}")
}
