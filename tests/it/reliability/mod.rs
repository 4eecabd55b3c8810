//! How the tap handles faults: the tests that `docs/reliability.md` names.
//!
//! A trial reads one stream while the sandbox follows a fault script, in the form that
//! `docs/sandbox.md` describes. Either the run survives the faults and emits every record, or it
//! fails with one error and without a new bookmark, and the next run emits what is missing.

mod answers;
mod cases;
mod changes;
mod compression;
mod connections;
mod cursors;
mod destination;
mod endings;
mod kills;
mod manual;
mod moving_cursors;
mod pace;
mod random_faults;
mod records;
mod schemas;
mod secrets;
mod sizes;

use crate::catalog::Catalog;
use crate::clock::FakeClock;
use crate::oracle::{newest, timestamp};
use crate::support::{ASKELEPHANT, REEVO, Run, Workspace};
use destination::Destination;
use revops_sandbox::Faults;
use serde_json::{Value, json};

const BOTH: [&str; 2] = [REEVO, ASKELEPHANT];

/// The stream that a trial reads.
fn stream_of(api: &str) -> &'static str {
    if api == REEVO { "contact" } else { "contacts" }
}

struct Trial {
    workspace: Workspace,
    catalog: Value,
    settings: Value,
}

/// A run of a trial, and its waits in seconds.
struct Course {
    run: Run,
    waits: Vec<f64>,
}

impl Trial {
    /// A trial of about 40 records, ten per page, so that page 2 is not the last one.
    fn new(api: &'static str) -> Self {
        let records = if api == REEVO { 40 } else { 80 };
        Self::with(api, &format!("records={records}"), &json!({}))
    }

    /// A trial with these options of the sandbox and settings of the tap. Requests go one after the
    /// other, unless the settings say otherwise: rules count them.
    fn with(api: &'static str, options: &str, more: &Value) -> Self {
        let mut options = options.to_owned();
        if !options.contains("streams=") {
            options.push_str("&streams=contact,contacts");
        }
        let workspace = Workspace::new(api, &options);
        let mut settings = json!({"page_size": 10, "concurrency": 1});
        for (key, value) in more.as_object().unwrap() {
            settings[key] = value.clone();
        }
        let config = workspace.config_file(&settings);
        let run = workspace.run_within(&["discover", "--config", &config], FakeClock::new());
        let catalog = serde_json::from_str(&run.ok().stdout).unwrap();
        workspace.sandbox.clear_requests();
        Self {
            workspace,
            catalog,
            settings,
        }
    }

    fn stream(&self) -> &'static str {
        stream_of(self.workspace.api)
    }

    /// Replaces the fault script of the sandbox.
    fn script(&self, rules: &Value) {
        let rules = Faults::parse(&rules.to_string()).unwrap();
        self.workspace.sandbox.script(rules);
    }

    /// Reads in this process, and logs at the debug level.
    fn read(&self, state: &Value) -> Course {
        let clock = FakeClock::new();
        let read = self.workspace.read(&self.settings).catalog(&self.catalog);
        let read = read.state(state).flags(&["--log-level", "debug"]);
        Course {
            run: read.within(clock.clone()),
            waits: clock.waits(),
        }
    }

    /// Checks that the runs together emitted every record, and that the bookmark is the newest.
    fn assert_all(&self, runs: &[&Run]) {
        let mut destination = Destination::default();
        for run in runs {
            destination.add(run);
        }
        let catalog = Catalog::parse(&self.catalog.to_string());
        destination.assert_truth(&self.workspace, &catalog);
        let bookmarked = destination.state["bookmarks"][self.stream()]["updated_at"].clone();
        let expected = newest(&self.workspace, catalog.entry(self.stream()));
        let expected = expected.map(|bookmark| bookmark["updated_at"].clone());
        let instant_of = |text: Option<&Value>| text.and_then(Value::as_str).map(timestamp);
        assert_eq!(instant_of(Some(&bookmarked)), instant_of(expected.as_ref()));
    }

    /// Runs with faults, and checks that the run emits every record all the same.
    fn survives(&self, rules: &Value) -> Course {
        self.script(rules);
        let course = self.read(&json!({}));
        assert_eq!(course.run.status, 0, "{rules}: {}", course.run.stderr);
        self.assert_all(&[&course.run]);
        course
    }

    /// Runs with faults, and checks that the run fails with a sentence and without a state, and
    /// that the next run, without faults, emits the rest.
    fn fails(&self, rules: &Value, sentence: &str) -> Course {
        self.script(rules);
        let course = self.read(&json!({}));
        assert_eq!(course.run.status, 1, "{rules}: {}", course.run.stderr);
        assert!(
            course.run.stderr.contains(sentence),
            "{}",
            course.run.stderr
        );
        assert!(course.run.emitted().states.is_empty());
        assert_eq!(course.run.logged("CRITICAL ").len(), 1);
        self.script(&json!([]));
        let next = self.read(&json!({}));
        assert_eq!(next.run.status, 0, "{}", next.run.stderr);
        self.assert_all(&[&course.run, &next.run]);
        course
    }
}

/// Checks that a run of either API survives these faults and logs a sentence.
fn both_survive(rules: &Value, sentence: &str) {
    for api in BOTH {
        let course = Trial::new(api).survives(rules);
        assert!(
            course.run.stderr.contains(sentence),
            "{rules}: {}does not contain {sentence}",
            course.run.stderr
        );
    }
}

/// Checks that a run of either API fails because of these faults, with a sentence.
fn both_fail(rules: &Value, sentence: &str) {
    for api in BOTH {
        Trial::new(api).fails(rules, sentence);
    }
}
