//! What a request has to pass before the protocol sees it: who makes it, how often, how large it is, what it may call.

use std::{borrow::Cow, num::NonZeroU32, sync::Arc, time::Duration};

use axum::{
    Json,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _};
use rmcp::{model::ErrorCode, transport::StreamableHttpService};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    HttpLimits,
    access::{Denied, Guard},
    sessions::Sessions,
};
use crate::mcp::{
    client::Client,
    service::Service,
    transport::{Reading, read_message},
};

/// Names the session of a request.
const SESSION: &str = "mcp-session-id";

/// Everything that a request passes through.
pub(super) struct Gate {
    pub(super) guard: Guard,
    pub(super) sessions: Arc<Sessions>,
    pub(super) protocol: StreamableHttpService<Service, Sessions>,
    limits: HttpLimits,
    rate: DefaultKeyedRateLimiter<Arc<str>>,
}

/// What the gate looks at in a message.
#[derive(Deserialize)]
struct Peek<'a> {
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    params: Option<PeekParams<'a>>,
}

#[derive(Deserialize)]
struct PeekParams<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    arguments: Option<Map<String, Value>>,
}

impl Gate {
    pub(super) fn new(
        guard: Guard,
        sessions: Arc<Sessions>,
        protocol: StreamableHttpService<Service, Sessions>,
        limits: HttpLimits,
    ) -> Self {
        let each_second = NonZeroU32::new(limits.rate).unwrap_or(NonZeroU32::MAX);
        let burst = NonZeroU32::new(limits.burst).unwrap_or(each_second);
        let rate = RateLimiter::keyed(Quota::per_second(each_second).allow_burst(burst));
        Self { guard, sessions, protocol, limits, rate }
    }

    /// Forgets callers that have been quiet.
    pub(super) fn tidy(&self) {
        self.rate.retain_recent();
    }

    async fn pass(&self, request: Request) -> Result<Response, Box<Response>> {
        let mut caller =
            self.guard.caller(request.headers()).await.map_err(|refusal| Box::new(denied(refusal)))?;
        self.count(&caller)?;
        let session = request.headers().get(SESSION).map(|id| id.to_str().unwrap_or_default().to_owned());
        if let Some(id) = &session {
            // Somebody else's session is none.
            if !self.sessions.belongs(id, &caller) {
                let text = "there is no such session; begin a new one";
                return Err(Box::new(error(StatusCode::NOT_FOUND, ErrorCode::INVALID_REQUEST, text)));
            }
            caller.name = id.as_str().into();
        }
        let (mut parts, body) = request.into_parts();
        let body = self.read(&parts.headers, body).await?;
        let peek = serde_json::from_slice::<Peek<'_>>(&body).ok();
        self.judge(peek.as_ref(), &caller, session.is_none())?;
        parts.extensions.insert(caller);
        let is_json = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| {
            kind.to_str().is_ok_and(|kind| kind.trim_start().starts_with("application/json"))
        });
        let response = self.protocol.handle(Request::from_parts(parts, Body::from(body.clone()))).await;
        let response = response.map(Body::new);
        if response.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE
            && is_json
            && let Reading::Answer(answer) = read_message(&body)
        {
            let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
            return Ok((StatusCode::BAD_REQUEST, kind, answer).into_response());
        }
        Ok(response)
    }

    fn count(&self, caller: &Client) -> Result<(), Box<Response>> {
        if self.limits.rate == 0 {
            return Ok(());
        }
        let key = caller.affinity.clone().unwrap_or_else(|| "".into());
        self.rate.check_key(&key).map_err(|until| {
            let wait = until.wait_time_from(governor::clock::DefaultClock::default().now());
            let text = format!("more than {} requests a second; wait", self.limits.rate);
            Box::new(later(StatusCode::TOO_MANY_REQUESTS, wait, &text))
        })
    }

    async fn read(&self, headers: &axum::http::HeaderMap, body: Body) -> Result<Bytes, Box<Response>> {
        let most = self.limits.body_bytes;
        let too_large = || {
            let text = format!("the message has more than {most} bytes");
            Box::new(error(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::INVALID_REQUEST, &text))
        };
        let announced =
            headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if announced.is_some_and(|length: usize| length > most) {
            return Err(too_large());
        }
        match tokio::time::timeout(self.limits.body_time, to_bytes(body, most)).await {
            Ok(Ok(body)) => Ok(body),
            Ok(Err(_)) => Err(too_large()),
            Err(_) => {
                let text = format!("the message was not there after {} s", self.limits.body_time.as_secs());
                Err(Box::new(error(StatusCode::REQUEST_TIMEOUT, ErrorCode::INVALID_REQUEST, &text)))
            }
        }
    }

    /// Refuses early what would be refused late: a session too many, a tool that the token does not allow.
    fn judge(&self, peek: Option<&Peek<'_>>, caller: &Client, no_session: bool) -> Result<(), Box<Response>> {
        let Some(peek) = peek else { return Ok(()) };
        match peek.method.as_deref() {
            Some("initialize") if no_session && !self.sessions.has_room() => Err(Box::new(later(
                StatusCode::SERVICE_UNAVAILABLE,
                Duration::from_secs(30),
                "there are too many sessions; end one, or use revision 2026-07-28, which needs none",
            ))),
            Some("tools/call") => {
                let none = Map::new();
                let params = peek.params.as_ref();
                let tool = params.and_then(|params| params.name.as_deref()).unwrap_or_default();
                let arguments = params.and_then(|params| params.arguments.as_ref()).unwrap_or(&none);
                let (Some(authority), false) = (self.guard.authority(), caller.grants.allow(tool, arguments))
                else {
                    return Ok(());
                };
                let scopes = authority.scopes_for(tool);
                let text = format!("the token's scopes do not allow {tool} with these arguments");
                Err(Box::new(denied(Denied {
                    status: StatusCode::FORBIDDEN,
                    challenge: Some(authority.challenge(Some("insufficient_scope"), Some(&scopes))),
                    text,
                })))
            }
            _ => Ok(()),
        }
    }
}

/// Takes a request through the gate.
pub(super) async fn enter(State(gate): State<Arc<Gate>>, request: Request) -> Response {
    let response = gate.pass(request).await.unwrap_or_else(|refusal| *refusal);
    if response.status() == StatusCode::FORBIDDEN {
        tracing::warn!("a request was refused: its Host, Origin or scopes are not allowed");
    }
    response
}

/// The document of RFC 9728.
pub(super) async fn metadata(State(gate): State<Arc<Gate>>) -> Response {
    match gate.guard.authority() {
        Some(authority) => Json(authority.metadata()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn denied(denied: Denied) -> Response {
    let mut response = error(denied.status, ErrorCode::INVALID_REQUEST, &denied.text);
    if let Some(challenge) = denied.challenge.and_then(|challenge| challenge.parse().ok()) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

fn later(status: StatusCode, wait: Duration, text: &str) -> Response {
    let mut response = error(status, ErrorCode::INTERNAL_ERROR, text);
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    response
}

fn error(status: StatusCode, code: ErrorCode, text: &str) -> Response {
    let body = json!({"jsonrpc": "2.0", "id": null, "error": {"code": code.0, "message": text}});
    (status, Json(body)).into_response()
}
