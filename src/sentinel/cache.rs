//! What was read a moment ago: rules, tables and the like for some minutes, incidents for some seconds.
//!
//! One fetch at a time for a list, however many ask. Our own writes take what they touch out. Errors are not kept, and
//! queries are not cached at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::future::Cache as Moka;
use serde::Serialize;
use serde_json::value::RawValue;

use super::workspace::Workspace;
use super::{Error, Result};
use crate::azure::{Request, ResourceId};

/// How long a list is good.
pub(crate) const LIFETIME: Duration = Duration::from_secs(300);
/// The same for what analysts work at.
const INCIDENTS: Duration = Duration::from_secs(15);
/// Bytes that all lists together may hold.
const MOST: u64 = 128 << 20;

/// What a list is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Family {
    Rules,
    Tables,
    Workbooks,
    SavedSearches,
    Collection,
    Incidents,
}

impl Family {
    const ALL: [Self; 6] =
        [Self::Rules, Self::Tables, Self::Workbooks, Self::SavedSearches, Self::Collection, Self::Incidents];

    /// The family that an object belongs to.
    fn of(id: &ResourceId) -> Option<Self> {
        let path = id.as_str().to_ascii_lowercase();
        [
            ("/alertrules/", Self::Rules),
            ("/tables/", Self::Tables),
            ("/workbooks/", Self::Workbooks),
            ("/savedsearches/", Self::SavedSearches),
            ("/datacollection", Self::Collection),
            ("/incidents/", Self::Incidents),
        ]
        .into_iter()
        .find(|(part, _)| path.contains(part))
        .map(|(_, family)| family)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::Tables => "tables",
            Self::Workbooks => "workbooks",
            Self::SavedSearches => "saved_searches",
            Self::Collection => "collection",
            Self::Incidents => "incidents",
        }
    }

    fn lifetime(self) -> Duration {
        if self == Self::Incidents { INCIDENTS } else { LIFETIME }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    account: usize,
    family: Family,
    /// Lower case: the subscription, as some families are listed by it.
    place: String,
    address: String,
}

type List = Arc<Vec<Box<RawValue>>>;

/// The cache. Clones share it.
#[derive(Clone)]
pub(crate) struct Cache(Arc<Inner>);

struct Inner {
    lists: Moka<Key, List>,
    counters: [Counter; Family::ALL.len()],
}

/// How often something was asked for, and fetched.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    asked: AtomicU64,
    fetched: AtomicU64,
}

impl Counter {
    pub(crate) fn asked(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn fetched(&self) {
        self.fetched.fetch_add(1, Ordering::Relaxed);
    }

    /// What is said of a kind with these counts.
    pub(crate) fn status(
        &self,
        kind: &'static str,
        lifetime: Duration,
        entries: u64,
        bytes: u64,
    ) -> CacheStatus {
        let (asked, fetched) = (self.asked.load(Ordering::Relaxed), self.fetched.load(Ordering::Relaxed));
        CacheStatus {
            kind,
            lifetime_seconds: lifetime.as_secs(),
            asked,
            fetched,
            hit_rate: (asked > 0).then(|| asked.saturating_sub(fetched) as f64 / asked as f64),
            entries,
            bytes,
        }
    }
}

/// How the cache does with one kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CacheStatus {
    /// What: `inventory`, `rules`, ...
    pub kind: &'static str,
    /// How long it is held.
    pub lifetime_seconds: u64,
    /// How often it was asked for.
    pub asked: u64,
    /// Of that, how often it had to be fetched.
    pub fetched: u64,
    /// The share that need not be fetched, 0 to 1; `None` if nobody asked.
    pub hit_rate: Option<f64>,
    /// Lists that are held.
    pub entries: u64,
    /// Their size, bytes.
    pub bytes: u64,
}

/// Each family has its own lifetime.
struct Lifetimes;

impl Expiry<Key, List> for Lifetimes {
    fn expire_after_create(&self, key: &Key, _: &List, _: Instant) -> Option<Duration> {
        Some(key.family.lifetime())
    }
}

impl Default for Cache {
    fn default() -> Self {
        let lists = Moka::builder()
            .expire_after(Lifetimes)
            .max_capacity(MOST)
            .weigher(|_, list: &List| weight(list))
            .support_invalidation_closures()
            .build();
        Self(Arc::new(Inner { lists, counters: Default::default() }))
    }
}

fn weight(list: &List) -> u32 {
    u32::try_from(list.iter().map(|object| object.get().len() + 16).sum::<usize>()).unwrap_or(u32::MAX)
}

impl Cache {
    /// A list: what is held, or what `fetch` brings. `fresh` fetches in any case.
    pub(crate) async fn list<F, T>(
        &self,
        family: Family,
        workspace: &Workspace,
        request: &Request,
        fresh: bool,
        fetch: F,
    ) -> Result<List>
    where
        F: FnOnce() -> T,
        T: Future<Output = Result<Vec<Box<RawValue>>>>,
    {
        let key = Key {
            account: workspace.account,
            family,
            place: workspace.subscription_id.to_ascii_lowercase(),
            // Texts in filters are compared as they are.
            address: request.url.to_string(),
        };
        let counter = &self.0.counters[family as usize];
        counter.asked();
        if fresh {
            self.0.lists.invalidate(&key).await;
        }
        self.0
            .lists
            .try_get_with(key, async move {
                counter.fetched();
                fetch().await.map(Arc::new)
            })
            .await
            .map_err(|error: Arc<Error>| (*error).clone())
    }

    /// An object was written: lists that may hold it are dropped.
    pub(crate) fn forget(&self, id: &ResourceId) {
        let (Some(family), Some(subscription)) = (Family::of(id), id.subscription()) else { return };
        let place = subscription.to_ascii_lowercase();
        // It fails only without support for closures, which is on.
        let _ = self.0.lists.invalidate_entries_if(move |key, _| key.family == family && key.place == place);
    }

    /// Drops everything.
    pub(crate) fn clear(&self) {
        self.0.lists.invalidate_all();
    }

    /// How it does, kind by kind.
    pub(crate) async fn status(&self) -> Vec<CacheStatus> {
        self.0.lists.run_pending_tasks().await;
        let mut held = [(0, 0); Family::ALL.len()];
        for (key, list) in &self.0.lists {
            let (entries, bytes) = &mut held[key.family as usize];
            *entries += 1;
            *bytes += u64::from(weight(&list));
        }
        Family::ALL
            .iter()
            .zip(held)
            .map(|(family, (entries, bytes))| {
                self.0.counters[*family as usize].status(family.name(), family.lifetime(), entries, bytes)
            })
            .collect()
    }
}
