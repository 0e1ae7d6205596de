//! The catalogue as those see it who answer clients.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use super::{Catalog, listing::Listing, opening::Opening, stamp::Stamp};

/// Least time between two looks at the files.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Looks that nobody asked for: an idle client hears of a change after this time.
const LOOK_UNASKED: Duration = Duration::from_secs(3);

/// What is known of the catalogue.
#[derive(Debug, Clone)]
pub(crate) enum CatalogState {
    /// PowerShell is being asked.
    Loading,
    /// The list of the last start; the catalogue that it was made of is yet to be read.
    Listed(Arc<Listing>),
    /// From the cache; PowerShell has not been asked yet.
    Cached(Arc<Catalog>),
    Ready(Arc<Catalog>),
    /// Why there is none.
    Failed(Arc<str>),
}

/// The catalogue as those see it who answer clients. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct CatalogFeed {
    state: watch::Receiver<CatalogState>,
    /// Rises whenever clients should list the tools again.
    changes: watch::Receiver<u64>,
    opening: Opening,
    pub(super) watched: Arc<Watched>,
}

/// The files that the tools come from.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) state: watch::Sender<CatalogState>,
    changes: watch::Sender<u64>,
    files: Mutex<Files>,
    changed: Notify,
}

#[derive(Debug)]
struct Files {
    stamps: Arc<[Stamp]>,
    looked: Instant,
}

impl CatalogFeed {
    pub(super) fn new(state: watch::Sender<CatalogState>, stamps: Vec<Stamp>, opening: Opening) -> Self {
        let (changes, heard) = watch::channel(0);
        let receiver = state.subscribe();
        let files = Mutex::new(Files { stamps: stamps.into(), looked: Instant::now() });
        let watched = Arc::new(Watched { state, changes, files, changed: Notify::new() });
        Self { state: receiver, changes: heard, opening, watched }
    }

    /// True if PowerShell itself has said what there is.
    pub(crate) fn is_definite(&self) -> bool {
        matches!(*self.state.borrow(), CatalogState::Ready(_) | CatalogState::Failed(_))
    }

    /// The list of tools, if it is there before the catalogue; waits while neither is. The [opening](Self::opening) is to be ended
    /// when the client has it.
    pub(crate) async fn listing(&self) -> Option<Arc<Listing>> {
        let mut state = self.state.clone();
        let known = state.wait_for(|state| !matches!(state, CatalogState::Loading)).await.ok()?;
        match &*known {
            // Else nobody has looked at the files for too long.
            CatalogState::Listed(listing) if !self.watched.is_to_look() => Some(Arc::clone(listing)),
            _ => None,
        }
    }

    /// What is put off until a client has its list.
    pub(crate) fn opening(&self) -> Opening {
        self.opening.clone()
    }

    /// The catalogue as far as it is known; waits while nothing is known at all. Looks whether files have changed, if
    /// nobody has lately.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn current(&self) -> Result<Arc<Catalog>, String> {
        self.watched.look();
        self.wait_for(|state| !matches!(state, CatalogState::Loading | CatalogState::Listed(_))).await
    }

    /// The catalogue as PowerShell has it; waits until it is up.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn definite(&self) -> Result<Arc<Catalog>, String> {
        self.wait_for(|state| matches!(state, CatalogState::Ready(_) | CatalogState::Failed(_))).await
    }

    /// A receiver of which every change means that clients should list the tools again.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        let mut changes = self.changes.clone();
        changes.mark_unchanged();
        changes
    }

    async fn wait_for(&self, wanted: impl FnMut(&CatalogState) -> bool) -> Result<Arc<Catalog>, String> {
        self.opening.end();
        let mut state = self.state.clone();
        match state.wait_for(wanted).await.map(|state| state.clone()) {
            Ok(CatalogState::Ready(catalog) | CatalogState::Cached(catalog)) => Ok(catalog),
            Ok(CatalogState::Failed(reason)) => Err(reason.to_string()),
            Ok(CatalogState::Loading | CatalogState::Listed(_)) | Err(_) => {
                Err("finding them failed inside the server; see its log".to_owned())
            }
        }
    }
}

/// A catalogue that nobody keeps, for tests of those who answer clients.
#[cfg(test)]
impl From<watch::Sender<CatalogState>> for CatalogFeed {
    fn from(state: watch::Sender<CatalogState>) -> Self {
        Self::new(state, Vec::new(), Opening::default())
    }
}

impl Watched {
    /// Looks at the files unless somebody has within a second. If one has changed, the catalogue is to be made anew, and
    /// whoever asks for it from now on waits for the new one.
    fn look(&self) {
        let stamps = {
            let mut files = self.files.lock();
            if files.looked.elapsed() < LOOK_EVERY {
                return;
            }
            files.looked = Instant::now();
            Arc::clone(&files.stamps)
        };
        if let Some(stale) = stamps.iter().find(|stamp| !stamp.holds()) {
            tracing::info!(?stale, "a file that tools come from has changed");
            self.state.send_if_modified(|state| {
                let settled = matches!(state, CatalogState::Ready(_) | CatalogState::Failed(_));
                if settled {
                    self.changed.notify_one();
                } else if !matches!(state, CatalogState::Listed(_)) {
                    // While PowerShell is being asked, what it says is compared with the files afterwards.
                    return false;
                }
                *state = CatalogState::Loading;
                true
            });
        }
    }

    /// True if nobody has looked at the files lately.
    fn is_to_look(&self) -> bool {
        self.files.lock().looked.elapsed() >= LOOK_EVERY
    }

    /// Clients should list the tools again.
    pub(super) fn announce(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }

    /// These are the files from now on, and somebody has just looked at them.
    pub(super) fn watch(&self, stamps: Vec<Stamp>) {
        *self.files.lock() = Files { stamps: stamps.into(), looked: Instant::now() };
    }

    /// True if these are the files.
    pub(super) fn watches(&self, stamps: &[Stamp]) -> bool {
        self.files.lock().stamps[..] == *stamps
    }

    /// Waits until one of them has changed.
    pub(super) async fn wait_for_change(&self) {
        loop {
            tokio::select! {
                () = self.changed.notified() => return,
                () = tokio::time::sleep(LOOK_UNASKED) => self.look(),
            }
        }
    }
}
