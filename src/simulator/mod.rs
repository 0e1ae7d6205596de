//! A loopback Azure: Resource Manager with Microsoft Sentinel and what surrounds it, Resource Graph, log queries, logs
//! ingestion, and Entra tokens over TLS. For the demo, for tests, for benchmarks; `docs/simulator.md` says what is
//! simulated and what is not.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use runspaced::simulator::{Simulator, app};
//!
//! let azure = Simulator::builder().seed(7).start().await?;
//! println!("{} {}", azure.arm_url, azure.app(app::CONTRIBUTOR).expect("is there").client_id);
//! # Ok(())
//! # }
//! ```
//!
//! Nothing is answered from a stored reply: every answer is rendered from the state that earlier writes have changed.

mod admin;
mod arm;
mod clock;
mod exchange;
mod faults;
mod identity;
mod ids;
mod journal;
mod logs;
mod lro;
mod paging;
mod refusal;
mod seed;
mod server;
mod settings;
mod state;
mod store;
mod throttle;
mod tls;
mod world;

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::Value;
use tokio_util::sync::DropGuard;

pub use exchange::Surface;
pub use faults::{Drop as ConnectionDrop, FaultRule, FaultRuleError, parse_rules};
pub use identity::directory::{App, Tenant, names as app};
pub use journal::{Counters, Entry};
pub use settings::{Builder, StartError};
pub use throttle::Limits;
use world::World;

/// A running simulator. It ends when it is dropped.
#[derive(Debug)]
#[non_exhaustive]
pub struct Simulator {
    /// Azure Resource Manager, `https://127.0.0.1:PORT`.
    pub arm_url: String,
    /// Log Analytics, without the `/v1`.
    pub query_url: String,
    /// Entra: the authority host.
    pub login_url: String,
    /// Logs ingestion; data collection rules and endpoints name addresses below it.
    pub ingest_url: String,
    /// Managed identity, over plain HTTP as in Azure: the virtual machine's `/metadata/identity/oauth2/token` and App
    /// Service's `/msi/token`.
    pub identity_url: String,
    /// The root certificate that clients have to trust.
    pub ca_pem: String,
    world: Arc<World>,
    _running: DropGuard,
}

impl Simulator {
    /// Settings, to begin with.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The tenants.
    pub fn tenants(&self) -> &[Tenant] {
        &self.world.directory.tenants
    }

    /// The applications that may sign in; their names are in [`app`].
    pub fn apps(&self) -> &[App] {
        &self.world.directory.apps
    }

    /// An application by name, client id or object id.
    pub fn app(&self, name: &str) -> Option<&App> {
        self.world.directory.app(name)
    }

    /// A token of an application, valid from now for the configured time. `audience` is a resource such as
    /// `https://management.azure.com`.
    pub fn token(&self, app: &str, audience: &str) -> Option<String> {
        let seconds = i64::try_from(self.world.settings.token_lifetime.as_secs()).ok()?;
        self.world.keys.issue(self.app(app)?, audience, self.world.clock.now(), seconds)
    }

    /// The token of a federated identity that the application trusts, as a cluster puts it into
    /// `AZURE_FEDERATED_TOKEN_FILE`. It is valid for an hour.
    pub fn federated_token(&self, app: &str) -> Option<String> {
        self.world.federated_token(self.app(app)?)
    }

    /// What `IDENTITY_HEADER` has to be where `IDENTITY_ENDPOINT` is `{identity_url}/msi/token`.
    pub fn identity_header(&self) -> &'static str {
        identity::IDENTITY_HEADER
    }

    /// Replaces the fault rules.
    ///
    /// # Errors
    /// If a rule is wrong; then the old ones stay.
    pub fn set_faults(&self, rules: Vec<FaultRule>) -> Result<(), FaultRuleError> {
        self.world.faults.set(rules)
    }

    /// The last requests, oldest first.
    pub fn journal(&self) -> Vec<Entry> {
        self.world.journal.entries()
    }

    /// How much was asked since the start or the last [`Self::clear_journal`].
    pub fn counters(&self) -> Counters {
        self.world.journal.counters()
    }

    /// Forgets the requests so far.
    pub fn clear_journal(&self) {
        self.world.journal.clear();
    }

    /// Moves the simulator's clock away from the machine's.
    pub fn set_clock_offset(&self, offset: SignedDuration) {
        self.world.clock.set_offset(offset);
    }

    /// The stored resources whose ids begin with `prefix`, whatever the case.
    pub fn resources(&self, prefix: &str) -> Vec<Value> {
        admin::resources(&self.world, prefix)
    }

    /// Writes the state to the file of [`Builder::state`] now; it is written now and then, and at the end.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self) -> std::io::Result<()> {
        store::save(&self.world)
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        if let Err(error) = store::save(&self.world) {
            tracing::warn!(%error, "the simulator's state could not be written");
        }
    }
}
