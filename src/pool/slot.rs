//! One slot as the pool sees it.

use std::{collections::BTreeSet, sync::Arc, time::Instant};

use super::call::CallState;
use crate::host::{CallId, SlotId};

/// Whose calls a slot serves. `None` inside is the key of calls that named none.
pub(super) type Affinity = Option<Arc<str>>;

/// What a slot is doing.
///
/// ```text
/// Opening -> Idle -> Running -> Settling -> Idle
///                                        -> Closing -> (gone)
/// Running, Settling -> (given up: kept apart, counted)
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SlotStage {
    Opening,
    Idle,
    Running,
    Settling,
    Closing,
}

#[derive(Debug)]
pub(super) struct Slot {
    pub(super) id: SlotId,
    pub(super) stage: SlotStage,
    /// Set by the first call: a slot never serves a second key.
    pub(super) bound: Option<Affinity>,
    /// The session that owns the slot.
    pub(super) session: Option<Arc<str>>,
    pub(super) call: Option<Arc<CallState>>,
    /// Host functions that the running call waits for.
    pub(super) waits: usize,
    /// While it settles: after which call, and when it is given up.
    pub(super) settling: Option<(Instant, CallId)>,
    pub(super) uses: u64,
    /// Uses after which it is replaced; 0: never.
    pub(super) use_limit: u64,
    /// When it is replaced for its age.
    pub(super) expires: Option<Instant>,
    /// Files have changed since it began to open.
    pub(super) stale: bool,
    pub(super) idle_since: Instant,
    pub(super) modules: BTreeSet<String>,
}

impl Slot {
    pub(super) fn opening(id: SlotId, now: Instant, use_limit: u64, expires: Option<Instant>) -> Self {
        Self {
            id,
            stage: SlotStage::Opening,
            bound: None,
            session: None,
            call: None,
            waits: 0,
            settling: None,
            uses: 0,
            use_limit,
            expires,
            stale: false,
            idle_since: now,
            modules: BTreeSet::new(),
        }
    }

    /// Its call does nothing but wait for the embedding program.
    pub(super) fn only_waits(&self) -> bool {
        self.stage == SlotStage::Running && self.waits > 0
    }

    pub(super) fn is_unused(&self) -> bool {
        self.uses == 0 && self.bound.is_none() && self.session.is_none()
    }

    pub(super) fn is_worn_out(&self, now: Instant) -> bool {
        self.stale
            || (self.use_limit > 0 && self.uses >= self.use_limit)
            || self.expires.is_some_and(|at| now >= at)
    }

    /// Whether a pooled call with this key may run here.
    pub(super) fn admits(&self, key: &Affinity) -> bool {
        self.session.is_none() && self.bound.as_ref().is_none_or(|bound| bound == key)
    }

    /// How many of the wanted modules are loaded.
    pub(super) fn has(&self, modules: &[String]) -> usize {
        modules.iter().filter(|module| self.modules.contains(*module)).count()
    }
}

/// The name under which a loaded module is remembered: lower case, a path reduced to its file stem.
pub(crate) fn module_key(name_or_path: &str) -> String {
    let file = name_or_path.rsplit(['/', '\\']).next().unwrap_or(name_or_path);
    let stem = [".psd1", ".psm1", ".dll"]
        .iter()
        .find_map(|suffix| {
            file.to_ascii_lowercase().ends_with(suffix).then(|| &file[..file.len() - suffix.len()])
        })
        .unwrap_or(file);
    stem.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_key_of_paths_and_names_agree() {
        for name in
            ["Az.Accounts", "/m/Az.Accounts/Az.Accounts.psd1", r"C:\m\az.accounts.PSM1", "az.accounts"]
        {
            assert_eq!(module_key(name), "az.accounts", "{name}");
        }
    }

    #[test]
    fn slot_after_first_key_refuses_every_other() {
        let mut slot = Slot::opening(SlotId(1), Instant::now(), 0, None);
        assert!(slot.admits(&None) && slot.admits(&Some("a".into())));
        slot.bound = Some(Some("a".into()));
        assert!(slot.admits(&Some("a".into())));
        assert!(!slot.admits(&Some("b".into())));
        assert!(!slot.admits(&None), "a call without a key is not everybody's");
    }
}
