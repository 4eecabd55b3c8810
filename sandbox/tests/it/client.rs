//! A client of the tests: one connection per request, whole answers, nothing hidden.

use std::io::ErrorKind;

use revops_sandbox::{Options, Sandbox};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// A sandbox whose clock stands at 2026-07-15 unless the query says something else.
pub async fn sandbox(query: &str) -> Sandbox {
    let clock = "clock=2026-07-15T12:00:00Z";
    let query = if query.contains("clock=") {
        query.to_owned()
    } else {
        format!("{clock}&{query}")
    };
    let options = Options::parse(&query).unwrap();
    Sandbox::start(options, ([127, 0, 0, 1], 0).into())
        .await
        .unwrap()
}

/// Sends a request as it stands and reads until the connection ends; whatever arrived, as text.
pub async fn raw(sandbox: &Sandbox, request: &str) -> String {
    let (answer, _) = raw_bytes(sandbox, request).await;
    String::from_utf8(answer).unwrap()
}

/// The same, byte for byte, and the error that the connection ended in.
pub async fn raw_bytes(sandbox: &Sandbox, request: &str) -> (Vec<u8>, Option<ErrorKind>) {
    let mut connection = match TcpStream::connect(sandbox.address()).await {
        Ok(connection) => connection,
        // A connection that is reset at once may already fail here.
        Err(error) => return (Vec::new(), Some(error.kind())),
    };
    let sent = connection.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    // A connection that breaks may fail while it is read; the bytes before count.
    let received = connection.read_to_end(&mut answer).await;
    let error = sent.err().or(received.err());
    (answer, error.map(|error| error.kind()))
}

pub async fn send(
    sandbox: &Sandbox,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let headers = headers.iter();
    let headers: String = headers
        .flat_map(|(name, value)| [name, ": ", value, "\r\n"])
        .collect();
    let length = body.len();
    let request = format!(
        "{method} {target} HTTP/1.1\r\nhost: sandbox\r\nconnection: close\r\n\
         content-length: {length}\r\n{headers}\r\n{body}"
    );
    parsed(&raw(sandbox, &request).await)
}

fn parsed(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").expect("an answer has a head");
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_ascii_lowercase(), value.to_owned())
    });
    Answer {
        status: status.parse().unwrap(),
        headers: headers.collect(),
        body: body.to_owned(),
    }
}

/// Asks Reevo with the right key; the path is below `/api/v2`.
pub async fn reevo(sandbox: &Sandbox, method: &str, path: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {}", sandbox.key());
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    send(sandbox, method, &format!("/api/v2{path}"), &headers, body).await
}

pub async fn query(sandbox: &Sandbox, record_type: &str, body: &Value) -> Answer {
    let path = format!("/{record_type}/_query");
    reevo(sandbox, "POST", &path, &body.to_string()).await
}

/// Asks AskElephant with the right key; brackets and colons are encoded here.
pub async fn askelephant(
    sandbox: &Sandbox,
    collection: &str,
    parameters: &[(&str, &str)],
) -> Answer {
    let query: String = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    let target = format!("/v2/{collection}?{query}");
    send(
        sandbox,
        "GET",
        &target,
        &[("authorization", sandbox.key())],
        "",
    )
    .await
}

/// Walks all Reevo pages as documented, by cursor and limit alone; returns the texts of the
/// records.
pub async fn walk_reevo(sandbox: &Sandbox, record_type: &str, first: Value) -> Vec<String> {
    let mut records = Vec::new();
    let mut body = first;
    loop {
        let answer = query(sandbox, record_type, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        records.extend(texts(&answer.body));
        let Some(cursor) = next_cursor(&answer.json()) else {
            return records;
        };
        let limit = body["limit"].clone();
        body = serde_json::json!({"cursor": cursor, "limit": limit});
    }
}

/// Walks all AskElephant pages, repeating every parameter.
pub async fn walk_askelephant(
    sandbox: &Sandbox,
    collection: &str,
    parameters: &[(&str, &str)],
) -> Vec<String> {
    let mut records = Vec::new();
    let mut cursor = None;
    loop {
        let mut all = parameters.to_vec();
        let given: Option<String> = cursor;
        all.extend(given.as_deref().map(|cursor| ("cursor", cursor)));
        let answer = askelephant(sandbox, collection, &all).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        records.extend(texts(&answer.body));
        let page = answer.json();
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        assert_eq!(page["has_more"], cursor.is_some());
        if cursor.is_none() {
            return records;
        }
    }
}

/// Finds the cursor in any of its places.
pub fn next_cursor(page: &Value) -> Option<String> {
    let places = [page, &page["pagination"], &page["meta"]];
    let mut found = places
        .iter()
        .filter_map(|place| place["next_cursor"].as_str());
    found
        .next()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// The records of a page, byte for byte.
pub fn texts(page: &str) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Page<'a> {
        #[serde(borrow)]
        data: Vec<&'a serde_json::value::RawValue>,
    }
    let page: Page = serde_json::from_str(page).unwrap();
    page.data.iter().map(|raw| raw.get().to_owned()).collect()
}

pub fn ids(page: &Value) -> Vec<String> {
    let records = page["data"].as_array().unwrap().iter();
    records
        .map(|r| r["id"].as_str().unwrap().to_owned())
        .collect()
}

/// The names of an object's members, in their order.
pub fn keys(value: &Value) -> Vec<&String> {
    value.as_object().unwrap().keys().collect()
}

pub fn fixture(path: &str) -> Value {
    let root = env!("CARGO_MANIFEST_DIR");
    let text = std::fs::read_to_string(format!("{root}/tests/fixtures/{path}"));
    serde_json::from_str(&text.unwrap_or_else(|error| panic!("{path}: {error}"))).unwrap()
}
