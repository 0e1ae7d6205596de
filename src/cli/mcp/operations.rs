//! The operations on Microsoft Sentinel that a server offers, and the end of what they write.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use runspaced::mcp::Server;
use runspaced::sentinel::Sentinel;

use crate::cli::identity::Secrets;
use crate::config::Config;

/// The operations, once they are there.
#[derive(Default)]
pub struct Operations(Arc<OnceLock<Sentinel>>);

impl Operations {
    /// Offers them. What is wrong with the settings is logged, and every call is answered with it.
    pub fn offered_by(&self, server: Server, config: Arc<Config>, secrets: Secrets) -> Server {
        let place = Arc::clone(&self.0);
        server.sentinel(move || match config.sentinel(&secrets.variables()) {
            Ok(connected) => {
                for note in &connected.notes {
                    tracing::warn!("{note}");
                }
                Ok(place.get_or_init(|| connected.sentinel).clone())
            }
            Err(problems) => {
                for problem in &problems {
                    tracing::warn!("Microsoft Sentinel cannot be reached: {problem}");
                }
                Err(problems.join("; "))
            }
        })
    }

    /// Waits until no write is under way, but no longer than this.
    pub async fn writes_ended(&self, patience: Duration) {
        let Some(sentinel) = self.0.get() else { return };
        if tokio::time::timeout(patience, sentinel.writes_ended()).await.is_err() {
            tracing::warn!(
                "a write is still under way; the journal says that its outcome is not known, and what it was"
            );
        }
    }
}
