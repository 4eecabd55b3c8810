//! An answer before it becomes HTTP: status, headers and the whole body.

use serde_json::Value;

pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// For small bodies. Pages are written straight to bytes, for `of_bytes`.
    pub fn json(status: u16, body: &Value) -> Self {
        Answer::of_bytes(status, body.to_string().into_bytes())
    }

    pub fn of_bytes(status: u16, body: Vec<u8>) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Answer {
            status,
            headers,
            body,
        }
    }

    /// Replaces the header if it is there.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn with_body(mut self, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Self {
        self.body = change(std::mem::take(&mut self.body));
        self
    }
}
