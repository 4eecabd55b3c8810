//! Trouble with the output: a reader that goes away, stops reading or is slow, and a full disk.

use super::{BOTH, Trial};
use crate::clock::FakeClock;
use crate::support::{Run, command};
use serde_json::json;
use std::io::{self, Read as _, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tap_revops::protocol::Protocol;
use tap_revops::run::World;
use tap_revops::run::interruption;

/// A trial whose output exceeds the buffer of any pipe.
fn large(api: &'static str) -> Trial {
    Trial::with(api, "records=4000", &json!({"page_size": 100}))
}

fn arguments(trial: &Trial) -> Vec<String> {
    let read = trial.workspace.read(&trial.settings);
    read.catalog(&trial.catalog).arguments()
}

fn spawn(trial: &Trial, out: Stdio) -> std::process::Child {
    let arguments = arguments(trial);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut command = command(&arguments, &[]);
    command.stdout(out).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn a_reader_that_goes_away_during_a_stream_ends_the_run_quietly() {
    for api in BOTH {
        let trial = large(api);
        let mut child = spawn(&trial, Stdio::piped());
        let mut out = child.stdout.take().unwrap();
        out.read_exact(&mut [0; 1000]).unwrap();
        drop(out);
        let run = Run::from(child.wait_with_output().unwrap()).ended(141);
        assert!(!run.stderr.contains("CRITICAL") && !run.stderr.contains("panicked"));
    }
}

#[test]
fn a_signal_ends_a_run_whose_reader_has_stopped_reading() {
    for (signal, status) in [("-TERM", 143), ("-INT", 130)] {
        let trial = large(BOTH[0]);
        let mut child = spawn(&trial, Stdio::piped());
        let mut out = child.stdout.take().unwrap();
        out.read_exact(&mut [0; 1000]).unwrap();
        let number = child.id().to_string();
        Command::new("kill")
            .args([signal, &number])
            .output()
            .unwrap();
        // The run ends although nothing reads the rest.
        Run::from(child.wait_with_output().unwrap()).ended(status);
        drop(out);
    }
}

#[test]
fn a_full_disk_is_an_error() {
    for api in BOTH {
        let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
            return;
        };
        let trial = large(api);
        let child = spawn(&trial, full.into());
        let run = Run::from(child.wait_with_output().unwrap()).ended(4);
        run.says("the output cannot be written")
            .says("is the disk full?");
    }
}

/// An output that fails after some bytes, as a disk that fills up.
struct Filling {
    taken: Vec<u8>,
    room: usize,
}

impl Write for Filling {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(self.room - self.taken.len());
        if count == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.taken.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_disk_that_fills_up_holds_valid_output_up_to_its_last_newline() {
    for api in BOTH {
        let trial = Trial::new(api);
        let whole = trial.read(&json!({})).run.ok().stdout.len();
        for part in 1..8 {
            let (mut out, mut err) = (
                Filling {
                    taken: Vec::new(),
                    room: whole * part / 8,
                },
                Vec::new(),
            );
            let arguments = arguments(&trial);
            let status = tap_revops::run::run(World {
                protocol: Protocol::Singer,
                arguments: ["tap-revops".to_owned()]
                    .iter()
                    .chain(&arguments)
                    .map(Into::into)
                    .collect(),
                environment: Vec::new(),
                clock: FakeClock::new(),
                interruption: interruption::never(),
                out: &mut out,
                err: &mut err,
                err_is_terminal: false,
                out_is_terminal: false,
            });
            assert_eq!(status as i32, 4);
            let end = out
                .taken
                .iter()
                .rposition(|byte| *byte == b'\n')
                .map_or(0, |at| at + 1);
            let written = String::from_utf8(out.taken[..end].to_vec()).unwrap();
            let emitted = crate::messages::Emitted::of(crate::messages::parse(&written));
            assert!(emitted.states.is_empty());
        }
    }
}

/// An output that waits before each write until the tap sends no more requests.
struct Slow {
    requests: Arc<Mutex<u64>>,
    /// The maximum of requests sent minus pages written.
    ahead: u64,
    pages: u64,
}

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut before = u64::MAX;
        loop {
            let now = *self.requests.lock().unwrap();
            if now == before {
                self.ahead = self.ahead.max(now.saturating_sub(self.pages));
                break;
            }
            before = now;
            std::thread::park_timeout(Duration::from_millis(30));
        }
        self.pages += u64::from(bytes.starts_with(b"{\"type\":\"RECORD"));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_slow_reader_slows_down_the_requests_and_few_pages_wait_in_memory() {
    for api in BOTH {
        let trial = Trial::with(api, "records=600", &json!({"page_size": 10}));
        let requests = Arc::new(Mutex::new(0));
        let counted = Arc::clone(&requests);
        trial
            .workspace
            .sandbox
            .on_request(move |_| *counted.lock().unwrap() += 1);
        let mut out = Slow {
            requests,
            ahead: 0,
            pages: 0,
        };
        let arguments = arguments(&trial);
        let status = tap_revops::run::run(World {
            protocol: Protocol::Singer,
            arguments: ["tap-revops".to_owned()]
                .iter()
                .chain(&arguments)
                .map(Into::into)
                .collect(),
            environment: Vec::new(),
            clock: FakeClock::new(),
            interruption: interruption::never(),
            out: &mut out,
            err: &mut Vec::new(),
            err_is_terminal: false,
            out_is_terminal: false,
        });
        assert_eq!(status as i32, 0);
        assert!(
            out.pages > 20 && out.ahead < 10,
            "{} of {}",
            out.ahead,
            out.pages
        );
    }
}
