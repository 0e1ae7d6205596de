//! The operations, connected when they are first needed.

use once_cell::sync::OnceCell;

use crate::FunctionError;
use crate::sentinel::Sentinel;

/// Operations that are connected when somebody first calls one: whoever calls none pays nothing, and needs no identity.
pub struct Connection {
    connect: Box<dyn Fn() -> Result<Sentinel, Vec<String>> + Send + Sync>,
    connected: OnceCell<Sentinel>,
}

impl Connection {
    /// `connect` says what is missing if it cannot be done; it is asked again then.
    pub fn new(connect: impl Fn() -> Result<Sentinel, Vec<String>> + Send + Sync + 'static) -> Self {
        Self { connect: Box::new(connect), connected: OnceCell::new() }
    }

    /// Waits until no write is under way.
    pub async fn writes_ended(&self) {
        if let Some(sentinel) = self.connected.get() {
            sentinel.writes_ended().await;
        }
    }

    pub(crate) fn get(&self) -> Result<&Sentinel, FunctionError> {
        self.connected.get_or_try_init(|| (self.connect)()).map_err(|problems| {
            FunctionError::new(format!("There is no connection to Azure: {}", problems.join("; ")))
                .id("E701")
                .category("AuthenticationError")
                .recommended_action(
                    "Set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or another identity; `runspaced sentinel check` \
                     shows who signs in.",
                )
        })
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("connected", &self.connected.get().is_some())
            .finish_non_exhaustive()
    }
}
