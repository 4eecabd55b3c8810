//! A request as a value, so that what is sent can be tested without a network.

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Relative to the base URL, with its query.
    pub path: String,
    /// With a JSON body the request is a POST, without one a GET.
    pub body: Option<String>,
}

impl Request {
    pub fn method(&self) -> &'static str {
        match self.body {
            Some(_) => "POST",
            None => "GET",
        }
    }
}
