//! An attribute: its name, its value type, what clients may do with it, and where its values come
//! from.

use crate::options::Options;
use crate::stream::Stream;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    String,
    LongText,
    RichText,
    Number,
    Percent,
    Currency,
    Boolean,
    Timestamp,
    Date,
    Time,
    Email,
    PhoneNumber,
    Url,
    Uuid,
    Select,
    Enum,
    ContactStage,
    AccountStage,
    OpportunityStage,
    RecordReference,
    ContactEmail,
    ContactPhoneNumber,
    Address,
    AccountDomain,
}

const EQUALITY: &[&str] = &["eq", "ne", "in", "not_in", "exists", "not_exists"];
const FLAG: &[&str] = &["eq", "ne", "exists", "not_exists"];
const PROSE: &[&str] = &[
    "contains",
    "starts_with",
    "ends_with",
    "exists",
    "not_exists",
];
const TEXT: &[&str] = &[
    "eq",
    "ne",
    "in",
    "not_in",
    "contains",
    "starts_with",
    "ends_with",
    "exists",
    "not_exists",
];
const ORDER: &[&str] = &[
    "eq",
    "ne",
    "in",
    "not_in",
    "gt",
    "gte",
    "lt",
    "lte",
    "between",
    "exists",
    "not_exists",
];

impl ValueType {
    pub fn word(self) -> &'static str {
        match self {
            ValueType::String => "string",
            ValueType::LongText => "long_text",
            ValueType::RichText => "rich_text",
            ValueType::Number => "number",
            ValueType::Percent => "percent",
            ValueType::Currency => "currency",
            ValueType::Boolean => "boolean",
            ValueType::Timestamp => "timestamp",
            ValueType::Date => "date",
            ValueType::Time => "time",
            ValueType::Email => "email",
            ValueType::PhoneNumber => "phone_number",
            ValueType::Url => "url",
            ValueType::Uuid => "uuid",
            ValueType::Select => "select",
            ValueType::Enum => "enum",
            ValueType::ContactStage => "contact_stage",
            ValueType::AccountStage => "account_stage",
            ValueType::OpportunityStage => "opportunity_stage",
            ValueType::RecordReference => "record_reference",
            ValueType::ContactEmail => "contact_email",
            ValueType::ContactPhoneNumber => "contact_phone_number",
            ValueType::Address => "address",
            ValueType::AccountDomain => "account_domain",
        }
    }

    /// The filter operators for a single value of this type; none if it cannot be filtered by.
    fn operators(self) -> &'static [&'static str] {
        match self {
            ValueType::Uuid
            | ValueType::Select
            | ValueType::Enum
            | ValueType::ContactStage
            | ValueType::AccountStage
            | ValueType::OpportunityStage
            | ValueType::RecordReference => EQUALITY,
            ValueType::Boolean => FLAG,
            ValueType::LongText => PROSE,
            ValueType::String | ValueType::Email | ValueType::PhoneNumber | ValueType::Url => TEXT,
            ValueType::Number
            | ValueType::Percent
            | ValueType::Currency
            | ValueType::Timestamp
            | ValueType::Date
            | ValueType::Time => ORDER,
            ValueType::RichText
            | ValueType::ContactEmail
            | ValueType::ContactPhoneNumber
            | ValueType::Address
            | ValueType::AccountDomain => &[],
        }
    }

    fn is_sortable(self) -> bool {
        matches!(
            self,
            ValueType::String
                | ValueType::Email
                | ValueType::Boolean
                | ValueType::Number
                | ValueType::Percent
                | ValueType::Currency
                | ValueType::Timestamp
                | ValueType::Date
                | ValueType::Time
        )
    }
}

/// Where the values of an attribute come from.
#[derive(Clone, Copy)]
pub enum Content {
    Id,
    Organization,
    CreatedAt,
    UpdatedAt,
    /// When the record was archived.
    ArchivedAt,
    ArchivedBy,
    FullName,
    FirstName,
    LastName,
    CompanyName,
    Pool(&'static [&'static str]),
    /// A text that names the record's version, so that every change of a record changes its
    /// content.
    Revised(&'static [&'static str]),
    Mail,
    Phone,
    /// A URL that begins like this.
    Site(&'static str),
    Uuid,
    Flag,
    Timestamp,
    Day,
    TimeOfDay,
    Decimal(&'static [&'static str]),
    Choice(&'static [Choice]),
    Reference(Stream),
    User,
    Team,
    Place,
    MailEntry,
    PhoneEntry,
    Domain,
}

/// An option of a select, or a stage.
pub struct Choice {
    pub id: &'static str,
    pub api_name: &'static str,
    pub display_value: &'static str,
    pub color: Option<&'static str>,
    /// Only stages of opportunities have them: `closing_probability` and `expected_days`.
    pub forecast: Option<(&'static str, u32)>,
}

#[derive(Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "these are the flags of the schema endpoint, by their names there"
)]
pub struct Attribute {
    pub name: &'static str,
    pub display_name: &'static str,
    pub description: Option<&'static str>,
    pub value_type: ValueType,
    pub content: Content,
    pub is_array: bool,
    pub is_creatable: bool,
    pub is_updatable: bool,
    pub is_required: bool,
    pub is_unique: bool,
    pub is_custom: bool,
    may_be_filtered: bool,
}

/// An attribute that can be written.
pub const fn attribute(
    name: &'static str,
    display_name: &'static str,
    value_type: ValueType,
    content: Content,
) -> Attribute {
    Attribute {
        name,
        display_name,
        description: None,
        value_type,
        content,
        is_array: false,
        is_creatable: true,
        is_updatable: true,
        is_required: false,
        is_unique: false,
        is_custom: false,
        may_be_filtered: true,
    }
}

impl Attribute {
    pub const fn read_only(mut self) -> Self {
        self.is_creatable = false;
        self.is_updatable = false;
        self
    }

    pub const fn custom(mut self) -> Self {
        self.is_custom = true;
        self
    }

    pub const fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    pub const fn unique(mut self) -> Self {
        self.is_unique = true;
        self
    }

    /// An array of value envelopes.
    pub const fn array(mut self) -> Self {
        self.is_array = true;
        self
    }

    pub const fn unfilterable(mut self) -> Self {
        self.may_be_filtered = false;
        self
    }

    pub const fn described(mut self, description: &'static str) -> Self {
        self.description = Some(description);
        self
    }

    /// The operators that a stream's schema declares; `None` if the attribute cannot be filtered
    /// by.
    pub fn operators(&self, stream: Stream, options: &Options) -> Option<&'static [&'static str]> {
        let operators = self.value_type.operators();
        let filterable = self.may_be_filtered && !self.is_array && !operators.is_empty();
        (filterable && !self.is_withheld(stream, options)).then_some(operators)
    }

    pub fn is_sortable(&self, stream: Stream, options: &Options) -> bool {
        if matches!(self.content, Content::Id) {
            return options.id_sortable;
        }
        self.value_type.is_sortable() && !self.is_array && !self.is_withheld(stream, options)
    }

    /// Whether the value may be missing in some records.
    pub fn is_optional(&self) -> bool {
        let is_system = matches!(
            self.content,
            Content::Id | Content::Organization | Content::CreatedAt | Content::UpdatedAt
        );
        let is_name = matches!(
            self.content,
            Content::FullName | Content::FirstName | Content::LastName
        );
        !is_system && !is_name && !self.is_required
    }

    /// What the attribute's references point to, as the schema names it.
    pub fn related_record_type(&self) -> Option<&'static str> {
        match self.content {
            Content::Reference(stream) => Some(stream.name()),
            Content::User | Content::ArchivedBy
                if self.value_type == ValueType::RecordReference =>
            {
                Some("user")
            }
            Content::Team => Some("team"),
            _ => None,
        }
    }

    fn is_withheld(&self, stream: Stream, options: &Options) -> bool {
        matches!(self.content, Content::UpdatedAt)
            && options.updated_at_unsortable.contains(&stream)
    }
}
