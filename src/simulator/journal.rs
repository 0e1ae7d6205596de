//! What was asked and what was answered, for tests and for people who wonder.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::clock::stamp_precise;
use super::exchange::{Answer, Request, Surface};
use super::faults::FaultRule;

/// Requests that are kept.
const KEPT: usize = 20_000;

/// One request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Entry {
    /// When, by the simulator's clock.
    pub at: String,
    /// Endpoint.
    pub surface: Surface,
    /// HTTP method.
    pub method: String,
    /// Path as sent.
    pub path: String,
    /// Query as sent, without secrets: there are none in a query.
    pub query: BTreeMap<String, String>,
    /// `api-version` of the query.
    pub api_version: Option<String>,
    /// Status of the answer; none if the connection broke instead.
    pub status: Option<u16>,
    /// `x-ms-client-request-id` or `x-ms-correlation-request-id` that the client sent.
    pub client_id: Option<String>,
    /// Name of the fault rule that met the request.
    pub fault: Option<String>,
}

impl Entry {
    pub(crate) fn of(
        request: &Request,
        answer: Option<&Answer>,
        rule: Option<&FaultRule>,
        now: Timestamp,
    ) -> Self {
        let sent = |name| request.header(name).map(str::to_owned);
        Self {
            at: stamp_precise(now),
            surface: request.surface,
            method: request.method.to_string(),
            path: request.path.clone(),
            query: request.query.iter().cloned().collect(),
            api_version: request.parameter("api-version").map(str::to_owned),
            status: answer.map(|answer| answer.status),
            client_id: sent("x-ms-correlation-request-id").or_else(|| sent("x-ms-client-request-id")),
            fault: rule.map(|rule| rule.name.clone()),
        }
    }
}

/// How much was asked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Counters {
    /// Requests, by endpoint.
    pub requests: BTreeMap<String, u64>,
    /// Answers, by status; `0` counts connections that broke instead.
    pub statuses: BTreeMap<u16, u64>,
    /// Requests, by `api-version`.
    pub api_versions: BTreeMap<String, u64>,
    /// Requests that a fault rule met.
    pub faults: u64,
}

impl Counters {
    /// All requests.
    pub fn total(&self) -> u64 {
        self.requests.values().sum()
    }
}

/// The last requests, and counters of all.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    inner: Mutex<(VecDeque<Entry>, Counters)>,
}

impl Journal {
    pub fn note(&self, entry: Entry) {
        let mut inner = self.inner.lock();
        let (entries, counters) = &mut *inner;
        *counters.requests.entry(format!("{:?}", entry.surface).to_ascii_lowercase()).or_default() += 1;
        *counters.statuses.entry(entry.status.unwrap_or(0)).or_default() += 1;
        if let Some(version) = &entry.api_version {
            *counters.api_versions.entry(version.clone()).or_default() += 1;
        }
        counters.faults += u64::from(entry.fault.is_some());
        if entries.len() == KEPT {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    pub fn entries(&self) -> Vec<Entry> {
        self.inner.lock().0.iter().cloned().collect()
    }

    pub fn counters(&self) -> Counters {
        self.inner.lock().1.clone()
    }

    pub fn clear(&self) {
        *self.inner.lock() = Default::default();
    }
}
