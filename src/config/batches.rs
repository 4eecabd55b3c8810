//! The setting `batch_config`: files of records in place of RECORD messages, under the names of the
//! Meltano SDK.

use super::forms::whole;
use super::problems::Problem;
use serde_json::Value;
use std::path::{Component, PathBuf};

/// Where records go in files, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchConfig {
    pub compression: Compression,
    /// The folder of the files; absolute.
    pub root: PathBuf,
    /// The beginning of each file's name.
    pub prefix: String,
    /// The number of records in a file, at most.
    pub size: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    Gzip,
    None,
}

impl Compression {
    /// The name in BATCH messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::None => "none",
        }
    }
}

const USUAL_SIZE: u64 = 10_000;

/// The setting, if there is one, and what is wrong with it that the JSON Schema does not find.
pub fn resolve(config: &Value, problems: &mut Vec<Problem>) -> Option<BatchConfig> {
    let raw = config.get("batch_config").filter(|raw| raw.is_object())?;
    let text = |object: &str, key: &str| raw[object][key].as_str();
    let root = root(text("storage", "root")?).map_err(|problem| {
        problems.push(Problem::new("batch_config.storage.root", problem));
    });
    let prefix = text("storage", "prefix").unwrap_or_default();
    if prefix.contains('/') || !is_plain(prefix) {
        let text = "has other characters than letters, digits, '.', '-' and '_', which targets cannot read in an address; write such a text";
        problems.push(Problem::new("batch_config.storage.prefix", text));
    }
    Some(BatchConfig {
        compression: match text("encoding", "compression") {
            Some("none") => Compression::None,
            _ => Compression::Gzip,
        },
        root: root.ok()?,
        prefix: prefix.to_owned(),
        size: raw.get("batch_size").and_then(whole).unwrap_or(USUAL_SIZE),
    })
}

/// The folder that a root names: a path, or an address of a local file. Targets do not decode
/// addresses, so it may hold only characters that need no code.
fn root(text: &str) -> Result<PathBuf, String> {
    let example = "write the path of a folder, such as /var/lib/batches";
    let path = match text.split_once("://") {
        Some(("file", address)) => {
            let path = address.strip_prefix("localhost").unwrap_or(address);
            if !path.starts_with('/') {
                return Err(format!("names a folder of another machine; {example}"));
            }
            path
        }
        Some((scheme, _)) => {
            return Err(format!("{scheme} is no folder of this machine; {example}"));
        }
        None => text,
    };
    let path =
        std::path::absolute(path).map_err(|error| format!("is no path ({error}); {example}"))?;
    let is_up = path.components().any(|part| part == Component::ParentDir);
    match path.to_str() {
        Some(text) if is_plain(text) && !is_up => Ok(path),
        _ => Err(format!(
            "is the folder {}, whose name has other characters than letters, digits, '/', '.', '-' and '_', \
             which targets cannot read in an address; {example}",
            path.display()
        )),
    }
}

fn is_plain(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/.-_".contains(&byte);
    text.bytes().all(is_plain)
}
