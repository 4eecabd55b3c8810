//! The problems of a configuration, key by key: what is wrong with a value, and what to write.

use super::schema;
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
    if let ValidationErrorKind::Required { property } = error.kind() {
        let key = property.as_str().unwrap_or_default();
        let advice = advice(schema::property(key));
        return Problem::new(key, format!("is missing; {advice}"));
    }
    let path = error.instance_path().to_string();
    let place = path.trim_start_matches('/').replace('/', ".");
    let top = place.split('.').next().unwrap_or_default();
    let mut schema = schema::property(top);
    if place != top {
        schema = &schema["items"];
    }
    if let ValidationErrorKind::UniqueItems = error.kind() {
        return Problem::new(place, repeated(error.instance()));
    }
    let text = format!("{}; {}", complaint(error.kind(), schema), advice(schema));
    Problem::new(place, text)
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
            Some(name @ ("integer" | "array")) => format!("is not an {name}"),
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
