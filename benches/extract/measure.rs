//! Runs a process, and measures it as a whole.

use anyhow::{Context, Result, ensure};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a process cost.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Seconds.
    pub wall: f64,
    /// Seconds of all its threads.
    pub cpu: f64,
    /// Its peak of memory, in MiB.
    pub memory: f64,
}

pub type Measured = Cost;

/// The kernel counts time in these parts of a second.
const TICKS: f64 = 100.0;

/// Runs a command to its end, with its output thrown away.
pub fn measure(command: &mut Command) -> Result<Cost> {
    let began = Instant::now();
    let mut process = command.stdout(Stdio::null()).spawn()?;
    let folder = format!("/proc/{}", process.id());
    let mut peak = 0.0_f64;
    // A process that has ended keeps its times until somebody waits for it, but not its memory.
    let cpu = loop {
        let stat = std::fs::read_to_string(format!("{folder}/stat"))?;
        let (_, fields) = stat
            .rsplit_once(") ")
            .context("stat has the process's name")?;
        if fields.starts_with('Z') {
            break cpu(fields)?;
        }
        let status = std::fs::read_to_string(format!("{folder}/status")).unwrap_or_default();
        peak = peak.max(memory(&status).unwrap_or_default());
        std::thread::sleep(Duration::from_millis(2));
    };
    let wall = began.elapsed().as_secs_f64();
    let status = process.wait()?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(Cost {
        wall,
        cpu,
        memory: peak,
    })
}

fn cpu(fields: &str) -> Result<f64> {
    let times = fields.split(' ').skip(11).take(2);
    let times = times
        .map(|time| Ok(time.parse::<f64>()?))
        .sum::<Result<f64>>();
    Ok(times? / TICKS)
}

/// The peak so far.
fn memory(status: &str) -> Option<f64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes / 1024.0)
}
