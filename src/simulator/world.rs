//! Everything a request can touch, and who answers it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};

use super::clock::Clock;
use super::exchange::{Answer, Request, Surface};
use super::faults::{FaultRule, Faults};
use super::identity::directory::{App, Directory};
use super::identity::tokens::{Federated, TokenKeys};
use super::identity::{login, managed_answer};
use super::ids::Dice;
use super::journal::Journal;
use super::settings::{Settings, StartError};
use super::state::State;
use super::throttle::Throttle;
use super::{arm, logs};

/// Where the endpoints are.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Endpoints {
    pub arm: String,
    pub query: String,
    pub login: String,
    pub ingest: String,
    pub identity: String,
}

impl Endpoints {
    /// The address of an endpoint.
    pub fn of(&self, surface: Surface) -> &str {
        match surface {
            Surface::Arm => &self.arm,
            Surface::Query => &self.query,
            Surface::Login => &self.login,
            Surface::Ingest => &self.ingest,
            Surface::Identity => &self.identity,
        }
    }

    /// Issuer of federated tokens.
    pub fn federated_issuer(&self) -> String {
        format!("{}/_simulator/cluster", self.login)
    }
}

/// The simulated world.
#[derive(Debug)]
pub(crate) struct World {
    pub settings: Settings,
    pub state: RwLock<State>,
    pub directory: Directory,
    pub keys: TokenKeys,
    pub clock: Clock,
    pub faults: Faults,
    pub throttle: Throttle,
    pub journal: Journal,
    /// Writes that are in the state file.
    pub saved: AtomicU64,
    pub saving: Mutex<()>,
    endpoints: Endpoints,
    requests: AtomicU64,
}

const ARM_AUDIENCES: &[&str] = &[
    "https://management.azure.com",
    "https://management.core.windows.net",
    "https://management.usgovcloudapi.net",
    "https://management.core.usgovcloudapi.net",
    "https://management.chinacloudapi.cn",
];
const QUERY_AUDIENCES: &[&str] = &[
    "https://api.loganalytics.io",
    "https://api.loganalytics.azure.com",
    "https://api.loganalytics.us",
    "https://api.loganalytics.azure.cn",
];
const INGEST_AUDIENCES: &[&str] =
    &["https://monitor.azure.com", "https://monitor.azure.us", "https://monitor.azure.cn"];

impl World {
    pub fn new(settings: Settings, endpoints: Endpoints) -> Result<Self, StartError> {
        let clock = Clock::new(settings.clock);
        Ok(Self {
            state: RwLock::new(State::default()),
            directory: Directory::standard(clock.now()),
            keys: TokenKeys::new()?,
            clock,
            faults: Faults::default(),
            throttle: Throttle::new(settings.limits),
            journal: Journal::default(),
            saved: AtomicU64::new(u64::MAX),
            saving: Mutex::new(()),
            endpoints,
            requests: AtomicU64::new(0),
            settings,
        })
    }

    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Audiences a token may be for at an endpoint: those of every cloud, and the endpoint itself.
    pub fn audiences(&self, surface: Surface) -> Vec<String> {
        let known = match surface {
            Surface::Arm => ARM_AUDIENCES,
            Surface::Query => QUERY_AUDIENCES,
            Surface::Ingest => INGEST_AUDIENCES,
            Surface::Login | Surface::Identity => &[],
        };
        known
            .iter()
            .map(|audience| (*audience).to_owned())
            .chain([self.endpoints.of(surface).to_owned()])
            .collect()
    }

    /// Whether Entra has a resource of that name.
    pub fn knows_audience(&self, audience: &str) -> bool {
        let audience = audience.trim_end_matches('/');
        [Surface::Arm, Surface::Query, Surface::Ingest]
            .into_iter()
            .flat_map(|surface| self.audiences(surface))
            .any(|known| known.eq_ignore_ascii_case(audience))
    }

    /// An id for a trace or a request.
    pub fn fresh_id(&self) -> String {
        let count = self.requests.fetch_add(1, Ordering::Relaxed);
        Dice::new(self.settings.seed ^ count, "request").uuid().to_string()
    }

    /// A federated token for an application.
    pub fn federated_token(&self, app: &App) -> Option<String> {
        self.keys.sign(&Federated {
            aud: "api://AzureADTokenExchange".to_owned(),
            iss: self.endpoints.federated_issuer(),
            sub: app.federated_subject.clone(),
            exp: self.clock.now().as_second() + 3600,
        })
    }

    /// Does the request.
    pub async fn answer(self: &Arc<Self>, request: Request, fault: Option<&FaultRule>) -> Answer {
        let answer = match request.surface {
            Surface::Arm => arm::answer(self, &request, fault).await,
            Surface::Query => logs::answer_query(self, &request).await,
            Surface::Ingest => logs::answer_ingest(self, &request),
            Surface::Login => login::answer(self, &request),
            Surface::Identity => managed_answer(self, &request),
        };
        self.finish(&request, answer)
    }

    /// Adds the headers that every answer has.
    pub fn finish(&self, request: &Request, answer: Answer) -> Answer {
        let id = self.fresh_id();
        let correlation =
            request.header("x-ms-correlation-request-id").map_or_else(|| id.clone(), str::to_owned);
        let answer = answer.with("x-ms-request-id", id).with("x-ms-correlation-request-id", correlation);
        match request.header("x-ms-client-request-id") {
            Some(own) if request.header("x-ms-return-client-request-id") == Some("true") => {
                let own = own.to_owned();
                answer.with("x-ms-client-request-id", own)
            }
            _ => answer,
        }
    }
}
