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
    /// `None`: there are native tools only.
    engine: Option<Engine>,
    exposure: Arc<Exposure>,
    natives: Arc<[NativeTool]>,
    cache: Option<CatalogCache>,
}

/// What clients may have been told last.
enum Known {
    Nothing,
    /// That there are no tools, and why.
    Failure,
    Tools {
        commands: [u8; 32],
        catalog: Arc<Catalog>,
    },
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

    fn announce(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }

    fn watch(&self, stamps: Vec<Stamp>) {
        *self.files.lock() = Files { stamps: stamps.into(), looked: Instant::now() };
    }
}

impl Keeper {
    /// Keeps the catalogue of what an engine exposes. The engine should have been built with [`Exposure::configure`].
    pub(crate) fn new(engine: Option<Engine>, exposure: Exposure) -> Self {
        Self { engine, exposure: Arc::new(exposure), natives: Arc::new([]), cache: None }
    }

    /// Tools of other sources.
    pub(crate) fn natives(mut self, natives: Vec<NativeTool>) -> Self {
        self.natives = natives.into();
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
        match self.engine.clone() {
            Some(engine) => self.keep_commands(engine, watched).await,
            None => {
                let nothing = Findings::default();
                self.publish(nothing, [0; 32], &watched, Known::Nothing).await;
                std::future::pending().await
            }
        }
    }

    async fn keep_commands(self, engine: Engine, watched: Arc<Watched>) {
        let key = self.key().await;
        let mut known = self.take_cached(key.as_ref(), &watched).await;
        let mut cached = match &known {
            Known::Tools { commands, .. } => Some(*commands),
            Known::Nothing | Known::Failure => None,
        };
        let mut began = SystemTime::now();
        let mut repeats = 0;
        loop {
            let found = discover(&engine, &self.exposure).await;
            let moved = |found: &Findings| {
                let now = SystemTime::now();
                found.stamps.iter().any(|stamp| stamp.changed_between(began, now))
            };
            if found.as_ref().is_ok_and(moved) && repeats < MOST_REPEATS {
                // What PowerShell read may be older than what the stamps stand for.
                repeats += 1;
                tracing::debug!("a file has changed while PowerShell was asked; it is asked again");
                began = SystemTime::now();
                engine.renew_runspaces();
                continue;
            }
            repeats = 0;
            match found {
                Ok(findings) => {
                    let digest = digest(&findings.commands);
                    let same_files = watched.files.lock().stamps[..] == findings.stamps[..];
                    if cached != Some(digest) || !same_files {
                        self.store(key.as_ref(), &findings).await;
                        cached = Some(digest);
                    }
                    let stamps = findings.stamps.clone();
                    known = self.publish(findings, digest, &watched, known).await;
                    watched.watch(stamps);
                }
                Err(reason) => {
                    watched.watch(named_files(&self.exposure));
                    known = self.do_without(reason, &watched, known).await;
                }
            }
            wait_for_change(&watched).await;
            began = SystemTime::now();
            engine.renew_runspaces();
        }
    }

    /// What the cache is asked for: known before PowerShell is started, by looking at its files.
    async fn key(&self) -> Option<CacheKey> {
        self.cache.as_ref()?;
        let origin = self.engine.as_ref()?.origin().clone();
        let exposure = Arc::clone(&self.exposure);
        let task = tokio::task::spawn_blocking(move || {
            let found = locate::find(&origin.locate);
            found.home().map(|home| CacheKey::of(home, &origin, &exposure))
        });
        task.await.ok().flatten()
    }

    async fn take_cached(&self, key: Option<&CacheKey>, watched: &Watched) -> Known {
        let (Some(cache), Some(key)) = (self.cache.clone(), key.cloned()) else { return Known::Nothing };
        let loaded = tokio::task::spawn_blocking(move || cache.load(&key)).await;
        let Some(findings) = loaded.ok().flatten().map(Arc::new) else { return Known::Nothing };
        match self.make(Arc::clone(&findings)).await {
            Ok(catalog) => {
                tracing::debug!(tools = catalog.len(), "the catalogue is taken from the cache");
                watched.watch(findings.stamps.clone());
                watched.state.send_replace(CatalogState::Cached(Arc::clone(&catalog)));
                // Nobody who waits for the tools waits for this.
                match tokio::task::spawn_blocking(move || digest(&findings.commands)).await {
                    Ok(commands) => Known::Tools { commands, catalog },
                    Err(_) => Known::Nothing,
                }
            }
            Err(reason) => {
                tracing::debug!(reason, "the catalogue in the cache is of no use");
                Known::Nothing
            }
        }
    }

    async fn store(&self, key: Option<&CacheKey>, findings: &Findings) {
        let (Some(cache), Some(key)) = (self.cache.clone(), key.cloned()) else { return };
        let findings = findings.clone();
        let stored = tokio::task::spawn_blocking(move || cache.store(&key, &findings)).await;
        if let Ok(Err(error)) = stored {
            tracing::warn!(%error, "the tools cannot be kept for the next start, which will wait for PowerShell");
        }
    }

    /// Makes the catalogue beside the thread that answers clients.
    async fn make(&self, findings: Arc<Findings>) -> Result<Arc<Catalog>, String> {
        let (natives, exposure) = (Arc::clone(&self.natives), Arc::clone(&self.exposure));
        let made = tokio::task::spawn_blocking(move || {
            Ok(Arc::new(Catalog::of(&findings.commands, &natives, &exposure)?))
        });
        made.await.unwrap_or_else(|error| Err(error.to_string()))
    }

    /// There are no commands, and why. The other tools are there all the same.
    async fn do_without(&self, reason: String, watched: &Watched, known: Known) -> Known {
        if self.natives.is_empty() {
            return fail(watched, &known, reason);
        }
        tracing::error!("there are no tools made of commands: {reason}");
        let commands = Sha256::digest(&reason).into();
        let natives = Arc::clone(&self.natives);
        match Catalog::of(&[], &natives, &Exposure::default()) {
            Ok(catalog) => {
                let catalog = Arc::new(catalog.without_commands(reason));
                watched.state.send_replace(CatalogState::Ready(Arc::clone(&catalog)));
                if matches!(&known, Known::Tools { commands: before, .. } if *before != commands) {
                    watched.announce();
                }
                Known::Tools { commands, catalog }
            }
            Err(reason) => fail(watched, &known, reason),
        }
    }

    async fn publish(&self, findings: Findings, digest: [u8; 32], watched: &Watched, known: Known) -> Known {
        if let Known::Tools { commands, catalog } = &known
            && *commands == digest
        {
            watched.state.send_replace(CatalogState::Ready(Arc::clone(catalog)));
            return known;
        }
        let catalog = match self.make(Arc::new(findings)).await {
            Ok(catalog) => catalog,
            Err(reason) => return fail(watched, &known, reason),
        };
        report(&catalog);
        watched.state.send_replace(CatalogState::Ready(Arc::clone(&catalog)));
        // The first catalogue of all changes nothing for anybody.
        if !matches!(known, Known::Nothing) {
            watched.announce();
        }
        Known::Tools { commands: digest, catalog }
    }
}

/// There are no tools any more; those who knew some are told.
fn fail(watched: &Watched, known: &Known, reason: String) -> Known {
    tracing::error!("there are no tools: {reason}");
    watched.state.send_replace(CatalogState::Failed(reason.into()));
    if matches!(known, Known::Tools { .. }) {
        watched.announce();
    }
    Known::Failure
}

async fn wait_for_change(watched: &Watched) {
    loop {
        tokio::select! {
            () = watched.changed.notified() => return,
            () = tokio::time::sleep(LOOK_UNASKED) => watched.look(),
        }
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
