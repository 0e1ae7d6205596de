//! How a simulator is set up and started.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::exchange::Surface;
use super::faults::{FaultRule, FaultRuleError};
use super::identity::directory::App;
use super::throttle::Limits;
use super::world::{Endpoints, World};
use super::{Simulator, seed, server, store, tls};

/// The simulator cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {source}; another port, or 0 for any free one, would work")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The certificate cannot be made.
    #[error("the certificate cannot be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// A fault rule is wrong.
    #[error(transparent)]
    Faults(#[from] FaultRuleError),
    /// The content folder cannot be used.
    #[error("the content folder cannot be used: {path}: {why}")]
    Content {
        /// File or folder.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The state file cannot be used.
    #[error("the state file cannot be used: {path}: {why}; a file that does not exist begins a new state")]
    State {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// An application that was named does not exist.
    #[error("there is no application {0:?}; the names are sim-contributor, sim-reader and the like")]
    App(String),
    /// A certificate of an application cannot be read.
    #[error("the certificate of {app} cannot be read: {why}")]
    AppCertificate {
        /// The application.
        app: String,
        /// What is wrong with it.
        why: String,
    },
}

/// What a running simulator was told.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub address: SocketAddr,
    pub seed: u64,
    pub content: Option<PathBuf>,
    pub state: Option<PathBuf>,
    pub faults: Vec<FaultRule>,
    pub latency: Duration,
    pub token_lifetime: Duration,
    pub workspaces: usize,
    pub incidents: usize,
    pub page_size: usize,
    pub polls: u32,
    pub limits: Limits,
    pub clock: Option<Timestamp>,
    certificates: Vec<(String, String)>,
}

/// Settings of a simulator. Each has a default that suits tests.
#[derive(Debug, Clone)]
#[must_use = "start() starts it"]
pub struct Builder {
    settings: Settings,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            settings: Settings {
                address: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
                seed: 1,
                content: None,
                state: None,
                faults: Vec::new(),
                latency: Duration::ZERO,
                token_lifetime: Duration::from_secs(3599),
                workspaces: 0,
                incidents: 300,
                page_size: 10,
                polls: 2,
                limits: Limits::default(),
                clock: None,
                certificates: Vec::new(),
            },
        }
    }
}

impl Builder {
    /// Where to listen. Resource Manager gets this port and the others the four that follow; 0 gives each a free one.
    pub fn address(mut self, address: SocketAddr) -> Self {
        self.settings.address = address;
        self
    }

    /// The number from which all content is made: the same seed gives the same content.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// A folder with rules, hunting queries, watchlists and so on to fill the workspaces from, in the layout of a
    /// Sentinel-as-code repository.
    pub fn content(mut self, folder: impl Into<PathBuf>) -> Self {
        self.settings.content = Some(folder.into());
        self
    }

    /// A file that keeps the state from one start to the next.
    pub fn state(mut self, file: impl Into<PathBuf>) -> Self {
        self.settings.state = Some(file.into());
        self
    }

    /// Fault rules to begin with.
    pub fn faults(mut self, rules: Vec<FaultRule>) -> Self {
        self.settings.faults = rules;
        self
    }

    /// Time that every request waits for its answer.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.settings.latency = latency;
        self
    }

    /// How long a token is valid: seconds to a day; whole seconds.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.token_lifetime = lifetime;
        self
    }

    /// Number of workspaces that the managing tenant sees, in a fifth as many subscriptions: more than the standard six
    /// are made up.
    pub fn workspaces(mut self, workspaces: usize) -> Self {
        self.settings.workspaces = workspaces;
        self
    }

    /// Number of incidents of the first customer's workspace; the others have fewer.
    pub fn incidents(mut self, incidents: usize) -> Self {
        self.settings.incidents = incidents;
        self
    }

    /// Number of entries of one page of a list, where the request does not say `$top`.
    pub fn page_size(mut self, entries: usize) -> Self {
        self.settings.page_size = entries.max(1);
        self
    }

    /// How often a long-running operation answers `InProgress` before it ends.
    pub fn polls(mut self, polls: u32) -> Self {
        self.settings.polls = polls;
        self
    }

    /// The limits that are enforced.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.settings.limits = limits;
        self
    }

    /// Limits are counted but not enforced.
    pub fn without_limits(mut self) -> Self {
        self.settings.limits.enforced = false;
        self
    }

    /// A clock that stands at this time, unless it is moved.
    pub fn clock(mut self, time: Timestamp) -> Self {
        self.settings.clock = Some(time);
        self
    }

    /// Registers a certificate (PEM) with an application, so that it can sign in with it.
    pub fn certificate(mut self, app: impl Into<String>, pem: impl Into<String>) -> Self {
        self.settings.certificates.push((app.into(), pem.into()));
        self
    }

    /// Starts it on the current Tokio runtime.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(self) -> Result<Simulator, StartError> {
        let settings = self.settings;
        let certificate = tls::make(settings.address.ip())?;
        let mut listeners = Vec::new();
        for (offset, surface) in
            [Surface::Arm, Surface::Query, Surface::Login, Surface::Ingest, Surface::Identity]
                .into_iter()
                .enumerate()
        {
            listeners.push((surface, bind(settings.address, offset).await?));
        }
        let url = |index: usize, scheme: &str| -> String {
            let port = listeners.get(index).map_or(0, |(_, (_, bound))| bound.port());
            let ip = settings.address.ip();
            let host = if ip.is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { ip };
            format!("{scheme}://{}", SocketAddr::new(host, port))
        };
        let endpoints = Endpoints {
            arm: url(0, "https"),
            query: url(1, "https"),
            login: url(2, "https"),
            ingest: url(3, "https"),
            identity: url(4, "http"),
        };
        let mut world = World::new(settings, endpoints)?;
        register(&mut world)?;
        world.faults.set(world.settings.faults.clone())?;
        let loaded = store::load(&world)?;
        let state = match loaded {
            Some(state) => state,
            None => seed::state(&world.settings, world.clock.now())?,
        };
        *world.state.write() = state;
        let world = Arc::new(world);

        let stop = CancellationToken::new();
        let tls = TlsAcceptor::from(certificate.server);
        for (surface, (listener, _)) in listeners {
            let tls = (surface != Surface::Identity).then(|| tls.clone());
            tokio::spawn(server::listen(Arc::clone(&world), surface, listener, tls, stop.clone()));
        }
        tokio::spawn(store::keep(Arc::clone(&world), stop.clone()));
        let Endpoints { arm, query, login, ingest, identity } = world.endpoints().clone();
        Ok(Simulator {
            arm_url: arm,
            query_url: query,
            login_url: login,
            ingest_url: ingest,
            identity_url: identity,
            ca_pem: certificate.ca_pem,
            world,
            _running: stop.drop_guard(),
        })
    }
}

async fn bind(address: SocketAddr, offset: usize) -> Result<(TcpListener, SocketAddr), StartError> {
    let mut address = address;
    if address.port() != 0 {
        address.set_port(address.port().saturating_add(u16::try_from(offset).unwrap_or(0)));
    }
    let fail = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(fail)?;
    let bound = listener.local_addr().map_err(fail)?;
    Ok((listener, bound))
}

fn register(world: &mut World) -> Result<(), StartError> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;

    for (name, pem) in world.settings.certificates.clone() {
        let der = CertificateDer::from_pem_slice(pem.as_bytes())
            .map_err(|error| StartError::AppCertificate { app: name.clone(), why: error.to_string() })?;
        let known = world.directory.app(&name).map(|app| app.name.clone());
        let app: Option<&mut App> =
            world.directory.apps.iter_mut().find(|app| Some(&app.name) == known.as_ref());
        app.ok_or(StartError::App(name))?.certificates.push(der.to_vec());
    }
    Ok(())
}
