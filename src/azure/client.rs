//! Requests of one identity to one cloud: where they go, and as whom.

use std::fmt;
use std::sync::Arc;

use reqwest::Url;
use reqwest::header::HeaderMap;

use super::{
    Answer, ApiVersions, Audience, Cloud, Error, Kind, Limits, Method, Request, ResourceId, Result,
    RetryPolicy, Scope, Surface, TokenBroker, Traffic, Transport,
};

/// Largest answer that is read, bytes, unless a request says otherwise.
const MOST: usize = 64 << 20;

/// Requests of one identity to one cloud. Clones share everything.
#[derive(Clone)]
pub struct Client(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) cloud: Cloud,
    pub(super) transport: Transport,
    pub(super) tokens: TokenBroker,
    pub(super) limits: Limits,
    versions: ApiVersions,
    pub(super) retry: RetryPolicy,
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
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("cloud", &self.0.cloud.name())
            .field("tokens", &self.0.tokens)
            .finish_non_exhaustive()
    }
}
