//! The two APIs by name, and what is the same for all of one API's streams.

/// The platform to read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiName {
    Reevo,
    AskElephant,
}

impl ApiName {
    /// The name in messages and forms.
    pub fn title(self) -> &'static str {
        match self {
            Self::Reevo => "Reevo",
            Self::AskElephant => "AskElephant",
        }
    }

    /// The largest page that the API allows. Reevo documents it in "Query Records for Sync",
    /// AskElephant in the reference of each list.
    pub fn largest_page(self) -> u16 {
        match self {
            Self::Reevo => 500,
            Self::AskElephant => 100,
        }
    }

    /// The default base URL.
    pub fn usual_address(self) -> &'static str {
        match self {
            Self::Reevo => "https://api.reevo.ai",
            Self::AskElephant => "https://app.askelephant.ai/api",
        }
    }
}
