//! The manual pages, and the scripts that complete command lines, both made from the definition of
//! the command line.

use crate::cli;
use anyhow::{Context, Result};
use clap_complete::Shell;
use std::path::Path;

/// The script for a shell.
pub fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    let mut definition = cli::definition();
    let name = definition.get_name().to_owned();
    clap_complete::generate(shell, &mut definition, name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// Writes the pages into a folder, which is made if it is not there.
pub fn pages(folder: &str) -> Result<()> {
    let path = Path::new(folder);
    std::fs::create_dir_all(path)
        .and_then(|()| clap_mangen::generate_to(cli::definition(), path))
        .with_context(|| {
            format!("the manual pages cannot be written to {folder}; pass a folder that you can write to")
        })
}
