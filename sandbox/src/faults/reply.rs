//! Everything that a fault can do to a request. `spelling` has the names and settings for scripts.

use serde_json::Value;

use super::requests::RequestKind;

/// What happens to a request. The true answer is what the request gets without a fault. Faults of
/// pages and schemas leave other answers alone.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// This answer instead of the true one. `content-type` is `application/json` unless given.
    Status {
        status: u16,
        headers: Vec<(String, String)>,
        body: String,
    },
    /// The same, with a date in `Retry-After`: this many seconds after the sandbox's time, or
    /// before it.
    StatusUntil {
        status: u16,
        headers: Vec<(String, String)>,
        body: String,
        seconds: i64,
    },
    /// Resets the connection of the request, and the next ones as soon as they are accepted. The
    /// port stays open, so that connections can be counted.
    Refuse { connections: u64 },
    /// The connection is closed without an answer.
    CloseBeforeHeaders,
    /// The connection is reset without an answer.
    ResetBeforeHeaders,
    /// The true headers with the whole length, this much of the true body (half of it unless
    /// given), and this end.
    BreakBody {
        after_bytes: Option<u64>,
        ending: Ending,
    },
    /// The request is read and never answered.
    Stall,
    /// The true answer, its body in pieces with a pause before each; without a pause, they are
    /// still sent one by one.
    Drip { bytes: u64, pause_milliseconds: u64 },
    /// An HTML page, as proxies send it.
    Html { status: u16 },
    /// The first half of the true body, with the `Content-Length` of the half.
    TruncatedJson,
    /// This JSON with status 200.
    WrongShape { body: Value },
    /// To the same path and query at another origin, such as `http://localhost:9`.
    Redirect { status: u16, origin: String },
    /// The first half of the compressed true body, with the `Content-Length` of the half.
    GzipCut,
    /// This many spaces and the true body, compressed: valid, and large once decompressed.
    GzipBomb { bytes: u64 },
    /// The API's answer to an unknown cursor.
    InvalidCursor,
    /// The true page, with the cursor of its own request as the next one.
    SameCursor,
    /// A page without records, with a cursor that leads to the true page.
    EmptyPage,
    /// The true page, but it says that there is more and has no cursor.
    MoreWithoutCursor,
    /// The true page, with a cursor that leads to the same page again. From there the walk goes on.
    DuplicatedPage,
    /// The next page in place of this one. Its cursor leads to this page, and from there to the
    /// page after both. The last page stays as it is.
    PagesOutOfOrder,
    /// The schema, changed.
    ChangedSchema(SchemaChange),
    /// The true page with one record changed: the one at this position (counted from 0), the last
    /// if there are fewer, or a random one if no position is given.
    Record {
        at: Option<u64>,
        change: RecordChange,
    },
    /// 429 when the bucket is empty. It starts full, and each request takes a token. Later rules
    /// apply to the requests that get one.
    RateLimit {
        capacity: u64,
        refill_per_second: f64,
        /// Whether the answer says in `Retry-After` when there is a token again.
        headers: bool,
    },
    /// Before the answer, some records of the stream change at the sandbox's time. Later rules
    /// still apply.
    RecordsChange { count: u64 },
    /// Before the answer, some records of the stream are removed. Later rules still apply.
    RecordsVanish { count: u64 },
}

/// How a connection ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Close,
    Reset,
    /// It stays open, and nothing more comes.
    Stall,
}

/// A change to one record of a page.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordChange {
    /// The record lacks this member, and the Reevo attribute of that name.
    Without(String),
    /// The member has this value.
    With(String, Value),
    /// The record was updated this many seconds after the sandbox's time.
    Ahead(i64),
    /// The record is replaced by this value.
    Broken(Value),
}

/// A change to a schema. If nothing is named, its last attribute vanishes, `appeared_later`
/// appears, and its first string becomes a number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaChange {
    pub vanish: Vec<String>,
    /// New attributes are strings.
    pub appear: Vec<String>,
    /// Attributes and their new value types.
    pub retype: Vec<(String, String)>,
}

impl Reply {
    /// Whether this changes the records before the request is answered, and leaves the answer
    /// alone.
    pub fn changes_records(&self) -> bool {
        matches!(
            self,
            Reply::RecordsChange { .. } | Reply::RecordsVanish { .. }
        )
    }

    /// The requests that this is for, unless a rule says more precisely.
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
