//! Open libraries: a configuration, its connection, threads.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde::Deserialize;
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

use super::call;
use super::status::{Refusal, Status};
use crate::azure::Variables;
use crate::config::{Config, Places, Sources};
use crate::sentinel::bridge::{Connection, Order};

/// Threads of a library.
const THREADS: usize = 2;
/// Time that a write has to end after its library was closed.
const CLOSING: Duration = Duration::from_secs(300);

static OPEN: LazyLock<Mutex<HashMap<u64, Arc<Library>>>> = LazyLock::new(Mutex::default);

/// The next number of a library or call.
pub(super) fn number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// An open library.
pub(super) struct Library {
    number: u64,
    connection: Arc<Connection>,
    /// `None` once it is dropped.
    runtime: Option<Runtime>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    config: Option<PathBuf>,
    folder: Option<PathBuf>,
    environment: Option<HashMap<String, String>>,
}

/// Opens a library.
pub(super) fn open(settings: &str) -> Result<u64, Refusal> {
    let settings: Settings = serde_json::from_str(settings).map_err(|error| {
        Refusal::new(Status::NotUnderstood, format!("the settings are not understood: {error}"))
    })?;
    let environment: Vec<(OsString, OsString)> = match settings.environment {
        Some(given) => given.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
        None => std::env::vars_os().collect(),
    };
    let folder =
        settings.folder.or_else(|| std::env::current_dir().ok()).unwrap_or_else(|| PathBuf::from("."));
    let places = Places::of(&folder, settings.config.as_deref());
    let config = Config::load(&Sources { places, environment: environment.clone(), flags: Vec::new() })
        .map_err(|problems| {
            let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Refusal::new(Status::Configuration, texts.join("; "))
        })?;
    let variables = variables(&config, environment);
    let connection = Connection::new(move || config.sentinel(&variables).map(|connected| connected.sentinel));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("runspaced-library")
        .enable_all()
        .build()
        .map_err(|error| Refusal::new(Status::Internal, format!("threads could not be started: {error}")))?;
    let number = number();
    let library = Library { number, connection: Arc::new(connection), runtime: Some(runtime) };
    OPEN.lock().insert(number, Arc::new(library));
    Ok(number)
}

/// Variables of identity: those of the environment, then those of `.env`.
fn variables(config: &Config, environment: Vec<(OsString, OsString)>) -> Variables {
    let of_file = config.other_variables.iter().map(|(name, value)| (name.clone(), value.clone()));
    let of_environment = environment.into_iter().filter_map(|(name, value)| {
        Some((name.into_string().ok()?, Zeroizing::new(value.into_string().ok()?)))
    });
    // What comes later counts.
    of_file.chain(of_environment).collect()
}

/// An open library by its number.
pub(super) fn find(number: u64) -> Result<Arc<Library>, Refusal> {
    OPEN.lock().get(&number).cloned().ok_or_else(|| unknown(number))
}

/// Closes a library.
pub(super) fn close(number: u64) -> Result<(), Refusal> {
    let library = OPEN.lock().remove(&number).ok_or_else(|| unknown(number))?;
    call::cancel_all_of(library.number);
    Ok(())
}

fn unknown(number: u64) -> Refusal {
    Refusal::new(Status::Unknown, format!("there is no open library {number}"))
}

impl Library {
    /// Begins a call.
    pub(super) fn begin(&self, order: &str) -> Result<u64, Refusal> {
        let order: Order = serde_json::from_str(order).map_err(|error| {
            Refusal::new(Status::NotUnderstood, format!("the order is not understood: {error}"))
        })?;
        let Some(runtime) = &self.runtime else { return Err(unknown(self.number)) };
        Ok(call::begin(self.number, runtime.handle(), Arc::clone(&self.connection), order))
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        // A write that has begun is ended and written down; whoever closes does not wait for it.
        let _ = std::thread::Builder::new().name("runspaced-closing".to_owned()).spawn(move || {
            let end = Instant::now() + CLOSING;
            while runtime.metrics().num_alive_tasks() > 0 && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(20));
            }
            runtime.shutdown_background();
        });
    }
}
