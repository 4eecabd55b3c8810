//! A workspace for a test: a sandbox, a folder for files, and runs of the tap, either as a separate
//! process or in the test's process with a fake clock.

use crate::catalog::Catalog;
use crate::messages::{self, Emitted, Message};
use revops_sandbox::{Options, Received, Sandbox};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use tap_revops::protocol::Protocol;
use tap_revops::run::World;
use tap_revops::run::interruption::{self, Interruption};
use tap_revops::time::clock::Clock;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub const REEVO: &str = "reevo";
pub const ASKELEPHANT: &str = "askelephant";

/// Every record type that the sandbox has.
pub const RECORD_TYPES: [&str; 8] = [
    "contact",
    "account",
    "opportunity",
    "task",
    "note",
    "meeting",
    "implementation_project",
    "Renewal-Plan",
];
pub const COLLECTIONS: [&str; 5] = ["contacts", "companies", "users", "tags", "engagements"];

pub struct Workspace {
    pub sandbox: Sandbox,
    pub api: &'static str,
    folder: TempDir,
    _runtime: Runtime,
}

impl Drop for Workspace {
    /// Removes the request callback, which may hold a clone of the sandbox: a reference cycle.
    fn drop(&mut self) {
        self.sandbox.on_request(|_| {});
    }
}

/// The exit status and the output of a run.
#[derive(Debug)]
pub struct Run {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Builds a run of `read`.
pub struct Read<'w> {
    workspace: &'w Workspace,
    settings: Value,
    catalog: Option<String>,
    state: Option<String>,
    flags: Vec<&'static str>,
}

impl Workspace {
    /// A workspace whose sandbox has these options. Unless they say otherwise, its clock stands
    /// still, and no record changes by itself.
    pub fn new(api: &'static str, options: &str) -> Self {
        let mut query = options.to_owned();
        for default in ["clock=2026-07-15T12:00:00Z", "change_every_seconds=0"] {
            let (key, _) = default.split_once('=').unwrap();
            if !options.contains(key) {
                query.push_str(&format!("&{default}"));
            }
        }
        let options = Options::parse(query.trim_start_matches('&')).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let start = Sandbox::start(options, "127.0.0.1:0".parse().unwrap());
        Self {
            sandbox: runtime.block_on(start).unwrap(),
            api,
            folder: tempfile::tempdir().unwrap(),
            _runtime: runtime,
        }
    }

    pub fn reevo(options: &str) -> Self {
        Self::new(REEVO, options)
    }

    pub fn askelephant(options: &str) -> Self {
        Self::new(ASKELEPHANT, options)
    }

    /// Writes a file into the folder, and returns its path.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The configuration of this workspace, with further settings.
    pub fn config(&self, settings: &Value) -> String {
        let mut config = json!({
            "api": self.api, "base_url": self.sandbox.url(), "api_key": self.sandbox.key()
        });
        for (key, value) in settings.as_object().unwrap() {
            config[key] = value.clone();
        }
        config.to_string()
    }

    /// Writes the configuration, and returns its path.
    pub fn config_file(&self, settings: &Value) -> String {
        self.file("config.json", &self.config(settings))
    }

    /// Runs the executable.
    pub fn run(&self, arguments: &[&str]) -> Run {
        self.assert_key_absent(run(arguments, &[]))
    }

    /// Runs the library in this process, with this clock.
    pub fn run_within(&self, arguments: &[&str], clock: Arc<dyn Clock>) -> Run {
        self.run_until(arguments, clock, interruption::never())
    }

    /// The same, until it is interrupted.
    pub fn run_until(
        &self,
        arguments: &[&str],
        clock: Arc<dyn Clock>,
        interruption: Interruption,
    ) -> Run {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let arguments = ["tap-revops"].iter().chain(arguments);
        let status = tap_revops::run::run(World {
            protocol: Protocol::Singer,
            interruption,
            arguments: arguments.map(Into::into).collect(),
            environment: Vec::new(),
            clock,
            out: &mut out,
            err: &mut err,
            err_is_terminal: false,
            out_is_terminal: false,
        });
        self.assert_key_absent(Run {
            status: status as i32,
            stdout: String::from_utf8(out).unwrap(),
            stderr: String::from_utf8(err).unwrap(),
        })
    }

    /// Returns the run after checking that its output does not hold the key.
    pub fn assert_key_absent(&self, run: Run) -> Run {
        for text in [&run.stdout, &run.stderr] {
            for spelling in spellings(self.sandbox.key()) {
                assert!(!text.contains(&spelling), "{text}");
            }
        }
        run
    }

    /// The streams that are read unless somebody deselects them.
    pub fn discover(&self, settings: &Value) -> Catalog {
        let run = self.run(&["--config", &self.config_file(settings), "--discover"]);
        Catalog::parse(&run.ok().stdout)
    }

    pub fn read(&self, settings: &Value) -> Read<'_> {
        Read {
            workspace: self,
            settings: settings.clone(),
            catalog: None,
            state: None,
            flags: Vec::new(),
        }
    }

    /// The requests for pages of a stream, in order.
    pub fn page_requests(&self, stream: &str) -> Vec<Received> {
        let path = match self.api {
            REEVO => format!("/api/v2/{stream}/_query"),
            _ => format!("/v2/{stream}"),
        };
        let requests = self.sandbox.requests().into_iter();
        requests.filter(|request| request.path == path).collect()
    }
}

/// A key and its secret half, each in every encoding in which a text may hold it.
pub fn spellings(key: &str) -> Vec<String> {
    let half = key.rsplit('.').next().unwrap();
    let mut spellings = Vec::new();
    for secret in [key, half] {
        let json = Value::from(secret).to_string();
        let inner = json.trim_matches('"').to_owned();
        let twice = Value::from(inner.as_str()).to_string();
        let url = percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC);
        let form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let lower = url.to_string().to_lowercase();
        let twice = twice.trim_matches('"').to_owned();
        spellings.extend([
            secret.to_owned(),
            inner,
            twice,
            url.to_string(),
            lower,
            form,
        ]);
    }
    spellings
}

/// Runs the executable. Of the tap's own variables, only these are in its environment.
pub fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Run {
    let output = command(arguments, environment).output().unwrap();
    Run::from(output)
}

pub fn command(arguments: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tap-revops"));
    command.args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().to_lowercase();
        if name.starts_with("tap_revops_") || name.ends_with("_proxy") {
            command.env_remove(&name).env_remove(name.to_uppercase());
        }
    }
    command.envs(environment.iter().copied());
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")));
    command
}

/// A log without the times after its levels.
pub fn untimed(log: &str) -> String {
    let is_time = |text: &str| {
        text.len() == 8
            && text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b':')
    };
    let line = |line: &str| {
        let mut words: Vec<&str> = line.splitn(3, ' ').collect();
        words.retain(|word| !is_time(word));
        words.join(" ") + "\n"
    };
    log.lines().map(line).collect()
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().expect("the process exited by itself"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Run {
    /// Returns the run after checking that it succeeded.
    pub fn ok(self) -> Self {
        self.ended(0)
    }

    /// Returns the run after checking its exit status.
    pub fn ended(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{}", self.stderr);
        self
    }

    /// Returns the run after checking that its log contains a text.
    pub fn says(self, text: &str) -> Self {
        assert!(
            untimed(&self.stderr).contains(text),
            "{}does not contain {text:?}, status {}",
            self.stderr,
            self.status
        );
        self
    }

    /// The log lines of a level, which ends in a space, without their times and the level.
    pub fn logged(&self, level: &str) -> Vec<String> {
        let log = untimed(&self.stderr);
        let lines = log.lines().filter_map(|line| line.strip_prefix(level));
        lines.map(str::to_owned).collect()
    }

    pub fn messages(&self) -> Vec<Message> {
        messages::parse(&self.stdout)
    }

    pub fn emitted(&self) -> Emitted {
        Emitted::of(self.messages())
    }
}

impl Read<'_> {
    pub fn catalog(mut self, catalog: &Value) -> Self {
        self.catalog = Some(catalog.to_string());
        self
    }

    pub fn state(mut self, state: &Value) -> Self {
        self.state = Some(state.to_string());
        self
    }

    pub fn flags(mut self, flags: &[&'static str]) -> Self {
        self.flags.extend_from_slice(flags);
        self
    }

    pub fn arguments(&self) -> Vec<String> {
        let workspace = self.workspace;
        let config = workspace.config_file(&self.settings);
        let mut arguments = vec!["read".to_owned(), "--config".to_owned(), config];
        arguments.extend(self.flags.iter().map(|flag| (*flag).to_owned()));
        for (flag, name, text) in [
            ("--catalog", "catalog.json", &self.catalog),
            ("--state", "state.json", &self.state),
        ] {
            if let Some(text) = text {
                arguments.extend([flag.to_owned(), workspace.file(name, text)]);
            }
        }
        arguments
    }

    /// Runs the executable.
    pub fn run(self) -> Run {
        let arguments = self.arguments();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.workspace.run(&arguments)
    }

    /// Runs the executable, and checks that it succeeds and writes a state for each stream.
    pub fn emitted(self) -> Emitted {
        let emitted = self.run().ok().emitted();
        assert_eq!(emitted.states.len(), emitted.schemas.len());
        emitted
    }

    /// Runs the library in this process.
    pub fn within(self, clock: Arc<dyn Clock>) -> Run {
        self.until(clock, interruption::never())
    }

    /// Runs the library in this process, until it is interrupted.
    pub fn until(self, clock: Arc<dyn Clock>, interruption: Interruption) -> Run {
        let arguments = self.arguments();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.workspace.run_until(&arguments, clock, interruption)
    }
}
