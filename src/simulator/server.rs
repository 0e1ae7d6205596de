//! Listeners, connections, and the way of one request: faults and latency around its answer.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderName, HeaderValue, Response, request::Parts};
use futures_util::StreamExt as _;
use futures_util::stream;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::admin;
use super::exchange::{Answer, Reply, Request, Surface, pairs};
use super::faults::{Drop, FaultRule};
use super::journal::Entry;
use super::world::World;

/// More than any real service takes.
const LARGEST_BODY: usize = 64 * 1024 * 1024;
/// Pieces of an answer that drips.
const PIECES: usize = 16;
/// A connection that does not finish its handshake in this time is closed.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// The connection is to break instead of an answer.
#[derive(Debug, thiserror::Error)]
#[error("a fault rule breaks the connection")]
struct Broken;

/// Accepts connections until the token is cancelled.
pub(crate) async fn listen(
    world: Arc<World>,
    surface: Surface,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    stop: CancellationToken,
) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = connect(Arc::clone(&world), surface, stream, peer, tls.clone());
                let stop = stop.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = connection => {}
                    }
                });
            }
            // Out of descriptors, most likely: others will be closed.
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn connect(
    world: Arc<World>,
    surface: Surface,
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
) {
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else { return serve(world, surface, stream).await };
    match tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
        Ok(Ok(stream)) => serve(world, surface, stream).await,
        Ok(Err(error)) => tracing::debug!(%peer, %error, "no TLS with this client"),
        Err(_) => tracing::debug!(%peer, "the TLS handshake took too long"),
    }
}

async fn serve(
    world: Arc<World>,
    surface: Surface,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) {
    let service = service_fn(move |request| {
        let world = Arc::clone(&world);
        async move { answer(&world, surface, request).await }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = served.await {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn answer(
    world: &Arc<World>,
    surface: Surface,
    request: axum::http::Request<Incoming>,
) -> Result<Response<Body>, Broken> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(Body::new(body), LARGEST_BODY).await else { return Err(Broken) };
    let request = received(surface, parts, body);
    if admin::is_own(&request.path) {
        return Ok(response(admin::answer(world, &request), None));
    }
    let fault = world.faults.meet(&request);
    let rule = fault.as_ref();
    let latency = world.settings.latency + rule.map_or(Duration::ZERO, FaultRule::delay);
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let breaks = rule.and_then(|rule| rule.drop);
    let note =
        |answer: Option<&Answer>| world.journal.note(Entry::of(&request, answer, rule, world.clock.now()));
    if breaks == Some(Drop::Before) {
        note(None);
        return Err(Broken);
    }
    let mut answer = match rule.and_then(FaultRule::answer) {
        Some(answer) => world.finish(&request, answer),
        None => world.answer(request.clone(), rule).await,
    };
    if let Some(rule) = rule {
        rule.change(&mut answer);
    }
    note(Some(&answer));
    if breaks == Some(Drop::After) { Err(Broken) } else { Ok(response(answer, rule)) }
}

fn received(surface: Surface, parts: Parts, body: Bytes) -> Request {
    Request {
        surface,
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: pairs(parts.uri.query().unwrap_or_default()),
        headers: parts.headers,
        body,
    }
}

fn response(answer: Answer, rule: Option<&FaultRule>) -> Response<Body> {
    let (kind, bytes) = match answer.body {
        Reply::Empty => (None, Vec::new()),
        Reply::Json(value) => (Some("application/json; charset=utf-8"), value.to_string().into_bytes()),
    };
    let mut response = Response::builder().status(answer.status);
    let extra = rule.into_iter().flat_map(|rule| &rule.headers);
    let headers = answer.headers.iter().map(|(name, value)| (*name, value));
    for (name, value) in headers.chain(extra.map(|(name, value)| (name.as_str(), value))) {
        // What a rule file names may be no header; then it is left out.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response = response.header(name, value);
        }
    }
    if let Some(kind) = kind {
        response = response.header("content-type", kind);
    }
    let length = bytes.len();
    let body = match rule {
        Some(FaultRule { drop: Some(Drop::FirstByte), .. }) => broken_off(bytes),
        Some(FaultRule { drip_ms: Some(pause), .. }) => dripping(bytes, Duration::from_millis(*pause)),
        _ => return response.body(Body::from(bytes)).unwrap_or_default(),
    };
    response.header("content-length", length).body(body).unwrap_or_default()
}

/// One byte, and then the connection breaks.
fn broken_off(bytes: Vec<u8>) -> Body {
    let first = Bytes::copy_from_slice(bytes.get(..1).unwrap_or_default());
    Body::from_stream(stream::iter([Ok(first)]).chain(stream::once(async {
        // Only what was written before the error is sent.
        tokio::time::sleep(Duration::from_millis(5)).await;
        Err(Broken)
    })))
}

fn dripping(bytes: Vec<u8>, pause: Duration) -> Body {
    let size = bytes.len().div_ceil(PIECES).max(1);
    let pieces: Vec<Bytes> = bytes.chunks(size).map(Bytes::copy_from_slice).collect();
    Body::from_stream(stream::iter(pieces).then(move |piece| async move {
        tokio::time::sleep(pause).await;
        Ok::<_, Infallible>(piece)
    }))
}
