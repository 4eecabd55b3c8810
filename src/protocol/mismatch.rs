//! Warnings about what a catalog asks for and a stream does not have, for both protocols.

use crate::catalog::{REPLICATION_KEY, SyncMode};
use crate::record::projection::UNKNOWN_FIELDS;

/// Warns of a replication key other than the only one.
pub fn other_key(mode: SyncMode, key: Option<&str>) -> Option<String> {
    let other = key.filter(|key| *key != REPLICATION_KEY && mode == SyncMode::Incremental)?;
    Some(format!(
        "the catalog asks for the replication key {other}; reading by {REPLICATION_KEY}, the only one that works"
    ))
}

/// Warns of fields that the stream does not have, by their names in the catalog. The column for
/// unknown fields is never in the API's schema.
pub fn unknown_fields(names: &[&str]) -> Option<String> {
    let names = names.iter().copied().filter(|name| *name != UNKNOWN_FIELDS);
    let names: Vec<&str> = names.collect();
    (!names.is_empty()).then(|| {
        let names = names.join(", ");
        format!("the catalog has fields that the API's schema does not have ({names}); they come out as null, so run discover again")
    })
}
