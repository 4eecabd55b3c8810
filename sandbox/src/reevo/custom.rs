//! The attributes of the two custom objects. The second has names that cannot be column names
//! unchanged.

use super::attribute::{Attribute, Content, ValueType, attribute};
use super::choices::{REGIONS, STATUSES};
use super::record_type::{RecordType, Relationship};
use crate::stream::Stream;
use crate::words;

pub static IMPLEMENTATION_PROJECT: RecordType = RecordType {
    stream: Stream::ImplementationProject,
    display_name: "Implementation Project",
    description: "Customer rollout projects.",
    is_custom: true,
    supports_custom_fields: true,
    object_id: None,
    attributes: PROJECT_ATTRIBUTES,
    relationships: &[
        Relationship {
            name: "account",
            display_name: "Account",
            related: Stream::Account,
            reverse: Some("implementation_projects"),
            junction: None,
            is_custom: true,
            is_array: false,
        },
        Relationship {
            name: "team_contacts",
            display_name: "Team contacts",
            related: Stream::Contact,
            reverse: Some("implementation_projects"),
            junction: Some("implementation_project_contact"),
            is_custom: true,
            is_array: true,
        },
    ],
};

const PROJECT_ATTRIBUTES: &[Attribute] = &[
    attribute(
        "display_name",
        "Name",
        ValueType::String,
        Content::Pool(words::TOPICS),
    )
    .required(),
    attribute(
        "summary",
        "Summary",
        ValueType::LongText,
        Content::Revised(words::PROSE),
    )
    .custom(),
    attribute(
        "kickoff_agenda",
        "Kick-off agenda",
        ValueType::RichText,
        Content::Pool(words::HTML),
    )
    .custom(),
    attribute(
        "headcount",
        "Headcount",
        ValueType::Number,
        Content::Decimal(words::DECIMALS),
    )
    .custom(),
    attribute(
        "completion",
        "Completion",
        ValueType::Percent,
        Content::Decimal(words::PERCENTS),
    )
    .custom(),
    attribute(
        "budget",
        "Budget",
        ValueType::Currency,
        Content::Decimal(words::AMOUNTS),
    )
    .custom(),
    attribute(
        "is_strategic",
        "Strategic",
        ValueType::Boolean,
        Content::Flag,
    )
    .custom(),
    attribute(
        "go_live_at",
        "Go live at",
        ValueType::Timestamp,
        Content::Timestamp,
    )
    .custom(),
    attribute(
        "contract_signed_on",
        "Contract signed on",
        ValueType::Date,
        Content::Day,
    )
    .custom(),
    attribute(
        "daily_standup",
        "Daily stand-up",
        ValueType::Time,
        Content::TimeOfDay,
    )
    .custom(),
    attribute(
        "billing_email",
        "Billing email",
        ValueType::Email,
        Content::Mail,
    )
    .custom(),
    attribute("hotline", "Hotline", ValueType::PhoneNumber, Content::Phone).custom(),
    attribute(
        "wiki",
        "Wiki",
        ValueType::Url,
        Content::Site("https://wiki.example/"),
    )
    .custom(),
    attribute(
        "external_key",
        "External key",
        ValueType::Uuid,
        Content::Uuid,
    )
    .custom()
    .unique(),
    attribute(
        "status",
        "Status",
        ValueType::Select,
        Content::Choice(STATUSES),
    )
    .custom(),
    attribute(
        "regions",
        "Regions",
        ValueType::Select,
        Content::Choice(REGIONS),
    )
    .array()
    .custom(),
    attribute(
        "risk_level",
        "Risk level",
        ValueType::Enum,
        Content::Pool(&["LOW", "MEDIUM", "HIGH"]),
    )
    .custom(),
    attribute(
        "site_address",
        "Site address",
        ValueType::Address,
        Content::Place,
    )
    .custom(),
    attribute(
        "sponsor_contact",
        "Sponsor",
        ValueType::RecordReference,
        Content::Reference(Stream::Contact),
    )
    .custom(),
    attribute(
        "reviewers",
        "Reviewers",
        ValueType::RecordReference,
        Content::User,
    )
    .array()
    .custom(),
];

pub static RENEWAL_PLAN: RecordType = RecordType {
    stream: Stream::RenewalPlan,
    display_name: "Renewal Plan (Größe & co.)",
    description: "Plans for contracts that end soon.",
    is_custom: true,
    supports_custom_fields: true,
    object_id: Some("5f0b6a2e-9999-4a11-8f00-000000000042"),
    attributes: PLAN_ATTRIBUTES,
    relationships: &[],
};

const PLAN_ATTRIBUTES: &[Attribute] = &[
    attribute(
        "display_name",
        "Name",
        ValueType::String,
        Content::Pool(words::TOPICS),
    )
    .required(),
    attribute(
        "NPS-Score",
        "NPS",
        ValueType::Number,
        Content::Decimal(words::DECIMALS),
    )
    .custom(),
    attribute(
        "Größe (cm)",
        "Größe (cm)",
        ValueType::Number,
        Content::Decimal(words::DECIMALS),
    )
    .custom(),
    attribute(
        "Renewal Date",
        "Renewal date",
        ValueType::Date,
        Content::Day,
    )
    .custom(),
    // The next two differ only by case, which many warehouses do not allow for columns.
    attribute(
        "renewal_tier",
        "Renewal tier",
        ValueType::Select,
        Content::Choice(STATUSES),
    )
    .custom(),
    attribute(
        "Renewal_Tier",
        "Renewal tier (old)",
        ValueType::String,
        Content::Pool(words::DEPARTMENTS),
    )
    .custom(),
    attribute(
        "2nd_contact",
        "Second contact",
        ValueType::RecordReference,
        Content::Reference(Stream::Contact),
    )
    .custom(),
    attribute(
        "select",
        "Select",
        ValueType::LongText,
        Content::Revised(words::PROSE),
    )
    .custom(),
    attribute(
        "備考",
        "備考",
        ValueType::RichText,
        Content::Pool(words::HTML),
    )
    .custom(),
    attribute("is_🚀?", "Takes off", ValueType::Boolean, Content::Flag).custom(),
    attribute(
        "opportunity",
        "Opportunity",
        ValueType::RecordReference,
        Content::Reference(Stream::Opportunity),
    )
    .custom(),
    attribute(
        "project",
        "Project",
        ValueType::RecordReference,
        Content::Reference(Stream::ImplementationProject),
    )
    .custom(),
];
