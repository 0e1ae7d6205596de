//! PowerShell 7 hosted inside your own process.
//!
//! An [`Engine`] finds an installed PowerShell (7.6 or later), starts its runtime in this process once, and runs
//! [`Invocation`]s in a pool of runspaces: in tens of microseconds instead of the 150 ms and more that starting `pwsh`
//! takes, with deadlines, cancellation, isolation between calls and every stream of PowerShell.
//!
//! ```no_run
//! use runspaced::{Engine, Invocation};
//! use serde::Deserialize;
//! use std::time::Duration;
//!
//! #[derive(Deserialize)]
//! #[serde(rename_all = "PascalCase")]
//! struct Process {
//!     id: u32,
//!     process_name: String,
//! }
//!
//! let engine = Engine::builder().build()?;
//! let call = Invocation::script("Get-Process | Sort-Object CPU -Descending | Select-Object -First 3 Id, ProcessName")
//!     .timeout(Duration::from_secs(5));
//! for process in engine.blocking().invoke(call)?.rows::<Process>()? {
//!     println!("{} {}", process.id, process.process_name);
//! }
//! # Ok::<(), runspaced::Error>(())
//! ```
//!
//! The library never ends its process, and touches no descriptor, signal handler or environment variable of it. One
//! PowerShell runs in a process, for its life; a second engine shares it.

pub mod azure;
mod catalog;
#[doc(hidden)]
pub mod config;
mod engine;
mod error;
#[doc(hidden)]
pub mod ffi;
mod host;
pub mod kql;
pub mod mcp;
#[doc(hidden)]
pub mod nearest;
pub mod observe;
#[doc(hidden)]
pub mod parts;
mod policy;
mod pool;
mod runtime;
pub mod sentinel;
pub mod simulator;
mod wildcard;

pub use engine::{
    Blocking, Call, CancelHandle, Dropped, Encoding, Engine, EngineBuilder, ErrorInner, ErrorRecord, Format,
    FunctionContext, FunctionError, InitialState, Invocation, Isolation, LanguageMode, Limits, Live, Output,
    OutputStream, Position, PowerShellInfo, Prompt, Record, RecordData, Records, SecretProvider, Stream,
    Timings, Truncation, TruncationReason,
};
pub use error::{Error, Result, ScriptFailure};
pub use pool::{PoolConfig, Replacement, Stats};
pub use runtime::{Phases, RuntimeSettings, locate};
#[doc(hidden)]
pub use runtime::{border, contain_children, remove_leftovers};
