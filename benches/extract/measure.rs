//! Runs a process, and measures it as a whole.

use anyhow::{Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a process cost, or what several did in the middle.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Seconds.
    pub wall: f64,
    /// Seconds of all its threads.
    pub cpu: f64,
    /// Its peak of memory, in MiB.
    pub memory: f64,
}

/// Runs a command to its end, with its output thrown away.
pub fn measure(command: &mut Command) -> Result<Cost> {
    let before = cpu_of_children()?;
    let began = Instant::now();
    let mut process = command.stdout(Stdio::null()).spawn()?;
    let status = format!("/proc/{}/status", process.id());
    let watch = std::thread::spawn(move || peak(&status));
    let status = process.wait()?;
    let wall = began.elapsed().as_secs_f64();
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(Cost {
        wall,
        cpu: cpu_of_children()? - before,
        memory: watch.join().expect("watching does not panic"),
    })
}

/// The CPU seconds of all processes that have ended and been waited for.
fn cpu_of_children() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let times = [usage.user_time(), usage.system_time()];
    let micros: i64 = times.iter().map(TimeValLike::num_microseconds).sum();
    Ok(Duration::from_micros(u64::try_from(micros)?).as_secs_f64())
}

/// The peak of a process's memory. The kernel reports it only until the process ends.
fn peak(status: &str) -> f64 {
    let mut peak = 0.0_f64;
    while let Some(now) = std::fs::read_to_string(status)
        .ok()
        .and_then(|text| memory(&text))
    {
        peak = peak.max(now);
        std::thread::sleep(Duration::from_millis(5));
    }
    peak
}

/// The peak so far.
fn memory(status: &str) -> Option<f64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes / 1024.0)
}
