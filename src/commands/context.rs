//! What every command works with, and what they do alike: the configuration, the API, the output.

use super::sandbox;
use crate::config;
use crate::config::{BaseUrl, Config, RawConfig};
use crate::http::proxy;
use crate::log::Log;
use crate::protocol::Protocol;
use crate::protocol::message::Message;
use crate::source::Source;
use crate::support::files;
use crate::time::clock::Clock;
use crate::time::timestamp;
use anyhow::{Context, Result, bail};
use revops_sandbox::Sandbox;
use secrecy::SecretString;
use std::sync::Arc;
use tokio::sync::mpsc::Sender;

/// What a command works with, apart from its arguments.
pub struct CommandContext {
    pub protocol: Protocol,
    pub environment: Vec<(String, String)>,
    pub clock: Arc<dyn Clock>,
    pub log: Log,
    pub messages: Sender<Message>,
}

impl CommandContext {
    /// The configuration of files and the environment. What is odd about it is warned of.
    pub fn config(&self, files: &[String]) -> Result<Config> {
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
        let config = config::resolve(&raw);
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
    pub async fn source(&self, config: Config) -> Result<(Arc<Source>, Option<Sandbox>)> {
        let (base_url, key, sandbox) = match &config.base_url {
            BaseUrl::Remote(url) => {
                let key = config.api_key.clone().context("api_key is missing")?;
                (url.clone(), key, None)
            }
            BaseUrl::Sandbox(options) => {
                let sandbox = sandbox::start(options, None, 0).await?;
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

    /// A file that becomes part of the output, and so must not hold the key.
    pub fn input(&self, path: Option<&str>, what: &str) -> Result<Option<String>> {
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

    /// Hands over the whole output of a command.
    pub async fn print(&self, document: String) {
        self.say(Message::Document(document)).await;
    }

    pub async fn say(&self, message: Message) {
        // If nobody reads it, the writer knows, and ends the program accordingly.
        let _ = self.messages.send(message).await;
    }
}

fn read_file(path: Option<&str>, what: &str) -> Result<Option<String>> {
    let Some(path) = path else {
        return Ok(None);
    };
    files::read_text(path)
        .map(Some)
        .with_context(|| format!("the {what} file {path} cannot be read; check its path"))
}
