//! The fault script: which requests go wrong, and how. To add a kind of fault, add a `Reply`,
//! its name and settings to `spelling`, and its effect on an answer to `delivery`.

mod asked;
mod bucket;
mod detour;
mod fields;
mod parse;
mod reply;
mod requests;
mod rule;
mod script;
mod spelling;

pub use asked::{Asked, Subject, continued};
pub use detour::{Detour, Next};
pub use reply::{Ending, RecordChange, Reply, SchemaChange};
pub use requests::{RequestKind, Requests};
pub use rule::{Fault, Rule};
pub use script::{Faults, Hit};
