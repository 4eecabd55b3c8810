//! The attributes of contacts, accounts and opportunities.

use super::attribute::{Attribute, Content, ValueType, attribute};
use super::choices::{
    ACCOUNT_STAGES, CONTACT_STAGES, INDUSTRY_CODES, OPPORTUNITY_STAGES, PRODUCTS, TIERS,
};
use super::record_type::{RecordType, Relationship};
use crate::stream::Stream;
use crate::words;

pub static CONTACT: RecordType = RecordType {
    stream: Stream::Contact,
    display_name: "Contact",
    description: "People in the CRM.",
    is_custom: false,
    supports_custom_fields: true,
    object_id: None,
    attributes: CONTACT_ATTRIBUTES,
    relationships: &[
        Relationship {
            name: "accounts",
            display_name: "Accounts",
            related: Stream::Account,
            reverse: Some("contacts"),
            junction: Some("contact_account_role"),
            is_custom: false,
            is_array: true,
        },
        Relationship {
            name: "opportunities",
            display_name: "Opportunities",
            related: Stream::Opportunity,
            reverse: Some("contacts"),
            junction: Some("contact_opportunity_role"),
            is_custom: false,
            is_array: true,
        },
    ],
};

const CONTACT_ATTRIBUTES: &[Attribute] = &[
    attribute("display_name", "Name", ValueType::String, Content::FullName)
        .read_only()
        .described("Computed from the name parts."),
    attribute(
        "first_name",
        "First name",
        ValueType::String,
        Content::FirstName,
    ),
    attribute(
        "last_name",
        "Last name",
        ValueType::String,
        Content::LastName,
    ),
    attribute(
        "middle_name",
        "Middle name",
        ValueType::String,
        Content::Pool(words::FIRST_NAMES),
    ),
    attribute(
        "title",
        "Title",
        ValueType::String,
        Content::Revised(words::JOB_TITLES),
    ),
    attribute(
        "department",
        "Department",
        ValueType::String,
        Content::Pool(words::DEPARTMENTS),
    ),
    attribute(
        "stage",
        "Stage",
        ValueType::ContactStage,
        Content::Choice(CONTACT_STAGES),
    ),
    attribute(
        "primary_email",
        "Primary email",
        ValueType::Email,
        Content::Mail,
    )
    .unique(),
    attribute(
        "primary_phone_number",
        "Primary phone",
        ValueType::PhoneNumber,
        Content::Phone,
    ),
    attribute(
        "sms_consent",
        "SMS consent",
        ValueType::Boolean,
        Content::Flag,
    ),
    attribute("address", "Address", ValueType::Address, Content::Place),
    attribute(
        "contact_emails",
        "Emails",
        ValueType::ContactEmail,
        Content::MailEntry,
    )
    .array(),
    attribute(
        "contact_phone_numbers",
        "Phone numbers",
        ValueType::ContactPhoneNumber,
        Content::PhoneEntry,
    )
    .array(),
    attribute(
        "linkedin_url",
        "LinkedIn",
        ValueType::String,
        Content::Site("https://www.linkedin.com/in/"),
    ),
    OWNER,
    CREATED_BY,
    PARTICIPANTS,
    attribute(
        "icp_tier",
        "ICP tier",
        ValueType::Select,
        Content::Choice(TIERS),
    )
    .custom(),
    attribute(
        "product_interests",
        "Product interests",
        ValueType::Select,
        Content::Choice(PRODUCTS),
    )
    .array()
    .custom(),
    attribute("birthday", "Birthday", ValueType::Date, Content::Day).custom(),
    attribute(
        "preferred_call_time",
        "Preferred call time",
        ValueType::Time,
        Content::TimeOfDay,
    )
    .custom(),
    attribute(
        "lead_score",
        "Lead score",
        ValueType::Number,
        Content::Decimal(words::DECIMALS),
    )
    .custom(),
    attribute(
        "personal_site",
        "Personal site",
        ValueType::Url,
        Content::Site("https://example.com/"),
    )
    .custom(),
];

pub static ACCOUNT: RecordType = RecordType {
    stream: Stream::Account,
    display_name: "Account",
    description: "Companies and organizations.",
    is_custom: false,
    supports_custom_fields: true,
    object_id: None,
    attributes: ACCOUNT_ATTRIBUTES,
    relationships: &[Relationship {
        name: "contacts",
        display_name: "Contacts",
        related: Stream::Contact,
        reverse: Some("accounts"),
        junction: Some("contact_account_role"),
        is_custom: false,
        is_array: true,
    }],
};

const ACCOUNT_ATTRIBUTES: &[Attribute] = &[
    attribute(
        "display_name",
        "Account name",
        ValueType::String,
        Content::CompanyName,
    )
    .required(),
    attribute(
        "description",
        "Description",
        ValueType::LongText,
        Content::Revised(words::PROSE),
    ),
    attribute(
        "current_stage_id",
        "Stage",
        ValueType::AccountStage,
        Content::Choice(ACCOUNT_STAGES),
    ),
    attribute(
        "domains",
        "Domains",
        ValueType::AccountDomain,
        Content::Domain,
    )
    .array()
    .read_only(),
    attribute(
        "official_website",
        "Website",
        ValueType::String,
        Content::Site("https://www.example/"),
    ),
    attribute(
        "websites",
        "Websites",
        ValueType::String,
        Content::Site("https://shop.example/"),
    )
    .array(),
    attribute(
        "linkedin_url",
        "LinkedIn",
        ValueType::String,
        Content::Site("https://www.linkedin.com/company/"),
    ),
    attribute(
        "x_url",
        "X",
        ValueType::String,
        Content::Site("https://x.com/"),
    ),
    attribute(
        "facebook_url",
        "Facebook",
        ValueType::String,
        Content::Site("https://facebook.com/"),
    ),
    attribute(
        "zoominfo_url",
        "ZoomInfo",
        ValueType::String,
        Content::Site("https://zoominfo.com/c/"),
    ),
    attribute("address", "Address", ValueType::Address, Content::Place),
    attribute(
        "estimated_annual_revenue",
        "Estimated annual revenue",
        ValueType::Currency,
        Content::Decimal(words::AMOUNTS),
    ),
    OWNER,
    CREATED_BY,
    attribute(
        "employee_growth",
        "Employee growth",
        ValueType::Percent,
        Content::Decimal(words::PERCENTS),
    )
    .custom(),
    attribute(
        "industry_codes",
        "Industry codes",
        ValueType::Select,
        Content::Choice(INDUSTRY_CODES),
    )
    .array()
    .custom(),
];

pub static OPPORTUNITY: RecordType = RecordType {
    stream: Stream::Opportunity,
    display_name: "Opportunity",
    description: "Deals.",
    is_custom: false,
    supports_custom_fields: true,
    object_id: None,
    attributes: OPPORTUNITY_ATTRIBUTES,
    relationships: &[Relationship {
        name: "contacts",
        display_name: "Contacts",
        related: Stream::Contact,
        reverse: Some("opportunities"),
        junction: Some("contact_opportunity_role"),
        is_custom: false,
        is_array: true,
    }],
};

const OPPORTUNITY_ATTRIBUTES: &[Attribute] = &[
    attribute(
        "display_name",
        "Deal name",
        ValueType::String,
        Content::Pool(words::TOPICS),
    )
    .required(),
    attribute(
        "status",
        "Status",
        ValueType::Enum,
        Content::Pool(&["PROSPECT", "DEAL"]),
    )
    .read_only(),
    attribute(
        "outcome",
        "Outcome",
        ValueType::Enum,
        Content::Pool(&["WON", "LOST"]),
    )
    .read_only(),
    attribute(
        "stage",
        "Stage",
        ValueType::OpportunityStage,
        Content::Choice(OPPORTUNITY_STAGES),
    )
    .required(),
    attribute(
        "stage_last_shifted_at",
        "Stage last moved",
        ValueType::Timestamp,
        Content::Timestamp,
    )
    .read_only(),
    attribute(
        "amount",
        "Amount",
        ValueType::Currency,
        Content::Decimal(words::AMOUNTS),
    ),
    attribute(
        "account_id",
        "Account",
        ValueType::RecordReference,
        Content::Reference(Stream::Account),
    )
    .required(),
    OWNER,
    CREATED_BY,
    PARTICIPANTS,
    attribute(
        "next_step_details",
        "Next step",
        ValueType::LongText,
        Content::Revised(words::PROSE),
    ),
    attribute(
        "next_step_due_at",
        "Next step due",
        ValueType::Timestamp,
        Content::Timestamp,
    ),
    attribute(
        "next_meeting_date",
        "Next meeting",
        ValueType::Timestamp,
        Content::Timestamp,
    )
    .read_only(),
    attribute(
        "closed_at",
        "Closed at",
        ValueType::Timestamp,
        Content::Timestamp,
    )
    .read_only(),
    attribute(
        "target_close_date",
        "Target close date",
        ValueType::Date,
        Content::Day,
    )
    .custom(),
    attribute(
        "discount",
        "Discount",
        ValueType::Percent,
        Content::Decimal(words::PERCENTS),
    )
    .custom(),
];

pub const OWNER: Attribute = attribute(
    "owner_user_id",
    "Owner",
    ValueType::RecordReference,
    Content::User,
);
pub const CREATED_BY: Attribute = attribute(
    "created_by_user_id",
    "Created by",
    ValueType::RecordReference,
    Content::User,
)
.read_only();
pub const PARTICIPANTS: Attribute = attribute(
    "participant_user_id_list",
    "Participants",
    ValueType::RecordReference,
    Content::User,
)
.array();
