//! What was read a moment ago: rules, tables and the like, for some minutes.
//!
//! One fetch at a time for a list, however many ask. Our own writes take what they touch out. Errors are not kept, and
//! incidents and queries are not cached at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::future::Cache as Moka;
use serde_json::value::RawValue;

use super::workspace::Workspace;
use super::{Error, Result};
use crate::azure::{Request, ResourceId};

/// How long a list is good.
const LIFETIME: Duration = Duration::from_secs(300);
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
}

impl Family {
    /// The family that an object belongs to.
    fn of(id: &ResourceId) -> Option<Self> {
        let path = id.as_str().to_ascii_lowercase();
        [
            ("/alertrules/", Self::Rules),
            ("/tables/", Self::Tables),
            ("/workbooks/", Self::Workbooks),
            ("/savedsearches/", Self::SavedSearches),
            ("/datacollection", Self::Collection),
        ]
        .into_iter()
        .find(|(part, _)| path.contains(part))
        .map(|(_, family)| family)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    account: usize,
    family: Family,
    /// Lower case: the subscription for families that are listed by it, else the workspace.
    place: String,
    address: String,
}

/// The cache. Clones share it.
#[derive(Clone)]
pub(crate) struct Cache(Arc<Inner>);

struct Inner {
    lists: Moka<Key, Arc<Vec<Box<RawValue>>>>,
    asked: AtomicU64,
    fetched: AtomicU64,
}

/// How the cache does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct CacheStatus {
    /// Lists that were asked for.
    pub asked: u64,
    /// Of them, those that had to be fetched.
    pub fetched: u64,
    /// Lists that are held.
    pub entries: u64,
    /// Their size, bytes.
    pub bytes: u64,
}

impl Default for Cache {
    fn default() -> Self {
        let lists = Moka::builder()
            .time_to_live(LIFETIME)
            .max_capacity(MOST)
            .weigher(|_, list: &Arc<Vec<Box<RawValue>>>| {
                u32::try_from(list.iter().map(|object| object.get().len() + 16).sum::<usize>())
                    .unwrap_or(u32::MAX)
            })
            .support_invalidation_closures()
            .build();
        Self(Arc::new(Inner { lists, asked: AtomicU64::new(0), fetched: AtomicU64::new(0) }))
    }
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
    ) -> Result<Arc<Vec<Box<RawValue>>>>
    where
        F: FnOnce() -> T,
        T: Future<Output = Result<Vec<Box<RawValue>>>>,
    {
        let key = Key {
            account: workspace.account,
            family,
            place: workspace.subscription_id.to_ascii_lowercase(),
            address: request.url.as_str().to_ascii_lowercase(),
        };
        self.0.asked.fetch_add(1, Ordering::Relaxed);
        if fresh {
            self.0.lists.invalidate(&key).await;
        }
        let fetched = &self.0.fetched;
        self.0
            .lists
            .try_get_with(key, async move {
                fetched.fetch_add(1, Ordering::Relaxed);
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

    pub(crate) async fn status(&self) -> CacheStatus {
        self.0.lists.run_pending_tasks().await;
        CacheStatus {
            asked: self.0.asked.load(Ordering::Relaxed),
            fetched: self.0.fetched.load(Ordering::Relaxed),
            entries: self.0.lists.entry_count(),
            bytes: self.0.lists.weighted_size(),
        }
    }
}
