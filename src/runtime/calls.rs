//! [`Host`] over the table of managed exports. Every method posts and returns.

use std::sync::Arc;

use super::abi::{HostApi, status};
use super::altstack;
use super::buffer::CallBuffer;
use super::callbacks::ROUTES;
use super::descendants::Descendants;
use crate::host::{CallId, Events, FunctionCallId, FunctionMessage, Host, HostError, SlotId, Trim};

/// The exports of the host assembly, all of them there.
#[derive(Clone, Copy)]
pub(super) struct Exports {
    open: unsafe extern "C" fn(u64, *const u8, usize) -> i32,
    invoke: unsafe extern "C" fn(u64, u64, usize, *const u8, usize) -> i32,
    cancel: unsafe extern "C" fn(u64, u64) -> i32,
    resume: unsafe extern "C" fn(u64, u64) -> i32,
    reply: unsafe extern "C" fn(u64, u64, u64, *const u8, usize) -> i32,
    close: unsafe extern "C" fn(u64) -> i32,
    abandon: unsafe extern "C" fn(u64) -> i32,
    shutdown: unsafe extern "C" fn() -> i32,
    ping: unsafe extern "C" fn() -> i32,
    stats: unsafe extern "C" fn(*mut u8, usize) -> i32,
    last_error: unsafe extern "C" fn(*mut u8, usize) -> i32,
    function_reply: unsafe extern "C" fn(u64, u64, u64, u32, *const u8, usize) -> i32,
    trim: unsafe extern "C" fn(u32) -> i32,
}

impl Exports {
    /// `None` if the managed side left one out.
    pub(super) fn of(api: &HostApi) -> Option<Self> {
        Some(Self {
            open: api.open?,
            invoke: api.invoke?,
            cancel: api.cancel?,
            resume: api.resume?,
            reply: api.reply?,
            close: api.close?,
            abandon: api.abandon?,
            shutdown: api.shutdown?,
            ping: api.ping?,
            stats: api.stats?,
            last_error: api.last_error?,
            function_reply: api.function_reply?,
            trim: api.trim?,
        })
    }

    /// The empty call: what crossing the border costs.
    pub(super) fn ping(&self) -> bool {
        altstack::give_up();
        // SAFETY: an export of the running host; it takes nothing.
        unsafe { (self.ping)() == status::ACCEPTED }
    }

    /// The host's own figures as JSON.
    pub(super) fn stats(&self) -> Vec<u8> {
        altstack::give_up();
        // SAFETY: an export of the running host; it writes no more than the capacity it is given.
        text(1024, |ptr, capacity| unsafe { (self.stats)(ptr, capacity) })
    }

    /// Why this thread's last request was refused.
    fn last_error(&self) -> String {
        // SAFETY: an export of the running host; it writes no more than the capacity it is given.
        let text = text(512, |ptr, capacity| unsafe { (self.last_error)(ptr, capacity) });
        String::from_utf8_lossy(&text).into_owned()
    }

    fn error(&self, slot: SlotId, status: i32) -> HostError {
        let why = self.last_error();
        match status {
            status::SLOT => HostError::Slot(slot, why),
            status::REQUEST => HostError::Request(why),
            status::SHUTTING_DOWN => HostError::Gone(why),
            // An internal error: what the host is good for afterwards is not known.
            other => HostError::Gone(format!("status {other}: {why}")),
        }
    }

    /// Posts a request that is nothing but memory that cannot be read: what a null reference on the calling thread does.
    pub(super) fn open_nothing(&self, slot: SlotId, length: usize) -> i32 {
        altstack::give_up();
        // SAFETY: the managed side must survive this: its null check turns the read of address 0 into an exception.
        unsafe { (self.open)(slot.0, std::ptr::null(), length) }
    }
}

/// Calls `fill`, which answers the length, or `-needed` if there is too little room.
fn text(first: usize, fill: impl Fn(*mut u8, usize) -> i32) -> Vec<u8> {
    let mut room = vec![0_u8; first];
    // What it has to say may grow between two questions.
    for _ in 0..4 {
        let answer = fill(room.as_mut_ptr(), room.len());
        match usize::try_from(answer) {
            Ok(length) => {
                room.truncate(length);
                return room;
            }
            Err(_) => room.resize(answer.unsigned_abs() as usize, 0),
        }
    }
    Vec::new()
}

/// The CLR in this process.
pub(super) struct ClrHost {
    pub(super) exports: Exports,
    events: Arc<dyn Events>,
}

impl ClrHost {
    pub(super) fn new(exports: Exports, events: Arc<dyn Events>) -> Self {
        ROUTES.join(&events);
        Self { exports, events }
    }
}

impl Host for ClrHost {
    fn open(&self, slot: SlotId, config: &[u8]) -> Result<(), HostError> {
        altstack::give_up();
        // Known before it is opened: its first event may come before the export returns.
        if !ROUTES.open(slot, self.events.clone()) {
            return Err(HostError::Slot(slot, "its number is in use".to_owned()));
        }
        // SAFETY: an export of the running host; the span is alive during the call.
        match unsafe { (self.exports.open)(slot.0, config.as_ptr(), config.len()) } {
            status::ACCEPTED => Ok(()),
            refused => {
                ROUTES.remove(slot);
                Err(self.exports.error(slot, refused))
            }
        }
    }

    fn invoke(&self, slot: SlotId, call: CallId, request: &[u8]) -> Result<(), HostError> {
        altstack::give_up();
        let known = ROUTES.get(slot).ok_or_else(|| HostError::Slot(slot, "it is not open".to_owned()))?;
        // Should a cancel have come too late for the call before.
        known.descendants.lock().take();
        ROUTES.turns.begin(&known.turn);
        let ctx = CallBuffer::new(known.clone()).into_context();
        // SAFETY: an export of the running host; the span is alive during the call, `ctx` until `done`.
        match unsafe { (self.exports.invoke)(slot.0, call.0, ctx, request.as_ptr(), request.len()) } {
            status::ACCEPTED => Ok(()),
            refused => {
                ROUTES.turns.end(&known.turn);
                // SAFETY: a refused call leaves `ctx` to its owner, and nobody took it back yet.
                drop(unsafe { CallBuffer::from_context(ctx) });
                Err(self.exports.error(slot, refused))
            }
        }
    }

    fn cancel(&self, slot: SlotId, call: CallId) {
        altstack::give_up();
        // Taken before PowerShell ends the process it waits for: what that one had started is found through it only
        // as long as it lives.
        if let Some(known) = ROUTES.get(slot) {
            let seen = Descendants::held(&known, &ROUTES.turns);
            known.descendants.lock().get_or_insert_default().merge(seen);
        }
        // SAFETY: an export of the running host; it takes numbers only.
        unsafe { (self.exports.cancel)(slot.0, call.0) };
    }

    fn end_descendants(&self, slot: SlotId) -> usize {
        let Some(known) = ROUTES.get(slot) else { return 0 };
        let mut all = known.descendants.lock().take().unwrap_or_default();
        all.merge(Descendants::of(&known, &ROUTES.turns));
        all.end()
    }

    fn resume(&self, slot: SlotId, call: CallId) {
        altstack::give_up();
        // SAFETY: an export of the running host; it takes numbers only.
        unsafe { (self.exports.resume)(slot.0, call.0) };
    }

    fn reply(&self, slot: SlotId, call: CallId, prompt: u64, reply: &[u8]) {
        altstack::give_up();
        // SAFETY: an export of the running host; the span is alive during the call.
        let answer = unsafe { (self.exports.reply)(slot.0, call.0, prompt, reply.as_ptr(), reply.len()) };
        if answer == status::REQUEST {
            // A call that was stopped meanwhile waits for nothing any more.
            tracing::debug!(
                slot = slot.0,
                call = call.0,
                why = self.exports.last_error(),
                "a prompt's reply was refused"
            );
        }
    }

    fn function_reply(
        &self,
        slot: SlotId,
        call: CallId,
        function: FunctionCallId,
        message: FunctionMessage,
        payload: &[u8],
    ) {
        altstack::give_up();
        // A caller that has gone away meanwhile has said so; its refusal is no news.
        // SAFETY: an export of the running host; the span is alive during the call.
        unsafe {
            (self.exports.function_reply)(
                slot.0,
                call.0,
                function.0,
                message as u32,
                payload.as_ptr(),
                payload.len(),
            )
        };
    }

    fn close(&self, slot: SlotId) {
        altstack::give_up();
        // SAFETY: an export of the running host; it takes a number only.
        unsafe { (self.exports.close)(slot.0) };
    }

    fn abandon(&self, slot: SlotId) {
        altstack::give_up();
        // A slot that was given up no longer counts among those that might have started a process.
        if let Some(known) = ROUTES.get(slot) {
            ROUTES.turns.end(&known.turn);
        }
        ROUTES.abandon(slot);
        // SAFETY: an export of the running host; it takes a number only.
        unsafe { (self.exports.abandon)(slot.0) };
    }

    fn trim(&self, depth: Trim) {
        altstack::give_up();
        // SAFETY: an export of the running host; it takes a number only.
        unsafe { (self.exports.trim)(depth as u32) };
        if depth == Trim::GiveBack {
            // What only the start needed is gone after the first time.
            static START: std::sync::Once = std::sync::Once::new();
            START.call_once(super::pages::give_back);
        }
    }

    fn shutdown(&self) {
        altstack::give_up();
        // SAFETY: an export of the running host; it takes nothing.
        unsafe { (self.exports.shutdown)() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_does_not_fit_is_asked_for_again() {
        let long = [b'x'; 3_000];
        let answer = text(16, |ptr, capacity| {
            let length = i32::try_from(long.len()).unwrap();
            if capacity < long.len() {
                return -length;
            }
            // SAFETY: there is room for all of it.
            unsafe { std::ptr::copy_nonoverlapping(long.as_ptr(), ptr, long.len()) };
            length
        });
        assert_eq!(answer, long);
    }

    #[test]
    fn a_table_with_a_gap_is_no_table() {
        unsafe extern "C" fn nothing() -> i32 {
            0
        }
        let api = HostApi { shutdown: Some(nothing), ping: Some(nothing), ..HostApi::empty() };
        assert!(Exports::of(&api).is_none());
    }
}
