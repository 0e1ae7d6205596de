//! What can go wrong on the way to Azure and back.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Advice, Reason};

/// The kind of an error of the Azure client. Each has a code and a section in `docs/troubleshooting.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// E701: no identity, or settings that contradict each other.
    NotConfigured,
    /// E702: Entra refused to sign in, or cannot be asked.
    SignIn,
    /// E703: the service cannot be reached: name, connection, TLS, proxy.
    Unreachable,
    /// E704: Azure does not permit it.
    Forbidden,
    /// E705: there is no such thing, or it is not visible.
    NotFound,
    /// E706: Azure refused the request as it is.
    Refused,
    /// E707: the object changed meanwhile, or is busy.
    Conflict,
    /// E708: too many requests, still after waiting.
    Throttled,
    /// E709: the service failed, or its answer makes no sense.
    ServiceFailed,
    /// E710: it is not known whether a write took place.
    OutcomeUnknown,
    /// E711: Azure accepted the request and failed to carry it out.
    OperationFailed,
    /// E712: the time was up.
    TooLate,
}

impl Kind {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotConfigured => "E701",
            Self::SignIn => "E702",
            Self::Unreachable => "E703",
            Self::Forbidden => "E704",
            Self::NotFound => "E705",
            Self::Refused => "E706",
            Self::Conflict => "E707",
            Self::Throttled => "E708",
            Self::ServiceFailed => "E709",
            Self::OutcomeUnknown => "E710",
            Self::OperationFailed => "E711",
            Self::TooLate => "E712",
        }
    }

    /// The kind of an answer with this status.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            401 | 403 => Self::Forbidden,
            404 | 410 => Self::NotFound,
            409 | 412 | 423 => Self::Conflict,
            429 => Self::Throttled,
            400..=499 => Self::Refused,
            _ => Self::ServiceFailed,
        }
    }
}

/// Whether a request that failed may have done something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    /// Certainly not: no byte was sent, or Azure refused it.
    No,
    /// Perhaps: bytes were sent and no answer came, or one that leaves it open.
    Perhaps,
}

/// An error of the Azure client. It never holds a token or a secret.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: Kind,
    what: String,
    remedy: Option<String>,
    status: Option<u16>,
    reason: Option<Reason>,
    advice: Option<Advice>,
    request: Option<String>,
    request_id: Option<String>,
    correlation_id: Option<String>,
    attempts: u32,
    retry_after: Option<Duration>,
    happened: Happened,
}

impl Error {
    pub(crate) fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            kind,
            what: what.into(),
            remedy: None,
            status: None,
            reason: None,
            advice: None,
            request: None,
            request_id: None,
            correlation_id: None,
            attempts: 0,
            retry_after: None,
            happened: Happened::No,
        }))
    }

    /// Something about the settings.
    pub(crate) fn setting(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Kind::NotConfigured, what).remedy(remedy)
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    pub(crate) fn remedy(self, text: impl Into<String>) -> Self {
        self.with(|inner| inner.remedy = Some(text.into()))
    }

    pub(crate) fn status_of(self, status: u16) -> Self {
        self.with(|inner| inner.status = Some(status))
    }

    pub(crate) fn because(self, reason: Reason) -> Self {
        self.with(|inner| inner.reason = Some(reason))
    }

    pub(crate) fn advised(self, advice: Option<Advice>) -> Self {
        self.with(|inner| inner.advice = advice.or(inner.advice.take()))
    }

    pub(crate) fn during(self, request: impl Into<String>, correlation_id: &str) -> Self {
        self.with(|inner| {
            inner.request.get_or_insert(request.into());
            inner.correlation_id.get_or_insert(correlation_id.to_owned());
        })
    }

    pub(crate) fn answered(self, request_id: Option<String>) -> Self {
        self.with(|inner| inner.request_id = request_id)
    }

    pub(crate) fn tried(self, attempts: u32) -> Self {
        self.with(|inner| inner.attempts = attempts)
    }

    pub(crate) fn after(self, pause: Option<Duration>) -> Self {
        self.with(|inner| inner.retry_after = pause)
    }

    pub(crate) fn perhaps(self, happened: Happened) -> Self {
        self.with(|inner| inner.happened = happened)
    }

    /// What kind of error it is.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The stable code, such as `E704`.
    pub fn code(&self) -> &'static str {
        self.0.kind.code()
    }

    /// What happened, in a few words.
    pub fn what(&self) -> &str {
        &self.0.what
    }

    /// HTTP status of the answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// What Azure said.
    pub fn reason(&self) -> Option<&Reason> {
        self.0.reason.as_ref()
    }

    /// What to do, and who can.
    pub fn advice(&self) -> Option<&Advice> {
        self.0.advice.as_ref()
    }

    /// What to do, in full sentences.
    pub fn remedy_text(&self) -> Option<&str> {
        self.0.advice.as_ref().map(|advice| advice.text.as_str()).or(self.0.remedy.as_deref())
    }

    /// The request, as `GET /subscriptions/...`.
    pub fn request(&self) -> Option<&str> {
        self.0.request.as_deref()
    }

    /// Id that Azure gave the request; its support asks for it.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Id of the call, which travelled to Azure with each of its requests.
    pub fn correlation_id(&self) -> Option<&str> {
        self.0.correlation_id.as_deref()
    }

    /// How often it was tried.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long Azure asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the request may have done something all the same.
    pub fn happened(&self) -> Happened {
        self.0.happened
    }

    /// Everything as one JSON object, without what is not known.
    pub fn json(&self) -> serde_json::Value {
        let inner = &self.0;
        let mut fields = serde_json::Map::new();
        let mut put = |name: &str, value: serde_json::Value| {
            if !value.is_null() {
                fields.insert(name.to_owned(), value);
            }
        };
        put("code", self.code().into());
        put("message", self.to_string().into());
        put("status", inner.status.into());
        put(
            "azureCode",
            inner.reason.as_ref().map(|reason| reason.code.clone()).filter(|code| !code.is_empty()).into(),
        );
        put("azureMessage", inner.reason.as_ref().map(|reason| reason.message.clone()).into());
        if let Some(reason) = &inner.reason
            && !reason.details.is_empty()
        {
            put("details", reason.details.clone().into());
        }
        if let Some(advice) = &inner.advice {
            put("advice", advice.json());
        }
        put("request", inner.request.clone().into());
        put("requestId", inner.request_id.clone().into());
        put("correlationId", inner.correlation_id.clone().into());
        put("attempts", (inner.attempts > 1).then_some(inner.attempts).into());
        put("retryAfterSeconds", inner.retry_after.map(|pause| pause.as_secs()).into());
        serde_json::Value::Object(fields)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        f.write_str(&inner.what)?;
        if let Some(reason) = &inner.reason
            && !reason.message.is_empty()
        {
            let code = reason.codes.last().map(String::as_str).unwrap_or_default();
            let separator = if code.is_empty() { "" } else { ": " };
            write!(f, ": {code}{separator}{}", reason.message.trim_end_matches('.'))?;
            for detail in reason.details.iter().take(5) {
                write!(f, "; {}", detail.trim_end_matches('.'))?;
            }
        }
        f.write_str(".")?;
        if let Some(advice) = &inner.advice {
            write!(f, " {}", advice.text)?;
        } else if let Some(remedy) = &inner.remedy {
            write!(f, " {remedy}")?;
        }
        if inner.attempts > 1 {
            write!(f, " (tried {} times)", inner.attempts)?;
        }
        if let Some(id) = &inner.request_id {
            write!(f, " (request id {id})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self, self.code())?;
        match (&self.0.request, &self.0.correlation_id) {
            (Some(request), Some(id)) => write!(f, " {request} (correlation id {id})"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
