//! The configuration as written: one or more JSON files, the later ones winning key by key, and
//! above them the environment.

use crate::support::files;
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

/// The environment variable of a key is this and the key in upper case.
const PREFIX: &str = "TAP_REVOPS_";

/// In place of a file, this word stands for "from the environment alone".
const ENVIRONMENT: &str = "ENV";

/// In place of a file, this stands for standard input.
const STANDARD_INPUT: &str = "-";

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
        if files.iter().filter(|file| *file == STANDARD_INPUT).count() > 1 {
            bail!("--config - is given twice, but standard input can be read once; pass it once");
        }
        let mut merged = Map::new();
        for file in files.iter().filter(|file| *file != ENVIRONMENT) {
            merged.extend(read_members(file)?);
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

fn read_members(file: &str) -> Result<Map<String, Value>> {
    let (name, text) = if file == STANDARD_INPUT {
        let name = "the configuration on standard input".to_owned();
        (name, files::read_standard_input())
    } else {
        let name = format!("the configuration file {file}");
        (name, files::read_text(file))
    };
    let text = text.with_context(|| format!("{name} cannot be read; check its path"))?;
    let text = text.trim_start_matches('\u{feff}');
    let example = "see sample_config.json for one";
    if text.trim().is_empty() {
        bail!("{name} is empty; {example}");
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => bail!("{name} is no JSON object; {example}"),
        Err(error) => bail!(
            "{name} is not valid JSON at line {}, column {}; {example} that is",
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
