//! The version of a stream's rows. A stream that is read as a whole gives its rows a new one. When it is
//! certain that all have come, those with an earlier version are of records that no longer exist, and
//! retire. Otherwise they stay, whatever else came.

use crate::catalog::{Selection, SyncMode};
use crate::config::Config;
use crate::http::failure::{Failure, FailureKind};
use crate::protocol::Protocol;
use crate::protocol::message::Rows;
use crate::state::RowVersion;
use crate::time::timestamp::Timestamp;

pub struct Versioned {
    /// The version of this run's rows.
    pub version: i64,
    last: Option<RowVersion>,
    filters: Option<String>,
    least_percent: u64,
}

impl Versioned {
    /// What a run needs to give a stream's rows a version; None if they get none. Records in files have
    /// no place for it.
    pub fn of_run(
        config: &Config,
        protocol: Protocol,
        selection: &Selection,
        last: Option<&RowVersion>,
        now: Timestamp,
    ) -> Option<Self> {
        let is_whole = selection.mode == SyncMode::FullTable && config.batches.is_none();
        let filters = selection.stream.filters(config);
        let after_last = last.map_or(i64::MIN, |last| last.version.saturating_add(1));
        (config.activate_version && is_whole && protocol == Protocol::Singer).then(|| Self {
            // A run that fails leaves no state, so the time keeps its version below the next one.
            version: now.timestamp_millis().max(after_last),
            last: last.cloned(),
            filters: filters.fingerprint(),
            least_percent: config.least_percent,
        })
    }

    /// What becomes of the rows after a reading that brought so many records. Rows retire only if the last
    /// whole reading says how many to expect. Fails if this one brought much less: a key that has lost a
    /// permission looks the same as deletes.
    pub fn end(self, is_whole: bool, records: u64) -> Result<Rows, Failure> {
        let last = self.last.as_ref();
        if !is_whole {
            return Ok(Rows {
                version: RowVersion {
                    version: self.version,
                    records: last.and_then(|last| last.records),
                    filters: last.and_then(|last| last.filters.clone()),
                },
                are_all: false,
            });
        }
        // With other filters, what is missing may exist.
        let comparable = last.filter(|last| last.filters == self.filters);
        let expected = comparable.and_then(|last| last.records);
        if let Some(expected) = expected
            && u128::from(records) * 100 < u128::from(expected) * u128::from(self.least_percent)
        {
            return Err(self.shrunk(records, expected));
        }
        Ok(Rows {
            version: RowVersion {
                version: self.version,
                records: Some(records),
                filters: self.filters,
            },
            are_all: expected.is_some(),
        })
    }

    fn shrunk(&self, records: u64, expected: u64) -> Failure {
        let least = self.least_percent;
        let sentence = format!(
            "it brought {records} records, less than {least} % of the {expected} of its last whole reading, \
             so no row is removed; check the key's permissions, or, if so many were deleted, \
             set least_percent lower for one run"
        );
        Failure::new(FailureKind::Forbidden, sentence)
    }
}
