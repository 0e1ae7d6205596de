//! What the functions of the PowerShell module may have done: those that a call of a tool runs on that call's terms, all others
//! by the server's mode. A script cannot change the terms: they hang on the number of its call in the engine.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, OnceLock},
};

use parking_lot::Mutex;

use super::connection::Connection;
use crate::{
    Call, Engine, EngineBuilder, Error, FunctionContext, FunctionError, Invocation,
    sentinel::{
        self,
        bridge::{self, Consent, Order, Terms},
    },
};

/// Calls that are over and still known: what is left of their scripts changes nothing.
const KNOWN: usize = 1_024;

/// The way of PowerShell functions to the operations on Microsoft Sentinel of a server: built into the engine with
/// [`configure`](Self::configure), given to the server with [`Server::sentinel_through`](crate::mcp::Server::sentinel_through).
#[derive(Clone, Default)]
pub struct SentinelFunctions(Arc<Desk>);

#[derive(Default)]
struct Desk {
    calls: Mutex<Calls>,
    served: OnceLock<Served>,
}

/// The terms of calls, by their numbers in the engine.
#[derive(Default)]
struct Calls {
    terms: HashMap<u64, Arc<Terms>>,
    over: VecDeque<u64>,
}

/// The server that the functions belong to.
struct Served {
    connection: Connection,
    may_write: bool,
}

/// Terms that hold as long as this lives.
pub(super) struct Agreed<'a> {
    desk: &'a Desk,
    terms: Arc<Terms>,
    call: u64,
}

impl SentinelFunctions {
    /// Lets scripts of an engine call the operations. The engine's runspaces have to know the module `SentinelManager`
    /// ([`crate::sentinel::module::unpack`]); modules that they import after it may replace its functions.
    pub fn configure(&self, builder: EngineBuilder) -> EngineBuilder {
        let desk = Arc::clone(&self.0);
        builder.host_function(bridge::FUNCTION, move |context: FunctionContext, order: Order| {
            let desk = Arc::clone(&desk);
            async move {
                let terms = desk.terms(context.call_id())?;
                let sentinel = desk.served()?.connection.clone().ready().await.map_err(no_connection)?;
                bridge::carry_out(&sentinel, order, &context, &terms).await
            }
        })
    }

    pub(super) fn serve(&self, connection: Connection, may_write: bool) {
        // A second server would be one of another engine.
        let _ = self.0.served.set(Served { connection, may_write });
    }

    /// Starts a call on these terms.
    pub(super) fn start(
        &self,
        engine: &Engine,
        invocation: Invocation,
        terms: &Arc<Terms>,
    ) -> Result<(Call, Agreed<'_>), Error> {
        // Its script may ask before `start` returns, and waits here then.
        let mut calls = self.0.calls.lock();
        let call = engine.start(invocation)?;
        calls.terms.insert(call.id(), Arc::clone(terms));
        let agreed = Agreed { desk: &self.0, terms: Arc::clone(terms), call: call.id() };
        Ok((call, agreed))
    }
}

impl Desk {
    fn terms(&self, call: u64) -> Result<Arc<Terms>, FunctionError> {
        if let Some(terms) = self.calls.lock().terms.get(&call) {
            return Ok(Arc::clone(terms));
        }
        if self.served()?.may_write {
            return Ok(Arc::new(Terms::own()));
        }
        let reason = "this server allows no writes (--allow-writes)".to_owned();
        Ok(Arc::new(Terms::new(sentinel::Call::default(), Consent::Nothing(reason))))
    }

    fn served(&self) -> Result<&Served, FunctionError> {
        self.served.get().ok_or_else(|| {
            FunctionError::new("The operations on Microsoft Sentinel are not offered here.")
                .id("E701")
                .category("InvalidOperation")
        })
    }
}

impl Drop for Agreed<'_> {
    fn drop(&mut self) {
        self.terms.end();
        let mut calls = self.desk.calls.lock();
        calls.over.push_back(self.call);
        if calls.over.len() > KNOWN
            && let Some(oldest) = calls.over.pop_front()
        {
            calls.terms.remove(&oldest);
        }
    }
}

impl std::fmt::Debug for SentinelFunctions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SentinelFunctions").finish_non_exhaustive()
    }
}

fn no_connection(error: Error) -> FunctionError {
    FunctionError::new(error.to_string()).id(error.code()).category("AuthenticationError")
}
