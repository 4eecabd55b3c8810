//! A request as the APIs see it: decoded, with its body read.

use percent_encoding::percent_decode_str;

#[derive(Clone)]
pub struct Call {
    pub method: String,
    /// Still encoded.
    pub path: String,
    /// Still encoded, without its question mark.
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Shuffles the ties of a walk that begins with this request.
    pub walk: u64,
}

impl Call {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The segments of the path, each decoded by itself, so that an encoded slash does not split a
    /// name.
    pub fn segments(&self) -> Vec<String> {
        let parts = self.path.strip_prefix('/').unwrap_or(&self.path).split('/');
        parts.map(decoded).collect()
    }

    /// Whether the body is declared to be JSON. A request without a body need not declare it.
    pub fn has_json(&self) -> bool {
        let declared = self.header("content-type").unwrap_or_default();
        self.body.is_empty() || declared.contains("json")
    }
}

pub fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
