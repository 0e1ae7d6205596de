//! A scripted host: behaves as the text of a request says, so that the pool can be tested without a CLR.
//!
//! A request's `text` is a list of words: `ok`, `sleep:MS` (stops when cancelled), `stuck:MS` (does not), `dirty`
//! (settles as restored), `retire`, `overlap` (environment left dirty), `unsettled` (never settles), `exit:N`
//! (`[Environment]::Exit`), `records:N` (live records), `function:N` (calls a host function and waits for its end), `close` (the slot closes under the call).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex};
use serde_json::{Value, json};

use super::{
    CallId, Event, Events, FunctionCallId, FunctionEvent, FunctionMessage, Host, HostError, RawAnswer,
    SlotId, Take, Trim,
};

#[derive(Default)]
struct FakeSlot {
    busy: bool,
    cancelled: bool,
    resumed: bool,
    closed: bool,
    abandoned: bool,
}

pub(crate) struct FakeHost {
    events: Arc<dyn Events>,
    slots: Mutex<BTreeMap<SlotId, FakeSlot>>,
    changed: Condvar,
    /// How long a slot takes to open.
    pub(crate) open_time: Duration,
    /// How many of the next slots do not open.
    pub(crate) fail_opens: AtomicUsize,
    /// Every call a slot was given, in order.
    pub(crate) history: Mutex<Vec<(SlotId, CallId, String)>>,
    pub(crate) ended_descendants: Mutex<BTreeSet<SlotId>>,
    pub(crate) most_running: AtomicUsize,
    /// What callers of host functions were told.
    pub(crate) function_replies: Mutex<Vec<String>>,
    /// What was trimmed.
    pub(crate) trims: Mutex<Vec<Trim>>,
    running: AtomicUsize,
    me: std::sync::Weak<FakeHost>,
}

impl FakeHost {
    pub(crate) fn new(events: Arc<dyn Events>, open_time: Duration) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            events,
            slots: Mutex::default(),
            changed: Condvar::new(),
            open_time,
            fail_opens: AtomicUsize::new(0),
            history: Mutex::default(),
            ended_descendants: Mutex::default(),
            most_running: AtomicUsize::new(0),
            function_replies: Mutex::default(),
            trims: Mutex::default(),
            running: AtomicUsize::new(0),
            me: me.clone(),
        })
    }

    pub(crate) fn open_slots(&self) -> usize {
        self.slots.lock().values().filter(|slot| !slot.closed && !slot.abandoned).count()
    }

    fn update<T>(&self, slot: SlotId, change: impl FnOnce(&mut FakeSlot) -> T) -> Option<T> {
        let mut slots = self.slots.lock();
        let result = slots.get_mut(&slot).map(change);
        self.changed.notify_all();
        result
    }

    /// Sleeps; true if it was cancelled meanwhile.
    fn sleep(&self, slot: SlotId, time: Duration, heeds_cancel: bool) -> bool {
        let end = Instant::now() + time;
        let mut slots = self.slots.lock();
        loop {
            if heeds_cancel && slots.get(&slot).is_none_or(|slot| slot.cancelled) {
                return true;
            }
            if self.changed.wait_until(&mut slots, end).timed_out() {
                return false;
            }
        }
    }

    fn run(&self, slot: SlotId, call: CallId, request: &Value) {
        let now = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_running.fetch_max(now, Ordering::SeqCst);
        let text = request["text"].as_str().unwrap_or_default().to_owned();
        let mut status = "completed";
        let mut settlement = json!({ "verdict": "clean" });
        let mut settles = true;
        for word in text.split_whitespace() {
            let (word, number) = match word.split_once(':') {
                Some((word, number)) => (word, number.parse::<u64>().unwrap_or(0)),
                None => (word, 0),
            };
            match word {
                "sleep" if self.sleep(slot, Duration::from_millis(number), true) => {
                    status = "stopped";
                    break;
                }
                "stuck" => {
                    self.sleep(slot, Duration::from_millis(number), false);
                }
                "records" if !self.send_records(slot, call, number) => {
                    status = "stopped";
                    break;
                }
                "dirty" => settlement["verdict"] = json!("restored"),
                "retire" => settlement["verdict"] = json!("retire"),
                "overlap" => {
                    settlement["environment_overlap"] = json!(true);
                    settlement["environment_dirty"] = json!(true);
                }
                "unsettled" => settles = false,
                "exit" => {
                    let code = i32::try_from(number).unwrap_or(0);
                    self.events.event(Event::ExitRequested { slot: Some(slot), call: Some(call), code });
                    return; // The thread is parked for ever.
                }
                "function" if !self.call_function(slot, call, FunctionCallId(number)) => {
                    status = "stopped";
                    break;
                }
                "close" => {
                    self.update(slot, |slot| slot.closed = true);
                    self.events.event(Event::Closed { slot });
                    return;
                }
                _ => {}
            }
        }
        self.running.fetch_sub(1, Ordering::SeqCst);
        if self.update(slot, |slot| slot.abandoned).unwrap_or(true) {
            self.events.event(Event::Closed { slot });
            return;
        }
        let mut buffer = serde_json::to_vec(&json!([text])).unwrap_or_default();
        let output_end = buffer.len();
        buffer.extend_from_slice(b"[]");
        let records_end = buffer.len();
        buffer.extend_from_slice(json!({ "status": status, "count": 1 }).to_string().as_bytes());
        self.events.event(Event::Done { slot, call, answer: RawAnswer { buffer, output_end, records_end } });
        if settles {
            self.update(slot, |slot| slot.busy = false);
            self.events.event(Event::Settled { slot, call, json: settlement.to_string().as_bytes() });
        }
    }

    /// False: cancelled while it waited.
    fn call_function(&self, slot: SlotId, call: CallId, function: FunctionCallId) -> bool {
        let json = br#"{"name":"f","input":false,"arguments":{"a":1}}"#;
        self.events.event(Event::Function { slot, call, function, event: FunctionEvent::Called { json } });
        while !self
            .function_replies
            .lock()
            .iter()
            .any(|reply| reply.starts_with("Fi") || reply.starts_with("Fa"))
        {
            if self.sleep(slot, Duration::from_millis(2), true) {
                self.events.event(Event::Function { slot, call, function, event: FunctionEvent::Dropped });
                return false;
            }
        }
        true
    }

    fn send_records(&self, slot: SlotId, call: CallId, count: u64) -> bool {
        for n in 0..count {
            let json = json!({ "stream": "output", "at": n, "data": n }).to_string();
            while self.events.event(Event::Record { slot, call, json: json.as_bytes() }) == Take::Full {
                let mut slots = self.slots.lock();
                loop {
                    let Some(slot) = slots.get_mut(&slot) else { return false };
                    if slot.cancelled {
                        return false;
                    }
                    if std::mem::take(&mut slot.resumed) {
                        break;
                    }
                    self.changed.wait(&mut slots);
                }
            }
        }
        true
    }

    fn on_thread(&self, work: impl FnOnce(&Self) + Send + 'static) {
        let me = self.me.clone();
        thread::spawn(move || {
            if let Some(host) = me.upgrade() {
                work(&host);
            }
        });
    }
}

impl Host for FakeHost {
    fn open(&self, slot: SlotId, _config: &[u8]) -> Result<(), HostError> {
        let fails = self
            .fail_opens
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
            .is_ok();
        self.on_thread(move |host| {
            thread::sleep(host.open_time);
            if fails {
                let error = br#"{"phase":"module","subject":"Broken","message":"it throws"}"#;
                host.events.event(Event::OpenFailed { slot, error });
            } else {
                host.slots.lock().insert(slot, FakeSlot::default());
                host.events.event(Event::Opened { slot, info: br#"{"modules":["Base"]}"# });
            }
        });
        Ok(())
    }

    fn invoke(&self, slot: SlotId, call: CallId, request: &[u8]) -> Result<(), HostError> {
        let request: Value =
            serde_json::from_slice(request).map_err(|error| HostError::Request(error.to_string()))?;
        let accepted = self.update(slot, |slot| {
            let accepted = !slot.busy && !slot.closed && !slot.abandoned;
            slot.busy |= accepted;
            slot.cancelled = false;
            slot.resumed = false;
            accepted
        });
        if accepted != Some(true) {
            return Err(HostError::Slot(slot, "busy or unknown".to_owned()));
        }
        let text = request["text"].as_str().unwrap_or_default().to_owned();
        self.history.lock().push((slot, call, text));
        self.on_thread(move |host| host.run(slot, call, &request));
        Ok(())
    }

    fn cancel(&self, slot: SlotId, _call: CallId) {
        self.update(slot, |slot| slot.cancelled = true);
    }

    fn end_descendants(&self, slot: SlotId) -> usize {
        self.ended_descendants.lock().insert(slot);
        0
    }

    fn resume(&self, slot: SlotId, _call: CallId) {
        self.update(slot, |slot| slot.resumed = true);
    }

    fn reply(&self, _slot: SlotId, _call: CallId, _prompt: u64, _reply: &[u8]) {}

    fn function_reply(
        &self,
        _slot: SlotId,
        _call: CallId,
        _function: FunctionCallId,
        message: FunctionMessage,
        payload: &[u8],
    ) {
        let text = format!("{message:?} {}", String::from_utf8_lossy(payload));
        self.function_replies.lock().push(text.trim_end().to_owned());
        self.changed.notify_all();
    }

    fn close(&self, slot: SlotId) {
        if self.update(slot, |slot| !std::mem::replace(&mut slot.closed, true)) == Some(true) {
            self.on_thread(move |host| {
                host.events.event(Event::Closed { slot });
            });
        }
    }

    fn abandon(&self, slot: SlotId) {
        self.update(slot, |slot| slot.abandoned = true);
    }

    fn trim(&self, depth: Trim) {
        self.trims.lock().push(depth);
    }

    fn shutdown(&self) {}
}
