//! A record type as its schema describes it, and the attributes that all record types share.

use super::attribute::{Attribute, Content, ValueType, attribute};
use crate::options::{Archived, Options};
use crate::stream::Stream;

pub struct RecordType {
    pub stream: Stream,
    pub display_name: &'static str,
    pub description: &'static str,
    pub is_custom: bool,
    pub supports_custom_fields: bool,
    /// Some deployments show it for custom objects.
    pub object_id: Option<&'static str>,
    /// Without those of `SYSTEM`.
    pub attributes: &'static [Attribute],
    pub relationships: &'static [Relationship],
}

pub struct Relationship {
    pub name: &'static str,
    pub display_name: &'static str,
    pub related: Stream,
    pub reverse: Option<&'static str>,
    pub junction: Option<&'static str>,
    pub is_custom: bool,
    pub is_array: bool,
}

static SYSTEM: [Attribute; 4] = [
    attribute("id", "ID", ValueType::Uuid, Content::Id)
        .read_only()
        .unique(),
    attribute(
        "organization_id",
        "Organization ID",
        ValueType::Uuid,
        Content::Organization,
    )
    .read_only()
    .unfilterable(),
    attribute(
        "created_at",
        "Created at",
        ValueType::Timestamp,
        Content::CreatedAt,
    )
    .read_only(),
    attribute(
        "updated_at",
        "Updated at",
        ValueType::Timestamp,
        Content::UpdatedAt,
    )
    .read_only(),
];

static ARCHIVED_AT: Attribute = attribute(
    "archived_at",
    "Archived at",
    ValueType::Timestamp,
    Content::ArchivedAt,
)
.read_only();

/// An attribute of a record type. The salt makes its values differ from those of the other
/// attributes.
#[derive(Clone, Copy)]
pub struct Field {
    pub stream: Stream,
    pub salt: u64,
    pub attribute: &'static Attribute,
}

impl RecordType {
    pub fn name(&self) -> &'static str {
        self.stream.name()
    }

    /// The attributes in the order of the schema. Notes have `deleted_at` where the others have
    /// `archived_at`.
    pub fn fields(&self, options: &Options) -> impl Iterator<Item = Field> {
        let marked = options.archived == Archived::Visible && self.stream != Stream::Note;
        let archived_at = marked.then_some(&ARCHIVED_AT);
        let attributes = SYSTEM.iter().chain(self.attributes).chain(archived_at);
        let stream = self.stream;
        (100..).zip(attributes).map(move |(salt, attribute)| Field {
            stream,
            salt,
            attribute,
        })
    }

    pub fn field(&self, name: &str, options: &Options) -> Option<Field> {
        self.fields(options)
            .find(|field| field.attribute.name == name)
    }
}
