//! One thread that does things later: deadlines, grace periods, housekeeping.

use std::{
    collections::BTreeSet,
    sync::{Arc, Weak},
    thread,
    time::Instant,
};

use parking_lot::{Condvar, Mutex};

use crate::host::{CallId, SlotId};

/// What is to be looked at when its time has come. The state decides then whether there is anything to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Alarm {
    /// A call's deadline.
    Deadline(CallId),
    /// A call may not wait for a slot any longer.
    Acquire(CallId),
    /// A stopped call still runs: end its child processes (again).
    Descendants(CallId, SlotId),
    /// A stopped call still runs and its grace is over.
    Grace(CallId, SlotId),
    /// A slot still cleans up.
    Settle(SlotId, CallId),
    /// A slot still opens.
    Open(SlotId),
    /// Try again to open a slot after a failure.
    Refill,
    /// Idle slots, old slots, unused sessions.
    Housekeeping,
}

/// Who is told.
pub(super) trait Ring: Send + Sync {
    fn ring(self: Arc<Self>, alarm: Alarm);
}

#[derive(Default)]
struct Schedule {
    // A set, so that the deadline of a call that has ended can be taken out again: at 20,000 calls a second with
    // 300 s each, a heap would hold millions.
    alarms: BTreeSet<(Instant, Alarm)>,
    closed: bool,
}

/// The thread and its schedule. Dropping it ends the thread.
pub(super) struct Timer {
    shared: Arc<(Mutex<Schedule>, Condvar)>,
}

impl Timer {
    /// Starts the thread. It holds the listener weakly, so it never keeps an engine alive.
    pub(super) fn start(listener: Weak<dyn Ring>) -> std::io::Result<Self> {
        let shared = Arc::new((Mutex::new(Schedule::default()), Condvar::new()));
        let worker = Arc::clone(&shared);
        thread::Builder::new().name("runspaced-timer".to_owned()).spawn(move || run(&worker, &listener))?;
        Ok(Self { shared })
    }

    /// One without a thread, for a pool that could not be made.
    pub(super) fn inert() -> Self {
        Self { shared: Arc::new((Mutex::new(Schedule::default()), Condvar::new())) }
    }

    pub(super) fn at(&self, when: Instant, alarm: Alarm) {
        let (schedule, wake) = &*self.shared;
        let mut schedule = schedule.lock();
        let first = schedule.alarms.first().is_none_or(|(at, _)| when < *at);
        schedule.alarms.insert((when, alarm));
        drop(schedule);
        // The thread sleeps until the earliest alarm; a later one needs no waking.
        if first {
            wake.notify_one();
        }
    }
}

impl Timer {
    /// Takes an alarm out again. Without effect if it has rung.
    pub(super) fn clear(&self, when: Instant, alarm: Alarm) {
        self.shared.0.lock().alarms.remove(&(when, alarm));
    }
}

#[cfg(test)]
impl Timer {
    /// Alarms of calls that wait in the schedule.
    pub(super) fn of_calls(&self) -> usize {
        let of_call = |alarm: &Alarm| matches!(alarm, Alarm::Deadline(_) | Alarm::Acquire(_));
        self.shared.0.lock().alarms.iter().filter(|(_, alarm)| of_call(alarm)).count()
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let (schedule, wake) = &*self.shared;
        schedule.lock().closed = true;
        wake.notify_one();
    }
}

fn run(shared: &(Mutex<Schedule>, Condvar), listener: &Weak<dyn Ring>) {
    let (schedule, wake) = shared;
    let mut guard = schedule.lock();
    loop {
        if guard.closed {
            return;
        }
        match guard.alarms.first().map(|(at, _)| *at) {
            None => wake.wait(&mut guard),
            Some(at) if at > Instant::now() => {
                wake.wait_until(&mut guard, at);
            }
            Some(_) => {
                let Some((_, alarm)) = guard.alarms.pop_first() else { continue };
                parking_lot::MutexGuard::unlocked(&mut guard, || {
                    if let Some(listener) = listener.upgrade() {
                        listener.ring(alarm);
                    }
                });
            }
        }
    }
}
