//! The MCP server: PowerShell commands as tools for any client of the Model Context Protocol.
//!
//! ```text
//! transport   lines <-> messages, ids in use, back-pressure, the end     the only two that know rmcp
//! service     rmcp's requests <-> ours
//! dispatch    admission, tool, arguments, cancel, panic, one answer      knows neither rmcp nor the engine
//! powershell  a job as an invocation of the engine
//! crate::policy   between the two: what a call may do, and what clients see
//! ```
//!
//! `docs/mcp.md` has the limits and what is promised.

mod call;
mod dispatch;
mod powershell;
mod progress;
mod reply;
mod server;
mod service;
mod shutdown;
mod table;
#[cfg(test)]
#[cfg(unix)]
mod tests;
mod transport;

pub use self::{server::Server, shutdown::Cause};
pub use crate::catalog::Exposure;
pub use crate::policy::{Mode, Policy};
