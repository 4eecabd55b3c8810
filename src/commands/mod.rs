//! What each command does, from its arguments to its last message.

pub mod about;

use crate::catalog::{Replication, Stream};
use crate::cli::Command;
use crate::config::{BaseUrl, Config, RawConfig};
use crate::http::failure::Failure;
use crate::http::proxy;
use crate::log::Log;
use crate::protocol::message::Message;
use crate::protocol::{CatalogEntry, Protocol, airbyte};
use crate::source::Source;
use crate::source::discover::{self, Answer, by_name, is_left_out};
use crate::state::State;
use crate::support::files;
use crate::sync::{self, Wanted, conclusion};
use crate::time::clock::Clock;
use crate::time::timestamp;
use anyhow::{Context, Result, anyhow, bail};
use revops_sandbox::{Faults, Options, Sandbox};
use secrecy::SecretString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::Sender;

/// The longest that a check tries again: a person is waiting for it.
const LONGEST_CHECK: Duration = Duration::from_secs(10);

/// What a command works with, apart from its arguments.
pub struct CommandContext {
    pub protocol: Protocol,
    pub environment: Vec<(String, String)>,
    pub clock: Arc<dyn Clock>,
    pub log: Log,
    pub messages: Sender<Message>,
}

impl CommandContext {
    /// Carries out a command. The error is one sentence for the last line of the log.
    pub async fn carry_out(&self, command: Command) -> Result<()> {
        match command {
            Command::Discover { config } => self.discover(self.config(&config)?).await,
            Command::Read {
                config,
                catalog,
                state,
            } => {
                let config = self.config(&config)?;
                let state = self.stored_state(state.as_deref())?;
                let state = self.protocol.state(&state)?;
                let catalog = self.input(catalog.as_deref(), "catalog")?;
                let entries = catalog
                    .map(|text| self.protocol.selected(&text))
                    .transpose()?;
                self.read(config, entries, state).await
            }
            Command::Check { config } => self.report_check(&config).await,
            Command::Spec => {
                self.print(airbyte::spec::line()).await;
                Ok(())
            }
            Command::About { format } => {
                self.print(about::document(format)).await;
                Ok(())
            }
            Command::Sandbox {
                port,
                options,
                faults,
            } => self.sandbox(port, &options, faults.as_deref()).await,
        }
    }

    /// A file that becomes part of the output, and so must not hold the key.
    fn input(&self, path: Option<&str>, what: &str) -> Result<Option<String>> {
        let text = read_file(path, what)?;
        if text
            .as_ref()
            .is_some_and(|text| self.log.tells_secret(text))
        {
            bail!(
                "the {what} file holds the api_key; is it the configuration? pass a {what} of your own"
            );
        }
        Ok(text)
    }

    /// The text of a state. The first run has none, although its command line names the file.
    fn stored_state(&self, path: Option<&str>) -> Result<String> {
        let path = path.filter(|path| {
            let is_there = !matches!(Path::new(path).try_exists(), Ok(false));
            if !is_there {
                self.log.warning(format!(
                    "the state file {path} does not exist; every stream is read from its start"
                ));
            }
            is_there
        });
        Ok(self.input(path, "state")?.unwrap_or_default())
    }

    fn config(&self, files: &[String]) -> Result<Config> {
        if files.is_empty()
            && !self
                .environment
                .iter()
                .any(|(name, _)| name == "TAP_REVOPS_API")
        {
            bail!(
                "there is no configuration; pass --config with a file such as sample_config.json"
            );
        }
        let raw = RawConfig::read(files, &self.environment)?;
        let config = Config::resolve(&raw);
        if let Some(key) = config.as_ref().ok().and_then(|one| one.api_key.as_ref()) {
            self.log.keep_secret(key);
        }
        for warning in raw.warnings() {
            self.log.warning(warning);
        }
        let config = config?;
        let now = self.clock.now();
        let start_date = config.start_date.as_deref();
        if let Some(warning) =
            start_date.and_then(|text| timestamp::warning_of_future("start_date", text, now))
        {
            self.log.warning(warning);
        }
        Ok(config)
    }

    /// The API that is configured, and the sandbox if it is that: it runs as long as it is held.
    async fn source(&self, config: Config) -> Result<(Arc<Source>, Option<Sandbox>)> {
        let (base_url, key, sandbox) = match &config.base_url {
            BaseUrl::Remote(url) => {
                let key = config.api_key.clone().context("api_key is missing")?;
                (url.clone(), key, None)
            }
            BaseUrl::Sandbox(options) => {
                let sandbox = start_sandbox(options, None, 0).await?;
                let own_key = || SecretString::from(sandbox.key());
                let key = config.api_key.clone().unwrap_or_else(own_key);
                (sandbox.url(), key, Some(sandbox))
            }
        };
        let proxy = proxy::in_force(&self.environment, &base_url)?;
        let source = Source::new(
            config,
            &base_url,
            proxy,
            &key,
            Arc::clone(&self.clock),
            self.log.clone(),
        )?;
        Ok((Arc::new(source), sandbox))
    }

    async fn discover(&self, config: Config) -> Result<()> {
        let (source, _sandbox) = self.source(config).await?;
        let streams = discover::discover(&source).await?;
        self.print(self.protocol.catalog(&streams)).await;
        Ok(())
    }

    async fn read(
        &self,
        config: Config,
        entries: Option<Vec<CatalogEntry>>,
        state: State,
    ) -> Result<()> {
        let (source, _sandbox) = self.source(config).await?;
        let wanted = match entries {
            None => Wanted::everything(&source),
            Some(entries) => Wanted::selected(&source, entries),
        };
        if wanted.is_empty() {
            self.log
                .warning("no stream is selected, so there is nothing to read");
        }
        self.warn_of_foreign_state(&state, &wanted);
        self.say(Message::Resumed(state.clone())).await;
        let ends = sync::sync(&source, self.protocol, wanted, &state, &self.messages).await;
        match conclusion::failure(&source, &ends) {
            Some(failure) => Err(failure.into()),
            None => Ok(()),
        }
    }

    /// Warns of a state that names streams, and none of those that are read.
    fn warn_of_foreign_state(&self, state: &State, wanted: &[Wanted]) {
        let names = state.streams();
        let has_bookmark = |one: &Wanted| state.holds(one.name());
        if let Some(first) = wanted.first()
            && !names.is_empty()
            && !wanted.iter().any(has_bookmark)
        {
            let (names, form) = (names.join(", "), self.protocol.state_form(first.name()));
            self.log.warning(format!(
                "the state has no bookmark for any stream that is read (it names {names}), \
                 so all are read from their start; the expected form is {form}"
            ));
        }
    }

    /// Carries out a check, and tells of its outcome in the way of the protocol.
    async fn report_check(&self, files: &[String]) -> Result<()> {
        let outcome = match self.config(files) {
            Ok(config) => self.check(config).await,
            Err(error) => Err(error),
        };
        let sentence = match &outcome {
            Ok(sentence) => sentence.clone(),
            Err(error) => format!("{error:#}"),
        };
        let sentence = self.log.without_secret(sentence);
        let told = if outcome.is_ok() {
            Ok(sentence.as_str())
        } else {
            Err(sentence.as_str())
        };
        if let Some(document) = self.protocol.checked(told) {
            self.print(document).await;
            return Ok(());
        }
        outcome.map(|sentence| self.log.info(sentence))
    }

    /// Whether the streams can be read: all of those that the configuration names, or else at
    /// least one. Says how many.
    async fn check(&self, mut config: Config) -> Result<String> {
        config.max_retry = config.max_retry.min(LONGEST_CHECK);
        let (source, _sandbox) = self.source(config).await?;
        self.log.info("the configuration is valid");
        let answers = discover::survey(&source).await?;
        let count = answers.len();
        let mut unreadable = Vec::new();
        for Answer { api_name, stream } in answers {
            match stream {
                Ok(stream) => self.log.info(readable(&stream)),
                Err(failure) => {
                    self.log
                        .warning(format!("{api_name}: not readable: {failure}"));
                    unreadable.push((api_name, failure));
                }
            }
        }
        let readable = count - unreadable.len();
        let names: Vec<&str> = unreadable.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(", ");
        if readable == 0 {
            return Err(discover::nothing_readable(&source, &by_name(&unreadable)).into());
        }
        let wanted = by_name(&unreadable).into_iter();
        let wanted = wanted.filter(|(name, failure)| !is_left_out(&source, name, failure));
        match wanted.collect::<Vec<_>>().as_slice() {
            [(name, failure)] => {
                Err(anyhow!((*failure).clone()).context(format!("{name} cannot be read")))
            }
            several @ [_, ..] => {
                let heading = format!("{} of {count} streams cannot be read", several.len());
                Err(Failure::of_several(&heading, several).into())
            }
            [] if unreadable.is_empty() => Ok(match count {
                1 => "the stream can be read".to_owned(),
                _ => format!("all {count} streams can be read"),
            }),
            [] => Ok(format!(
                "{readable} of {count} streams can be read; not {names}"
            )),
        }
    }

    async fn sandbox(&self, port: u16, options: &str, faults: Option<&str>) -> Result<()> {
        let sandbox = start_sandbox(options, faults, port).await?;
        self.log.info(format!(
            "the sandbox serves both APIs; base_url is {}",
            sandbox.url()
        ));
        self.log.info(format!("api_key is {}", sandbox.key()));
        self.log.info("stop it with Ctrl-C");
        std::future::pending().await
    }

    async fn print(&self, document: String) {
        self.say(Message::Document(document)).await;
    }

    async fn say(&self, message: Message) {
        // If nobody reads it, the writer knows, and ends the program accordingly.
        let _ = self.messages.send(message).await;
    }
}

fn readable(stream: &Stream) -> String {
    let fields = stream.properties.len();
    match &stream.replication {
        Replication::Incremental => {
            format!("{}: readable, incremental, {fields} fields", stream.name)
        }
        Replication::FullTable { because } => {
            format!(
                "{}: readable, as a whole only ({because}), {fields} fields",
                stream.name
            )
        }
    }
}

/// A script of faults from the command line comes after the one that the options name.
async fn start_sandbox(options: &str, faults: Option<&str>, port: u16) -> Result<Sandbox> {
    let mut options = Options::parse(options)
        .map_err(|problems| listed("the options of the sandbox have problems", &problems))?;
    if let Some(path) = faults {
        let rules = Faults::read(path)
            .map_err(|problems| listed("the script of faults has problems", &problems))?;
        options.faults.extend(rules);
    }
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let started = Sandbox::start(options, address).await;
    started.with_context(|| {
        format!("the sandbox cannot listen on port {port}; choose another with --port")
    })
}

fn listed(what: &str, problems: &[String]) -> anyhow::Error {
    anyhow!("{what}:\n  {}", problems.join("\n  "))
}

fn read_file(path: Option<&str>, what: &str) -> Result<Option<String>> {
    let Some(path) = path else {
        return Ok(None);
    };
    files::read_text(path)
        .map(Some)
        .with_context(|| format!("the {what} file {path} cannot be read; check its path"))
}
