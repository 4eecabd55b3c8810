//! The closed set of what may happen to a request. How each is named and written in a script is the business of `spelling`.

use serde_json::Value;

use super::requests::RequestKind;

/// What happens to a request. "The true answer" is what the request would have got without a fault; faults of pages and schemas leave
/// an answer alone that is neither.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Something else instead of the answer. `content-type` is `application/json` unless given.
    Status {
        status: u16,
        headers: Vec<(String, String)>,
        body: String,
    },
    /// The same, with a `Retry-After` that is an HTTP date this far from the sandbox's time, or before it.
    StatusUntil {
        status: u16,
        headers: Vec<(String, String)>,
        body: String,
        seconds: i64,
    },
    /// The request's connection is reset, and so are the next ones as soon as they are accepted. The port itself stays open: only so can
    /// they be counted.
    Refuse { connections: u64 },
    /// The connection is closed without an answer.
    CloseBeforeHeaders,
    /// The connection is reset without an answer.
    ResetBeforeHeaders,
    /// The true headers with the whole length, this much of the true body (half of it unless given),
    /// and this end.
    BreakBody {
        after_bytes: Option<u64>,
        ending: Ending,
    },
    /// The request is taken and never answered.
    Stall,
    /// The true answer, its body in pieces with a pause before each; without a pause, they are still sent one by one.
    Drip { bytes: u64, pause_milliseconds: u64 },
    /// A page for people, as proxies send it.
    Html { status: u16 },
    /// The first half of the true body, as if that were all.
    TruncatedJson,
    /// This JSON with status 200.
    WrongShape { body: Value },
    /// To the same path and query at another origin, such as `http://localhost:9`.
    Redirect { status: u16, origin: String },
    /// The first half of the true body after compression, as if that were all.
    GzipCut,
    /// The true body, compressed, behind this many blanks: valid, and large once it is decompressed.
    GzipBomb { bytes: u64 },
    /// What the API answers to a cursor that it does not know.
    InvalidCursor,
    /// The true page, with the cursor of its own request as the next one.
    SameCursor,
    /// A page without records and a cursor; what that leads to is the true page.
    EmptyPage,
    /// The true page, says that there is more, and has no cursor.
    MoreWithoutCursor,
    /// The true page; its cursor leads to the same page once more, and that one's to the true next page.
    DuplicatedPage,
    /// The records of the next page; the cursor leads to those of this page, and that one's to the page after both. A last page stays.
    PagesOutOfOrder,
    /// The schema is not what it was.
    ChangedSchema(SchemaChange),
    /// The true page with one other record: the one at this position, counted from 0, the last if there are fewer, or any.
    Record {
        at: Option<u64>,
        change: RecordChange,
    },
    /// 429 when a bucket is empty; it starts full, and each request takes a token. Requests that get one are left to the rules below.
    RateLimit {
        capacity: u64,
        refill_per_second: f64,
        /// Whether a refusal says in `Retry-After` when there is a token again.
        headers: bool,
    },
    /// Before the answer, some records of the stream change at the sandbox's time. The request is left to the rules below.
    RecordsChange { count: u64 },
    /// Before the answer, some records of the stream are removed. The request is left to the rules below.
    RecordsVanish { count: u64 },
}

/// How a connection ends that ends too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Close,
    Reset,
    /// Not at all: nothing more comes.
    Stall,
}

/// What is changed about one record of a page.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordChange {
    /// Has no such member, nor Reevo attribute.
    Without(String),
    /// Has this value there.
    With(String, Value),
    /// Was updated this many seconds after the sandbox's time.
    Ahead(i64),
    /// Is this value.
    Broken(Value),
}

/// What is changed about a schema. If nothing is named, its last attribute vanishes, `appeared_later` appears, and its first string
/// becomes a number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaChange {
    pub vanish: Vec<String>,
    /// New attributes are strings.
    pub appear: Vec<String>,
    /// Attributes and their new value types.
    pub retype: Vec<(String, String)>,
}

impl Reply {
    /// Whether this changes the records before the request is answered, and leaves the answer alone.
    pub fn changes_records(&self) -> bool {
        matches!(
            self,
            Reply::RecordsChange { .. } | Reply::RecordsVanish { .. }
        )
    }

    /// The requests that this is about, unless a rule says more precisely.
    pub fn requests(&self) -> RequestKind {
        match self {
            Reply::InvalidCursor | Reply::SameCursor => RequestKind::NextPage,
            Reply::EmptyPage
            | Reply::MoreWithoutCursor
            | Reply::DuplicatedPage
            | Reply::PagesOutOfOrder
            | Reply::Record { .. }
            | Reply::RecordsChange { .. }
            | Reply::RecordsVanish { .. } => RequestKind::Page,
            Reply::ChangedSchema(_) => RequestKind::Schema,
            _ => RequestKind::Any,
        }
    }
}
