//! One run of a process: its command, the writer, what interrupts it, and its exit status.

pub mod exit;
pub mod interruption;

use self::exit::ExitStatus;
use self::interruption::Interruption;
use crate::cli;
use crate::cli::command::Invocation;
use crate::commands;
use crate::commands::context::CommandContext;
use crate::http::failure::{Failure, FailureKind};
use crate::log::{Level, Log, LogEntry, LogFormat};
use crate::protocol::Protocol;
use crate::protocol::message::Message;
use crate::protocol::writer::{Stop, Writer};
use crate::time::clock::{Clock, SystemClock};
use anyhow::anyhow;
use clap::ValueEnum;
use std::ffi::OsString;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::Arc;
use tokio::sync::mpsc::{self, Receiver, UnboundedReceiver};
use tokio::task::JoinError;

/// How many messages wait for the writer. A message is a page's lines at most.
const WAITING_MESSAGES: usize = 4;

/// Threads beside the one that writes: one fetches while another decodes.
const WORKERS: usize = 2;

/// What a run gets from the world.
pub struct World<'w> {
    pub protocol: Protocol,
    pub arguments: Vec<OsString>,
    pub environment: Vec<(String, String)>,
    pub clock: Arc<dyn Clock>,
    pub interruption: Interruption,
    pub out: &'w mut dyn Write,
    pub err: &'w mut dyn Write,
    /// Whether a person sees `err`, rather than an orchestrator that collects figures from it.
    pub err_is_terminal: bool,
}

/// Runs what the process was started for, with its arguments and outputs.
pub fn run_process(protocol: Protocol) -> ExitStatus {
    let variables = std::env::vars_os();
    // What is no text is no setting of ours.
    let texts = variables
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    run(World {
        protocol,
        arguments: std::env::args_os().collect(),
        environment: texts.collect(),
        clock: Arc::new(SystemClock::default()),
        interruption: interruption::of_process(io::stdout()),
        out: &mut io::stdout().lock(),
        err: &mut io::stderr().lock(),
        err_is_terminal: io::stderr().is_terminal(),
    })
}

/// Runs one command, from arguments to exit status.
pub fn run(world: World) -> ExitStatus {
    let invocation = match cli::parse(world.protocol, &world.arguments) {
        Ok(invocation) => invocation,
        Err(told) => return tell(&told, world),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(work(invocation, world)),
        Err(error) => {
            // Without threads there is no writer to tell; this is its place.
            let _ = writeln!(world.err, "CRITICAL no threads can be started ({error})");
            ExitStatus::Failed
        }
    }
}

/// Prints what the command line led to: help, the version, or what is wrong with it.
fn tell(told: &clap::Error, world: World) -> ExitStatus {
    let text = told.render().to_string();
    let (stream, status) = if told.use_stderr() {
        (world.err, ExitStatus::BadInput)
    } else {
        (world.out, ExitStatus::Success)
    };
    match stream
        .write_all(text.as_bytes())
        .and_then(|()| stream.flush())
    {
        Ok(()) => status,
        Err(error) => unwritable(&error),
    }
}

/// Lets a command work, and writes what it has to say.
async fn work(invocation: Invocation, world: World<'_>) -> ExitStatus {
    let (protocol, clock) = (world.protocol, world.clock);
    let (messages, mut incoming) = mpsc::channel(WAITING_MESSAGES);
    let (entries, mut logged) = mpsc::unbounded_channel();
    let level = invocation
        .log_level
        .unwrap_or_else(|| level_of(&world.environment));
    let mut log = Log::new(entries, level);
    log.metrics = !world.err_is_terminal;
    let format = invocation
        .log_format
        .unwrap_or_else(|| format_of(&world.environment));
    let context = CommandContext {
        protocol,
        environment: world.environment,
        clock: Arc::clone(&clock),
        log: log.clone(),
        messages,
    };
    let task = tokio::spawn(async move { commands::carry_out(invocation.command, &context).await });
    let stop = Stop::default();
    let interrupted = interruption::watch(world.interruption, stop.clone());
    let mut writer = Writer::new(protocol, format, stop, clock, world.out, world.err);
    let written = tokio::select! {
        biased;
        status = interrupted => writer.abandon().map(|()| status),
        written = write_all(&mut writer, &mut incoming, &mut logged) => match written {
            Ok(()) => conclude(&mut writer, protocol, &mut logged, &log, task.await),
            Err(error) => Err(error),
        },
    };
    written.unwrap_or_else(|error| {
        if error.kind() != ErrorKind::BrokenPipe {
            // Stderr may still be there for people, whatever became of stdout.
            let cause = anyhow!(error);
            let sentence = format!("the output cannot be written ({cause}); is the disk full?");
            let _ = writer.fatal(&cause, &sentence);
            return ExitStatus::Unwritable;
        }
        ExitStatus::BrokenPipe
    })
}

/// Writes messages and log entries until no more messages can come.
async fn write_all(
    writer: &mut Writer<'_>,
    incoming: &mut Receiver<Message>,
    logged: &mut UnboundedReceiver<LogEntry>,
) -> io::Result<()> {
    loop {
        tokio::select! {
            // What was said about a message comes before it.
            biased;
            Some(entry) = logged.recv() => writer.log(&entry)?,
            message = incoming.recv() => match message {
                Some(message) => writer.write(message)?,
                None if writer.has_to_stop() => std::future::pending().await,
                None => return Ok(()),
            },
        }
        // Whoever waits to end the run gets a chance between any two messages.
        tokio::task::yield_now().await;
    }
}

/// Writes the last entries, and the last word of a command that failed.
fn conclude(
    writer: &mut Writer<'_>,
    protocol: Protocol,
    logged: &mut UnboundedReceiver<LogEntry>,
    log: &Log,
    result: Result<anyhow::Result<()>, JoinError>,
) -> io::Result<ExitStatus> {
    while let Ok(entry) = logged.try_recv() {
        writer.log(&entry)?;
    }
    let error = match result {
        Ok(Ok(())) => return Ok(ExitStatus::Success),
        Ok(Err(error)) => error,
        Err(broken) => anyhow!(Failure::new(
            FailureKind::Malformed,
            format!("the tap itself failed ({broken}); please report it")
        )),
    };
    writer.fatal(&error, &log.without_secret(format!("{error:#}")))?;
    Ok(ExitStatus::of(&error, protocol))
}

fn unwritable(error: &io::Error) -> ExitStatus {
    match error.kind() {
        ErrorKind::BrokenPipe => ExitStatus::BrokenPipe,
        _ => ExitStatus::Unwritable,
    }
}

/// The log level of the environment, in the variable of the tap or in the one that all taps share.
fn level_of(environment: &[(String, String)]) -> Level {
    let named = ["TAP_REVOPS_LOGLEVEL", "LOGLEVEL", "LOG_LEVEL"];
    let texts = named.iter().filter_map(|name| variable(environment, name));
    let mut levels = texts.filter_map(|text| Level::from_str(text, true).ok());
    levels.next().unwrap_or(Level::Info)
}

/// Orchestrators that want structured logs name a logging configuration that says so.
fn format_of(environment: &[(String, String)]) -> LogFormat {
    let path = variable(environment, "SINGER_SDK_LOG_CONFIG");
    let text = path.and_then(|path| crate::support::files::read_text(path).ok());
    match text {
        Some(text) if text.contains("StructuredFormatter") => LogFormat::Json,
        _ => LogFormat::Text,
    }
}

fn variable<'e>(environment: &'e [(String, String)], name: &str) -> Option<&'e str> {
    let found = environment.iter().find(|(one, _)| one == name);
    found.map(|(_, text)| text.as_str())
}
