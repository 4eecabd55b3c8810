//! Signals that end the executable at any point, with its output in a real file. What it wrote
//! before is valid, and the next run goes on from the last state in the file.

use super::destination::Destination;
use super::{BOTH, Trial};
use crate::catalog::Catalog;
use crate::messages::{self, Emitted};
use crate::support::{Run, command};
use chrono::TimeDelta;
use fastrand::Rng;
use serde_json::{Value, json};
use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

const STREAMS: &str = "streams=contact,account,task,contacts,companies,tags";

/// The environment variable in which `tests/kill-loop` passes the number of kills.
const KILLS: &str = "TAP_REVOPS_TEST_KILLS";

fn trial(api: &'static str, seed: u64) -> Trial {
    let options = format!("records=60&seed={seed}&{STREAMS}");
    Trial::with(api, &options, &json!({"page_size": 6, "concurrency": 2}))
}

/// A channel that gets a message when the sandbox has received so many requests.
fn reached(trial: &Trial, requests: u64) -> Receiver<()> {
    let (sender, reached) = channel();
    let left = std::sync::Mutex::new(requests);
    trial.workspace.sandbox.on_request(move |_| {
        let mut left = left.lock().unwrap();
        *left = left.wrapping_sub(1);
        if *left == 0 {
            let _ = sender.send(());
        }
    });
    reached
}

/// Waits for the message, or for the end of the process.
fn wait_for(reached: &Receiver<()>, child: &mut Child) {
    while let Err(RecvTimeoutError::Timeout) = reached.recv_timeout(Duration::from_millis(20)) {
        if child.try_wait().unwrap().is_some() {
            return;
        }
    }
}

fn send(signal: &str, child: &mut Child) {
    if signal == "KILL" {
        child.kill().unwrap();
        return;
    }
    // An error is fine: the process has already ended.
    let number = child.id().to_string();
    let name = format!("-{signal}");
    let _ = Command::new("kill").args([&name, &number]).output();
}

/// Sends a signal to a run after some requests. Returns its exit status and its output.
fn signalled(trial: &Trial, state: &Value, signal: &str, rng: &mut Rng) -> (ExitStatus, String) {
    // A run from a state sends fewer requests.
    let most = if *state == json!({}) { 40 } else { 9 };
    let reached = reached(trial, rng.u64(1..most));
    let read = trial.workspace.read(&trial.settings);
    let read = read.catalog(&trial.catalog).state(state);
    let arguments = read.flags(&["--log-level", "debug"]).arguments();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (out, err) = (
        trial.workspace.file("out", ""),
        trial.workspace.file("err", ""),
    );
    let mut child = command(&arguments, &[])
        .stdout(File::create(&out).unwrap())
        .stderr(File::create(&err).unwrap())
        .spawn()
        .unwrap();
    wait_for(&reached, &mut child);
    for _ in 0..rng.u32(0..200_000) {
        std::hint::spin_loop();
    }
    send(signal, &mut child);
    let status = child.wait().unwrap();
    let run = trial.workspace.assert_key_absent(Run {
        status: 0,
        stdout: std::fs::read_to_string(out).unwrap(),
        stderr: std::fs::read_to_string(err).unwrap(),
    });
    (status, run.stdout)
}

/// Checks the output of a run up to its last whole line, and adds it to the destination.
fn keep(destination: &mut Destination, written: &str) {
    let whole = written.rfind('\n').map_or(0, |end| end + 1);
    Emitted::of(messages::parse(&written[..whole]));
    for message in messages::parse(&written[..whole]) {
        destination.take(message);
    }
    destination.assert_bookmarks_cover_only_written_records();
}

/// Changes one record of each stream, as users do between two runs.
fn change(trial: &Trial, minute: i64, rng: &mut Rng) {
    let catalog = Catalog::parse(&trial.catalog.to_string());
    let sandbox = &trial.workspace.sandbox;
    sandbox.set_clock(sandbox.now() + TimeDelta::minutes(minute.max(1)));
    for entry in &catalog.streams {
        let truth = sandbox.truth(&entry.api_name());
        let one = &truth[rng.usize(..truth.len())];
        sandbox.touch(&entry.api_name(), &one.id, sandbox.now());
    }
}

/// Reads to the end from the last state, and checks that nothing is missing.
fn assert_nothing_lost(trial: &Trial, destination: &mut Destination) {
    trial.workspace.sandbox.on_request(|_| {});
    let rest = trial.read(&destination.last_state()).run.ok();
    keep(destination, &rest.stdout);
    let catalog = Catalog::parse(&trial.catalog.to_string());
    destination.assert_truth(&trial.workspace, &catalog);
}

#[test]
fn a_signal_ends_the_run_with_whole_lines_and_its_exit_status() {
    let mut rng = Rng::with_seed(11);
    for api in BOTH {
        for (signal, expected) in [("TERM", 143), ("INT", 130)] {
            let trial = trial(api, rng.u64(..1000));
            let mut destination = Destination::default();
            for _ in 0..4 {
                let state = destination.last_state();
                let (status, written) = signalled(&trial, &state, signal, &mut rng);
                let is_early = status.signal().is_some() && written.is_empty();
                let ended = status.code();
                assert!(
                    is_early || ended == Some(expected) || ended == Some(0),
                    "{status}"
                );
                assert!(written.is_empty() || written.ends_with('\n'));
                keep(&mut destination, &written);
            }
            assert_nothing_lost(&trial, &mut destination);
        }
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "`tests/kill-loop` shows these numbers")]
fn killed_runs_lose_no_record() {
    let kills: u32 = std::env::var(KILLS).map_or(10, |text| text.parse().unwrap());
    let (mut killed, mut ended, mut rng) = (0, 0, Rng::with_seed(9));
    while killed < kills {
        for api in BOTH {
            let trial = trial(api, rng.u64(..1000));
            let mut destination = Destination::default();
            for run in 0..5 {
                let state = destination.last_state();
                let (status, written) = signalled(&trial, &state, "KILL", &mut rng);
                match status.signal() {
                    Some(9) => killed += 1,
                    other => {
                        assert_eq!((other, status.code()), (None, Some(0)));
                        ended += 1;
                    }
                }
                keep(&mut destination, &written);
                change(&trial, run, &mut rng);
            }
            assert_nothing_lost(&trial, &mut destination);
        }
    }
    println!("{killed} kills survived, 0 lost ({ended} runs ended before their kill)");
}
