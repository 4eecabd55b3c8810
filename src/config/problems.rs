//! The problems of a configuration, key by key: what is wrong with a value, and what to write.

use super::schema;
use crate::support::suggestion;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

/// One problem of a configuration.
pub struct Problem {
    /// The key, or a path below it, as in `expand.0`.
    pub place: String,
    /// What is wrong, and what to write. It contains no value that could be a secret.
    pub text: String,
}

impl Problem {
    pub fn new(place: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            text: text.into(),
        }
    }

    /// The key; empty if the problem is the configuration itself.
    pub fn key(&self) -> &str {
        self.place.split('.').next().unwrap_or_default()
    }

    /// The path below the key; empty if the problem is the whole key.
    pub fn rest(&self) -> &str {
        self.place.split_once('.').map_or("", |(_, rest)| rest)
    }
}

/// Every violation of the JSON Schema.
pub fn against_schema(config: &Value) -> Vec<Problem> {
    // The code that reads dates checks them: it accepts more forms than the `date-time` format.
    let options = jsonschema::draft7::options().should_validate_formats(false);
    let validator = options
        .build(schema::parsed())
        .expect("the shipped schema is valid");
    validator
        .iter_errors(config)
        .map(|error| problem(&error))
        .collect()
}

fn problem(error: &jsonschema::ValidationError) -> Problem {
    let path = error.instance_path().to_string();
    let place = path.trim_start_matches('/').replace('/', ".");
    let schema = schema::at(&place);
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let place = below(&place, property.as_str().unwrap_or_default());
            let advice = advice(schema::at(&place));
            Problem::new(place, format!("is missing; {advice}"))
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let key = unexpected.first().map_or("", String::as_str);
            Problem::new(below(&place, key), unknown(key, schema))
        }
        ValidationErrorKind::UniqueItems => Problem::new(place, repeated(error.instance())),
        kind => {
            let text = format!("{}; {}", complaint(kind, schema), advice(schema));
            Problem::new(place, text)
        }
    }
}

/// The place of a key below another place.
fn below(place: &str, key: &str) -> String {
    match place {
        "" => key.to_owned(),
        place => format!("{place}.{key}"),
    }
}

/// What is wrong with a key that an object does not have.
fn unknown(key: &str, schema: &Value) -> String {
    let known = schema["properties"].as_object().into_iter().flatten();
    let known: Vec<&str> = known.map(|(key, _)| key.as_str()).collect();
    match suggestion::closest(key, known.iter().copied()) {
        Some(meant) => format!("is not known; did you mean {meant}?"),
        None => format!("is not known; write one of {}", known.join(", ")),
    }
}

/// Names the first repeated item of a list. Lists contain names, which are not secrets.
fn repeated(list: &Value) -> String {
    let values = list.as_array().map_or(&[][..], Vec::as_slice);
    let earlier = |at: usize| values[..at].contains(&values[at]);
    let twice = (0..values.len()).find(|at| earlier(*at));
    let name = twice
        .map(|at| format!(" {}", values[at]))
        .unwrap_or_default();
    format!("lists{name} twice; write it once")
}

fn complaint(kind: &ValidationErrorKind, schema: &Value) -> String {
    match kind {
        ValidationErrorKind::Type { .. } => match schema["type"].as_str() {
            Some(name @ ("integer" | "array" | "object")) => format!("is not an {name}"),
            Some(name) => format!("is not a {name}"),
            None => "has the wrong type".to_owned(),
        },
        ValidationErrorKind::Enum { .. } => "is not one of the allowed values".to_owned(),
        ValidationErrorKind::Minimum { .. } | ValidationErrorKind::Maximum { .. } => {
            "is out of range".to_owned()
        }
        ValidationErrorKind::MinLength { .. } => "is empty".to_owned(),
        _ => "is not valid".to_owned(),
    }
}

/// What to write, according to the schema.
fn advice(schema: &Value) -> String {
    if let Some(allowed) = schema["enum"].as_array() {
        let allowed: Vec<String> = allowed.iter().map(Value::to_string).collect();
        return format!("write {}", alternatives(&allowed));
    }
    let example = &schema["examples"][0];
    match schema["type"].as_str() {
        Some("integer") => match (schema["minimum"].as_u64(), schema["maximum"].as_u64()) {
            (Some(least), Some(most)) => format!("write a whole number from {least} to {most}"),
            _ => "write a whole number, 0 or more".to_owned(),
        },
        Some("number") => {
            let (least, most) = (&schema["minimum"], &schema["maximum"]);
            format!("write a number from {least} to {most}")
        }
        Some("array") => format!("write a list such as {example}"),
        Some("object") => format!("write an object such as {example}"),
        Some("boolean") => "write true or false".to_owned(),
        _ if example.is_null() => "write a text in quotes".to_owned(),
        _ => format!("write a text such as {example}"),
    }
}

fn alternatives(words: &[String]) -> String {
    match words {
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.join(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_configurations_fit_the_schema_and_its_formats() {
        let readme = include_str!("../../README.md");
        let blocks = readme.split("```json\n").skip(1);
        let of_readme = blocks.filter_map(|block| block.split("```").next());
        let of_readme: Vec<&str> = of_readme
            .filter(|block| block.contains("api_key"))
            .collect();
        assert_eq!(of_readme.len(), 1);
        let options = jsonschema::draft7::options().should_validate_formats(true);
        let validator = options.build(schema::parsed()).unwrap();
        for text in [of_readme[0], include_str!("../../sample_config.json")] {
            let config: Value = serde_json::from_str(text).unwrap();
            let problems: Vec<String> = validator
                .iter_errors(&config)
                .map(|error| error.to_string())
                .collect();
            assert_eq!(problems, [""; 0], "{text}");
        }
    }
}
