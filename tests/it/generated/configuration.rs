//! docs/configuration.md, from the schema of the configuration.

use super::{assert_current, cell, kind, settings};
use serde_json::Value;

const BEGIN: &str = "\
# Configuration

A JSON object in a file, which `--config` names. `--config` may be repeated, and a later file overrides an
earlier one key by key. An environment variable overrides all files: `TAP_REVOPS_API_KEY` sets `api_key`.
Lists may be written with commas there, and objects as JSON. `--config ENV` uses no file, and `--config -`
reads standard input. An unknown key is a warning; one that was probably meant is named.

The schema is [catalog/config.schema.json](../catalog/config.schema.json). This page is made from it.
";

#[test]
fn the_page_of_the_configuration_is_current() {
    let schema = settings();
    let mut text = BEGIN.to_owned();
    text.push_str("\n| Setting | Default | Meaning |\n| --- | --- | --- |\n");
    for (key, property) in schema["properties"].as_object().unwrap() {
        let default = property
            .get("default")
            .map(|value| format!("`{}`", plain(value)));
        let description = cell(property["description"].as_str().unwrap());
        let default = default.unwrap_or_default();
        text.push_str(&format!(
            "| [`{key}`](#{key}) | {default} | {description} |\n"
        ));
    }
    for (key, property) in schema["properties"].as_object().unwrap() {
        text.push_str(&section(key, property));
    }
    assert_current("docs/configuration.md", &text);
}

/// What a setting may be, with examples.
fn section(key: &str, property: &Value) -> String {
    let mut text = format!(
        "\n## `{key}`\n\n{}\n",
        property["description"].as_str().unwrap()
    );
    let mut facts = vec![("Type", kind(property))];
    let allowed = property.get("enum").or(property["items"].get("enum"));
    if let Some(values) = allowed.and_then(Value::as_array) {
        let values: Vec<String> = values
            .iter()
            .map(|one| format!("`{}`", plain(one)))
            .collect();
        facts.push(("Allowed", values.join(", ")));
    }
    let bound = |name: &str| property.get(name).map(plain);
    match (bound("minimum"), bound("maximum")) {
        (Some(least), Some(most)) => facts.push(("Allowed", format!("{least} to {most}"))),
        (Some(least), None) => facts.push(("Allowed", format!("{least} or more"))),
        _ => {}
    }
    if let Some(default) = property.get("default") {
        facts.push(("Default", format!("`{}`", plain(default))));
    }
    if let Some(example) = property["examples"].get(0) {
        facts.push(("Example", format!("`{example}`")));
    }
    facts.push(("Variable", format!("`TAP_REVOPS_{}`", key.to_uppercase())));
    text.push('\n');
    for (name, fact) in facts {
        text.push_str(&format!("* {name}: {fact}\n"));
    }
    text.push_str(&members(property));
    text
}

/// The members of a setting that is an object, with those of the objects in it.
fn members(property: &Value) -> String {
    let mut rows = Vec::new();
    list(property, "", &mut rows);
    if rows.is_empty() {
        return String::new();
    }
    let rows = rows.join("");
    format!("\n| Member | Default | Meaning |\n| --- | --- | --- |\n{rows}")
}

fn list(schema: &Value, place: &str, rows: &mut Vec<String>) {
    let additional = Some(&schema["additionalProperties"]).filter(|one| one.is_object());
    if let Some(inner) = additional {
        list(inner, &format!("{place}STREAM."), rows);
    }
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        let name = format!("{place}{key}");
        if property["properties"].is_object() {
            list(property, &format!("{name}."), rows);
            continue;
        }
        let default = property
            .get("default")
            .map(|value| format!("`{}`", plain(value)));
        let (default, meaning) = (default.unwrap_or_default(), &property["description"]);
        let meaning = cell(meaning.as_str().unwrap());
        rows.push(format!("| `{name}` | {default} | {meaning} |\n"));
    }
}

/// A value without quotes around a text.
fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
