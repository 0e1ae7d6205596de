//! How many slots open at once.
//!
//! Opening a runspace is work for a core. Where more open than there are cores, all of them are ready late; one after the other, the
//! first ones serve those who wait meanwhile, and often the last are not needed any more.

use std::{
    num::NonZero,
    sync::LazyLock,
    thread,
    time::{Duration, Instant},
};

use super::slot::{Slot, SlotStage};

/// A slot that takes longer waits for something else than a core, and holds up nobody.
pub(super) const TURN: Duration = Duration::from_millis(150);

static CORES: LazyLock<usize> = LazyLock::new(|| thread::available_parallelism().map_or(1, NonZero::get));

/// How many may begin to open now.
pub(super) fn room<'a>(slots: impl Iterator<Item = &'a Slot>, now: Instant) -> usize {
    let lately = slots.filter(|slot| {
        slot.stage == SlotStage::Opening && now.saturating_duration_since(slot.idle_since) < TURN
    });
    at_once().saturating_sub(lately.count())
}

/// Most that open at once, while none takes longer than its turn.
pub(super) fn at_once() -> usize {
    (*CORES).max(2)
}
