//! Describes the tap and its settings, for people and for the hubs that list taps.

use crate::cli::command::AboutFormat;
use crate::config;
use serde_json::{Value, json};

const CAPABILITIES: [&str; 8] = [
    "catalog",
    "discover",
    "state",
    "about",
    "properties",
    "structured-logging",
    "batch",
    "activate-version",
];

pub fn document(format: AboutFormat) -> String {
    match format {
        AboutFormat::Json => {
            let text = serde_json::to_string_pretty(&about()).expect("a JSON value serializes");
            format!("{text}\n")
        }
        AboutFormat::Text => plain(),
        AboutFormat::Markdown => markdown(),
    }
}

fn about() -> Value {
    json!({
        "name": env!("CARGO_PKG_NAME"),
        "description": env!("CARGO_PKG_DESCRIPTION"),
        "version": env!("CARGO_PKG_VERSION"),
        "capabilities": CAPABILITIES,
        "settings": settings(),
    })
}

fn settings() -> Value {
    serde_json::from_str(config::schema::SCHEMA).expect("the shipped schema is JSON")
}

fn plain() -> String {
    let mut text = format!(
        "{} {}\n{}\n\nCapabilities: {}\n\nSettings:\n",
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_VERSION"),
        env!("CARGO_PKG_DESCRIPTION"),
        CAPABILITIES.join(", ")
    );
    for setting in rows() {
        let Setting {
            key, description, ..
        } = &setting;
        let form = setting.form();
        text.push_str(&format!("  {key} ({form}): {description}\n"));
    }
    text
}

fn markdown() -> String {
    let mut text = format!(
        "# {}\n\n{}\n\nVersion {}\n\n## Capabilities\n\n",
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_DESCRIPTION"),
        env!("CARGO_PKG_VERSION")
    );
    for capability in CAPABILITIES {
        text.push_str(&format!("* `{capability}`\n"));
    }
    text.push_str(
        "\n## Settings\n\n| Setting | Type | Allowed | Default | Description |\n| --- | --- | --- | --- | --- |\n",
    );
    for setting in rows() {
        let Setting { key, kind, .. } = &setting;
        let allowed = code(setting.allowed.as_deref());
        let default = code(setting.default.as_deref());
        let description = setting.description.replace('|', "\\|");
        text.push_str(&format!(
            "| `{key}` | {kind} | {allowed} | {default} | {description} |\n"
        ));
    }
    text
}

fn code(text: Option<&str>) -> String {
    text.map_or_else(String::new, |text| format!("`{text}`"))
}

/// A setting, with each part as text for people.
struct Setting {
    key: String,
    kind: String,
    allowed: Option<String>,
    default: Option<String>,
    description: String,
}

impl Setting {
    fn new(key: &str, schema: &Value) -> Self {
        Self {
            key: key.to_owned(),
            kind: bare(&schema["type"]),
            allowed: allowed(schema),
            default: schema.get("default").map(bare),
            description: bare(&schema["description"]),
        }
    }

    /// The type, the allowed values and the default, on one line.
    fn form(&self) -> String {
        let default = self
            .default
            .as_ref()
            .map(|value| format!("default {value}"));
        let parts = [Some(self.kind.clone()), self.allowed.clone(), default];
        parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }
}

/// The values that a setting, or each item of its list, may have; None if it is any text.
fn allowed(schema: &Value) -> Option<String> {
    let listed = schema["enum"]
        .as_array()
        .or(schema["items"]["enum"].as_array());
    if let Some(values) = listed {
        let values: Vec<String> = values.iter().map(bare).collect();
        return Some(values.join(", "));
    }
    let least = schema.get("minimum")?;
    Some(match schema.get("maximum") {
        Some(most) => format!("{least} to {most}"),
        None => format!("{least} or more"),
    })
}

/// A value as text, without quotes around a string.
fn bare(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn rows() -> Vec<Setting> {
    let settings = settings();
    let properties = settings["properties"].as_object().into_iter().flatten();
    properties
        .map(|(key, schema)| Setting::new(key, schema))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_shows_its_allowed_values_and_its_default() {
        let (plain, markdown) = (plain(), markdown());
        for form in [
            "api (string; reevo, askelephant): ",
            "api_key (string): ",
            "concurrency (integer; 1 to 32; default 4): ",
            "requests_per_second (number; 0.01 to 1000): ",
            "lookback_seconds (integer; 0 or more; default 0): ",
            "boundary (string; gte, gt; default gte): ",
            "expand (array; companies, contacts, ",
        ] {
            assert!(
                plain.contains(&format!("  {form}")),
                "{plain}\nlacks {form}"
            );
        }
        for row in [
            "| `api_key` | string |  |  | ",
            "| `concurrency` | integer | `1 to 32` | `4` | ",
            "| `boundary` | string | `gte, gt` | `gte` | ",
        ] {
            assert!(markdown.contains(row), "{markdown}\nlacks {row}");
        }
    }
}
