//! Starts the sandbox: as a command that runs until stopped, or for one run of another command.

use crate::log::Log;
use anyhow::{Context, Result, anyhow};
use revops_sandbox::{Faults, Options, Sandbox};
use std::net::{Ipv4Addr, SocketAddr};

/// Serves both APIs until the process is stopped.
pub async fn run(log: &Log, port: u16, options: &str, faults: Option<&str>) -> Result<()> {
    let sandbox = start(options, faults, port).await?;
    log.info(format!(
        "the sandbox serves both APIs; base_url is {}",
        sandbox.url()
    ));
    log.info(format!("api_key is {}", sandbox.key()));
    log.info("stop it with Ctrl-C");
    std::future::pending().await
}

/// Starts the sandbox on a port of this machine; 0 chooses a free one. The rules of the file
/// `faults` apply after those that the options name.
pub async fn start(options: &str, faults: Option<&str>, port: u16) -> Result<Sandbox> {
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
