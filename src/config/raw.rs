//! The configuration as written: JSON files, merged key by key so that later ones win, and the
//! environment, which wins over all files.

use super::orchestrators::{flatten_api, name_streams, nested};
use super::problems::Problem;
use super::schema;
use crate::support::files;
use crate::support::suggestion;
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A key's environment variable is this prefix and the key in upper case.
const PREFIX: &str = "TAP_REVOPS_";

/// Meltano passes its own settings for a plugin in variables with this prefix.
const PREFIX_OF_MELTANO: &str = "TAP_REVOPS__";

/// Our one variable that is not a key: it applies before the configuration is read.
const LOG_LEVEL: &str = "TAP_REVOPS_LOGLEVEL";

/// In place of a file: use the environment only.
const ENVIRONMENT: &str = "ENV";

/// In place of a file: read standard input.
const STANDARD_INPUT: &str = "-";

/// The configuration as written, not checked.
#[derive(Clone, Default)]
pub struct RawConfig {
    value: Value,
    /// The name of the variable or flag that set a key, by key.
    variables: BTreeMap<String, String>,
    /// The names of variables with our prefix that match no key.
    unknown_variables: Vec<String>,
}

impl From<Value> for RawConfig {
    fn from(value: Value) -> Self {
        Self {
            value,
            ..Self::default()
        }
    }
}

impl RawConfig {
    /// Reads and merges the files, then applies the environment.
    pub fn read(files: &[String], environment: &[(String, String)]) -> Result<Self> {
        if files.iter().filter(|file| *file == STANDARD_INPUT).count() > 1 {
            bail!(
                "--config - is given twice, but standard input can be read only once; pass it once"
            );
        }
        let mut merged = Map::new();
        for file in files.iter().filter(|file| *file != ENVIRONMENT) {
            merged.extend(read_members(file)?);
        }
        flatten_api(&mut merged);
        // Orchestrators write null for a setting that nobody set.
        merged.retain(|_, value| !value.is_null());
        let mut raw = Self::from(Value::Object(merged));
        for (name, text) in environment {
            raw.overlay(name, text);
        }
        raw.forget_parts_of_objects();
        if let Some(streams) = raw.value.get_mut("streams") {
            name_streams(streams)?;
        }
        Ok(raw)
    }

    /// Applies an environment variable. An empty one is ignored.
    fn overlay(&mut self, name: &str, text: &str) {
        let is_known = name == LOG_LEVEL || name.starts_with(PREFIX_OF_MELTANO);
        let Some(key) = name.strip_prefix(PREFIX).map(str::to_lowercase) else {
            return;
        };
        if text.is_empty() || is_known {
            return;
        }
        let schema = schema::property(&key);
        if schema.is_null() {
            self.unknown_variables.push(name.to_owned());
        } else {
            self.value[&key] = from_text(text, schema);
            self.variables.insert(key, name.to_owned());
        }
    }

    /// Sets a key by a flag of the command line, which wins over everything else.
    pub fn set_by_flag(&mut self, key: &str, flag: &str, text: &str) {
        self.value[key] = Value::from(text);
        self.variables.insert(key.to_owned(), flag.to_owned());
        let streams = self.value.get_mut("streams").and_then(Value::as_object_mut);
        for settings in streams.into_iter().flat_map(Map::values_mut) {
            if let Some(settings) = settings.as_object_mut() {
                settings.remove(key);
            }
        }
    }

    /// Meltano sets a variable for a setting that is an object, and others for the values in it.
    fn forget_parts_of_objects(&mut self) {
        let is_object = |key: &String| schema::property(key)["type"] == "object";
        let objects = self.variables.iter().filter(|(key, _)| is_object(key));
        let parts: Vec<String> = objects.map(|(_, name)| format!("{name}_")).collect();
        self.unknown_variables
            .retain(|name| !parts.iter().any(|part| name.starts_with(part)));
    }

    pub fn value(&self) -> &Value {
        &self.value
    }

    /// A problem as a sentence that names the key, or the variable that set it.
    pub fn sentence(&self, problem: &Problem) -> String {
        let Problem { place, text } = problem;
        match self.variables.get(problem.key()) {
            Some(variable) if is_item(problem.rest()) => format!("{variable}: {text}"),
            Some(variable) => format!("{variable}, {}: {text}", problem.rest()),
            None => format!("{place}: {text}"),
        }
    }

    /// A warning for each key, and each variable with our prefix, that the schema does not have.
    pub fn warnings(&self) -> Vec<String> {
        let keys = self.value.as_object().into_iter().flat_map(Map::keys);
        let unknown = keys.filter(|key| schema::property(key).is_null());
        let of_keys = unknown.map(|key| {
            let meant = suggestion::closest(key, schema::keys());
            unknown_sentence(&format!("the configuration key {key}"), meant)
        });
        let of_variables = self.unknown_variables.iter().map(|name| {
            let key = name.trim_start_matches(PREFIX);
            let meant = suggestion::closest(key, schema::keys().chain(["loglevel"]));
            let meant = meant.map(variable);
            unknown_sentence(&format!("the variable {name}"), meant.as_deref())
        });
        of_keys.chain(of_variables).collect()
    }
}

/// Whether a path below a key names at most an item of a list, which a variable does not number.
fn is_item(path: &str) -> bool {
    path.bytes().all(|byte| byte.is_ascii_digit())
}

fn unknown_sentence(what: &str, meant: Option<&str>) -> String {
    let question = meant.map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
    format!("{what} is not known and has no effect{question}")
}

/// The environment variable of a key.
fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase())
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
    let example = "see sample_config.json for an example";
    if text.trim().is_empty() {
        bail!("{name} is empty; {example}");
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => bail!("{name} is not a JSON object; {example}"),
        Err(error) => bail!(
            "{name} is not valid JSON at line {}, column {}; {example}",
            error.line(),
            error.column()
        ),
    }
}

/// The value of a variable, typed by the schema. A list may be JSON or separated by commas; an object
/// is JSON.
fn from_text(text: &str, schema: &Value) -> Value {
    let as_text = || Value::String(text.to_owned());
    match schema["type"].as_str() {
        Some("integer") => text
            .trim()
            .parse::<u64>()
            .map_or_else(|_| as_text(), Value::from),
        Some("number") => text
            .trim()
            .parse::<f64>()
            .map_or_else(|_| as_text(), Value::from),
        Some("array") => match serde_json::from_str(text) {
            Ok(list @ Value::Array(_)) => list,
            _ => text
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .collect(),
        },
        Some("object") => serde_json::from_str(text).map_or_else(|_| as_text(), nested),
        Some("boolean") => serde_json::from_str(text).unwrap_or_else(|_| as_text()),
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

    fn overlaid(variables: &[(&str, &str)]) -> RawConfig {
        let owned = variables
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        RawConfig::read(&[], &owned.collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn an_unknown_variable_is_a_warning() {
        let raw = overlaid(&[
            ("TAP_REVOPS_PAGESIZE", "5"),
            ("TAP_REVOPS_STREAM_MAPS", "{}"),
        ]);
        assert_eq!(
            raw.warnings(),
            [
                "the variable TAP_REVOPS_PAGESIZE is not known and has no effect; did you mean TAP_REVOPS_PAGE_SIZE?",
                "the variable TAP_REVOPS_STREAM_MAPS is not known and has no effect",
            ]
        );
    }

    #[test]
    fn known_empty_and_foreign_variables_are_not_a_warning() {
        let raw = overlaid(&[
            ("TAP_REVOPS_API", "reevo"),
            ("TAP_REVOPS_LOGLEVEL", "debug"),
            ("TAP_REVOPS__LOAD_SCHEMA", "x"),
            ("TAP_REVOPS__CATALOG", "catalog.json"),
            ("TAP_REVOPS_NOTHING", ""),
            ("TARGET_PAGESIZE", "5"),
        ]);
        assert_eq!(raw.warnings(), [""; 0]);
    }

    #[test]
    fn a_key_with_a_typo_suggests_the_known_key() {
        let raw = RawConfig::from(json!({"pagesize": 5, "_of_the_orchestrator": 1}));
        assert_eq!(
            raw.warnings(),
            [
                "the configuration key pagesize is not known and has no effect; did you mean page_size?",
                "the configuration key _of_the_orchestrator is not known and has no effect",
            ]
        );
    }

    #[test]
    fn the_form_of_airbyte_becomes_the_flat_configuration() {
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
    fn a_list_of_streams_with_names_becomes_an_object() {
        let read = |streams: &Value| {
            let variables = [("TAP_REVOPS_STREAMS", streams.to_string())];
            let variables = variables.map(|(name, text)| (name.to_owned(), text));
            RawConfig::read(&[], &variables)
        };
        let form = json!([{"name": "contact", "page_size": 5, "filters": null}, {"name": "task"}]);
        let expected = json!({"contact": {"page_size": 5}, "task": {}});
        assert_eq!(read(&form).unwrap().value()["streams"], expected);
        for (form, expected) in [
            (
                json!([{"page_size": 5}]),
                "an item of the list lacks its name",
            ),
            (json!([5]), "an item of the list lacks its name"),
            (
                json!([{"name": "task"}, {"name": "task"}]),
                "lists task twice",
            ),
        ] {
            let problem = read(&form).err().unwrap().to_string();
            assert!(problem.contains(expected), "{problem}");
        }
    }

    #[test]
    fn the_objects_of_meltano_are_nested_again_and_their_parts_are_no_warnings() {
        let raw = overlaid(&[
            (
                "TAP_REVOPS_STREAMS",
                r#"{"contact.filters": [{"a.b": 1}], "contact.page_size": 5, "tags.filters.x.in": ["y"], "a.b": {"page_size": 6}}"#,
            ),
            ("TAP_REVOPS_STREAMS_CONTACT_PAGE_SIZE", "5"),
        ]);
        let expected = json!({
            "contact": {"filters": [{"a.b": 1}], "page_size": 5},
            "tags": {"filters": {"x": {"in": ["y"]}}},
            "a.b": {"page_size": 6}
        });
        assert_eq!(raw.value()["streams"], expected);
        assert_eq!(raw.warnings(), [""; 0]);
        let alone = overlaid(&[("TAP_REVOPS_STREAMS_CONTACT_PAGE_SIZE", "5")]);
        assert_eq!(alone.warnings().len(), 1);
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
