//! Keeps the catalogue true: from the cache at first, from PowerShell as soon as it is up, and anew when one of the files
//! has changed that the tools come from.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use sha2::{Digest, Sha256};
use tokio::{sync::watch, task::JoinHandle};

use super::{
    Catalog, NativeTool,
    cache::{CacheKey, CatalogCache, MadeOf},
    command::Command,
    discovery::{Effort, Findings, discover, named_files, stamps},
    exposure::Exposure,
    feed::{CatalogFeed, CatalogState, Watched},
    listing::Listing,
    opening::Opening,
    stamp::Stamp,
};
use crate::{Engine, locate, runtime::give_back_pages};

/// How often PowerShell is asked anew because a file changed while it was asked.
const MOST_REPEATS: usize = 3;

/// After the opening; then what a server makes ready without PowerShell is ready, and the program's pages that it took are not needed again.
const MADE_READY: Duration = Duration::from_millis(500);

/// Makes the tools of another source; whenever they are wanted, and not before.
pub(crate) type Natives = fn() -> Vec<NativeTool>;

/// How clients get the list of tools.
pub(crate) struct Lister {
    /// Everything that decides it beside the catalogue and this program.
    pub(crate) rules: String,
    /// Makes the list.
    pub(crate) list: Box<dyn Fn(Arc<Catalog>) -> Result<Listing, String> + Send + Sync>,
}

/// Makes the catalogue and keeps it true.
pub(crate) struct Keeper {
    /// `None`: there are native tools only.
    engine: Option<Engine>,
    exposure: Arc<Exposure>,
    natives: Arc<[Natives]>,
    cache: Option<CatalogCache>,
    lister: Option<Arc<Lister>>,
    opening: Opening,
}

/// What the cache has for a server.
struct Kept {
    cache: CatalogCache,
    key: CacheKey,
    /// Digest of the catalogue that is there, if it is known to be true.
    catalog: Option<String>,
    /// What the list of tools that is there is made of.
    listing: Option<MadeOf>,
}

/// What clients may have been told last.
enum Known {
    Nothing,
    /// The list of the last start.
    List,
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

impl Keeper {
    /// Keeps the catalogue of what an engine exposes. The engine should have been built with [`Exposure::configure`].
    pub(crate) fn new(engine: Option<Engine>, exposure: Exposure) -> Self {
        Self {
            engine,
            exposure: Arc::new(exposure),
            natives: Arc::new([]),
            cache: None,
            lister: None,
            opening: Opening::default(),
        }
    }

    /// Tools of other sources.
    pub(crate) fn natives(mut self, natives: Vec<Natives>) -> Self {
        self.natives = natives.into();
        self
    }

    /// Remembers the catalogue from one start to the next, and the list that is made of it.
    pub(crate) fn cache(mut self, cache: Option<CatalogCache>, lister: Lister) -> Self {
        self.cache = cache;
        self.lister = Some(Arc::new(lister));
        self
    }

    /// PowerShell is started and the catalogue read when this has ended, if there is a list until then.
    pub(crate) fn after(mut self, opening: Opening) -> Self {
        self.opening = opening;
        self
    }

    /// Begins. To be called in a tokio runtime with time.
    pub(crate) fn start(self) -> (CatalogFeed, KeeperTask) {
        let feed = CatalogFeed::new(
            watch::Sender::new(CatalogState::Loading),
            named_files(&self.exposure),
            self.opening.clone(),
        );
        let watched = Arc::clone(&feed.watched);
        let opening = self.opening.clone();
        let start = async move {
            opening.ended().await;
            tokio::time::sleep(MADE_READY).await;
            give_back_pages();
        };
        let task = tokio::spawn(async { tokio::join!(self.keep(watched), start).0 });
        (feed, KeeperTask(task))
    }

    async fn keep(self, watched: Arc<Watched>) {
        let mut kept = self.take_listing(&watched).await;
        self.opening.ended().await;
        match self.engine.clone() {
            Some(engine) => self.keep_commands(engine, kept, watched).await,
            None => {
                let nothing = Arc::new(Findings::default());
                let known = self.publish(nothing, [0; 32], &watched, Known::Nothing).await;
                self.store_listing(kept.as_mut(), &known, &[]).await;
                std::future::pending().await
            }
        }
    }

    async fn keep_commands(self, engine: Engine, mut kept: Option<Kept>, watched: Arc<Watched>) {
        let mut began = SystemTime::now();
        engine.begin();
        let mut known = self.take_cached(kept.as_mut(), &watched).await;
        let mut cached = match &known {
            Known::Tools { commands, .. } => Some(*commands),
            _ => None,
        };
        let mut repeats = 0;
        loop {
            let effort = match known {
                Known::Tools { .. } | Known::List => Effort::Beside,
                Known::Nothing | Known::Failure => Effort::Wanted,
            };
            let found = discover(&engine, &self.exposure, effort).await;
            match found {
                Ok(commands) => {
                    let digest = digest(&commands);
                    let findings = Arc::new(Findings { commands, stamps: Vec::new() });
                    known = self.publish(Arc::clone(&findings), digest, &watched, known).await;
                    // Nobody who waits for the tools waits for the rest.
                    let stamps = stamps(&engine, &self.exposure, &findings.commands).await;
                    let now = SystemTime::now();
                    let moved = stamps.iter().any(|stamp| stamp.changed_between(began, now));
                    if moved && repeats < MOST_REPEATS {
                        // What PowerShell read may be older than what the stamps stand for.
                        repeats += 1;
                        tracing::debug!("a file has changed while PowerShell was asked; it is asked again");
                        began = SystemTime::now();
                        engine.renew_runspaces();
                        continue;
                    }
                    if cached != Some(digest) || !watched.watches(&stamps) {
                        let commands = Arc::unwrap_or_clone(findings).commands;
                        store(kept.as_mut(), Findings { commands, stamps: stamps.clone() }).await;
                        cached = Some(digest);
                    }
                    self.store_listing(kept.as_mut(), &known, &stamps).await;
                    watched.watch(stamps);
                }
                Err(reason) => {
                    watched.watch(named_files(&self.exposure));
                    known = self.do_without(reason, &watched, known).await;
                }
            }
            repeats = 0;
            watched.wait_for_change().await;
            began = SystemTime::now();
            engine.renew_runspaces();
        }
    }

    /// What is in the cache, known before PowerShell is started, by looking at its files; the list of tools first.
    async fn take_listing(&self, watched: &Watched) -> Option<Kept> {
        let (Some(cache), Some(lister)) = (self.cache.clone(), self.lister.clone()) else {
            self.opening.end();
            return None;
        };
        let origin = self.engine.as_ref().map(|engine| engine.origin().clone());
        let exposure = Arc::clone(&self.exposure);
        let task = tokio::task::spawn_blocking(move || {
            let key = match &origin {
                Some(origin) => {
                    let found = locate::find(&origin.locate);
                    CacheKey::of(Some((found.home()?, origin)), &exposure)
                }
                None => CacheKey::of(None, &exposure),
            };
            let listing = cache.load_listing(&key, &lister.rules);
            Some((cache, key, listing))
        });
        let taken = task.await.ok().flatten();
        let listed = taken.map(|(cache, key, listing)| {
            let (listing, made_of) = listing.unzip();
            (Kept { cache, key, catalog: None, listing: made_of }, listing)
        });
        match listed {
            Some((kept, Some(mut listing))) => {
                // Without PowerShell there are the tools of this program, which is the same.
                listing.definite = self.engine.is_none();
                tracing::debug!("the list of tools is taken from the cache");
                watched
                    .watch(kept.listing.as_ref().map(|made_of| made_of.stamps.clone()).unwrap_or_default());
                watched.state.send_replace(CatalogState::Listed(Arc::new(listing)));
                Some(kept)
            }
            other => {
                self.opening.end();
                other.map(|(kept, _)| kept)
            }
        }
    }

    async fn take_cached(&self, kept: Option<&mut Kept>, watched: &Watched) -> Known {
        let Some(kept) = kept else { return Known::Nothing };
        let (cache, key) = (kept.cache.clone(), kept.key.clone());
        let before = if kept.listing.is_some() { Known::List } else { Known::Nothing };
        let loaded = tokio::task::spawn_blocking(move || cache.load(&key)).await;
        let Some((findings, stored)) = loaded.ok().flatten() else { return before };
        let findings = Arc::new(findings);
        match self.make(Arc::clone(&findings)).await {
            Ok(catalog) => {
                tracing::debug!(tools = catalog.len(), "the catalogue is taken from the cache");
                watched.watch(findings.stamps.clone());
                watched.state.send_replace(CatalogState::Cached(Arc::clone(&catalog)));
                if kept.listing.as_ref().is_some_and(|listing| listing.catalog.as_ref() != Some(&stored)) {
                    // Another server has just replaced it.
                    watched.announce();
                }
                kept.catalog = Some(stored);
                // Nobody who waits for the tools waits for this.
                match tokio::task::spawn_blocking(move || digest(&findings.commands)).await {
                    Ok(commands) => Known::Tools { commands, catalog },
                    Err(_) => before,
                }
            }
            Err(reason) => {
                tracing::debug!(reason, "the catalogue in the cache is of no use");
                before
            }
        }
    }

    /// Keeps the list of tools as clients get it, unless that is what the cache has.
    async fn store_listing(&self, kept: Option<&mut Kept>, known: &Known, stamps: &[Stamp]) {
        let (Some(kept), Some(lister), Known::Tools { catalog, .. }) = (kept, self.lister.clone(), known)
        else {
            return;
        };
        let made_of = MadeOf { catalog: kept.catalog.clone(), stamps: stamps.to_vec() };
        let is_kept = made_of.catalog.is_some() || self.engine.is_none();
        if !is_kept || kept.listing.as_ref() == Some(&made_of) {
            return;
        }
        kept.listing = Some(made_of.clone());
        let (cache, key, catalog) = (kept.cache.clone(), kept.key.clone(), Arc::clone(catalog));
        let stored = tokio::task::spawn_blocking(move || {
            let listing = (lister.list)(catalog)?;
            cache.store_listing(&key, &lister.rules, &listing, &made_of).map_err(|error| error.to_string())
        });
        if let Ok(Err(reason)) = stored.await {
            tracing::debug!(reason, "the list of tools is not kept for the next start");
        }
    }

    /// Makes the catalogue beside the thread that answers clients.
    async fn make(&self, findings: Arc<Findings>) -> Result<Arc<Catalog>, String> {
        let (natives, exposure) = (Arc::clone(&self.natives), Arc::clone(&self.exposure));
        let made = tokio::task::spawn_blocking(move || {
            Ok(Arc::new(Catalog::of(&findings.commands, &made(&natives), &exposure)?))
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
        match Catalog::of(&[], &made(&self.natives), &Exposure::default()) {
            Ok(catalog) => {
                let catalog = Arc::new(catalog.without_commands(reason));
                watched.state.send_replace(CatalogState::Ready(Arc::clone(&catalog)));
                let is_news = match &known {
                    Known::Tools { commands: before, .. } => *before != commands,
                    Known::List => true,
                    Known::Nothing | Known::Failure => false,
                };
                if is_news {
                    watched.announce();
                }
                Known::Tools { commands, catalog }
            }
            Err(reason) => fail(watched, &known, reason),
        }
    }

    async fn publish(
        &self,
        findings: Arc<Findings>,
        digest: [u8; 32],
        watched: &Watched,
        known: Known,
    ) -> Known {
        if let Known::Tools { commands, catalog } = &known
            && *commands == digest
        {
            watched.state.send_replace(CatalogState::Ready(Arc::clone(catalog)));
            return known;
        }
        let catalog = match self.make(findings).await {
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

/// Keeps findings, and knows which they are.
async fn store(kept: Option<&mut Kept>, findings: Findings) {
    let Some(kept) = kept else { return };
    let (cache, key) = (kept.cache.clone(), kept.key.clone());
    let stored = tokio::task::spawn_blocking(move || cache.store(&key, &findings)).await;
    kept.catalog = match stored {
        Ok(Ok(digest)) => Some(digest),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the tools cannot be kept for the next start, which will wait for PowerShell");
            None
        }
        Err(_) => None,
    };
}

fn made(natives: &[Natives]) -> Vec<NativeTool> {
    natives.iter().flat_map(|make| make()).collect()
}

/// There are no tools any more; those who knew some are told.
fn fail(watched: &Watched, known: &Known, reason: String) -> Known {
    tracing::error!("there are no tools: {reason}");
    watched.state.send_replace(CatalogState::Failed(reason.into()));
    if matches!(known, Known::Tools { .. } | Known::List) {
        watched.announce();
    }
    Known::Failure
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
