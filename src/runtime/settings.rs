//! Settings of the .NET runtime. They are read once, when it starts; there is one runtime a process, for life.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How the .NET runtime is set up. What is `None` is left to PowerShell's own configuration and `DOTNET_` variables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RuntimeSettings {
    /// Collect garbage on a thread of its own beside the running code (default false).
    pub concurrent_gc: bool,
    /// One heap a core: more throughput for much more memory (default false).
    pub server_gc: bool,
    /// Most bytes the managed heap may take (at least 64 MiB; default none). A script that wants more gets an
    /// `OutOfMemoryException` instead of the process being killed. Not a security limit.
    pub heap_limit_bytes: Option<u64>,
    /// How hard the garbage collector works to keep the heap small, 0 (not at all) to 9 (default none: 0).
    pub conserve_memory: Option<u8>,
    /// Start with quickly made code and improve it later (default none: PowerShell says yes).
    pub tiered_compilation: Option<bool>,
    /// Watch running code to improve it better (default false: calls 1 to 5,000 of a process take half the time without the
    /// watching, later ones about a fifth more; `docs/bench.md`).
    pub tiered_pgo: Option<bool>,
    /// Folder in which the runtime remembers which methods a start needed, so that the next start compiles them on
    /// another core ahead of time (default none).
    pub jit_profile: Option<PathBuf>,
    /// Folder in which the host assembly's machine code may be kept (under 1 MB for each version), so that it is not compiled at every
    /// start (default none: nothing is written anywhere). Whoever can write there can run code in this process.
    pub code_cache: Option<PathBuf>,
}

impl RuntimeSettings {
    /// Smallest permitted `heap_limit_bytes`: 64 MiB, what PowerShell takes with one runspace.
    pub const MIN_HEAP_LIMIT_BYTES: u64 = 64 << 20;
    /// Largest permitted `conserve_memory`.
    pub const MAX_CONSERVE_MEMORY: u8 = 9;
}

impl Default for RuntimeSettings {
    fn default() -> Self {
        Self {
            concurrent_gc: false,
            server_gc: false,
            heap_limit_bytes: None,
            conserve_memory: None,
            tiered_compilation: None,
            tiered_pgo: Some(false),
            jit_profile: None,
            code_cache: None,
        }
    }
}

/// Where the time of the start went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Phases {
    /// Loading the `hostfxr` library, microseconds.
    pub load_hostfxr_us: u64,
    /// Reading PowerShell's configuration and resolving its files, microseconds.
    pub initialize_us: u64,
    /// Starting the runtime and loading the host assembly, microseconds.
    pub start_runtime_us: u64,
    /// Exchanging the function tables, microseconds.
    pub bootstrap_us: u64,
}

impl Phases {
    /// All phases together.
    pub fn total(&self) -> Duration {
        Duration::from_micros(
            self.load_hostfxr_us + self.initialize_us + self.start_runtime_us + self.bootstrap_us,
        )
    }
}
