//! Operations on Microsoft Sentinel against the simulated Azure: signing in, reading many workspaces, writing once.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod backups;
mod content;
mod errors;
mod faults;
mod health;
mod identity;
mod imports;
mod parameters;
mod permissions;
mod preflight;
mod preflight_reach;
mod reads;
mod setting;
mod writes;
