//! The stages, and the options of the selects.

use super::attribute::Choice;

pub const CONTACT_STAGES: &[Choice] = &[
    choice(
        "8b8c2b1d-56c1-4b52-84f3-d00d4b8bb101",
        "working",
        "Working",
        Some("#6966FF"),
    ),
    choice(
        "8b8c2b1d-56c1-4b52-84f3-d00d4b8bb102",
        "new",
        "New",
        Some("#A0A4B8"),
    ),
    choice(
        "8b8c2b1d-56c1-4b52-84f3-d00d4b8bb103",
        "nurture",
        "Péče 🌱",
        None,
    ),
];
pub const ACCOUNT_STAGES: &[Choice] = &[
    choice(
        "8b8c2b1d-56c1-4b52-84f3-d00d4b8bb201",
        "target_account",
        "Target Account",
        Some("#19A974"),
    ),
    choice(
        "8b8c2b1d-56c1-4b52-84f3-d00d4b8bb202",
        "customer",
        "Customer",
        Some("#6966FF"),
    ),
];
pub const OPPORTUNITY_STAGES: &[Choice] = &[
    stage(
        "8b8c2b1d-56c1-4b52-84f3-d00d4b8bb301",
        "proposal",
        "Proposal",
        "0.60",
        21,
    ),
    stage(
        "8b8c2b1d-56c1-4b52-84f3-d00d4b8bb302",
        "discovery",
        "Discovery",
        "0.10",
        45,
    ),
    stage(
        "8b8c2b1d-56c1-4b52-84f3-d00d4b8bb303",
        "closed_won",
        "Closed \"won\"",
        "1.00",
        0,
    ),
];
pub const TIERS: &[Choice] = &[
    choice(
        "0aa00000-5555-4f6a-8b7c-000000000001",
        "tier_1",
        "Tier 1",
        Some("#6966FF"),
    ),
    choice(
        "0aa00000-5555-4f6a-8b7c-000000000002",
        "tier_2",
        "Tier 2",
        None,
    ),
];
pub const PRODUCTS: &[Choice] = &[
    choice(
        "0aa00000-5555-4f6a-8b7c-000000000011",
        "dialer",
        "Dialer",
        None,
    ),
    choice(
        "0aa00000-5555-4f6a-8b7c-000000000012",
        "sequences",
        "Sequences",
        None,
    ),
    choice(
        "0aa00000-5555-4f6a-8b7c-000000000013",
        "scheduler",
        "予定表",
        None,
    ),
];
pub const INDUSTRY_CODES: &[Choice] = &[
    choice(
        "0aa00000-5555-4f6a-8b7c-000000000021",
        "manufacturing",
        "Manufacturing",
        None,
    ),
    choice(
        "0aa00000-5555-4f6a-8b7c-000000000022",
        "software",
        "Software",
        None,
    ),
];
pub const STATUSES: &[Choice] = &[
    choice(
        "0aa00000-5555-4f6a-8b7c-000000000031",
        "in_progress",
        "In progress",
        Some("#FFB700"),
    ),
    choice(
        "0aa00000-5555-4f6a-8b7c-000000000032",
        "done",
        "Hotovo ✓",
        None,
    ),
];
pub const REGIONS: &[Choice] = &[
    choice("0aa00000-5555-4f6a-8b7c-000000000041", "emea", "EMEA", None),
    choice("0aa00000-5555-4f6a-8b7c-000000000042", "amer", "AMER", None),
];

/// A select option or a stage without forecast.
const fn choice(
    id: &'static str,
    api_name: &'static str,
    display_value: &'static str,
    color: Option<&'static str>,
) -> Choice {
    Choice {
        id,
        api_name,
        display_value,
        color,
        forecast: None,
    }
}

const fn stage(
    id: &'static str,
    api_name: &'static str,
    display_value: &'static str,
    probability: &'static str,
    days: u32,
) -> Choice {
    Choice {
        forecast: Some((probability, days)),
        ..choice(id, api_name, display_value, Some("#FFB700"))
    }
}
