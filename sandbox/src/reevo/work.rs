//! The attributes of tasks, notes and meetings.

use super::attribute::{Attribute, Content, ValueType, attribute};
use super::crm::{CREATED_BY, OWNER, PARTICIPANTS};
use super::record_type::{RecordType, Relationship};
use crate::stream::Stream;
use crate::words;

const CONTACTS: Relationship = Relationship {
    name: "contacts",
    display_name: "Contacts",
    related: Stream::Contact,
    reverse: None,
    junction: None,
    is_custom: false,
    is_array: true,
};
const ACCOUNT: Relationship = Relationship {
    name: "account",
    display_name: "Account",
    related: Stream::Account,
    reverse: None,
    junction: None,
    is_custom: false,
    is_array: false,
};

pub static TASK: RecordType = RecordType {
    stream: Stream::Task,
    display_name: "Task",
    description: "To-dos.",
    is_custom: false,
    supports_custom_fields: false,
    object_id: None,
    attributes: &[
        attribute(
            "title",
            "Title",
            ValueType::String,
            Content::Pool(words::TOPICS),
        )
        .required(),
        attribute(
            "status",
            "Status",
            ValueType::Enum,
            Content::Pool(&["OPEN", "IN_PROGRESS", "BLOCKED", "COMPLETED", "CLOSED"]),
        ),
        attribute(
            "priority",
            "Priority",
            ValueType::Enum,
            Content::Pool(&["URGENT", "HIGH", "MEDIUM", "LOW"]),
        ),
        attribute("type", "Type", ValueType::Enum, Content::Pool(TASK_TYPES)),
        attribute(
            "source_type",
            "Source",
            ValueType::Enum,
            Content::Pool(&["USER", "SYSTEM"]),
        )
        .read_only(),
        attribute(
            "note",
            "Note",
            ValueType::LongText,
            Content::Revised(words::PROSE),
        ),
        attribute("due_at", "Due", ValueType::Timestamp, Content::Timestamp),
        OWNER.required(),
        PARTICIPANTS,
    ],
    relationships: &[CONTACTS, ACCOUNT],
};

const TASK_TYPES: &[&str] = &[
    "ACTION_ITEM",
    "LINKEDIN_MESSAGE",
    "REMINDER",
    "SCHEDULING",
    "EMAIL",
    "VOICE_CALL",
    "LINKEDIN_CONNECT_REQUEST",
    "SMS_MESSAGE",
    "CUSTOM_TASK",
];

pub static NOTE: RecordType = RecordType {
    stream: Stream::Note,
    display_name: "Note",
    description: "Free-text notes.",
    is_custom: false,
    supports_custom_fields: false,
    object_id: None,
    attributes: &[
        attribute(
            "title",
            "Title",
            ValueType::String,
            Content::Revised(words::TOPICS),
        ),
        attribute(
            "note_html",
            "Body",
            ValueType::RichText,
            Content::Pool(words::HTML),
        )
        .required(),
        attribute("is_private", "Private", ValueType::Boolean, Content::Flag),
        OWNER,
        attribute(
            "owner_team_id",
            "Owner team",
            ValueType::RecordReference,
            Content::Team,
        ),
        CREATED_BY,
        attribute(
            "updated_by_user_id",
            "Updated by",
            ValueType::RecordReference,
            Content::User,
        )
        .read_only(),
        attribute(
            "deleted_at",
            "Deleted at",
            ValueType::Timestamp,
            Content::ArchivedAt,
        )
        .read_only(),
        attribute(
            "deleted_by_user_id",
            "Deleted by",
            ValueType::RecordReference,
            Content::ArchivedBy,
        )
        .read_only(),
        PARTICIPANTS,
    ],
    relationships: &[CONTACTS],
};

pub static MEETING: RecordType = RecordType {
    stream: Stream::Meeting,
    display_name: "Meeting",
    description: "Meetings from connected calendars.",
    is_custom: false,
    supports_custom_fields: false,
    object_id: None,
    attributes: MEETING_ATTRIBUTES,
    relationships: &[CONTACTS, ACCOUNT],
};

/// Meetings are read-only.
const MEETING_ATTRIBUTES: &[Attribute] = &[
    attribute(
        "title",
        "Title",
        ValueType::String,
        Content::Pool(words::TOPICS),
    )
    .read_only(),
    attribute(
        "description",
        "Description",
        ValueType::LongText,
        Content::Revised(words::PROSE),
    )
    .read_only(),
    attribute(
        "status",
        "Status",
        ValueType::Enum,
        Content::Pool(&["SCHEDULED", "COMPLETED", "CANCELED"]),
    )
    .read_only(),
    attribute(
        "starts_at",
        "Starts at",
        ValueType::Timestamp,
        Content::Timestamp,
    )
    .read_only(),
    attribute(
        "ends_at",
        "Ends at",
        ValueType::Timestamp,
        Content::Timestamp,
    )
    .read_only(),
    attribute(
        "meeting_url",
        "Meeting link",
        ValueType::Url,
        Content::Site("https://zoom.example/j/"),
    )
    .read_only(),
    attribute("is_internal", "Internal", ValueType::Boolean, Content::Flag).read_only(),
    attribute(
        "account_id",
        "Account",
        ValueType::RecordReference,
        Content::Reference(Stream::Account),
    )
    .read_only(),
    OWNER.read_only(),
    PARTICIPANTS.read_only(),
];
