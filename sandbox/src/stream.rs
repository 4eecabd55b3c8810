//! The streams of the sandbox: eight Reevo record types and five AskElephant collections, with
//! unique names.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    Reevo,
    AskElephant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    Contact,
    Account,
    Opportunity,
    Task,
    Note,
    Meeting,
    ImplementationProject,
    RenewalPlan,
    Contacts,
    Companies,
    Users,
    Tags,
    Engagements,
}

impl Stream {
    pub const MEMBERS: &'static [(&'static str, Stream)] = &[
        ("contact", Stream::Contact),
        ("account", Stream::Account),
        ("opportunity", Stream::Opportunity),
        ("task", Stream::Task),
        ("note", Stream::Note),
        ("meeting", Stream::Meeting),
        ("implementation_project", Stream::ImplementationProject),
        ("Renewal-Plan", Stream::RenewalPlan),
        ("contacts", Stream::Contacts),
        ("companies", Stream::Companies),
        ("users", Stream::Users),
        ("tags", Stream::Tags),
        ("engagements", Stream::Engagements),
    ];

    pub fn named(name: &str) -> Option<Stream> {
        let found = Self::MEMBERS.iter().find(|(known, _)| *known == name);
        found.map(|(_, stream)| *stream)
    }

    pub fn name(self) -> &'static str {
        Self::MEMBERS[self as usize].0
    }

    /// Distinguishes the streams in hashes.
    pub fn number(self) -> u64 {
        self as u64
    }

    pub fn api(self) -> Api {
        if self.number() < Stream::Contacts.number() {
            Api::Reevo
        } else {
            Api::AskElephant
        }
    }

    /// How many records the stream starts with, when the largest stream has `records`.
    pub fn size(self, records: u64) -> u64 {
        let share = match self {
            Stream::Contact | Stream::Engagements => 1,
            Stream::Account | Stream::Task | Stream::Contacts => 2,
            Stream::Opportunity | Stream::Note | Stream::Meeting | Stream::Companies => 4,
            Stream::ImplementationProject => 10,
            Stream::RenewalPlan | Stream::Users => 20,
            Stream::Tags => 40,
        };
        (records / share).max(u64::from(records > 0))
    }

    /// The permission (Reevo) or scope (AskElephant) that reading the stream takes.
    pub fn permission(self) -> String {
        match self {
            Stream::Contact | Stream::Account | Stream::Task | Stream::Note | Stream::Meeting => {
                format!("{}s:read", self.name())
            }
            Stream::Opportunity => "opportunities:read".to_owned(),
            _ => format!("{}:read", self.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stream_has_its_own_number() {
        for (position, (name, stream)) in Stream::MEMBERS.iter().enumerate() {
            assert_eq!(stream.number(), position as u64);
            assert_eq!(Stream::named(name), Some(*stream));
        }
    }

    #[test]
    fn no_stream_is_empty_unless_all_are() {
        for (_, stream) in Stream::MEMBERS {
            assert_eq!(stream.size(0), 0);
            assert!(stream.size(1) == 1);
        }
    }
}
