//! What is asked for one parent at a time, and what comes of it; the same for both APIs.

use super::page::PageToken;
use crate::record::json;
use crate::record::projection::Version;

/// A record whose children are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParentRecord {
    pub id: String,
    /// As the API wrote it.
    pub updated_at: Option<String>,
}

impl ParentRecord {
    pub fn of(version: &Version) -> Self {
        let updated_at = version.updated_at.as_ref();
        Self {
            id: version.id.to_string(),
            updated_at: updated_at.map(|(_, text)| text.to_string()),
        }
    }
}

/// The children of one parent, or a page of them.
#[derive(Debug, PartialEq, Eq)]
pub struct ChildPage {
    /// The records with what they have of their parent, as JSON; None if one has no usable key.
    pub records: Vec<Option<String>>,
    pub next: Option<PageToken>,
}

/// A record that is made of members of several objects.
pub struct Composed(Vec<u8>);

impl Composed {
    pub fn open() -> Self {
        Self(b"{".to_vec())
    }

    /// Adds a member, its value as JSON. Of two members of one name, the later one counts.
    pub fn add(&mut self, name: &str, raw: &str) {
        self.name(name);
        self.0.extend_from_slice(raw.as_bytes());
    }

    pub fn add_text(&mut self, name: &str, text: Option<&str>) {
        match text {
            Some(text) => {
                self.name(name);
                json::write_text(&mut self.0, text);
            }
            None => self.add(name, "null"),
        }
    }

    fn name(&mut self, name: &str) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        json::write_key(&mut self.0, name);
    }

    pub fn close(mut self) -> String {
        self.0.push(b'}');
        String::from_utf8(self.0).expect("its members are text")
    }
}
