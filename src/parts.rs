//! The engine's parts that need no PowerShell, for the benches of them. Not part of the API: it changes whenever they do.

use std::{sync::Arc, time::Instant};

use serde::Deserialize as _;

use crate::{
    Engine, Invocation, Output,
    catalog::{Catalog, Command, Exposure},
    engine::read_answer,
    error::Result,
    host::{
        CallId, Event, Events, FunctionCallId, FunctionMessage, Host, HostError, RawAnswer, SlotId, Trim,
    },
};

/// A command of PowerShell itself that the policy was made for.
#[derive(Debug, Clone)]
pub struct ReviewedCommand {
    /// Its module.
    pub module: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The parameters with which it reads; empty if it does not, or takes none.
    pub parameters: Vec<&'static str>,
    /// It runs as `-WhatIf` in plan mode.
    pub plans: bool,
}

/// All of them, for the test that holds them against the installed PowerShell.
pub fn reviewed_commands() -> Vec<ReviewedCommand> {
    crate::policy::reviewed_commands()
}

/// An engine without PowerShell: its slots answer on the spot, so that what is measured is the engine.
///
/// # Errors
/// Those of [`crate::EngineBuilder::build`].
pub fn echo_engine(slots: usize) -> Result<Engine> {
    Engine::builder().min_slots(slots).max_slots(slots).build_on(|events| Arc::new(EchoHost(events)))
}

/// Writes the request of an invocation; answers its size in bytes.
///
/// # Errors
/// Those of [`Engine::start`].
pub fn write_request(engine: &Engine, invocation: &Invocation) -> Result<usize> {
    engine.write_request(invocation).map(|request| request.len())
}

/// An answer as the host hands it over, to be read again and again.
pub struct Answer(RawAnswer);

impl Answer {
    /// From its three documents: output, records, meta.
    pub fn new(output: &str, records: &str, meta: &str) -> Self {
        Self(RawAnswer {
            buffer: [output, records, meta].concat().into_bytes(),
            output_end: output.len(),
            records_end: output.len() + records.len(),
        })
    }

    /// Reads it as a call's result.
    ///
    /// # Errors
    /// [`crate::Error::SlotLost`] if the meta document is not one.
    pub fn read(&self) -> Result<Output> {
        let now = Instant::now();
        read_answer(self.0.clone(), now, now).map(|(.., output)| output)
    }
}

/// Answers inside of `invoke`.
struct EchoHost(Arc<dyn Events>);

impl Host for EchoHost {
    fn open(&self, slot: SlotId, _config: &[u8]) -> Result<(), HostError> {
        self.0.event(Event::Opened { slot, info: b"{}" });
        Ok(())
    }

    fn invoke(&self, slot: SlotId, call: CallId, _request: &[u8]) -> Result<(), HostError> {
        let answer = Answer::new("[1]", "[]", r#"{"status":"completed","count":1}"#).0;
        self.0.event(Event::Done { slot, call, answer });
        self.0.event(Event::Settled { slot, call, json: br#"{"verdict":"clean"}"# });
        Ok(())
    }

    fn cancel(&self, _slot: SlotId, _call: CallId) {}

    fn end_descendants(&self, _slot: SlotId) -> usize {
        0
    }

    fn resume(&self, _slot: SlotId, _call: CallId) {}

    fn reply(&self, _slot: SlotId, _call: CallId, _prompt: u64, _reply: &[u8]) {}

    fn function_reply(&self, _: SlotId, _: CallId, _: FunctionCallId, _: FunctionMessage, _: &[u8]) {}

    fn close(&self, slot: SlotId) {
        self.0.event(Event::Closed { slot });
    }

    fn abandon(&self, _slot: SlotId) {}

    fn trim(&self, _: Trim) {}

    fn shutdown(&self) {}
}

/// The tools of a large module.
pub struct Tools(Catalog);

impl Tools {
    /// Reads as many functions as PowerShell would describe them, and makes tools of them, schemas included.
    ///
    /// # Errors
    /// If two of them have one name.
    pub fn new(functions: &[serde_json::Value]) -> Result<Self, String> {
        let read =
            |function: &serde_json::Value| Command::deserialize(function).map_err(|error| error.to_string());
        let commands = functions.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let catalog = Catalog::of(&commands, &[], &Exposure::default())?;
        for tool in catalog.iter() {
            tool.schema();
        }
        Ok(Self(catalog))
    }

    /// Searches; how many were found.
    pub fn search(&self, query: &str) -> usize {
        self.0.search(query).count()
    }
}
