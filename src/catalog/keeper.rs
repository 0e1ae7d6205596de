//! Keeps the catalogue true: from the cache at first, from PowerShell as soon as it is up, and anew when one of the files
//! has changed that the tools come from.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
};

use super::{
    Catalog, NativeTool,
    cache::{CacheKey, CatalogCache},
    command::Command,
    discovery::{Findings, discover, named_files},
    exposure::Exposure,
    stamp::Stamp,
};
use crate::{Engine, locate};

/// Least time between two looks at the files.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Looks that nobody asked for: an idle client hears of a change after this time.
const LOOK_UNASKED: Duration = Duration::from_secs(3);
/// How often PowerShell is asked anew because a file changed while it was asked.
const MOST_REPEATS: usize = 3;

/// What is known of the catalogue.
#[derive(Debug, Clone)]
pub(crate) enum CatalogState {
    /// PowerShell is being asked.
    Loading,
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
    watched: Arc<Watched>,
}

/// The files that the tools come from.
#[derive(Debug)]
struct Watched {
    state: watch::Sender<CatalogState>,
    changes: watch::Sender<u64>,
    files: Mutex<Files>,
    changed: Notify,
}

#[derive(Debug)]
struct Files {
    stamps: Arc<[Stamp]>,
    looked: Instant,
}

/// Makes the catalogue and keeps it true.
pub(crate) struct Keeper {
    engine: Engine,
    exposure: Exposure,
    natives: Vec<NativeTool>,
    cache: Option<CatalogCache>,
}

/// Runs until it is dropped.
pub(crate) struct KeeperTask(JoinHandle<()>);

impl Drop for KeeperTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl CatalogFeed {
    fn new(state: watch::Sender<CatalogState>, stamps: Vec<Stamp>) -> Self {
        let (changes, heard) = watch::channel(0);
        let receiver = state.subscribe();
        let files = Mutex::new(Files { stamps: stamps.into(), looked: Instant::now() });
        let watched = Arc::new(Watched { state, changes, files, changed: Notify::new() });
        Self { state: receiver, changes: heard, watched }
    }

    /// True if PowerShell itself has said what there is.
    pub(crate) fn is_definite(&self) -> bool {
        matches!(*self.state.borrow(), CatalogState::Ready(_) | CatalogState::Failed(_))
    }

    /// The catalogue as far as it is known; waits while nothing is known at all. Looks whether files have changed, if
    /// nobody has lately.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn current(&self) -> Result<Arc<Catalog>, String> {
        self.watched.look();
        self.wait_for(|state| !matches!(state, CatalogState::Loading)).await
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
        let mut state = self.state.clone();
        match state.wait_for(wanted).await.map(|state| state.clone()) {
            Ok(CatalogState::Ready(catalog) | CatalogState::Cached(catalog)) => Ok(catalog),
            Ok(CatalogState::Failed(reason)) => Err(reason.to_string()),
            Ok(CatalogState::Loading) | Err(_) => {
                Err("finding them failed inside the server; see its log".to_owned())
            }
        }
    }
}

/// A catalogue that nobody keeps, for tests of those who answer clients.
#[cfg(test)]
impl From<watch::Sender<CatalogState>> for CatalogFeed {
    fn from(state: watch::Sender<CatalogState>) -> Self {
        Self::new(state, Vec::new())
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
                // While PowerShell is being asked, what it says is compared with the files afterwards.
                let settled = matches!(state, CatalogState::Ready(_) | CatalogState::Failed(_));
                if settled {
                    *state = CatalogState::Loading;
                    self.changed.notify_one();
                }
                settled
            });
        }
    }

    fn watch(&self, stamps: Vec<Stamp>) {
        *self.files.lock() = Files { stamps: stamps.into(), looked: Instant::now() };
    }
}

impl Keeper {
    /// Keeps the catalogue of what an engine exposes. The engine should have been built with [`Exposure::configure`].
    pub(crate) fn new(engine: Engine, exposure: Exposure) -> Self {
        Self { engine, exposure, natives: Vec::new(), cache: None }
    }

    /// Tools of other sources.
    pub(crate) fn natives(mut self, natives: Vec<NativeTool>) -> Self {
        self.natives = natives;
        self
    }

    /// Remembers the catalogue from one start to the next.
    pub(crate) fn cache(mut self, cache: Option<CatalogCache>) -> Self {
        self.cache = cache;
        self
    }

    /// Begins. To be called in a tokio runtime with time.
    pub(crate) fn start(self) -> (CatalogFeed, KeeperTask) {
        let feed = CatalogFeed::new(watch::Sender::new(CatalogState::Loading), named_files(&self.exposure));
        let watched = Arc::clone(&feed.watched);
        let task = tokio::spawn(self.keep(watched));
        (feed, KeeperTask(task))
    }

    async fn keep(self, watched: Arc<Watched>) {
        let key = self.key().await;
        let mut known = self.take_cached(key.as_ref(), &watched).await;
        let mut cached = known.as_ref().map(|(digest, _)| *digest);
        let mut began = SystemTime::now();
        let mut repeats = 0;
        loop {
            let found = discover(&self.engine, &self.exposure).await;
            let moved = |found: &Findings| {
                let now = SystemTime::now();
                found.stamps.iter().any(|stamp| stamp.changed_between(began, now))
            };
            if found.as_ref().is_ok_and(moved) && repeats < MOST_REPEATS {
                // What PowerShell read may be older than what the stamps stand for.
                repeats += 1;
                tracing::debug!("a file has changed while PowerShell was asked; it is asked again");
                began = SystemTime::now();
                self.engine.renew_runspaces();
                continue;
            }
            repeats = 0;
            match found {
                Ok(findings) => {
                    let digest = digest(&findings.commands);
                    if let (Some(cache), Some(key)) = (&self.cache, &key)
                        && (cached != Some(digest) || watched.files.lock().stamps[..] != findings.stamps[..])
                    {
                        store(cache, key, &findings).await;
                        cached = Some(digest);
                    }
                    self.publish(&findings, digest, &watched, &mut known);
                    watched.watch(findings.stamps);
                }
                Err(reason) => {
                    tracing::error!("there are no tools: {reason}");
                    watched.watch(named_files(&self.exposure));
                    watched.state.send_replace(CatalogState::Failed(reason.into()));
                    if known.take().is_some() {
                        watched.changes.send_modify(|changes| *changes += 1);
                    }
                }
            }
            wait_for_change(&watched).await;
            began = SystemTime::now();
            self.engine.renew_runspaces();
        }
    }

    /// What the cache is asked for: known before PowerShell is started, by looking at its files.
    async fn key(&self) -> Option<CacheKey> {
        self.cache.as_ref()?;
        let origin = self.engine.origin().clone();
        let exposure = self.exposure.clone();
        let task = tokio::task::spawn_blocking(move || {
            let found = locate::find(&origin.locate);
            found.home().map(|home| CacheKey::of(home, &origin, &exposure))
        });
        task.await.ok().flatten()
    }

    async fn take_cached(&self, key: Option<&CacheKey>, watched: &Watched) -> Option<([u8; 32], Arc<Catalog>)> {
        let (cache, key) = (self.cache.clone()?, key?.clone());
        let findings = tokio::task::spawn_blocking(move || cache.load(&key)).await.ok().flatten()?;
        match Catalog::of(&findings.commands, &self.natives, &self.exposure) {
            Ok(catalog) => {
                let catalog = Arc::new(catalog);
                tracing::debug!(tools = catalog.len(), "the catalogue is taken from the cache");
                let digest = digest(&findings.commands);
                watched.watch(findings.stamps);
                watched.state.send_replace(CatalogState::Cached(Arc::clone(&catalog)));
                Some((digest, catalog))
            }
            Err(reason) => {
                tracing::debug!(reason, "the catalogue in the cache is of no use");
                None
            }
        }
    }

    fn publish(
        &self,
        findings: &Findings,
        digest: [u8; 32],
        watched: &Watched,
        known: &mut Option<([u8; 32], Arc<Catalog>)>,
    ) {
        if let Some((before, catalog)) = known
            && *before == digest
        {
            watched.state.send_replace(CatalogState::Ready(Arc::clone(catalog)));
            return;
        }
        // A client may have been told that there is nothing, as well as something else.
        let told = known.is_some() || matches!(*watched.state.borrow(), CatalogState::Failed(_));
        match Catalog::of(&findings.commands, &self.natives, &self.exposure) {
            Ok(catalog) => {
                report(&catalog);
                let catalog = Arc::new(catalog);
                *known = Some((digest, Arc::clone(&catalog)));
                watched.state.send_replace(CatalogState::Ready(catalog));
            }
            Err(reason) => {
                tracing::error!("there are no tools: {reason}");
                *known = None;
                watched.state.send_replace(CatalogState::Failed(reason.into()));
            }
        }
        if told {
            watched.changes.send_modify(|changes| *changes += 1);
        }
    }
}

async fn wait_for_change(watched: &Watched) {
    loop {
        tokio::select! {
            () = watched.changed.notified() => return,
            () = tokio::time::sleep(LOOK_UNASKED) => watched.look(),
        }
    }
}

async fn store(cache: &CatalogCache, key: &CacheKey, findings: &Findings) {
    let (cache, key, findings) = (cache.clone(), key.clone(), findings.clone());
    let stored = tokio::task::spawn_blocking(move || cache.store(&key, &findings)).await;
    if let Ok(Err(error)) = stored {
        tracing::warn!(%error, "the catalogue cannot be kept for the next start, which will wait for PowerShell");
    }
}

fn report(catalog: &Catalog) {
    for left_out in &catalog.left_out {
        tracing::info!("left out: {}: {}", left_out.origin, left_out.reason);
    }
    for remark in &catalog.remarks {
        tracing::warn!("{remark}");
    }
    let left_out = catalog.left_out.len();
    if left_out > 0 {
        tracing::warn!("{left_out} commands are not offered; `runspaced tools` says which and why");
    }
    tracing::info!(tools = catalog.len(), searched = catalog.is_searched(), "the catalogue is ready");
}

fn digest(commands: &[Command]) -> [u8; 32] {
    Sha256::digest(serde_json::to_vec(commands).unwrap_or_default()).into()
}
