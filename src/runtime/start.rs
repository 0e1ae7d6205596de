//! Starting .NET with an installed PowerShell as its application, and the host assembly in it.
//!
//! The way `pwsh` itself starts is taken (`hostfxr` is told to run `pwsh.dll`), up to the point where `pwsh` would run:
//! PowerShell's assemblies are then found where PowerShell expects them, in the default load context, and the host
//! assembly joins them there from memory. Each step is a type, so that none can be left out.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Instant;

use netcorehost::error::HostingError;
use netcorehost::hostfxr::{Hostfxr, HostfxrContext, InitializedForCommandLine};
use netcorehost::pdcstring::{PdCStr, PdCString};
use netcorehost::{hostfxr::DelegateLoader, pdcstr};
use once_cell::sync::OnceCell;

use super::abi::{self, Bootstrap, HostApi, bootstrap};
use super::callbacks::{CALLBACKS, ROUTES};
use super::calls::{ClrHost, Exports};
use super::error::StartError;
use super::locate::{self, LocateOptions, PowerShellHome};
use super::settings::{Phases, RuntimeSettings};
use super::{altstack, globalization, image, neighbours};
use crate::host::{Events, SharedHost};
use crate::pool::OpenGuard;

/// The host assembly, built from `dotnet-host/src`.
pub(super) static ASSEMBLY: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/dotnet-host/prebuilt/Runspaced.Host.dll"));

/// The running host.
#[derive(Clone)]
pub(crate) struct Started {
    pub(crate) host: SharedHost,
    pub(crate) home: PowerShellHome,
    /// How long the start took: that of the process's runtime, also for one that attached to it.
    pub(crate) phases: Phases,
    exports: Exports,
}

impl Started {
    /// Answers, before a slot is opened, whether the installation is still the one that runs.
    pub(crate) fn upgrade_guard(&self) -> OpenGuard {
        let home = self.home.clone();
        Box::new(move || match home.fingerprint.changed(&home.path) {
            None => Ok(()),
            Some(change) => Err(crate::Error::PowerShellChanged {
                home: home.path.display().to_string(),
                change: change.to_string(),
            }),
        })
    }

    /// The empty call across the border; false would mean that it is broken.
    pub(crate) fn ping(&self) -> bool {
        self.exports.ping()
    }

    /// Figures of the managed side, as JSON.
    pub(crate) fn stats(&self) -> Vec<u8> {
        self.exports.stats()
    }

    pub(super) fn open_nothing(&self, slot: crate::host::SlotId, length: usize) -> i32 {
        self.exports.open_nothing(slot, length)
    }
}

/// The one runtime of this process.
struct Runtime {
    home: PowerShellHome,
    settings: RuntimeSettings,
    phases: Phases,
    exports: Exports,
}

static RUNTIME: OnceCell<Runtime> = OnceCell::new();
/// Why .NET can no longer be started in this process.
static FAILED: OnceLock<(PathBuf, String)> = OnceLock::new();

/// Starts PowerShell's runtime in this process, or attaches to it if it runs with the same PowerShell and settings. Blocks
/// for the length of the start (tens of milliseconds).
///
/// Numbers of slots and calls are those of the process: two engines on one runtime must not use the same.
pub(crate) fn start(
    locate: &LocateOptions,
    settings: &RuntimeSettings,
    events: Arc<dyn Events>,
) -> Result<Started, crate::Error> {
    Ok(start_or_attach(locate, settings, events)?)
}

fn start_or_attach(
    locate: &LocateOptions,
    settings: &RuntimeSettings,
    events: Arc<dyn Events>,
) -> Result<Started, StartError> {
    check(settings)?;
    let runtime = RUNTIME.get_or_try_init(|| {
        if let Some((home, earlier)) = FAILED.get() {
            return Err(StartError::FailedBefore { home: home.clone(), earlier: earlier.clone() });
        }
        let home = find(locate)?;
        ROUTES.join(&events);
        start_first(home, settings)
    })?;
    // One that is named must be the one that runs; without a name any will do.
    let named = locate.explicit.is_some() || locate.environment_home.is_some();
    let wanted = if named { find(locate)? } else { runtime.home.clone() };
    let same_home = wanted.path == runtime.home.path;
    if !same_home || *settings != runtime.settings {
        let beside = if same_home { " with other runtime settings" } else { "" };
        return Err(StartError::AlreadyRunning {
            running: name(&runtime.home),
            wanted: format!("{}{beside}", name(&wanted)),
        });
    }
    Ok(Started {
        host: Arc::new(ClrHost::new(runtime.exports, events)),
        home: runtime.home.clone(),
        phases: runtime.phases,
        exports: runtime.exports,
    })
}

fn name(home: &PowerShellHome) -> String {
    format!("PowerShell {} ({})", home.version, home.path.display())
}

fn find(options: &LocateOptions) -> Result<PowerShellHome, StartError> {
    let survey = locate::find(options);
    match survey.home() {
        Some(home) => Ok(home.clone()),
        None => Err(StartError::NotFound(Box::new(survey))),
    }
}

fn check(settings: &RuntimeSettings) -> Result<(), StartError> {
    if let Some(bytes) =
        settings.heap_limit_bytes.filter(|bytes| *bytes < RuntimeSettings::MIN_HEAP_LIMIT_BYTES)
    {
        return Err(StartError::Setting {
            name: "heap_limit_bytes",
            given: bytes.to_string(),
            allowed: format!("at least {} are needed", RuntimeSettings::MIN_HEAP_LIMIT_BYTES),
        });
    }
    if let Some(level) =
        settings.conserve_memory.filter(|level| *level > RuntimeSettings::MAX_CONSERVE_MEMORY)
    {
        return Err(StartError::Setting {
            name: "conserve_memory",
            given: level.to_string(),
            allowed: format!("0 to {} are possible", RuntimeSettings::MAX_CONSERVE_MEMORY),
        });
    }
    Ok(())
}

fn start_first(home: PowerShellHome, settings: &RuntimeSettings) -> Result<Runtime, StartError> {
    altstack::give_up();
    if neighbours::has_runtime() {
        return Err(StartError::ForeignRuntime { home: home.path });
    }
    let mut phases = Phases::default();
    let mut clock = Clock::new();
    let loaded = Loaded::new(&home)?;
    phases.load_hostfxr_us = clock.lap();
    let configured = loaded.configure(settings)?;
    phases.initialize_us = clock.lap();
    // From here on .NET runs in this process, whatever comes of it.
    let image = settings.code_cache.as_deref().and_then(image::keep_in);
    let outcome = configured.run(image.as_deref()).and_then(|running| {
        phases.start_runtime_us = clock.lap();
        running.bootstrap()
    });
    phases.bootstrap_us = clock.lap();
    match outcome {
        Ok(exports) => Ok(Runtime { home, settings: settings.clone(), phases, exports }),
        Err(error) => {
            // Whoever comes second reads of the first failure.
            let _ = FAILED.set((home.path.clone(), error.to_string()));
            Err(error)
        }
    }
}

/// Measures one phase after the other.
struct Clock(Instant);

impl Clock {
    fn new() -> Self {
        Self(Instant::now())
    }

    /// Microseconds since the last lap.
    fn lap(&mut self) -> u64 {
        let since = std::mem::replace(&mut self.0, Instant::now());
        u64::try_from((self.0 - since).as_micros()).unwrap_or(u64::MAX)
    }
}

/// What `hostfxr` prints while it works, on the thread that it works on.
#[derive(Clone, Default)]
struct Complaints(Rc<RefCell<Vec<String>>>);

impl Complaints {
    fn collect(hostfxr: &Hostfxr) -> Self {
        let this = Self::default();
        let lines = this.clone();
        hostfxr.set_error_writer(Some(Box::new(move |line: &PdCStr| {
            lines.0.borrow_mut().push(line.to_string_lossy());
        })));
        this
    }

    fn error(&self, home: &Path, step: &'static str, cause: impl std::fmt::Display) -> StartError {
        let mut lines = self.0.borrow().clone();
        lines.retain(|line| !line.trim().is_empty());
        lines.push(cause.to_string());
        StartError::Runtime { home: home.to_owned(), step, message: lines.join(" ") }
    }
}

/// `hostfxr` is in the process.
struct Loaded<'a> {
    home: &'a PowerShellHome,
    hostfxr: Hostfxr,
    complaints: Complaints,
}

impl<'a> Loaded<'a> {
    fn new(home: &'a PowerShellHome) -> Result<Self, StartError> {
        let path = &home.dotnet.hostfxr;
        let hostfxr = Hostfxr::load_from_path(path).map_err(|error| StartError::Hostfxr {
            home: home.path.clone(),
            path: path.clone(),
            message: error.to_string(),
        })?;
        let complaints = Complaints::collect(&hostfxr);
        Ok(Self { home, hostfxr, complaints })
    }

    fn configure(self, settings: &RuntimeSettings) -> Result<Configured<'a>, StartError> {
        let home = &self.home.path;
        let application = text(home, home.join("pwsh.dll").as_os_str())?;
        let root = text(home, self.home.dotnet.root.as_os_str())?;
        let mut context = self
            .hostfxr
            .initialize_for_dotnet_command_line_with_dotnet_root(&application, &root)
            .map_err(|error| match error {
                HostingError::HostInvalidState => StartError::ForeignRuntime { home: home.clone() },
                error => self.complaints.error(home, "reading PowerShell's configuration", error),
            })?;
        for (name, value) in properties(settings) {
            let (name, value) = (text(home, name.as_ref())?, text(home, value.as_ref())?);
            context
                .set_runtime_property_value(&name, &value)
                .map_err(|error| self.complaints.error(home, "setting its properties", error))?;
        }
        Ok(Configured { loaded: self, context })
    }
}

/// The runtime knows what it will run, and how.
struct Configured<'a> {
    loaded: Loaded<'a>,
    context: HostfxrContext<InitializedForCommandLine>,
}

impl<'a> Configured<'a> {
    fn run(self, image: Option<&Path>) -> Result<Running<'a>, StartError> {
        let Loaded { home, hostfxr, complaints } = self.loaded;
        // The library stays: the runtime calls into it for as long as the process lives.
        std::mem::forget(hostfxr.clone());
        load_host(&self.context, image)
            .map_err(|error| complaints.error(&home.path, "loading the host assembly", error))?;
        let loader = self
            .context
            .get_delegate_loader()
            .map_err(|error| complaints.error(&home.path, "asking for its functions", error))?;
        // A context that stays open would block every later one in this process, whoever's it is.
        let closed = self.context.close();
        hostfxr.set_error_writer(None);
        closed.map_err(|error| complaints.error(&home.path, "closing its context", error))?;
        Ok(Running { home, loader })
    }
}

/// .NET runs, with the host assembly in it.
struct Running<'a> {
    home: &'a PowerShellHome,
    loader: DelegateLoader,
}

/// Loads the host assembly: with its machine code from a file if there is one, else from memory.
fn load_host(
    context: &HostfxrContext<InitializedForCommandLine>,
    image: Option<&Path>,
) -> Result<(), HostingError> {
    if let Some(path) = image
        && let Ok(name) = PdCString::from_os_str(path)
    {
        match context.load_assembly_from_path(&name) {
            Ok(()) => return Ok(()),
            // A file system may hold files that nothing can be run from.
            Err(error) => {
                tracing::debug!(path = %path.display(), %error, "the host assembly's image was not loaded; it comes from memory");
            }
        }
    }
    context.load_assembly_from_bytes(ASSEMBLY, [])
}

impl Running<'_> {
    fn bootstrap(self) -> Result<Exports, StartError> {
        let failed = |message: String| StartError::Bootstrap { home: self.home.path.clone(), message };
        let start = self
            .loader
            .get_function_with_unmanaged_callers_only::<Bootstrap>(
                pdcstr!("Runspaced.Host.Interop.Exports, Runspaced.Host"),
                pdcstr!("Bootstrap"),
            )
            .map_err(|error| failed(format!("its entry point was not found: {error}")))?;
        let mut api = HostApi::empty();
        ROUTES.listen();
        let answer = start(&raw const CALLBACKS, &raw mut api);
        let said = ROUTES.first_words().join(" ");
        match answer {
            bootstrap::DONE => {
                Exports::of(&api).ok_or_else(|| failed("its table of functions has a gap".to_owned()))
            }
            bootstrap::VERSIONS_DIFFER => Err(failed(format!(
                "it does not know version {} of the border; this library was built with another host assembly",
                abi::ABI_VERSION
            ))),
            other if said.is_empty() => Err(failed(format!("it answered {other}"))),
            _ => Err(failed(said)),
        }
    }
}

/// Runtime properties, in the names of `runtimeconfig.json`.
fn properties(settings: &RuntimeSettings) -> Vec<(&'static str, String)> {
    let mut properties = vec![
        ("System.GC.Concurrent", settings.concurrent_gc.to_string()),
        ("System.GC.Server", settings.server_gc.to_string()),
    ];
    let mut optional = |name, value: Option<String>| properties.extend(value.map(|value| (name, value)));
    optional("System.GC.HeapHardLimit", settings.heap_limit_bytes.map(|bytes| bytes.to_string()));
    optional("System.GC.ConserveMemory", settings.conserve_memory.map(|level| level.to_string()));
    optional("System.Runtime.TieredCompilation", settings.tiered_compilation.map(|on| on.to_string()));
    optional("System.Runtime.TieredPGO", settings.tiered_pgo.map(|on| on.to_string()));
    // Not .NET's own: the host assembly reads it (AppContext.GetData).
    optional(
        "Runspaced.JitProfileFolder",
        settings.jit_profile.as_ref().map(|path| path.to_string_lossy().into_owned()),
    );
    if globalization::lacks_icu() {
        // .NET would end the process. Without ICU it knows one culture only, by whatever name.
        tracing::warn!("no ICU library (libicu) was found: PowerShell runs without cultures");
        properties.push(("System.Globalization.Invariant", true.to_string()));
        properties.push(("System.Globalization.PredefinedCulturesOnly", false.to_string()));
    }
    properties
}

fn text(home: &Path, text: &std::ffi::OsStr) -> Result<PdCString, StartError> {
    PdCString::from_os_str(text).map_err(|error| StartError::Runtime {
        home: home.to_owned(),
        step: "reading a path or setting",
        message: format!("{}: {error}", text.to_string_lossy()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_set_is_left_to_powershell() {
        let names = |settings: &RuntimeSettings| -> Vec<_> {
            properties(settings).into_iter().filter(|(name, _)| !name.contains("Globalization")).collect()
        };
        assert_eq!(
            names(&RuntimeSettings::default()),
            [
                ("System.GC.Concurrent", "false".to_owned()),
                ("System.GC.Server", "false".to_owned()),
                ("System.Runtime.TieredPGO", "false".to_owned())
            ]
        );
        let settings = RuntimeSettings {
            heap_limit_bytes: Some(256 << 20),
            tiered_pgo: Some(true),
            ..RuntimeSettings::default()
        };
        assert_eq!(
            names(&settings)[2..],
            [
                ("System.GC.HeapHardLimit", "268435456".to_owned()),
                ("System.Runtime.TieredPGO", "true".to_owned())
            ]
        );
    }

    #[test]
    fn settings_out_of_range_say_what_would_work() {
        let heap = RuntimeSettings { heap_limit_bytes: Some(1), ..RuntimeSettings::default() };
        assert!(check(&heap).unwrap_err().to_string().contains("67108864"));
        let conserve = RuntimeSettings { conserve_memory: Some(10), ..RuntimeSettings::default() };
        assert!(check(&conserve).unwrap_err().to_string().contains("0 to 9"));
    }
}
