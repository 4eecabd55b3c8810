//! The configuration as written: one or more JSON files, the later ones winning key by key, and
//! above them the environment.

use crate::files;
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use std::path::Path;

/// The environment variable of a key is this and the key in upper case.
const PREFIX: &str = "TAP_REVOPS_";

/// In place of a file, this word stands for "from the environment alone".
const ENVIRONMENT: &str = "ENV";

/// The configuration as written, not checked.
#[derive(Clone, Default)]
pub struct RawConfig {
    value: Value,
}

impl From<Value> for RawConfig {
    fn from(value: Value) -> Self {
        Self { value }
    }
}

impl RawConfig {
    /// Reads the files and lays the environment over them.
    pub fn read(files: &[String], environment: &[(String, String)]) -> Result<Self> {
        let mut merged = Map::new();
        for file in files.iter().filter(|file| *file != ENVIRONMENT) {
            merged.extend(read_file(Path::new(file))?);
        }
        lift_api(&mut merged);
        merged.extend(from_environment(environment));
        // Orchestrators write null for a setting that nobody set.
        merged.retain(|_, value| !value.is_null());
        Ok(Self::from(Value::Object(merged)))
    }

    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Keys that the schema does not know.
    pub fn unknown_keys(&self) -> Vec<&str> {
        let keys = self.value.as_object().into_iter().flat_map(Map::keys);
        keys.map(String::as_str)
            .filter(|key| super::problems::property(key).is_null())
            .collect()
    }
}

/// Airbyte's form has the API's own keys below `api`, beside its name; here they stand with all
/// others.
fn lift_api(members: &mut Map<String, Value>) {
    if let Some(Value::Object(api)) = members.get_mut("api") {
        let mut api = std::mem::take(api);
        let name = api.remove("name").unwrap_or_default();
        members.extend(api);
        members.insert("api".to_owned(), name);
    }
}

fn read_file(path: &Path) -> Result<Map<String, Value>> {
    let name = path.display();
    let text = files::read_text(path)
        .with_context(|| format!("the configuration file {name} cannot be read; check its path"))?;
    match serde_json::from_str(text.trim_start_matches('\u{feff}')) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => {
            bail!("the configuration file {name} is no JSON object; see sample_config.json for one")
        }
        Err(error) => bail!(
            "the configuration file {name} is not valid JSON at line {}, column {}; see sample_config.json for one that is",
            error.line(),
            error.column()
        ),
    }
}

fn from_environment(environment: &[(String, String)]) -> Map<String, Value> {
    let known = |name: &str| {
        let key = name.strip_prefix(PREFIX)?.to_lowercase();
        let schema = super::problems::property(&key);
        schema.is_object().then_some((key, schema))
    };
    let set = environment.iter().filter(|(_, text)| !text.is_empty());
    set.filter_map(|(name, text)| {
        let (key, schema) = known(name)?;
        Some((key, from_text(text, schema)))
    })
    .collect()
}

/// The value that a variable's text stands for: lists may be JSON, or separated by commas.
fn from_text(text: &str, schema: &Value) -> Value {
    let as_text = || Value::String(text.to_owned());
    match schema["type"].as_str() {
        Some("integer") => text
            .trim()
            .parse::<u64>()
            .map_or_else(|_| as_text(), Value::from),
        Some("array") => match serde_json::from_str(text) {
            Ok(list @ Value::Array(_)) => list,
            _ => text
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .collect(),
        },
        _ => as_text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_environment_wins_over_the_files_and_is_typed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.json");
        std::fs::write(
            &path,
            r#"{"api": "reevo", "page_size": 7, "concurrency": null}"#,
        )
        .unwrap();
        let variables = [
            ("TAP_REVOPS_PAGE_SIZE", "100"),
            ("TAP_REVOPS_RECORD_TYPES", "contact, account"),
            ("TAP_REVOPS__LOAD_SCHEMA", "x"),
            ("TAP_REVOPS_API_KEY", ""),
            ("PATH", "/bin"),
        ]
        .map(|(name, text)| (name.to_owned(), text.to_owned()));
        let raw =
            RawConfig::read(&[path.display().to_string(), "ENV".to_owned()], &variables).unwrap();
        assert_eq!(
            raw.value(),
            &json!({"api": "reevo", "page_size": 100, "record_types": ["contact", "account"]})
        );
    }

    #[test]
    fn the_form_and_the_flat_configuration_are_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.json");
        let form = json!({"api": {"name": "reevo", "api_key": "k", "record_types": ["task"]}, "page_size": 7});
        std::fs::write(&path, form.to_string()).unwrap();
        let raw = RawConfig::read(&[path.display().to_string()], &[]).unwrap();
        assert_eq!(
            raw.value(),
            &json!({"api": "reevo", "page_size": 7, "api_key": "k", "record_types": ["task"]})
        );
    }

    #[test]
    fn a_later_file_wins_key_by_key() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let files = [
            write("a", r#"{"api": "reevo", "page_size": 7}"#),
            write("b", r#"{"page_size": 8}"#),
        ];
        let raw = RawConfig::read(&files, &[]).unwrap();
        assert_eq!(raw.value(), &json!({"api": "reevo", "page_size": 8}));
    }
}
