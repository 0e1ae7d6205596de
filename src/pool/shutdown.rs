//! The end of everything: calls get their grace, then are stopped, then given up.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    DESCENDANTS, Shared,
    call::{CallState, Outcome, StopReason},
    slot::SlotStage,
    state::{Phase, State},
};
use crate::{error::Error, host::SlotId};

impl Shared {
    pub(super) fn shut_down(&self, grace: Duration) -> usize {
        let calls = |state: &State| -> Vec<Arc<CallState>> {
            state
                .queue
                .iter()
                .cloned()
                .chain(state.slots.values().filter_map(|slot| slot.call.clone()))
                .collect()
        };
        let mut state = self.state.lock();
        if matches!(state.phase, Phase::Closed) {
            return 0;
        }
        let was_starting = matches!(state.phase, Phase::Starting);
        state.phase = Phase::Draining;
        let end = Instant::now() + if was_starting { Duration::ZERO } else { grace };
        while calls(&state).iter().any(|call| !call.is_answered()) {
            if self.ended.wait_until(&mut state, end).timed_out() {
                break;
            }
        }
        let left: Vec<_> = calls(&state).into_iter().filter(|call| !call.is_answered()).collect();
        let patience = state.config.stop_grace + DESCENDANTS;
        drop(state);
        for call in &left {
            self.stop(call, StopReason::ShutDown);
        }
        let mut state = self.state.lock();
        // The grace alarm gives up what does not stop, so this ends.
        let end = Instant::now() + patience * 2;
        while left.iter().any(|call| !call.is_answered()) {
            if self.ended.wait_until(&mut state, end).timed_out() {
                break;
            }
        }
        // Slots settle and close in the background; whatever hangs there is not waited for long.
        let mut actions = Vec::new();
        let idle: Vec<SlotId> =
            state.slots.values().filter(|s| s.stage == SlotStage::Idle).map(|s| s.id).collect();
        for slot in idle {
            state.close(slot, &mut actions);
        }
        state.phase = Phase::Closed;
        drop(state);
        self.act(actions);
        let mut state = self.state.lock();
        let end = Instant::now() + Duration::from_secs(1);
        while !state.slots.is_empty() {
            if self.ended.wait_until(&mut state, end).timed_out() {
                break;
            }
        }
        drop(state);
        for call in &left {
            self.answer(call, Outcome::Failed(Error::ShutDown));
        }
        // The host itself goes on: other engines of this process may use it.
        left.len()
    }
}
