//! The least that any tap must do: fetch each page, check it once, and write it out.

use super::pages::Api;
use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;
use std::io::Write;

#[derive(Deserialize)]
struct Page {
    #[serde(rename = "data")]
    _data: IgnoredAny,
    next_cursor: Option<String>,
}

/// Fetches all pages over one connection. Without `checks`, it throws the bodies away, as far as it can
/// without knowing where the next page is.
pub fn run(api: Api, url: &str, checks: bool) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let client = reqwest::Client::new();
        let mut out = std::io::stdout().lock();
        let mut token = None;
        loop {
            let request = request(&client, api, url, token.as_deref());
            let body = request.send().await?.error_for_status()?.bytes().await?;
            token = if checks {
                let page: Page = serde_json::from_slice(&body)?;
                out.write_all(&body)?;
                page.next_cursor
            } else {
                cursor(&body)?
            };
            if token.is_none() {
                return Ok(());
            }
        }
    })
}

fn request(
    client: &reqwest::Client,
    api: Api,
    url: &str,
    token: Option<&str>,
) -> reqwest::RequestBuilder {
    let (stream, limit) = (api.stream(), api.page_size());
    match api {
        Api::Reevo => {
            let body = json!({"limit": limit, "cursor": token}).to_string();
            client.post(format!("{url}/{stream}/_query")).body(body)
        }
        Api::AskElephant => {
            let cursor = token.map_or_else(String::new, |token| format!("&cursor={token}"));
            client.get(format!("{url}/{stream}?limit={limit}{cursor}"))
        }
    }
}

/// The cursor at the end of a page.
fn cursor(body: &[u8]) -> Result<Option<String>> {
    let end = body
        .iter()
        .rposition(|byte| *byte == b':')
        .context("a page has a cursor")?;
    let text = &body[end + 1..body.len() - 1];
    Ok(serde_json::from_slice(text)?)
}
