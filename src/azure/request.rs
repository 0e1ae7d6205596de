//! A request, its answer, and what the requests of one call have in common.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::retry::retry_after;
use super::{Audience, Error, Kind, Result, Traffic};

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
    pub(super) correlation_id: Arc<str>,
    pub(super) deadline: Instant,
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
        self.borrow()
    }

    /// The same for shapes that refer to the document's text.
    pub(crate) fn borrow<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
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
