//! Settings of an engine, and its start.

use std::{
    path::PathBuf,
    sync::{Arc, Weak},
    time::Duration,
};

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    function::{FunctionContext, FunctionError, FunctionSet},
    handle::{Engine, Inner, Origin},
    request::Defaults,
    settings::{Encoding, InitialState, Isolation, LanguageMode, Limits},
};
use crate::{
    error::{Error, Result},
    host::{Events, SharedHost, message::SlotConfig},
    locate::LocateOptions,
    pool::{Pool, PoolConfig},
    runtime::{self, RuntimeSettings},
};

/// Builds an [`Engine`].
///
/// ```no_run
/// use runspaced::{Engine, PoolConfig};
///
/// let engine = Engine::builder().module("Microsoft.PowerShell.Utility").max_slots(4).build()?;
/// # Ok::<(), runspaced::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct EngineBuilder {
    locate: LocateOptions,
    runtime: RuntimeSettings,
    pool: PoolConfig,
    slot: SlotConfig,
    defaults: Defaults,
    functions: FunctionSet,
    start_later: bool,
}

impl Default for EngineBuilder {
    fn default() -> Self {
        Self {
            locate: LocateOptions::from_environment(),
            runtime: RuntimeSettings::default(),
            pool: PoolConfig::default(),
            slot: SlotConfig::default(),
            defaults: Defaults {
                timeout: Duration::from_secs(300),
                isolation: Isolation::Scoped,
                limits: Limits::default(),
            },
            functions: FunctionSet::default(),
            start_later: false,
        }
    }
}

impl EngineBuilder {
    /// The PowerShell to host: the folder that holds `pwsh.dll`. Default: found as [`crate::locate`] describes.
    pub fn powershell(mut self, home: impl Into<PathBuf>) -> Self {
        self.locate = self.locate.explicit(home);
        self
    }

    /// Where to look for PowerShell.
    pub fn locate(mut self, options: LocateOptions) -> Self {
        self.locate = options;
        self
    }

    /// Settings of the .NET runtime.
    pub fn runtime(mut self, settings: RuntimeSettings) -> Self {
        self.runtime = settings;
        self
    }

    /// Size and patience of the pool.
    pub fn pool(mut self, config: PoolConfig) -> Self {
        self.pool = config;
        self
    }

    /// Most slots of the pool. Lowers the minimum where that is higher.
    pub fn max_slots(mut self, max: usize) -> Self {
        self.pool.max = max;
        self.pool.min = self.pool.min.min(max);
        self
    }

    /// Slots that are kept open. Raises the maximum where that is lower.
    pub fn min_slots(mut self, min: usize) -> Self {
        self.pool.min = min;
        self.pool.max = self.pool.max.max(min);
        self
    }

    /// A module, by name or path, that every slot imports when it opens.
    pub fn module(mut self, name_or_path: impl Into<String>) -> Self {
        self.slot.modules.push(name_or_path.into());
        self
    }

    /// A folder in which modules are found by name, after PowerShell's own folders: the module is imported by whoever first
    /// calls one of its commands. The folder becomes part of `PSModulePath` as PowerShell sees it.
    pub fn module_folder(mut self, path: impl Into<PathBuf>) -> Self {
        self.slot.module_folders.push(path.into().to_string_lossy().into_owned());
        self
    }

    /// A script run once in the global scope of every slot, after the modules.
    pub fn startup_script(mut self, script: impl Into<String>) -> Self {
        self.slot.startup_script = Some(script.into());
        self
    }

    /// Runs the user's PowerShell profiles in every slot. Off by default.
    pub fn load_profile(mut self, load: bool) -> Self {
        self.slot.load_profile = load;
        self
    }

    /// Culture of every slot, e.g. `de-DE`. `en-US` by default, whatever the machine's is, so that results are the same
    /// everywhere.
    pub fn culture(mut self, name: impl Into<String>) -> Self {
        self.slot.culture = name.into();
        self
    }

    /// Language mode of every slot. A guard rail, not a sandbox.
    pub fn language_mode(mut self, mode: LanguageMode) -> Self {
        self.slot.language_mode = mode;
        self
    }

    /// What a slot knows when it opens.
    pub fn initial_state(mut self, state: InitialState) -> Self {
        self.slot.initial_state = state;
        self
    }

    /// The only commands that callers may run. Empty: all.
    pub fn visible_commands<S: Into<String>>(mut self, commands: impl IntoIterator<Item = S>) -> Self {
        self.slot.visible_commands = commands.into_iter().map(Into::into).collect();
        self
    }

    /// Location of every call that names none. Default: the process's folder at the start.
    pub fn working_directory(mut self, path: impl Into<PathBuf>) -> Self {
        self.slot.working_directory = Some(path.into().to_string_lossy().into_owned());
        self
    }

    /// Execution policy of every slot (Windows; it has no effect elsewhere).
    pub fn execution_policy(mut self, policy: impl Into<String>) -> Self {
        self.slot.execution_policy = Some(policy.into());
        self
    }

    /// How the output of native commands is decoded. UTF-8 by default.
    pub fn native_encoding(mut self, encoding: Encoding) -> Self {
        self.slot.native_encoding = encoding;
        self
    }

    /// Stack of every slot's thread, bytes (512 KiB to 64 MiB, default 2 MiB). A deeper stack lets scripts recurse
    /// deeper and makes endless recursion end later: much later, for unwinding takes longer than linearly.
    pub fn stack_bytes(mut self, bytes: u32) -> Self {
        self.slot.stack_bytes = bytes;
        self
    }

    /// Deadline of calls that name none. 300 s by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.defaults.timeout = timeout;
        self
    }

    /// Isolation of calls that name none. [`Isolation::Scoped`] by default.
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        self.defaults.isolation = isolation;
        self
    }

    /// Budgets of calls that name none.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.defaults.limits = limits;
        self
    }

    /// A function that scripts call as `Invoke-HostFunction NAME @{ ... }`: the arguments are read into `A` (names as serde has
    /// them, letter case included), what it returns is put out, an array value by value. It begins on the script's own thread, where
    /// it runs up to the first `await` that has to wait, unless it takes input from the pipeline or the script has used up most of its
    /// stack; from there on it is awaited on the runtime in which the engine is built, else on two threads of the engine's own. It must not
    /// block any of them.
    ///
    /// ```no_run
    /// use runspaced::{Engine, FunctionError};
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Place {
    ///     city: String,
    /// }
    ///
    /// let engine = Engine::builder()
    ///     .host_function("weather", |_context, place: Place| async move {
    ///         if place.city.is_empty() {
    ///             return Err(FunctionError::new("which city?").category("InvalidArgument"));
    ///         }
    ///         Ok(format!("sunny in {}", place.city))
    ///     })
    ///     .build()?;
    /// # Ok::<(), runspaced::Error>(())
    /// ```
    pub fn host_function<A, R, F, Fut>(mut self, name: impl Into<String>, function: F) -> Self
    where
        A: DeserializeOwned + Send + 'static,
        R: Serialize,
        F: Fn(FunctionContext, A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = std::result::Result<R, FunctionError>> + Send + 'static,
    {
        self.functions.add(name.into(), function);
        self
    }

    /// The same as a command of its own, such as `Get-Weather -City Rome`: its parameters, their types, sets and ranges come
    /// from the JSON Schema of `A`, the help from its documentation comments. Properties of pipeline objects bind by name.
    pub fn host_command<A, R, F, Fut>(mut self, name: impl Into<String>, function: F) -> Self
    where
        A: DeserializeOwned + JsonSchema + Send + 'static,
        R: Serialize,
        F: Fn(FunctionContext, A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = std::result::Result<R, FunctionError>> + Send + 'static,
    {
        self.functions.add_command(name.into(), function);
        self
    }

    /// Does not start PowerShell when the engine is built, but with the first call, or with [`Engine::begin`]: for programs that have
    /// something more urgent to do first.
    pub fn start_later(mut self) -> Self {
        self.start_later = true;
        self
    }

    /// Makes the engine. Returns at once: PowerShell is found and started on a thread of its own, calls made meanwhile
    /// wait for it, and [`Engine::ready`] tells how it went.
    ///
    /// # Errors
    /// [`Error::InvalidInvocation`] if a setting is out of its range or a host function has no usable name, [`Error::System`] if no thread can be made. That
    /// PowerShell is missing or does not start is the answer of every call and of [`Engine::ready`].
    pub fn build(self) -> Result<Engine> {
        if !(512 << 10..=64 << 20).contains(&self.slot.stack_bytes) {
            return Err(Error::InvalidInvocation(format!(
                "stack_bytes is {}, it must be 524288 (512 KiB) to 67108864 (64 MiB)",
                self.slot.stack_bytes
            )));
        }
        if self.defaults.isolation == Isolation::Session {
            return Err(Error::InvalidInvocation("Isolation::Session cannot be the default".to_owned()));
        }
        let mut slot = self.slot;
        slot.host_functions = !self.functions.is_empty();
        slot.host_commands = self.functions.commands().to_vec();
        let pool = Pool::new(self.pool, &slot, self.functions.callable()?)?;
        let origin =
            Origin { locate: self.locate.clone(), slot: serde_json::to_vec(&slot).unwrap_or_default() };
        let inner = Arc::new(Inner::new(pool.clone(), self.defaults, origin));
        let start =
            Start { inner: Arc::downgrade(&inner), pool, locate: self.locate, settings: self.runtime };
        match self.start_later {
            true => inner.hold(start),
            false => start.begin()?,
        }
        Ok(Engine(inner))
    }

    /// An engine on a host that is up already.
    pub(crate) fn build_on(self, host: impl FnOnce(Arc<dyn Events>) -> SharedHost) -> Result<Engine> {
        let pool = Pool::new(self.pool, &self.slot, None)?;
        let origin = Origin { locate: self.locate, slot: Vec::new() };
        let engine = Engine(Arc::new(Inner::new(pool.clone(), self.defaults, origin)));
        pool.started(host(pool.events()), Box::new(|| Ok(())));
        Ok(engine)
    }
}

/// The start of PowerShell.
pub(super) struct Start {
    inner: Weak<Inner>,
    pool: Pool,
    locate: LocateOptions,
    settings: RuntimeSettings,
}

impl Start {
    /// Finds PowerShell and starts it, on a thread of its own.
    ///
    /// # Errors
    /// [`Error::System`] if no thread can be made.
    fn begin(self) -> Result<()> {
        let Self { inner, pool, locate, settings } = self;
        let events = pool.events();
        std::thread::Builder::new()
            .name("runspaced-start".to_owned())
            .spawn(move || match runtime::start(&locate, &settings, events) {
                Ok(started) => {
                    let guard = started.upgrade_guard();
                    if let Some(inner) = inner.upgrade() {
                        inner.started(&started);
                    }
                    pool.started(started.host, guard);
                }
                Err(error) => pool.failed(error),
            })
            .map(drop)
            .map_err(|source| Error::System { what: "starting the thread that starts PowerShell", source })
    }

    /// The same; if it fails, that is the answer of every call.
    pub(super) fn begin_late(self) {
        let pool = self.pool.clone();
        if let Err(error) = self.begin() {
            pool.failed(error);
        }
    }
}
