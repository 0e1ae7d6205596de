//! Results that are too long for one answer, kept for those who may ask for the rest.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{Output, mcp::call::Caller};

/// How much is kept. The oldest results go first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoreLimits {
    pub(crate) results: usize,
    /// Bytes of all results together.
    pub(crate) bytes: usize,
    /// How long one is kept after it was last used.
    pub(crate) unused: Duration,
}

impl Default for StoreLimits {
    fn default() -> Self {
        Self { results: 64, bytes: 64 << 20, unused: Duration::from_secs(900) }
    }
}

/// A kept result.
pub(crate) struct Kept {
    pub(crate) id: String,
    pub(crate) tool: String,
    pub(crate) output: Output,
    pub(crate) made: jiff::Timestamp,
    caller: Caller,
    /// Of its values as JSON; counted once, which takes a while.
    pub(crate) bytes: usize,
}

impl Kept {
    /// Its rows. For a long result this takes tens of milliseconds.
    ///
    /// # Errors
    /// If it is not a list of values.
    pub(crate) fn rows(&self) -> Result<Vec<Value>, String> {
        self.output.values().map_err(|error| error.to_string())
    }
}

/// The kept results of a server. Each is known by an id that cannot be guessed, and only to the caller whose it is.
pub(crate) struct ResultStore {
    limits: StoreLimits,
    entries: Mutex<HashMap<String, Entry>>,
}

struct Entry {
    kept: Arc<Kept>,
    used: Instant,
}

impl ResultStore {
    pub(crate) fn new(limits: StoreLimits) -> Self {
        Self { limits, entries: Mutex::default() }
    }

    /// Keeps a result. `None` if it is longer than all that is kept may be.
    pub(crate) fn keep(&self, caller: &Caller, tool: &str, output: Output) -> Option<Arc<Kept>> {
        let id = uuid::Uuid::new_v4().simple().to_string()[..20].to_owned();
        let bytes = output.json().len();
        if bytes > self.limits.bytes {
            return None;
        }
        let kept = Arc::new(Kept {
            id: id.clone(),
            tool: tool.to_owned(),
            output,
            made: jiff::Timestamp::now(),
            caller: caller.clone(),
            bytes,
        });
        let mut entries = self.lock();
        entries.insert(id, Entry { kept: Arc::clone(&kept), used: Instant::now() });
        self.evict(&mut entries);
        Some(kept)
    }

    /// The caller's result of this id.
    ///
    /// # Errors
    /// What there is instead.
    pub(crate) fn find(&self, caller: &Caller, id: &str) -> Result<Arc<Kept>, String> {
        let mut entries = self.lock();
        self.evict(&mut entries);
        if let Some(entry) = entries.get_mut(id).filter(|entry| entry.kept.caller == *caller) {
            entry.used = Instant::now();
            return Ok(Arc::clone(&entry.kept));
        }
        drop(entries);
        let there = self.list(caller);
        let there: Vec<String> = there.iter().map(|kept| format!("{} of {}", kept.id, kept.tool)).collect();
        let instead = if there.is_empty() {
            "There is none now.".to_owned()
        } else {
            format!("There are: {}.", there.join(", "))
        };
        Err(format!(
            "There is no result '{}': results are kept for {} minutes after their last use. {instead} Call the tool again for a new one.",
            id.chars().take(40).collect::<String>(),
            self.limits.unused.as_secs() / 60,
        ))
    }

    /// All results of a caller, the newest first.
    pub(crate) fn list(&self, caller: &Caller) -> Vec<Arc<Kept>> {
        let mut entries = self.lock();
        self.evict(&mut entries);
        let mut list: Vec<Arc<Kept>> = entries
            .values()
            .filter(|entry| entry.kept.caller == *caller)
            .map(|entry| Arc::clone(&entry.kept))
            .collect();
        drop(entries);
        list.sort_by(|a, b| b.made.cmp(&a.made).then_with(|| a.id.cmp(&b.id)));
        list
    }

    fn evict(&self, entries: &mut HashMap<String, Entry>) {
        entries.retain(|_, entry| entry.used.elapsed() <= self.limits.unused);
        let mut bytes: usize = entries.values().map(|entry| entry.kept.bytes).sum();
        while entries.len() > self.limits.results || bytes > self.limits.bytes {
            let Some(oldest) =
                entries.values().min_by_key(|entry| entry.used).map(|entry| Arc::clone(&entry.kept))
            else {
                return;
            };
            bytes -= oldest.bytes;
            entries.remove(&oldest.id);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mcp::reply::tests::output;

    fn keep(store: &ResultStore, caller: &str, chars: usize) -> Option<Arc<Kept>> {
        let output = output(&json!(["x".repeat(chars)]), &json!([]), json!({"count": 1}));
        store.keep(&Caller(caller.into()), "get_thing", output)
    }

    #[test]
    fn result_is_found_by_its_own_caller_only() {
        let store = ResultStore::new(StoreLimits::default());
        let kept = keep(&store, "a", 10).expect("kept");
        assert_eq!(
            store.find(&Caller("a".into()), &kept.id).expect("there").rows(),
            Ok(vec![json!("x".repeat(10))])
        );
        let error = store.find(&Caller("b".into()), &kept.id).err().expect("not there");
        assert!(error.contains("There is none now") && !error.contains("get_thing"), "{error}");
        let error = store.find(&Caller("a".into()), "nothing").err().expect("not there");
        assert!(error.contains(&kept.id) && error.contains("get_thing"), "{error}");
    }

    #[test]
    fn count_bytes_and_age_are_bounded_and_the_least_used_goes_first() {
        let caller = Caller("a".into());
        let store = ResultStore::new(StoreLimits { results: 2, bytes: 1_000, ..StoreLimits::default() });
        let first = keep(&store, "a", 10).expect("kept");
        let second = keep(&store, "a", 10).expect("kept");
        store.find(&caller, &first.id).expect("there");
        let third = keep(&store, "a", 10).expect("kept");
        assert!(store.find(&caller, &second.id).is_err());
        assert!(store.find(&caller, &first.id).is_ok());
        keep(&store, "a", 900).expect("kept");
        assert!(store.find(&caller, &third.id).is_ok() ^ store.find(&caller, &first.id).is_ok());
        assert!(keep(&store, "a", 2_000).is_none());
        let store = ResultStore::new(StoreLimits { unused: Duration::ZERO, ..StoreLimits::default() });
        let kept = keep(&store, "a", 10).expect("kept");
        std::thread::sleep(Duration::from_millis(2));
        assert!(store.find(&caller, &kept.id).is_err());
        assert!(store.list(&caller).is_empty());
    }
}
