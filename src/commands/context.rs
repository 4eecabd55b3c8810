//! What all commands share: reading the configuration, opening the API, and output.

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

/// What a command needs besides its arguments.
pub struct CommandContext {
    pub protocol: Protocol,
    pub environment: Vec<(String, String)>,
    pub clock: Arc<dyn Clock>,
    pub log: Log,
    pub messages: Sender<Message>,
}

impl CommandContext {
    /// The resolved configuration from files and the environment. Logs its warnings.
    pub fn config(&self, files: &[String]) -> Result<Config> {
        self.config_with(files, &[])
    }

    /// The same, with flags that set keys: key, flag and text.
    pub fn config_with(
        &self,
        files: &[String],
        flags: &[(&str, &str, Option<&String>)],
    ) -> Result<Config> {
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
        let mut raw = RawConfig::read(files, &self.environment)?;
        for (key, flag, text) in flags {
            if let Some(text) = text {
                raw.set_by_flag(key, flag, text);
            }
        }
        let config = config::resolve(&raw);
        if let Some(key) = config.as_ref().ok().and_then(|one| one.api_key.as_ref()) {
            self.log.keep_secret(key);
        }
        for warning in raw.warnings() {
            self.log.warning(warning);
        }
        let config = config?;
        let now = self.clock.now();
        for (place, text) in config.start_dates() {
            if let Some(warning) = timestamp::warning_of_future(&place, text, now) {
                self.log.warning(warning);
            }
        }
        Ok(config)
    }

    /// The source of the configured API, and the sandbox if that is configured: it stops on drop.
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

    /// The text of a catalog or state file. Parts of it are printed again, so it must not contain
    /// the key.
    pub fn input(&self, path: Option<&str>, what: &str) -> Result<Option<String>> {
        let text = read_file(path, what)?;
        if text
            .as_ref()
            .is_some_and(|text| self.log.contains_secret(text))
        {
            bail!("the {what} file contains the api_key; pass a {what}, not the configuration");
        }
        Ok(text)
    }

    /// Prints the whole output of a command.
    pub async fn print(&self, document: String) {
        self.send(Message::Document(document)).await;
    }

    pub async fn send(&self, message: Message) {
        // This fails only if nobody reads stdout any more. The writer then ends the program.
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
