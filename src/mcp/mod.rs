//! The MCP server: PowerShell commands as tools for any client of the Model Context Protocol.
//!
//! ```text
//! server      settings, and the start of everything
//! stdio, http a client at two files, or clients over the network
//! transport   lines <-> messages, ids in use, back-pressure, the end     the only two that know rmcp's messages
//! service     rmcp's requests <-> ours
//! dispatch    admission, tool, arguments, cancel, panic, one answer      knows neither rmcp nor the engine
//! finder      calls of the tools that stand for others
//! routes      which executor carries a job out
//! powershell  a job as an invocation of the engine
//! sentinel    a job as an operation on Microsoft Sentinel
//! crate::policy   between the two: what a call may do, and what clients see
//! ```
//!
//! `docs/mcp.md` has the limits and what is promised.

mod admission;
mod call;
mod client;
mod completions;
mod conduct;
mod dispatch;
mod errand;
mod finder;
mod handover;
pub mod http;
mod instructions;
mod listener;
mod options;
mod parts;
mod powershell;
mod progress;
mod prompts;
mod question;
mod remark;
mod reply;
mod resources;
mod results;
mod routes;
mod sentinel;
mod server;
mod service;
mod shutdown;
mod stdio;
#[cfg(test)]
#[cfg(unix)]
mod tests;
#[cfg(test)]
#[cfg(unix)]
mod tests_following;
mod transport;

pub(crate) use self::sentinel::tools as sentinel_tools;
pub use self::{
    sentinel::SentinelFunctions,
    server::Server,
    shutdown::{Cause, End},
};
pub use crate::catalog::{Exposure, Left, Mapping, Survey, SurveyedTool, ToolOverride, ToolSearch};
pub use crate::policy::{Mode, Policy};
