//! Reads the members of a JSON object that a user wrote. Each problem is a sentence that says what
//! to write.

use serde_json::{Map, Value};

/// How many characters of a wrong value a sentence shows.
const MOST_SHOWN: usize = 60;

pub struct Fields<'a> {
    /// What the object is called in sentences, such as `Rule 2`.
    place: String,
    members: &'a Map<String, Value>,
    known: Vec<&'static str>,
    problems: Vec<String>,
}

impl<'a> Fields<'a> {
    pub fn new(place: String, members: &'a Map<String, Value>) -> Self {
        Fields {
            place,
            members,
            known: Vec::new(),
            problems: Vec::new(),
        }
    }

    pub fn value(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.push(name);
        self.members.get(name)
    }

    pub fn number(&mut self, name: &'static str, least: u64, most: u64) -> Option<u64> {
        let advice = || format!("write a whole number from {least} to {most}");
        self.read(name, advice, |value| {
            value.as_u64().filter(|n| (least..=most).contains(n))
        })
    }

    /// A whole number from `-most` to `most`.
    pub fn signed(&mut self, name: &'static str, most: i64) -> Option<i64> {
        let advice = || format!("write a whole number from -{most} to {most}");
        self.read(name, advice, |value| {
            value.as_i64().filter(|n| (-most..=most).contains(n))
        })
    }

    pub fn positive(&mut self, name: &'static str, most: f64) -> Option<f64> {
        let advice = || format!("write a number above 0, at most {most}");
        self.read(name, advice, |value| {
            value.as_f64().filter(|n| *n > 0.0 && *n <= most)
        })
    }

    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        self.read(name, || "write true or false".to_owned(), Value::as_bool)
    }

    /// A text that passes a test; the advice says which texts do.
    pub fn text(
        &mut self,
        name: &'static str,
        advice: &str,
        passes: impl Fn(&str) -> bool,
    ) -> Option<String> {
        self.read(
            name,
            || advice.to_owned(),
            |value| {
                let text = value.as_str().filter(|text| passes(text));
                text.map(str::to_owned)
            },
        )
    }

    pub fn one_of<T: Copy>(&mut self, name: &'static str, members: &[(&str, T)]) -> Option<T> {
        let advice = || format!("write one of {}", words(members));
        self.read(name, advice, |value| {
            let found = members.iter().find(|(word, _)| value == *word);
            found.map(|(_, member)| *member)
        })
    }

    pub fn texts(&mut self, name: &'static str) -> Vec<String> {
        let advice = || "write a list of names".to_owned();
        let texts = self.read(name, advice, |value| {
            let texts = value.as_array()?.iter();
            texts.map(|text| text.as_str().map(str::to_owned)).collect()
        });
        texts.unwrap_or_default()
    }

    /// Texts by name, such as headers.
    pub fn pairs(
        &mut self,
        name: &'static str,
        advice: &str,
        passes: impl Fn(&str, &str) -> bool,
    ) -> Vec<(String, String)> {
        let pairs = self.read(
            name,
            || advice.to_owned(),
            |value| {
                let pairs = value.as_object()?.iter();
                let pair = |(key, value): (&String, &Value)| {
                    let value = value.as_str().filter(|value| passes(key, value))?;
                    Some((key.clone(), value.to_owned()))
                };
                pairs.map(pair).collect()
            },
        );
        pairs.unwrap_or_default()
    }

    pub fn read<T>(
        &mut self,
        name: &'static str,
        advice: impl FnOnce() -> String,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.value(name)?;
        let read = read(value);
        if read.is_none() {
            let shown = shown(value);
            self.problem(&format!("{name} cannot be {shown}; {}", advice()));
        }
        read
    }

    /// Reports a missing member. The advice follows `name is missing;`.
    pub fn missing(&mut self, name: &'static str, advice: &str) {
        if !self.members.contains_key(name) {
            self.problem(&format!("{name} is missing; {advice}"));
        }
    }

    /// The members that were asked for.
    #[cfg(test)]
    pub fn known(&self) -> &[&'static str] {
        &self.known
    }

    pub fn problem(&mut self, what: &str) {
        self.problems.push(format!("{}: {what}.", self.place));
    }

    pub fn adopt(&mut self, problems: Vec<String>) {
        self.problems.extend(problems);
    }

    /// All problems, including members that were never asked for.
    pub fn problems(mut self) -> Vec<String> {
        let members = self.members;
        for name in members.keys() {
            if !self.known.contains(&name.as_str()) {
                let advice = match self.known.as_slice() {
                    [] => "it has no settings".to_owned(),
                    known => format!("it knows {}", known.join(", ")),
                };
                self.problem(&format!("{name} does not exist; {advice}"));
            }
        }
        self.problems
    }
}

pub fn words<T>(members: &[(&str, T)]) -> String {
    let words: Vec<&str> = members.iter().map(|(word, _)| *word).collect();
    words.join(", ")
}

pub fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= MOST_SHOWN {
        return text;
    }
    let beginning: String = text.chars().take(MOST_SHOWN).collect();
    format!("{beginning}…")
}
