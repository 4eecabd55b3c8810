//! Which requests a rule is about.

use super::asked::{Asked, Subject};
use crate::stream::{Api, Stream};

/// The requests that match everything that is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    pub api: Option<Api>,
    pub stream: Option<Stream>,
    pub kind: RequestKind,
    /// A part of the decoded path.
    pub path_contains: String,
    /// Only requests for pages with a larger `limit` than this.
    pub limit_above: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestKind {
    #[default]
    Any,
    /// For a page of a stream.
    Page,
    /// For a page, without a cursor.
    FirstPage,
    /// For a page, with a cursor.
    NextPage,
    /// For a Reevo schema.
    Schema,
    /// For a page of links, or a transcript.
    Child,
}

impl RequestKind {
    pub const MEMBERS: &'static [(&'static str, RequestKind)] = &[
        ("any", RequestKind::Any),
        ("page", RequestKind::Page),
        ("first_page", RequestKind::FirstPage),
        ("next_page", RequestKind::NextPage),
        ("schema", RequestKind::Schema),
        ("child", RequestKind::Child),
    ];

    pub fn name(self) -> &'static str {
        Self::MEMBERS[self as usize].0
    }

    /// Whether every request of the other kind is of this kind too.
    pub fn includes(self, other: RequestKind) -> bool {
        match self {
            RequestKind::Any => true,
            RequestKind::Page => matches!(
                other,
                RequestKind::Page | RequestKind::FirstPage | RequestKind::NextPage
            ),
            one => one == other,
        }
    }

    fn of(asked: &Asked) -> RequestKind {
        match asked.subject {
            Subject::Page if asked.cursor.is_none() => RequestKind::FirstPage,
            Subject::Page => RequestKind::NextPage,
            Subject::Schema => RequestKind::Schema,
            Subject::Child => RequestKind::Child,
            Subject::Other => RequestKind::Any,
        }
    }
}

impl Requests {
    pub fn include(&self, asked: &Asked) -> bool {
        self.api.is_none_or(|api| asked.api == Some(api))
            && self
                .stream
                .is_none_or(|stream| asked.stream == Some(stream))
            && self.kind.includes(RequestKind::of(asked))
            && asked.path.contains(&self.path_contains)
            && self
                .limit_above
                .is_none_or(|least| asked.limit.is_some_and(|limit| limit > least))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_name() {
        for (name, kind) in RequestKind::MEMBERS {
            assert_eq!(kind.name(), *name);
            assert!(RequestKind::Any.includes(*kind) && kind.includes(*kind));
        }
    }
}
