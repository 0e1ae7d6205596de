//! What the functions of the PowerShell module call: one step of an operation, its rows and errors as they come.
//!
//! In a slot of an engine the step arrives through a host function ([`configure`]), in an ordinary `pwsh` through the C library.
//! Both do the same here.

mod audience;
mod connection;
mod failure;
mod piped;
mod step;
mod terms;

pub(crate) use audience::Audience;
pub use connection::Connection;
#[cfg(test)]
pub(crate) use piped::{Binds, binds};
pub(crate) use step::{Order, carry_out};
pub(crate) use terms::{Consent, Heard, Terms};

use std::sync::Arc;

use crate::{EngineBuilder, FunctionContext};

/// Name of the host function.
pub(crate) const FUNCTION: &str = "sentinel";

/// Lets scripts of an engine call the operations, through the functions of the module `SentinelManager`. The connection is
/// made when the first of them does.
pub fn configure(builder: EngineBuilder, connection: Arc<Connection>) -> EngineBuilder {
    builder.host_function(FUNCTION, move |context: FunctionContext, order: Order| {
        let connection = Arc::clone(&connection);
        async move { carry_out(connection.get()?, order, &context, &Terms::own()).await }
    })
}
