//! Runs that read a stream in parts, and runs that follow no page tokens.

use crate::messages::Emitted;
use crate::support::{ASKELEPHANT, REEVO, Run, Workspace};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A stream of each API, and settings for it alone.
const STREAMS: [(&str, &str); 2] = [(REEVO, "contact"), (ASKELEPHANT, "contacts")];

fn settings(api: &str, more: &Value) -> Value {
    let mut settings = json!({"page_size": 7});
    if api == REEVO {
        settings["record_types"] = json!(["contact"]);
    }
    for (key, value) in more.as_object().unwrap() {
        settings[key] = value.clone();
    }
    settings
}

/// A workspace whose stream has a record for each of the days from 2026-01-01 on.
fn daily(api: &'static str, stream: &str, records: u64) -> Workspace {
    let options = format!("records={records}&streams=contact,contacts");
    let workspace = Workspace::new(api, &options);
    for (at, one) in workspace.sandbox.truth(stream).iter().enumerate() {
        let later = TimeDelta::days(i64::try_from(at).unwrap());
        workspace.sandbox.touch(stream, &one.id, start() + later);
    }
    workspace
}

fn start() -> DateTime<Utc> {
    "2026-01-01T12:00:00Z".parse().unwrap()
}

fn stamps(emitted: &Emitted, stream: &str) -> Vec<DateTime<Utc>> {
    let versions = emitted.versions(stream);
    versions
        .keys()
        .map(|(_, stamp)| stamp.parse().unwrap())
        .collect()
}

/// Reads a stream in parts until it has caught up, and returns each part's run.
fn parts(workspace: &Workspace, settings: &Value, stream: &str) -> Vec<Run> {
    let (mut runs, mut state) = (Vec::new(), json!({}));
    for _ in 0..100 {
        let run = workspace.read(settings).state(&state).run().ok();
        state = run.emitted().state().clone();
        let has_caught_up = run.stderr.contains(", caught up");
        assert_ne!(has_caught_up, run.stderr.contains(", more to read"));
        runs.push(run);
        if has_caught_up {
            return runs;
        }
    }
    panic!("{stream} does not catch up");
}

#[test]
fn bounded_runs_read_so_many_days_each_and_everything_in_the_end() {
    for (api, stream) in STREAMS {
        for more in [
            json!({}),
            json!({"lookback_seconds": 86_400 * 20}),
            json!({"paging": "seek"}),
        ] {
            let workspace = daily(api, stream, 150);
            let mut settings = settings(api, &more);
            settings["max_days_per_run"] = json!(10);
            let runs = parts(&workspace, &settings, stream);
            let days = workspace.sandbox.truth(stream).len();
            assert!(
                runs.len() >= days / 10 && runs.len() <= days / 9 + 2,
                "{}",
                runs.len()
            );
            let (mut ids, mut before) = (BTreeSet::new(), DateTime::UNIX_EPOCH);
            for run in &runs {
                let emitted = run.emitted();
                ids.extend(emitted.ids(stream).into_iter().map(str::to_owned));
                // Records that share the bookmark's stamp come again.
                let mut stamps = stamps(&emitted, stream);
                stamps.retain(|stamp| *stamp > before);
                let (Some(first), Some(last)) = (stamps.iter().min(), stamps.iter().max()) else {
                    continue;
                };
                assert!(*last - *first <= TimeDelta::days(10), "{first} to {last}");
                before = *last;
            }
            assert_eq!(ids.len(), workspace.sandbox.truth(stream).len());
        }
    }
}

#[test]
fn a_bounded_run_goes_on_to_the_next_record_where_there_are_none_for_long() {
    for (api, stream) in STREAMS {
        let workspace = Workspace::new(api, "records=20&streams=contact,contacts");
        let truth = workspace.sandbox.truth(stream);
        for (at, one) in truth.iter().enumerate() {
            let year = TimeDelta::days(365 * i64::try_from(at).unwrap());
            let stamp = "2000-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + year;
            workspace.sandbox.touch(stream, &one.id, stamp);
        }
        let settings = settings(api, &json!({"max_days_per_run": 1}));
        let runs = parts(&workspace, &settings, stream);
        // Each run brings a record; the last finds that there is no more.
        assert_eq!(runs.len(), truth.len() + 1);
        let emitted: usize = runs
            .iter()
            .map(|run| run.emitted().records(stream).len())
            .sum();
        assert_eq!(emitted, truth.len());
    }
}

#[test]
fn the_days_of_a_bounded_run_count_from_start_date_and_end_at_end_date() {
    for (api, stream) in STREAMS {
        let workspace = daily(api, stream, 300);
        let settings = settings(
            api,
            &json!({
                "max_days_per_run": 20, "start_date": "2026-03-01", "end_date": "2026-04-15"
            }),
        );
        let runs = parts(&workspace, &settings, stream);
        assert_eq!(runs.len(), 3);
        let last = |run: &Run| stamps(&run.emitted(), stream).into_iter().max().unwrap();
        let date = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert!(last(&runs[0]) < date("2026-03-21T00:00:00Z"));
        assert!(last(&runs[2]) < date("2026-04-15T00:00:00Z"));
    }
}

#[test]
fn a_json_log_says_whether_a_stream_has_caught_up() {
    let workspace = Workspace::reevo("records=150");
    for (days, caught_up) in [(10, false), (1000, true)] {
        let settings = settings(REEVO, &json!({"max_days_per_run": days}));
        let flags = ["--log-format", "json"];
        let run = workspace.read(&settings).flags(&flags).run().ok();
        let mut said = run.stderr.lines().filter_map(|line| {
            let entry: Value = serde_json::from_str(line).unwrap();
            entry.get("caught_up").cloned()
        });
        assert_eq!(said.next(), Some(json!(caught_up)));
        assert_eq!(said.next(), None);
    }
}

#[test]
fn a_stream_that_is_read_in_full_is_never_bounded() {
    let options = "records=150&updated_at_unsortable=contact";
    let workspace = Workspace::reevo(options);
    let settings = settings(REEVO, &json!({"max_days_per_run": 1}));
    let run = workspace.read(&settings).run().ok().says(", caught up");
    assert_eq!(
        run.emitted().records("contact").len(),
        workspace.sandbox.truth("contact").len()
    );
}

#[test]
fn seeking_follows_page_tokens_only_within_one_instant() {
    for (api, stream) in STREAMS {
        let workspace = daily(api, stream, 150);
        let settings = settings(api, &json!({"paging": "seek"}));
        let emitted = workspace.read(&settings).emitted();
        let truth = workspace.sandbox.truth(stream);
        assert_eq!(emitted.records(stream).len(), truth.len());
        let requests = workspace.page_requests(stream);
        assert!(requests.len() > 10);
        for request in requests {
            assert!(!request.query.contains("cursor") && !request.body.contains("cursor"));
        }
    }
}

#[test]
fn seeking_reads_everything_where_records_share_stamps_and_tokens_never_work_twice() {
    for (api, stream) in STREAMS {
        let workspace = Workspace::new(api, "records=150&ties=shuffled");
        for places in [1, 4] {
            let settings = settings(api, &json!({"paging": "seek", "concurrency": places}));
            let emitted = workspace.read(&settings).emitted();
            let ids: BTreeSet<&str> = emitted.ids(stream).into_iter().collect();
            assert_eq!(ids.len(), workspace.sandbox.truth(stream).len());
            assert_eq!(emitted.records(stream).len(), ids.len());
        }
    }
}
