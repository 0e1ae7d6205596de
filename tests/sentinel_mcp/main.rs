//! Operations on Microsoft Sentinel as MCP tools, as clients see them: the built program over stdio, the simulated Azure behind
//! it, no PowerShell.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../support/azure.rs"]
mod azure;
mod changing;
#[allow(dead_code, reason = "shared with the tests of other tools")]
#[path = "../mcp/client.rs"]
mod client;
mod listing;
mod never_again;
mod pages;
mod reading;
mod server;
