//! One run of a process: its command, its writer, its interruption and its exit status.

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
use crate::protocol::writer::{LogOutput, Stop, Writer};
use crate::time::clock::{Clock, SystemClock};
use anyhow::anyhow;
use clap::ValueEnum;
use std::ffi::OsString;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{self, Receiver, UnboundedReceiver};
use tokio::task::JoinError;

/// How many messages may wait for the writer. The largest message is the lines of one page, which take
/// memory while they wait.
const WAITING_MESSAGES: usize = 1;

/// Bars that show rates and waits are drawn again so often, even if nothing happens.
const BETWEEN_DRAWS: Duration = Duration::from_millis(200);

/// Threads for requests, in addition to the one that writes and those that turn records into lines.
/// One suffices: it waits most of the time.
const WORKERS: usize = 1;

/// Threads that turn records into lines, and look up addresses. Two are faster than any consumer, and
/// each takes memory of its own.
const DECODERS: usize = 2;

/// Everything that a run gets from its environment.
pub struct World<'w> {
    pub protocol: Protocol,
    pub arguments: Vec<OsString>,
    pub environment: Vec<(String, String)>,
    pub clock: Arc<dyn Clock>,
    pub interruption: Interruption,
    pub out: &'w mut dyn Write,
    pub err: &'w mut dyn Write,
    /// Whether `err` is a terminal. If it is not, an orchestrator may collect metrics from it.
    pub err_is_terminal: bool,
    /// Whether `out` is one. Then records would run over what is drawn.
    pub out_is_terminal: bool,
}

impl World<'_> {
    fn log_output(&self) -> LogOutput {
        let is_dumb = variable(&self.environment, "TERM").is_none_or(|name| name == "dumb");
        match (self.err_is_terminal, self.out_is_terminal || is_dumb) {
            (false, _) => LogOutput::Plain,
            (true, true) => LogOutput::Terminal,
            (true, false) => LogOutput::Bars,
        }
    }
}

/// Runs one command with the arguments, the environment and the outputs of the process.
pub fn run_process(protocol: Protocol) -> ExitStatus {
    let variables = std::env::vars_os();
    // A variable that is not UTF-8 is not one of our settings.
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
        out_is_terminal: io::stdout().is_terminal(),
    })
}

/// Runs one command, from arguments to exit status.
pub fn run(world: World) -> ExitStatus {
    let invocation = match cli::parse(world.protocol, &world.arguments) {
        Ok(invocation) => invocation,
        Err(error) => return print_parse_error(&error, world),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(DECODERS)
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(work(invocation, world)),
        Err(error) => {
            // Without threads the writer does not run, so this writes the log line.
            let _ = writeln!(world.err, "CRITICAL no threads can be started ({error})");
            ExitStatus::Failed
        }
    }
}

/// Prints help, the version, or what is wrong with the command line.
fn print_parse_error(error: &clap::Error, world: World) -> ExitStatus {
    let text = error.render().to_string();
    let (stream, status) = if error.use_stderr() {
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

/// Runs a command, and writes its messages and its log until it ends or is interrupted.
async fn work(invocation: Invocation, world: World<'_>) -> ExitStatus {
    let output = world.log_output();
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
    let task = tokio::spawn(async move { commands::run(invocation.command, &context).await });
    let stop = Stop::default();
    let interrupted = interruption::watch(world.interruption, stop.clone());
    let mut writer = Writer::new(protocol, format, stop, clock, output, world.out, world.err);
    let written = tokio::select! {
        biased;
        status = interrupted => abandon(&mut writer, status),
        written = write_all(&mut writer, &mut incoming, &mut logged) => match written {
            Ok(()) => conclude(&mut writer, protocol, &mut logged, &log, task.await),
            Err(error) => Err(error),
        },
    };
    written.unwrap_or_else(|error| {
        if error.kind() != ErrorKind::BrokenPipe {
            // Stderr may still work although stdout does not.
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
    let mut ticks = tokio::time::interval(BETWEEN_DRAWS);
    loop {
        tokio::select! {
            // Log entries that came before a message are written before it.
            biased;
            _ = ticks.tick(), if writer.draws() => writer.show(),
            Some(entry) = logged.recv() => writer.log(&entry)?,
            message = incoming.recv() => match message {
                Some(message) => writer.write(message)?,
                None if writer.has_to_stop() => std::future::pending().await,
                None => return Ok(()),
            },
        }
        // Let an interruption end the run between two messages.
        tokio::task::yield_now().await;
    }
}

/// Ends a run that is interrupted.
fn abandon(writer: &mut Writer<'_>, status: ExitStatus) -> io::Result<ExitStatus> {
    if status != ExitStatus::BrokenPipe {
        writer.interrupted()?;
    }
    writer.abandon()?;
    Ok(status)
}

/// Writes the remaining entries, the totals and, if the command failed, its error.
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
    writer.total(matches!(result, Ok(Ok(()))))?;
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

/// The log level of the environment: from our own variable, or from those that all taps share.
fn level_of(environment: &[(String, String)]) -> Level {
    let named = ["TAP_REVOPS_LOGLEVEL", "LOGLEVEL", "LOG_LEVEL"];
    let texts = named.iter().filter_map(|name| variable(environment, name));
    let mut levels = texts.filter_map(|text| Level::from_str(text, true).ok());
    levels.next().unwrap_or(Level::Info)
}

/// The log format of the environment. An orchestrator that wants structured logs names a logging
/// configuration with a `StructuredFormatter`.
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
