//! Microsoft Sentinel: operations on workspaces, each written once.
//!
//! An [`Operation`] has a name in PowerShell, a name as a tool, typed parameters, and rows of a known shape. Reads take one
//! workspace, several, a pattern or all, and stream their rows. Writes are planned, and applied with the plan's digest; what
//! was intended is in the journal before the first byte goes out, and what became of it afterwards. [`operations`] lists
//! them all: the catalogue of tools, the PowerShell module, the command line and the documentation are made from that list.

mod account;
mod apply;
mod arguments;
mod backup;
pub mod bridge;
mod cache;
mod content;
mod definition;
mod error;
mod export;
mod folder;
mod inventory;
mod journal;
mod listener;
pub mod module;
mod operations;
mod parameter;
mod plan;
mod progress;
mod read;
mod service;
mod several;
mod target;
mod times;
mod undo;
mod verify;
mod wildcard;
mod workspace;

pub use account::Account;
pub use apply::{Applied, Outcome};
pub use cache::CacheStatus;
pub use definition::{Column, Example, Kind, Operation, Undo};
pub use error::Error;
pub use inventory::Inventory;
pub use journal::{Entry, Journal, Keep, Pruned, Recorded};
pub use listener::{Listener, Stage};
pub use operations::{operation, operations};
pub use parameter::Parameter;
pub use plan::{Cannot, Change, Difference, Plan};
pub use read::{Item, Reading, WorkspaceFailure};
pub use service::{Call, Sentinel, SentinelSettings};
pub use verify::State;
pub use workspace::{Capacity, Onboarded, Workspace};

/// Result of an operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;
