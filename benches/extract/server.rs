//! The server: it answers the tap's questions as the APIs do, by ranges of `updated_at`.

use super::pages::{Api, Pages};
use anyhow::Result;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use revops_sandbox::Sandbox;
use serde_json::Value;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// What a request asks for.
#[derive(Default)]
struct Asked {
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    limit: usize,
    descends: bool,
    token: Option<usize>,
    /// Where the range of the token ends.
    end: Option<usize>,
}

struct Workspace {
    pages: Pages,
    schema: Bytes,
    latency: Duration,
}

/// Serves until the process ends. Prints its address first.
pub fn serve(api: Api, records: usize, latency: u64) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let address = "127.0.0.1:0".parse()?;
        let sandbox = Sandbox::start(Pages::options(), address).await?;
        let workspace = Arc::new(Workspace {
            schema: schema(api, &sandbox).await?,
            pages: Pages::new(api, records, &sandbox),
            latency: Duration::from_millis(latency),
        });
        drop(sandbox);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("http://{}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let workspace = Arc::clone(&workspace);
            tokio::spawn(async move {
                let answer = |request| answer(Arc::clone(&workspace), request);
                let connection = hyper::server::conn::http1::Builder::new();
                // A client may end the connection at any time.
                let _ = connection
                    .serve_connection(TokioIo::new(stream), service_fn(answer))
                    .await;
            });
        }
    })
}

/// The schema that the sandbox has for the stream.
async fn schema(api: Api, sandbox: &Sandbox) -> Result<Bytes> {
    if api == Api::AskElephant {
        return Ok(Bytes::new());
    }
    let url = format!("{}/api/v2/_schema/{}", sandbox.url(), api.stream());
    let request = reqwest::Client::new().get(url).bearer_auth(sandbox.key());
    Ok(request.send().await?.error_for_status()?.bytes().await?)
}

async fn answer(
    workspace: Arc<Workspace>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    // Even no time at all would be a millisecond.
    if !workspace.latency.is_zero() {
        tokio::time::sleep(workspace.latency).await;
    }
    let body = if request.uri().path().contains("_schema") {
        workspace.schema.clone()
    } else {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let body = request.into_body().collect().await;
        let body = body
            .map(http_body_util::Collected::to_bytes)
            .unwrap_or_default();
        let asked = match workspace.pages.api {
            Api::Reevo => of_body(&body),
            Api::AskElephant => of_query(&query),
        };
        workspace.page(&asked)
    };
    let response = Response::builder().header("content-type", "application/json");
    Ok(response.body(Full::new(body)).expect("the parts are valid"))
}

impl Workspace {
    fn page(&self, asked: &Asked) -> Bytes {
        let pages = &self.pages;
        let begin = asked.from.map_or(0, |from| pages.at(from));
        let until = asked.until.map_or(pages.records, |until| pages.at(until));
        let (begin, until) = (asked.token.unwrap_or(begin), asked.end.unwrap_or(until));
        let limit = asked.limit.min(until.saturating_sub(begin));
        let page = if asked.descends {
            pages.page((until - limit..until).rev(), None)
        } else {
            let end = begin + limit;
            let token = (end < until).then_some(end);
            pages.page(begin..end, token.map(|token| token * BASE + until))
        };
        page.into()
    }
}

/// A token holds the next record and the end of its range.
const BASE: usize = 100_000_000;

impl Asked {
    fn follow(&mut self, token: &str) {
        let token: usize = token.parse().unwrap_or_default();
        (self.token, self.end) = (Some(token / BASE), Some(token % BASE));
    }
}

fn of_body(body: &[u8]) -> Asked {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let limit = body["limit"].as_u64().unwrap_or(50);
    let mut asked = Asked {
        limit: usize::try_from(limit).unwrap_or_default(),
        descends: body["sort"][0]["direction"] == "desc",
        ..Asked::default()
    };
    for filter in body["filters"].as_array().into_iter().flatten() {
        let time = filter["value"].as_str().and_then(|text| text.parse().ok());
        match filter["operator"].as_str() {
            Some("gte") => asked.from = time,
            _ => asked.until = time,
        }
    }
    if let Some(token) = body["cursor"].as_str() {
        asked.follow(token);
    }
    asked
}

fn of_query(query: &str) -> Asked {
    let mut asked = Asked::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "limit" => asked.limit = value.parse().unwrap_or_default(),
            "order_by" => asked.descends = value.ends_with("desc"),
            "filter[updated_at][gte]" => asked.from = value.parse().ok(),
            "filter[updated_at][lt]" => asked.until = value.parse().ok(),
            "cursor" => asked.follow(&value),
            _ => {}
        }
    }
    asked
}
