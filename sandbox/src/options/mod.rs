//! The options of the sandbox and their defaults. `query` reads them from a URL.

mod query;

use chrono::{DateTime, Utc};

use crate::faults::Rule;
use crate::stream::Stream;
use crate::timestamp::Form;

/// Declares an enum together with the words that name its members in a URL.
macro_rules! closed_set {
    ($(#[$doc:meta])* $name:ident { $($(#[$member_doc:meta])* $member:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$member_doc])* $member,)+ }

        impl $name {
            pub const MEMBERS: &'static [(&'static str, Self)] = &[$(($word, Self::$member)),+];
        }
    };
}

closed_set! {
    /// Where a Reevo page puts `next_cursor`.
    CursorPlace { Top = "top", Pagination = "pagination", Meta = "meta", }
}
closed_set! {
    /// The name of the list in a Reevo record's relationship.
    RelatedList { Items = "items", Data = "data", Related = "related_records", }
}
closed_set! {
    /// Whether Reevo relationships show what is known of a link.
    Junctions { Shown = "shown", Null = "null", }
}
closed_set! {
    /// How the last Reevo page says that there is no next one.
    CursorEnd { Null = "null", Absent = "absent", Empty = "empty", }
}
closed_set! {
    /// The shape of Reevo errors.
    ErrorEnvelope {
        Nested = "nested", Flat = "flat", Platform = "platform", Errors = "errors", Detail = "detail",
    }
}
closed_set! {
    /// How a Reevo attribute without a value is written.
    Nulls {
        /// An envelope around `null`; arrays are empty.
        Envelope = "envelope",
        Bare = "bare",
        Absent = "absent",
        /// One of the three, chosen by record and attribute.
        Mixed = "mixed",
    }
}
closed_set! {
    /// How Reevo decimals are written.
    Numbers { String = "string", Number = "number", Mixed = "mixed", }
}
closed_set! {
    /// How both APIs write timestamps. Whatever they write, the store compares microseconds.
    Timestamps {
        Micros = "micros",
        Millis = "millis",
        Seconds = "seconds",
        Offset = "offset",
        /// One of the four, chosen by record.
        Mixed = "mixed",
    }
}
closed_set! {
    /// The order of records that share one `updated_at`.
    Ties {
        /// By id.
        Stable = "stable",
        /// Shuffled anew for every walk. Cursors keep the order of their walk, so each walk is
        /// complete.
        Shuffled = "shuffled",
    }
}
closed_set! {
    /// The answer to a `limit` above the maximum.
    LimitOverrun {
        /// Reevo answers 400, AskElephant 422, as documented.
        Error = "error",
        /// Both answer 422.
        Error422 = "error422",
        /// Both take the maximum instead.
        Cap = "cap",
    }
}
closed_set! {
    /// Whether archived Reevo records are still listed.
    Archived {
        Vanish = "vanish",
        /// They stay in lists, marked by `archived_at` (notes: `deleted_at`), and archiving changes
        /// `updated_at`. One record in 50 is archived from the start.
        Visible = "visible",
    }
}
closed_set! {
    /// What an AskElephant cursor holds.
    AskElephantCursor {
        /// An id: the request must repeat its parameters, and the walk continues from where that
        /// record is *now*.
        IdOnly = "id_only",
        /// The place and all parameters; those of the request are ignored, except `limit`.
        SelfContained = "self_contained",
        /// The same, but the request must repeat every parameter, except `limit`, unchanged.
        Strict = "strict",
    }
}
closed_set! {
    /// How an optional AskElephant member without a value is written.
    OptionalMembers { Absent = "absent", Null = "null", }
}
closed_set! {
    /// Two spellings of the keys inside AskElephant's `domains`, `crm_association` and expanded
    /// members; `A` is the one of the fixtures.
    NestedKeys { A = "a", B = "b", }
}
closed_set! {
    /// The AskElephant scopes that matter to reading.
    Scope {
        Contacts = "contacts:read",
        Companies = "companies:read",
        Users = "users:read",
        Tags = "tags:read",
        Engagements = "engagements:read",
        PrivateEngagements = "engagements:private:read",
        Transcripts = "transcript_timelines:read",
        /// Everything.
        Admin = "workspace:admin",
    }
}

impl Timestamps {
    /// The form of all timestamps of the record with this rank.
    pub fn form(self, rank: u64) -> Form {
        match (self, rank % 4) {
            (Timestamps::Micros, _) | (Timestamps::Mixed, 0) => Form::Micros,
            (Timestamps::Millis, _) | (Timestamps::Mixed, 1) => Form::Millis,
            (Timestamps::Seconds, _) | (Timestamps::Mixed, 2) => Form::Seconds,
            (Timestamps::Offset | Timestamps::Mixed, _) => Form::Offset,
        }
    }
}

/// How the sandbox behaves. The defaults are those of the fixtures.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an independent switch that is named in full wherever it is set"
)]
pub struct Options {
    pub seed: u64,
    /// The size of the largest stream of each API; the others are fixed fractions of it.
    pub records: u64,
    /// The one valid key, of both APIs.
    pub key: String,
    /// Fixes the clock.
    pub clock: Option<DateTime<Utc>>,
    /// From 2026-07-01 on, one record of each stream changes this often; 0 is never.
    pub change_every_seconds: u64,
    /// The streams that exist.
    pub streams: Vec<Stream>,
    /// Streams that the key may not read.
    pub forbid: Vec<Stream>,
    pub cursor_place: CursorPlace,
    pub related_list: RelatedList,
    pub junctions: Junctions,
    pub cursor_end: CursorEnd,
    pub error_envelope: ErrorEnvelope,
    pub nulls: Nulls,
    pub numbers: Numbers,
    pub timestamps: Timestamps,
    pub ties: Ties,
    pub limit_overrun: LimitOverrun,
    pub reevo_max_limit: u64,
    pub askelephant_max_limit: u64,
    /// Seconds, by the sandbox's clock, after which a cursor is no longer valid.
    pub cursor_expires_after: Option<u64>,
    /// Whether Reevo queries can be sorted by `id`.
    pub id_sortable: bool,
    /// Reevo streams whose `updated_at` can be neither sorted by nor filtered by.
    pub updated_at_unsortable: Vec<Stream>,
    /// How many attributes Reevo records have that their schema lacks; the first has an unknown
    /// value type.
    pub unknown_attributes: u64,
    /// Whether Reevo currency values name their currency.
    pub currency_code: bool,
    /// Whether Reevo select values are plain strings.
    pub select_plain: bool,
    pub archived: Archived,
    /// How long lists do not show a change yet.
    pub visibility_delay_seconds: u64,
    /// How long each answer takes to begin.
    pub latency_milliseconds: u64,
    /// How long after an engagement's last change its transcript is ready.
    pub transcript_delay_seconds: u64,
    /// How many requests must have arrived before any of them is answered.
    pub answers_together: u64,
    pub scopes: Vec<Scope>,
    pub askelephant_cursor: AskElephantCursor,
    pub optional_members: OptionalMembers,
    pub nested_keys: NestedKeys,
    /// Whether AskElephant objects have undocumented members and enum values.
    pub extra_members: bool,
    /// Whether some texts contain `\u0000` or half a surrogate pair.
    pub hostile_text: bool,
    /// The fault script to begin with. In a URL, the path of its file.
    pub faults: Vec<Rule>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            seed: 7,
            records: 2000,
            key: "sk-apik_sandbox.local-only".to_owned(),
            clock: None,
            change_every_seconds: 5,
            streams: Stream::MEMBERS.iter().map(|(_, stream)| *stream).collect(),
            forbid: Vec::new(),
            cursor_place: CursorPlace::Top,
            related_list: RelatedList::Items,
            junctions: Junctions::Shown,
            cursor_end: CursorEnd::Null,
            error_envelope: ErrorEnvelope::Nested,
            nulls: Nulls::Mixed,
            numbers: Numbers::String,
            timestamps: Timestamps::Micros,
            ties: Ties::Stable,
            limit_overrun: LimitOverrun::Error,
            reevo_max_limit: 500,
            askelephant_max_limit: 100,
            cursor_expires_after: None,
            id_sortable: true,
            updated_at_unsortable: Vec::new(),
            unknown_attributes: 0,
            currency_code: false,
            select_plain: false,
            archived: Archived::Vanish,
            visibility_delay_seconds: 0,
            latency_milliseconds: 0,
            transcript_delay_seconds: 0,
            answers_together: 1,
            scopes: Scope::MEMBERS.iter().map(|(_, scope)| *scope).collect(),
            askelephant_cursor: AskElephantCursor::IdOnly,
            optional_members: OptionalMembers::Absent,
            nested_keys: NestedKeys::A,
            extra_members: false,
            hostile_text: false,
            faults: Vec::new(),
        }
    }
}

impl Options {
    /// How many records a stream starts with.
    pub fn size(&self, stream: Stream) -> u64 {
        stream.size(self.records)
    }

    pub fn grants(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin)
    }
}
