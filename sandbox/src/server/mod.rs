//! The HTTP server: accepts connections, reads whole requests, and sends answers, faulty ones too.

mod line;
mod outgoing;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::answer::Answer;
use crate::call::Call;
use crate::delivery::{Delivery, Manner, delivery};
use crate::faults::Ending;
use crate::world::World;
use crate::{askelephant, reevo, timestamp};
use line::{Line, Switch};
use outgoing::Outgoing;

/// How long to wait after a failed accept.
const RETRY_ACCEPTING: Duration = Duration::from_millis(10);

/// Accepts connections from the moment this returns until the task is aborted.
pub async fn serve(
    world: Arc<World>,
    listen: SocketAddr,
) -> io::Result<(SocketAddr, JoinHandle<Infallible>)> {
    let listener = TcpListener::bind(listen).await?;
    let address = listener.local_addr()?;
    let accepting = tokio::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((connection, _)) if world.faults.refuses() => line::reset(&connection),
                Ok((connection, _)) => drop(tokio::spawn(converse(Arc::clone(&world), connection))),
                // For example, no file descriptor is free; one may be soon.
                Err(_) => tokio::time::sleep(RETRY_ACCEPTING).await,
            }
        }
    });
    Ok((address, accepting))
}

/// Serves one connection until it ends. A client that breaks off is not an error here.
async fn converse(world: Arc<World>, connection: TcpStream) {
    let (line, switch) = Line::new(connection);
    let service = service_fn(|request| respond(Arc::clone(&world), switch.clone(), request));
    let _ = http1::Builder::new().serve_connection(line, service).await;
}

async fn respond(
    world: Arc<World>,
    switch: Switch,
    request: Request<Incoming>,
) -> Result<Response<Outgoing>, io::Error> {
    let call = read(&world, request).await?;
    let at = world.clock.now();
    let _underway = world.journal.begin();
    world.journal.record(&call, &world.options.key, at);
    world.gate.wait().await;
    tokio::time::sleep(Duration::from_millis(world.options.latency_milliseconds)).await;
    let broken_off = || io::Error::other("broken off by the fault script");
    match delivery(&world, &call, &|call| answer(&world, call)) {
        Delivery::Answer(answer, manner) => {
            if let Manner::Broken {
                ending: Ending::Reset,
                ..
            } = manner
            {
                switch.reset_at_end();
            }
            Ok(response(&world, answer, &manner))
        }
        Delivery::Close => Err(broken_off()),
        Delivery::Reset => {
            switch.reset_at_end();
            Err(broken_off())
        }
        Delivery::Never => std::future::pending().await,
    }
}

async fn read(world: &World, request: Request<Incoming>) -> Result<Call, io::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let headers = head.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    Ok(Call {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body: body.to_vec(),
        walk: world.fresh(),
    })
}

pub fn answer(world: &World, call: &Call) -> Answer {
    let segments = call.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["api", "v2", below @ ..] => reevo::answer(world, call, below),
        ["v2", below @ ..] => askelephant::answer(world, call, below),
        _ => Answer::json(404, &json!({"detail": "Not Found"})),
    }
}

fn response(world: &World, answer: Answer, manner: &Manner) -> Response<Outgoing> {
    let mut response = Response::new(Outgoing::new(answer.body, manner));
    // A fault script may ask for any status; one that HTTP does not allow becomes a 500.
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // Without this, hyper adds a date by the machine's clock.
    let date = ("date".to_owned(), timestamp::http_date(world.clock.now()));
    for (name, value) in std::iter::once(date).chain(answer.headers) {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&value)) {
            headers.insert(name, value);
        }
    }
    response
}
