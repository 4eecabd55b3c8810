//! What the tap says of itself: for people, and for the hubs that list taps.

use crate::cli::AboutFormat;
use crate::config;
use serde_json::{Value, json};

const CAPABILITIES: [&str; 6] = [
    "catalog",
    "discover",
    "state",
    "about",
    "properties",
    "structured-logging",
];

pub fn document(format: AboutFormat) -> String {
    match format {
        AboutFormat::Json => {
            let text = serde_json::to_string_pretty(&about()).expect("a value is always written");
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
    serde_json::from_str(config::SCHEMA).expect("the shipped schema is JSON")
}

fn plain() -> String {
    let mut text = format!(
        "{} {}\n{}\n\nCapabilities: {}\n\nSettings:\n",
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_VERSION"),
        env!("CARGO_PKG_DESCRIPTION"),
        CAPABILITIES.join(", ")
    );
    for (key, kind, description) in rows() {
        text.push_str(&format!("  {key} ({kind}): {description}\n"));
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
        "\n## Settings\n\n| Setting | Type | Default | Description |\n| --- | --- | --- | --- |\n",
    );
    let settings = settings();
    for (key, kind, description) in rows() {
        let default = &settings["properties"][&key]["default"];
        let default = if default.is_null() {
            String::new()
        } else {
            format!("`{default}`")
        };
        text.push_str(&format!(
            "| `{key}` | {kind} | {default} | {} |\n",
            description.replace('|', "\\|")
        ));
    }
    text
}

fn rows() -> Vec<(String, String, String)> {
    let settings = settings();
    let properties = settings["properties"].as_object().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    properties
        .map(|(key, schema)| {
            (
                key.clone(),
                text(&schema["type"]),
                text(&schema["description"]),
            )
        })
        .collect()
}
