//! What the managed side calls, and to whom it goes.
//!
//! There is one runtime a process but there may be several engines on it: each slot remembers whose it is. Nothing here lets
//! a panic out, and nothing blocks.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Weak};

use parking_lot::{Mutex, RwLock};

use super::abi::{self, HostCallbacks, kind, took};
use super::altstack;
use super::buffer::CallBuffer;
use super::descendants::{Descendants, Turns};
use crate::host::message::SlotInfo;
use crate::host::{CallId, Event, Events, FunctionCallId, FunctionEvent, LogLevel, RawAnswer, SlotId, Take};

/// What this side knows of an open slot.
pub(super) struct Slot {
    pub(super) id: SlotId,
    events: Arc<dyn Events>,
    /// Given up: nothing of it is of interest any more but its end.
    abandoned: AtomicBool,
    /// Operating-system id of its thread, 0 until known.
    pub(super) thread: AtomicU64,
    /// Size of its last answer, bytes.
    pub(super) last_size: AtomicUsize,
    /// Child processes seen when the running call was told to stop.
    pub(super) descendants: Mutex<Option<Descendants>>,
    /// Since when its call runs.
    pub(super) turn: super::descendants::Turn,
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Slot {
    fn new(id: SlotId, events: Arc<dyn Events>) -> Self {
        Self {
            id,
            events,
            abandoned: AtomicBool::new(false),
            thread: AtomicU64::new(0),
            last_size: AtomicUsize::new(0),
            descendants: Mutex::new(None),
            turn: Default::default(),
        }
    }

    fn tell(&self, event: Event<'_>) -> Take {
        if self.abandoned.load(Ordering::Acquire) {
            return Take::Taken;
        }
        self.events.event(event)
    }
}

/// Everybody who is told something.
#[derive(Default)]
pub(super) struct Routes {
    slots: RwLock<HashMap<u64, Arc<Slot>>>,
    /// Everybody who started or attached to the runtime, for what belongs to no slot.
    everybody: Mutex<Vec<Weak<dyn Events>>>,
    /// Errors logged while the host sets itself up.
    first_words: Mutex<Option<Vec<String>>>,
    /// Calls that run, of all slots.
    pub(super) turns: Turns,
}

/// The routes of this process's one runtime.
pub(super) static ROUTES: LazyLock<Routes> = LazyLock::new(Routes::default);

impl Routes {
    /// Takes a slot in; false if there is one of that number already.
    pub(super) fn open(&self, id: SlotId, events: Arc<dyn Events>) -> bool {
        match self.slots.write().entry(id.0) {
            std::collections::hash_map::Entry::Occupied(_) => false,
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(Arc::new(Slot::new(id, events)));
                true
            }
        }
    }

    pub(super) fn get(&self, id: SlotId) -> Option<Arc<Slot>> {
        self.slots.read().get(&id.0).cloned()
    }

    pub(super) fn remove(&self, id: SlotId) {
        self.slots.write().remove(&id.0);
    }

    /// From now on nothing of this slot reaches anybody, but that it has closed after all.
    pub(super) fn abandon(&self, id: SlotId) {
        if let Some(slot) = self.get(id) {
            slot.abandoned.store(true, Ordering::Release);
        }
    }

    pub(super) fn join(&self, events: &Arc<dyn Events>) {
        let mut everybody = self.everybody.lock();
        everybody.retain(|one| one.strong_count() > 0);
        everybody.push(Arc::downgrade(events));
    }

    /// Collects what the host logs as an error until [`Routes::first_words`].
    pub(super) fn listen(&self) {
        *self.first_words.lock() = Some(Vec::new());
    }

    pub(super) fn first_words(&self) -> Vec<String> {
        self.first_words.lock().take().unwrap_or_default()
    }

    fn tell_everybody(&self, tell: impl Fn(&dyn Events)) {
        // The lock is not held while they are told.
        let everybody: Vec<Arc<dyn Events>> =
            self.everybody.lock().iter().filter_map(Weak::upgrade).collect();
        for one in everybody {
            tell(&*one);
        }
    }

    fn event(&self, of: u32, slot: SlotId, call: CallId, value: i64, payload: &[u8]) -> Take {
        let found = self.get(slot);
        let to_slot = |event: Event<'_>| found.as_ref().map_or(Take::Taken, |slot| slot.tell(event));
        match of {
            kind::OPENED => {
                if let Some(slot) = &found {
                    let info = serde_json::from_slice::<SlotInfo>(payload).unwrap_or_default();
                    slot.thread.store(info.thread_id, Ordering::Release);
                }
                to_slot(Event::Opened { slot, info: payload })
            }
            kind::OPEN_FAILED => {
                self.remove(slot);
                to_slot(Event::OpenFailed { slot, error: payload })
            }
            kind::RECORD => to_slot(Event::Record { slot, call, json: payload }),
            kind::PROMPT => {
                to_slot(Event::Prompt { slot, call, prompt: value.cast_unsigned(), json: payload })
            }
            kind::SETTLED => to_slot(Event::Settled { slot, call, json: payload }),
            kind::CLOSED => {
                self.remove(slot);
                found.map_or(Take::Taken, |found| found.events.event(Event::Closed { slot }))
            }
            kind::EXIT_REQUESTED => {
                let code = i32::try_from(value).unwrap_or(i32::MAX);
                if let Some(found) = &found {
                    let call = (call.0 != 0).then_some(call);
                    return found.tell(Event::ExitRequested { slot: Some(slot), call, code });
                }
                self.tell_everybody(|events| {
                    events.event(Event::ExitRequested { slot: None, call: None, code });
                });
                Take::Taken
            }
            kind::LOG => {
                let text = String::from_utf8_lossy(payload);
                let level = match value {
                    0 => LogLevel::Error,
                    1 => LogLevel::Warn,
                    2 => LogLevel::Info,
                    _ => LogLevel::Debug,
                };
                if level == LogLevel::Error
                    && let Some(words) = self.first_words.lock().as_mut()
                {
                    words.push(text.clone().into_owned());
                }
                self.tell_everybody(|events| {
                    events.event(Event::Log { level, text: &text });
                });
                Take::Taken
            }
            kind::FATAL => {
                let text = String::from_utf8_lossy(payload);
                self.tell_everybody(|events| {
                    events.event(Event::Fatal { text: &text });
                });
                Take::Taken
            }
            kind::FUNCTION_CALLED
            | kind::FUNCTION_INPUT
            | kind::FUNCTION_INPUT_ENDED
            | kind::FUNCTION_TAKEN
            | kind::FUNCTION_DROPPED => {
                let event = match of {
                    kind::FUNCTION_CALLED => FunctionEvent::Called { json: payload },
                    kind::FUNCTION_INPUT => FunctionEvent::Input { json: payload },
                    kind::FUNCTION_INPUT_ENDED => FunctionEvent::InputEnded,
                    kind::FUNCTION_TAKEN => FunctionEvent::Taken,
                    _ => FunctionEvent::Dropped,
                };
                to_slot(Event::Function {
                    slot,
                    call,
                    function: FunctionCallId(value.cast_unsigned()),
                    event,
                })
            }
            unknown => {
                tracing::warn!(kind = unknown, "the host sent an event that this side does not know");
                Take::Taken
            }
        }
    }

    fn done(&self, call: CallId, buffer: CallBuffer, output_end: usize, records_end: usize, total: usize) {
        let slot = buffer.slot.clone();
        // After a cancel: whatever stopped first, what the call has started is held until it is ended.
        if let Some(seen) = slot.descendants.lock().as_mut() {
            seen.merge(Descendants::of(&slot, &self.turns));
        }
        self.turns.end(&slot.turn);
        if output_end > records_end || records_end > total {
            tracing::error!(output_end, records_end, total, "an answer's parts are not in order");
        }
        // SAFETY: by the contract of `done` the managed side has written `total` bytes.
        let (slot, bytes) = match unsafe { buffer.finish(total) } {
            Some(finished) => finished,
            None => (slot, Vec::new()),
        };
        let records_end = records_end.min(bytes.len());
        let output_end = output_end.min(records_end);
        let answer = RawAnswer { buffer: bytes, output_end, records_end };
        slot.tell(Event::Done { slot: slot.id, call, answer });
    }

    /// A panic on this side of the border: whoever waits for what was being told must hear of it.
    fn panicked(&self, what: &str, payload: &(dyn std::any::Any + Send)) {
        let message = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        tracing::error!(what, message, "panic in a callback");
        let text = format!("panic in {what}: {message}");
        // Their next panic is not our next chance.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            self.tell_everybody(|events| {
                events.event(Event::Fatal { text: &text });
            });
        }));
    }
}

/// The table of callbacks for `Bootstrap`.
pub(super) static CALLBACKS: HostCallbacks = HostCallbacks {
    abi_version: abi::ABI_VERSION,
    struct_size: abi::size_of_table::<HostCallbacks>(),
    grow,
    done,
    event,
};

unsafe extern "C" fn grow(ctx: usize, used: usize, min: usize, capacity: *mut usize) -> *mut u8 {
    altstack::keep();
    catch_unwind(AssertUnwindSafe(|| {
        if ctx == 0 || capacity.is_null() {
            return std::ptr::null_mut();
        }
        // SAFETY: by the contract `ctx` is that of a running call, which asks on one thread at a time, and `used` bytes
        // were written.
        let grown = unsafe { CallBuffer::borrow_context(ctx).grow(used, min) };
        match grown {
            Some((start, room)) => {
                // SAFETY: not null, and by the contract a `size_t` of the caller.
                unsafe { capacity.write(room) };
                start
            }
            None => std::ptr::null_mut(),
        }
    }))
    .unwrap_or(std::ptr::null_mut())
}

unsafe extern "C" fn done(
    _slot: u64,
    call: u64,
    ctx: usize,
    output_end: usize,
    records_end: usize,
    total: usize,
) {
    altstack::keep();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        if ctx != 0 {
            // SAFETY: by the contract `done` comes once for a call and is the last use of its `ctx`.
            let buffer = unsafe { CallBuffer::from_context(ctx) };
            ROUTES.done(CallId(call), *buffer, output_end, records_end, total);
        }
    }));
    if let Err(payload) = outcome {
        ROUTES.panicked("done", &*payload);
    }
}

unsafe extern "C" fn event(of: u32, slot: u64, call: u64, value: i64, ptr: *const u8, len: usize) -> i32 {
    altstack::keep();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let payload = if ptr.is_null() || len == 0 {
            &[]
        } else {
            // SAFETY: by the contract `len` bytes at `ptr` are readable during this call.
            unsafe { std::slice::from_raw_parts(ptr, len) }
        };
        ROUTES.event(of, SlotId(slot), CallId(call), value, payload)
    }));
    match outcome {
        Ok(Take::Taken) => took::TAKEN,
        Ok(Take::Full) => took::FULL,
        Err(payload) => {
            ROUTES.panicked("event", &*payload);
            took::TAKEN
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Keeps what it is told as text.
    #[derive(Default)]
    struct Ears(Mutex<Vec<String>>);

    impl Events for Ears {
        fn event(&self, event: Event<'_>) -> Take {
            let full = matches!(event, Event::Record { .. });
            let boom = matches!(&event, Event::Settled { json, .. } if *json == b"boom");
            self.0.lock().push(format!("{event:?}"));
            assert!(!boom, "boom");
            if full { Take::Full } else { Take::Taken }
        }
    }

    pub(in crate::runtime) fn slot(id: u64) -> Arc<Slot> {
        Arc::new(Slot::new(SlotId(id), Arc::new(Ears::default())))
    }

    fn send(of: u32, slot: u64, value: i64, payload: &str) -> i32 {
        // SAFETY: the payload is alive during the call.
        unsafe { event(of, slot, 5, value, payload.as_ptr(), payload.len()) }
    }

    #[test]
    fn events_reach_the_owner_of_their_slot_only() {
        let (one, two) = (Arc::new(Ears::default()), Arc::new(Ears::default()));
        assert!(ROUTES.open(SlotId(9_001), one.clone()));
        assert!(ROUTES.open(SlotId(9_002), two.clone()));
        assert!(!ROUTES.open(SlotId(9_002), one.clone()), "a number is used once");

        assert_eq!(send(kind::OPENED, 9_001, 0, r#"{"thread_id":77}"#), took::TAKEN);
        assert_eq!(ROUTES.get(SlotId(9_001)).unwrap().thread.load(Ordering::Relaxed), 77);
        assert_eq!(send(kind::RECORD, 9_001, 0, "{}"), took::FULL, "the answer of the owner goes back");
        send(kind::CLOSED, 9_001, 0, "");
        assert!(ROUTES.get(SlotId(9_001)).is_none());
        assert_eq!(send(kind::RECORD, 9_001, 0, "{}"), took::TAKEN, "late events are dropped");

        assert_eq!(one.0.lock().len(), 3, "{:?}", one.0.lock());
        assert!(two.0.lock().is_empty());
        ROUTES.remove(SlotId(9_002));
    }

    #[test]
    fn an_abandoned_slot_is_heard_no_more_but_its_end_and_its_buffer_is_released() {
        let ears = Arc::new(Ears::default());
        ROUTES.open(SlotId(9_003), ears.clone());
        let slot = ROUTES.get(SlotId(9_003)).unwrap();
        let ctx = CallBuffer::new(slot.clone()).into_context();
        ROUTES.abandon(SlotId(9_003));
        assert_eq!(Arc::strong_count(&slot), 3, "this one, the route's, the buffer's");
        // SAFETY: `ctx` is alive and used for the last time; nothing was written.
        unsafe { done(9_003, 5, ctx, 0, 0, 0) };
        assert_eq!(Arc::strong_count(&slot), 2);
        assert!(ears.0.lock().is_empty());
        send(kind::CLOSED, 9_003, 0, "");
        assert_eq!(ears.0.lock().len(), 1, "that its thread has ended is heard");
        assert_eq!(Arc::strong_count(&slot), 1);
    }

    #[test]
    fn an_answer_reaches_its_owner_in_three_parts() {
        let ears = Arc::new(Ears::default());
        ROUTES.open(SlotId(9_004), ears.clone());
        let ctx = CallBuffer::new(ROUTES.get(SlotId(9_004)).unwrap()).into_context();
        let text = b"[1][]{}";
        let mut capacity = 0;
        // SAFETY: `ctx` is alive, the room asked for is written, and `done` is its last use.
        unsafe {
            let start = grow(ctx, 0, text.len(), &raw mut capacity);
            assert!(!start.is_null() && capacity >= text.len());
            std::ptr::copy_nonoverlapping(text.as_ptr(), start, text.len());
            done(9_004, 5, ctx, 3, 5, text.len());
        }
        let heard = ears.0.lock().join("\n");
        assert!(heard.contains("output_end: 3, records_end: 5"), "{heard}");
        ROUTES.remove(SlotId(9_004));
    }

    #[test]
    fn a_panicking_listener_does_not_unwind_into_the_caller() {
        let ears: Arc<Ears> = Arc::new(Ears::default());
        let events: Arc<dyn Events> = ears.clone();
        ROUTES.join(&events);
        ROUTES.open(SlotId(9_005), events.clone());
        assert_eq!(send(kind::SETTLED, 9_005, 0, "boom"), took::TAKEN);
        assert!(ears.0.lock().iter().any(|heard| heard.contains("Fatal") && heard.contains("boom")));
        ROUTES.remove(SlotId(9_005));
    }

    #[test]
    fn growing_without_a_context_is_refused() {
        let mut capacity = 0;
        // SAFETY: a context of 0 is refused before it is used.
        assert!(unsafe { grow(0, 0, 8, &raw mut capacity) }.is_null());
    }
}
