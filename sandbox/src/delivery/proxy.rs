//! Answers of a proxy between the API and its client.

use crate::answer::Answer;
use crate::call::Call;

pub fn html(status: u16) -> Answer {
    let body = format!(
        "<!DOCTYPE html>\n<html><head><title>{status}</title></head>\n\
         <body><h1>The gateway has something to say</h1><p>Please sign in.</p></body></html>\n"
    );
    Answer::of_bytes(status, body.into_bytes()).with_header("content-type", "text/html")
}

pub fn redirect(status: u16, origin: &str, call: &Call) -> Answer {
    let mut location = format!("{origin}{}", call.path);
    if !call.query.is_empty() {
        location = format!("{location}?{}", call.query);
    }
    Answer::of_bytes(status, Vec::new()).with_header("location", &location)
}
