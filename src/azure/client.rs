//! Requests of one identity to one cloud: tokens, limits, tries, errors.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::advice::{Situation, advise};
use super::retry::retry_after;
use super::transport::{RawAnswer, Unanswered};
use super::{
    ApiVersions, Audience, Cloud, Error, Happened, Kind, Limits, Reason, ResourceId, Result, RetryPolicy,
    Surface, TokenBroker, Traffic, Transport,
};

/// Largest answer that is read, bytes, unless a request says otherwise.
const MOST: usize = 64 << 20;
/// Longest time that a call may take, unless it says otherwise.
const LONGEST: Duration = Duration::from_secs(300);

/// Method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads.
    Get,
    /// Asks, or makes.
    Post,
    /// Makes or replaces.
    Put,
    /// Changes.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// As HTTP writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// What the requests of one call have in common.
#[derive(Debug, Clone)]
pub struct Scope {
    correlation_id: Arc<str>,
    deadline: Instant,
}

impl Scope {
    /// A call with a new correlation id that may take 300 s.
    pub fn new() -> Self {
        Self::within(LONGEST)
    }

    /// A call that may take this long.
    pub fn within(time: Duration) -> Self {
        Self::with_correlation(&uuid::Uuid::now_v7().to_string(), time)
    }

    /// A call that belongs to something with an id already.
    pub fn with_correlation(id: &str, time: Duration) -> Self {
        let now = Instant::now();
        let deadline = now.checked_add(time).unwrap_or(now + Duration::from_secs(24 * 3600));
        Self { correlation_id: id.into(), deadline }
    }

    /// The id that travels to Azure with every request of the call.
    pub fn correlation_id(&self) -> &str {
        &self.correlation_id
    }

    /// What is left of its time.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

impl Default for Scope {
    fn default() -> Self {
        Self::new()
    }
}

/// A request, not yet sent.
#[derive(Debug, Clone)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) audience: Audience,
    pub(crate) traffic: Traffic,
    pub(crate) shared: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
    /// It changes nothing, so it may be repeated.
    pub(crate) repeatable: bool,
    pub(crate) most: usize,
}

impl Request {
    /// Adds a parameter to the address.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.url.query_pairs_mut().append_pair(name, value);
        self
    }

    /// Sends this document with it, as it is.
    #[must_use]
    pub fn body(mut self, json: impl Into<Bytes>) -> Self {
        self.body = Some(json.into());
        self.headers.insert("content-type", HeaderValue::from_static("application/json"));
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// As `GET /subscriptions/...`.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method.as_str(), self.url.path())
    }
}

/// An answer that means success.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The document.
    pub body: Bytes,
    /// Id that Azure gave the request.
    pub request_id: Option<String>,
    pub(crate) headers: HeaderMap,
    /// Method and path of the request.
    pub(crate) line: String,
}

impl Answer {
    /// Reads the document.
    ///
    /// # Errors
    /// [`Kind::ServiceFailed`] if it is not of that shape.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Error::new(Kind::ServiceFailed, format!("the answer of Azure cannot be read: {error}"))
                .status_of(self.status)
                .answered(self.request_id.clone())
                .during(self.line.clone(), "")
        })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        retry_after(self.header("retry-after")?, jiff::Timestamp::now())
    }
}

/// Requests of one identity to one cloud. Clones share everything.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    cloud: Cloud,
    transport: Transport,
    tokens: TokenBroker,
    limits: Limits,
    versions: ApiVersions,
    retry: RetryPolicy,
}

impl Client {
    /// A client that signs in through `tokens`.
    pub fn new(cloud: Cloud, transport: Transport, tokens: TokenBroker) -> Self {
        Self(Arc::new(Inner {
            cloud,
            transport,
            tokens,
            limits: Limits::default(),
            versions: ApiVersions::default(),
            retry: RetryPolicy::default(),
        }))
    }

    fn with(self, change: impl FnOnce(&mut Inner)) -> Self {
        let own = &self.0;
        let mut inner = Inner {
            cloud: own.cloud.clone(),
            transport: own.transport.clone(),
            tokens: own.tokens.clone(),
            limits: own.limits.clone(),
            versions: own.versions.clone(),
            retry: own.retry.clone(),
        };
        change(&mut inner);
        Self(Arc::new(inner))
    }

    /// Other versions of interfaces.
    #[must_use]
    pub fn versions(self, versions: ApiVersions) -> Self {
        self.with(|inner| inner.versions = versions)
    }

    /// Another patience.
    #[must_use]
    pub fn retry(self, retry: RetryPolicy) -> Self {
        self.with(|inner| inner.retry = retry)
    }

    /// The cloud.
    pub fn cloud(&self) -> &Cloud {
        &self.0.cloud
    }

    pub(super) fn tokens(&self) -> &TokenBroker {
        &self.0.tokens
    }

    pub(crate) fn retry_policy(&self) -> &RetryPolicy {
        &self.0.retry
    }

    /// A request to Resource Manager about a resource.
    pub fn request(&self, method: Method, id: &ResourceId, surface: Surface) -> Request {
        let mut url = self.0.cloud.resource_manager().clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}{}", id.as_str()));
        url.query_pairs_mut().append_pair("api-version", self.0.versions.get(surface));
        let traffic = match method {
            Method::Get | Method::Post => Traffic::Read,
            Method::Put | Method::Patch => Traffic::Write,
            Method::Delete => Traffic::Delete,
        };
        Request {
            method,
            url,
            audience: Audience::ResourceManager,
            traffic,
            shared: id.subscription().unwrap_or("tenant").to_owned(),
            headers: HeaderMap::new(),
            body: None,
            repeatable: method == Method::Get,
            most: MOST,
        }
    }

    /// A request to one of the data services.
    pub(crate) fn data_request(
        &self,
        audience: Audience,
        traffic: Traffic,
        url: Url,
        shared: &str,
    ) -> Request {
        Request {
            method: Method::Post,
            url,
            audience,
            traffic,
            shared: shared.to_owned(),
            headers: HeaderMap::new(),
            body: None,
            repeatable: traffic == Traffic::Query,
            most: 3 * MOST,
        }
    }

    pub(crate) fn version(&self, surface: Surface) -> &str {
        self.0.versions.get(surface)
    }

    /// A `GET` of an address that Azure gave, for the next page or the state of an operation. The token goes with it only
    /// if the address is of the service that the token is for.
    pub(crate) fn follow(&self, link: &str, like: &Request) -> Result<Request> {
        let url =
            Url::parse(link).ok().filter(|url| self.0.cloud.trusts(like.audience, url)).ok_or_else(|| {
                let host = Url::parse(link).ok().and_then(|url| url.host_str().map(str::to_owned));
                Error::new(
                    Kind::ServiceFailed,
                    format!(
                        "Azure's answer leads to {}, where no token of this cloud may go",
                        host.as_deref().unwrap_or("no address")
                    ),
                )
                .remedy("Check azure.cloud; a proxy may have changed the answer.")
            })?;
        Ok(Request {
            method: Method::Get,
            url,
            body: None,
            headers: HeaderMap::new(),
            repeatable: true,
            traffic: Traffic::Read,
            ..like.clone()
        })
    }

    /// Reads a resource.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    pub async fn get(&self, scope: &Scope, id: &ResourceId, surface: Surface) -> Result<Answer> {
        self.send(scope, &self.request(Method::Get, id, surface)).await
    }

    /// Sends a request, as often as is permitted and needed.
    ///
    /// # Errors
    /// Whatever is not success, with what Azure said and what to do. [`Error::happened`] says whether a write may have
    /// taken place.
    pub async fn send(&self, scope: &Scope, request: &Request) -> Result<Answer> {
        let outcome = self.try_all(scope, request).await;
        if let Err(error) = &outcome {
            tracing::debug!(code = error.code(), request = %request.line(), correlation_id = scope.correlation_id(), %error, "request failed");
        }
        outcome.map_err(|error| error.during(request.line(), scope.correlation_id()))
    }

    async fn try_all(&self, scope: &Scope, request: &Request) -> Result<Answer> {
        let inner = &self.0;
        let policy = &inner.retry;
        let end = scope.deadline.min(Instant::now() + policy.total);
        let too_late = || {
            Error::new(Kind::TooLate, "the time of the call was up before Azure answered")
                .remedy("Give the call more time, or ask for less at once.")
        };
        let mut pauses = policy.pauses();
        let mut renewed = false;
        let mut tries = 0;
        let mut throttled = 0;
        let mut failure: Option<Error> = None;
        loop {
            let prepared = async {
                let place = inner.limits.admit(request.traffic, &request.shared).await;
                let token = inner.tokens.token(inner.cloud.scope(request.audience)).await;
                (place, token)
            };
            let Ok((_place, token)) = tokio::time::timeout_at(end, prepared).await else {
                return Err(failure.unwrap_or_else(too_late).tried(tries));
            };
            let token = token?;
            tries += 1;
            let within = end.saturating_duration_since(Instant::now());
            let mut headers = request.headers.clone();
            let authorization = zeroize::Zeroizing::new(format!("Bearer {}", token.expose()));
            let mut authorization = HeaderValue::from_str(&authorization)
                .map_err(|_| Error::new(Kind::SignIn, "the token cannot be sent: it is no plain text"))?;
            authorization.set_sensitive(true);
            headers.insert("authorization", authorization);
            headers.insert("accept", HeaderValue::from_static("application/json"));
            if let Ok(id) = HeaderValue::from_str(&scope.correlation_id) {
                headers.insert("x-ms-correlation-request-id", id.clone());
                headers.insert("x-ms-client-request-id", id);
            }
            let sent = inner
                .transport
                .send(
                    method(request.method),
                    &request.url,
                    headers,
                    request.body.clone(),
                    within,
                    request.most,
                )
                .await;
            let (error, again) = match sent {
                Ok(answer) if (200..300).contains(&answer.status) => {
                    return Ok(Answer {
                        status: answer.status,
                        request_id: request_id(&answer.headers),
                        body: answer.body,
                        headers: answer.headers,
                        line: request.line(),
                    });
                }
                Ok(answer) => {
                    let error = self.refusal(request, &answer, tries);
                    let again = match answer.status {
                        401 if !renewed && renewable(&error) => {
                            renewed = true;
                            inner.tokens.reject(inner.cloud.scope(request.audience), &token);
                            failure = Some(error);
                            continue;
                        }
                        429 => {
                            throttled += 1;
                            throttled < policy.throttled_tries
                        }
                        408 | 500 | 502 | 503 | 504 => request.repeatable && tries - throttled < policy.tries,
                        _ => false,
                    };
                    (error, again)
                }
                Err(Unanswered { error, passing }) => {
                    let permitted = request.repeatable || error.happened() == Happened::No;
                    let error = if request.repeatable { error.perhaps(Happened::No) } else { error };
                    (error, passing && permitted && tries - throttled < policy.tries)
                }
            };
            let error = error.tried(tries);
            let pause = pauses.next(error.retry_after());
            if error.kind() == Kind::Throttled {
                inner.limits.slow(request.traffic, &request.shared, pause);
            }
            if !again || Instant::now() + pause >= end {
                return Err(error);
            }
            tracing::debug!(request = %request.line(), tries, pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX), "trying again");
            failure = Some(error);
            tokio::time::sleep(pause).await;
        }
    }

    fn refusal(&self, request: &Request, answer: &RawAnswer, tries: u32) -> Error {
        let reason = Reason::read(&answer.body);
        let pause = answer
            .headers
            .get("retry-after")
            .and_then(|value| value.to_str().ok())
            .and_then(|value| retry_after(value, jiff::Timestamp::now()));
        let host = request.url.host_str().unwrap_or_default();
        let what = match answer.status {
            300..400 => {
                format!("{host} sent the request elsewhere ({}), and it was not followed", answer.status)
            }
            status => format!("{host} answered {status}"),
        };
        let situation = Situation {
            status: answer.status,
            method: request.method.as_str(),
            path: request.url.path(),
            audience: request.audience,
            scope: self.0.cloud.scope(request.audience),
            retry_after: pause,
            attempts: tries,
        };
        let advice = advise(&situation, &reason);
        // 4xx is a refusal; behind anything else the request may have been carried out.
        let happened = match answer.status {
            408 => Happened::Perhaps,
            300..500 => Happened::No,
            _ if request.repeatable => Happened::No,
            _ => Happened::Perhaps,
        };
        Error::new(Kind::of_status(answer.status), what)
            .status_of(answer.status)
            .because(reason)
            .advised(advice)
            .after(pause)
            .answered(request_id(&answer.headers))
            .perhaps(happened)
    }
}

/// A new token may help: it was refused, not the tenant or what it is for.
fn renewable(error: &Error) -> bool {
    !error.reason().is_some_and(|reason| reason.has("InvalidAuthenticationTokenTenant"))
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    ["x-ms-request-id", "x-ms-correlation-request-id", "request-id"]
        .into_iter()
        .find_map(|name| headers.get(name)?.to_str().ok().map(str::to_owned))
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("cloud", &self.0.cloud.name())
            .field("tokens", &self.0.tokens)
            .finish_non_exhaustive()
    }
}
