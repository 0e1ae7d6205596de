//! The raw border, for the tests and measurements of the border itself. Not part of the API: it changes whenever the border
//! does.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};

use super::locate::{LocateOptions, PowerShellHome};
use super::settings::{Phases, RuntimeSettings};
use super::start::{Started, start};
use crate::host::{CallId, Event, Events, SlotId, Take};

/// Version of the border; both sides have the same one, or nothing starts.
pub const ABI_VERSION: u32 = super::abi::ABI_VERSION;

/// What an event said; JSON documents as text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "docs/abi.md describes them")]
pub enum Happening {
    Opened { slot: u64, info: String },
    OpenFailed { slot: u64, error: String },
    Record { slot: u64, call: u64, json: String },
    Prompt { slot: u64, call: u64, prompt: u64, json: String },
    Done { slot: u64, call: u64, output: String, records: String, meta: String },
    Settled { slot: u64, call: u64, json: String },
    Closed { slot: u64 },
    ExitRequested { slot: Option<u64>, call: Option<u64>, code: i32 },
    Log { level: String, text: String },
    Fatal { text: String },
}

/// A started host, spoken to in numbers and bytes.
pub struct Border {
    started: Started,
}

/// Passes everything on.
struct Wire(Sender<Happening>);

impl Events for Wire {
    fn event(&self, event: Event<'_>) -> Take {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let happening = match event {
            Event::Opened { slot, info } => Happening::Opened { slot: slot.0, info: text(info) },
            Event::OpenFailed { slot, error } => Happening::OpenFailed { slot: slot.0, error: text(error) },
            Event::Record { slot, call, json } => {
                Happening::Record { slot: slot.0, call: call.0, json: text(json) }
            }
            Event::Prompt { slot, call, prompt, json } => {
                Happening::Prompt { slot: slot.0, call: call.0, prompt, json: text(json) }
            }
            Event::Done { slot, call, answer } => Happening::Done {
                slot: slot.0,
                call: call.0,
                output: text(&answer.buffer[..answer.output_end]),
                records: text(&answer.buffer[answer.output_end..answer.records_end]),
                meta: text(&answer.buffer[answer.records_end..]),
            },
            Event::Settled { slot, call, json } => {
                Happening::Settled { slot: slot.0, call: call.0, json: text(json) }
            }
            Event::Closed { slot } => Happening::Closed { slot: slot.0 },
            Event::ExitRequested { slot, call, code } => Happening::ExitRequested {
                slot: slot.map(|slot| slot.0),
                call: call.map(|call| call.0),
                code,
            },
            Event::Log { level, text } => {
                Happening::Log { level: format!("{level:?}"), text: text.to_owned() }
            }
            Event::Fatal { text } => Happening::Fatal { text: text.to_owned() },
            // The slots opened here offer none.
            Event::Function { .. } => return Take::Taken,
        };
        // Nobody listens any more: nobody wants to know.
        let _ = self.0.send(happening);
        Take::Taken
    }
}

#[allow(missing_docs, reason = "docs/abi.md describes them")]
impl Border {
    /// Starts the runtime, or attaches to it.
    ///
    /// # Errors
    /// As the start of an engine.
    pub fn start(
        locate: &LocateOptions,
        settings: &RuntimeSettings,
    ) -> Result<(Self, Receiver<Happening>), crate::Error> {
        let (send, receive) = crossbeam_channel::unbounded();
        let started = start(locate, settings, Arc::new(Wire(send)))?;
        Ok((Self { started }, receive))
    }

    pub fn home(&self) -> &PowerShellHome {
        &self.started.home
    }

    pub fn phases(&self) -> Phases {
        self.started.phases
    }

    pub fn ping(&self) -> bool {
        self.started.ping()
    }

    pub fn stats(&self) -> String {
        String::from_utf8_lossy(&self.started.stats()).into_owned()
    }

    /// # Errors
    /// The text of the refusal.
    pub fn open(&self, slot: u64, config: &str) -> Result<(), String> {
        self.started.host.open(SlotId(slot), config.as_bytes()).map_err(|error| error.to_string())
    }

    /// # Errors
    /// The text of the refusal.
    pub fn invoke(&self, slot: u64, call: u64, request: &str) -> Result<(), String> {
        self.started
            .host
            .invoke(SlotId(slot), CallId(call), request.as_bytes())
            .map_err(|error| error.to_string())
    }

    pub fn cancel(&self, slot: u64, call: u64) {
        self.started.host.cancel(SlotId(slot), CallId(call));
    }

    pub fn end_descendants(&self, slot: u64) -> usize {
        self.started.host.end_descendants(SlotId(slot))
    }

    pub fn resume(&self, slot: u64, call: u64) {
        self.started.host.resume(SlotId(slot), CallId(call));
    }

    pub fn reply(&self, slot: u64, call: u64, prompt: u64, reply: &str) {
        self.started.host.reply(SlotId(slot), CallId(call), prompt, reply.as_bytes());
    }

    pub fn close(&self, slot: u64) {
        self.started.host.close(SlotId(slot));
    }

    pub fn abandon(&self, slot: u64) {
        self.started.host.abandon(SlotId(slot));
    }

    pub fn shutdown(&self) {
        self.started.host.shutdown();
    }

    /// Lets managed code read `length` bytes at address 0 on this thread; answers the status.
    pub fn open_nothing(&self, slot: u64, length: usize) -> i32 {
        self.started.open_nothing(SlotId(slot), length)
    }
}
