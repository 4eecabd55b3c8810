//! Writes JSON straight to bytes, without a tree of values: a page has to be fast.

use crate::noise::mix;

/// Writes a string with its quotes.
pub fn text(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("a string can always be written to memory");
}

/// Writes a string that sometimes ends in a NUL or half a surrogate pair, which JSON allows and
/// many databases refuse.
pub fn hostile_text(out: &mut Vec<u8>, content: &str, hash: u64) {
    text(out, content);
    let ending = match mix(hash) % 24 {
        0 => "\\u0000",
        1 => "\\ud83d",
        2 => "\\udc00 x",
        _ => return,
    };
    out.pop();
    out.extend_from_slice(ending.as_bytes());
    out.push(b'"');
}

/// An object while it is being written.
pub struct Object<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

impl<'a> Object<'a> {
    pub fn open(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Object { out, empty: true }
    }

    /// Writes a key; the caller writes its value to what is returned.
    pub fn key(&mut self, name: &str) -> &mut Vec<u8> {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        text(self.out, name);
        self.out.push(b':');
        self.out
    }

    pub fn text(&mut self, name: &str, value: &str) {
        text(self.key(name), value);
    }

    /// Writes a value that is already JSON: a number, `true`, `null`.
    pub fn raw(&mut self, name: &str, value: &str) {
        self.key(name).extend_from_slice(value.as_bytes());
    }

    pub fn text_or_null(&mut self, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.text(name, value),
            None => self.raw(name, "null"),
        }
    }

    pub fn flag(&mut self, name: &str, value: bool) {
        self.raw(name, if value { "true" } else { "false" });
    }

    pub fn close(self) {
        self.out.push(b'}');
    }
}

/// Writes an array; the function writes each item.
pub fn array<T>(
    out: &mut Vec<u8>,
    items: impl IntoIterator<Item = T>,
    mut item: impl FnMut(&mut Vec<u8>, T),
) {
    out.push(b'[');
    for (position, value) in items.into_iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        item(out, value);
    }
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_and_arrays_are_valid_json() {
        let mut out = Vec::new();
        let mut object = Object::open(&mut out);
        object.text("a \"quoted\" key", "tab\t, newline\n and žluťoučký 🐘");
        array(object.key("list"), [1, 2], |out, item| {
            out.extend_from_slice(item.to_string().as_bytes());
        });
        object.text_or_null("none", None);
        object.flag("yes", true);
        object.close();
        let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(value["list"][1], 2);
        assert!(value["none"].is_null());
    }
}
