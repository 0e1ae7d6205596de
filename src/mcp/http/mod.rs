//! The server over HTTP: streamable HTTP of both eras.
//!
//! ```text
//! listener    where clients connect                 connections   how many, how long, over TLS or not
//! gate        who, how often, how large, what       sessions      those of the older revisions
//! ```
//!
//! The protocol's own part (headers, streams, which era) is rmcp's; `docs/mcp/http.md` has what is promised.

mod access;
mod connections;
mod gate;
mod keys;
mod listener;
mod oauth;
mod session;
mod sessions;
mod stall;
mod tls;

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    routing::{any, get},
};
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use tokio_util::sync::CancellationToken;

pub use self::{access::Access, listener::Listener, oauth::OAuth, tls::TlsFiles};
use self::{access::Guard, connections::Connections, gate::Gate, sessions::Sessions, tls::Tls};
use super::{
    handover::Handover,
    server::Server,
    shutdown::{Cause, End, Patience},
};

/// How often sessions and rates are looked at.
const TIDY: Duration = Duration::from_secs(5);

/// How a server over HTTP behaves.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HttpOptions {
    /// Who may call.
    pub access: Access,
    /// What `Host` may be, with or without a port: names by which the server is reached.
    pub hosts: Vec<String>,
    /// What `Origin` may be, where a browser sends one; `:*` stands for any port.
    pub origins: Vec<String>,
    /// Certificate and key. `None`: without TLS.
    pub tls: Option<TlsFiles>,
    /// Limits.
    pub limits: HttpLimits,
}

/// Limits of a server over HTTP.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct HttpLimits {
    /// Connections at once; further ones wait (default 512).
    pub connections: usize,
    /// Largest message, bytes (default 4 MiB).
    pub body_bytes: usize,
    /// How long a client may take for the head of a request, TLS included, and between two requests (default 15 s).
    pub head_time: Duration,
    /// How long it may take for the body (default 30 s).
    pub body_time: Duration,
    /// How long it may leave an answer unread (default 60 s).
    pub stall_time: Duration,
    /// Sessions at once (default 64).
    pub sessions: usize,
    /// Time after which an unused session ends (default 30 min).
    pub session_idle: Duration,
    /// Requests a second of one principal (default 200; 0: any number).
    pub rate: u32,
    /// How many of them may come at once (default 400).
    pub burst: u32,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connections: 512,
            body_bytes: 4 << 20,
            head_time: Duration::from_secs(15),
            body_time: Duration::from_secs(30),
            stall_time: Duration::from_secs(60),
            sessions: 64,
            session_idle: Duration::from_secs(30 * 60),
            rate: 200,
            burst: 400,
        }
    }
}

impl HttpOptions {
    /// The defaults: reached as this machine, by programs and by pages of this machine.
    pub fn new(access: Access) -> Self {
        let own = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
        Self {
            access,
            hosts: own(&["localhost", "127.0.0.1", "::1"]),
            origins: own(&["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"]),
            tls: None,
            limits: HttpLimits::default(),
        }
    }
}

impl Server {
    /// Serves clients over HTTP until `stop` is ready: then running calls have 1.4 s to end by themselves. To be called in a
    /// tokio runtime with I/O and time.
    ///
    /// # Errors
    /// What is wrong with the certificate, the token's authority or the rules; what the system says of the listener.
    pub async fn serve_http(
        self,
        listener: Listener,
        options: HttpOptions,
        stop: impl Future<Output = ()>,
    ) -> io::Result<End> {
        let patience = Patience::default();
        let guard = Guard::new(options.access)?;
        let tls = options.tls.map(Tls::new).transpose()?;
        let mut running = self.start(std::convert::identity);
        let left = std::mem::take(&mut running.left.sessions);
        let parts = &running.parts;
        let shutdown = &parts.shutdown;

        let sessions = Arc::new(Sessions::new(options.limits.sessions, options.limits.session_idle));
        sessions.restore(left, || parts.service());
        let streams = CancellationToken::new();
        let config = StreamableHttpServerConfig::default()
            .with_allowed_hosts(options.hosts)
            .with_allowed_origins(options.origins)
            .enforce_origin_validation()
            .with_json_response(true)
            .with_sse_retry(None)
            .with_max_request_body_bytes(options.limits.body_bytes)
            .with_cancellation_token(streams.clone());
        let services = parts.services();
        let protocol = StreamableHttpService::new(move || Ok(services()), Arc::clone(&sessions), config);
        let gate = Arc::new(Gate::new(guard, Arc::clone(&sessions), protocol, options.limits));
        let router = Router::new()
            .route("/mcp", any(gate::enter))
            .route("/.well-known/oauth-protected-resource", get(gate::metadata))
            .route("/.well-known/oauth-protected-resource/mcp", get(gate::metadata))
            .with_state(Arc::clone(&gate));

        let mut connections = Connections::new(listener, router, tls.as_ref(), options.limits)?;
        let keep_up = async {
            match tls {
                Some(tls) => tls.keep_up().await,
                None => std::future::pending().await,
            }
        };
        let tidy = async {
            loop {
                tokio::time::sleep(TIDY).await;
                gate.tidy();
                sessions.end_idle(Instant::now());
            }
        };
        let replaced = async {
            let reason = parts.replacement_due().await;
            parts.drain(reason, &patience, async {}).await;
        };
        tokio::select! {
            () = connections.accept(shutdown) => {}
            () = keep_up => {}
            () = tidy => {}
            () = replaced => {}
            () = stop => shutdown.begin(Cause::Asked),
        }
        shutdown.begin(Cause::Asked);
        let cause = shutdown.cause().unwrap_or(Cause::Asked);
        let _ = tokio::time::timeout(patience.with_calls(cause), parts.dispatcher.idle()).await;
        shutdown.cancel_calls();
        let left = if matches!(cause, Cause::Replace(_)) { sessions.leave() } else { Vec::new() };
        // Answers that are made go out; then streams end, which have no end of their own.
        let closing = connections.close();
        let streams_end = async {
            tokio::time::sleep(patience.last_answers).await;
            sessions.end_all();
            streams.cancel();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = closing => {}
            () = streams_end => {}
            () = tokio::time::sleep(patience.last_answers * 4) => {}
        }
        let handover = match cause {
            Cause::Replace(_) => Handover { stdio: None, sessions: left }.pack(),
            _ => Vec::new(),
        };
        Ok(End { cause, handover })
    }
}
