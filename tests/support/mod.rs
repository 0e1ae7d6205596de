//! Runs every test of a suite in a process of its own: there is one .NET runtime a process, and some tests end it.
//!
//! ```no_run
//! mod support;
//!
//! fn main() -> std::process::ExitCode {
//!     support::main(&[
//!         test!(arithmetic_is_sound),                                    // needs nothing
//!         test!(one_plus_one_is_two).powershell(),                       // skipped without PowerShell
//!         test!(both_layouts_answer).layouts().limit_s(120),             // once for each layout
//!     ])
//! }
//!
//! fn one_plus_one_is_two(context: &support::Context) {
//!     let home = context.home();
//! }
//! ```
//!
//! A test fails by panicking, by ending its process with another code than 0, or by exceeding its limit. One that needs
//! PowerShell on a machine without it is *ignored*, counted and named with the reason; with
//! `RUNSPACED_REQUIRE_POWERSHELL=1` it fails.

#![allow(dead_code, reason = "each suite uses the part it needs")]

mod child;
pub mod content;
pub mod engine;
mod layout;
pub mod packages;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use runspaced::locate::{self, LocateOptions, PowerShellHome};

/// Makes a [`Test`] of a function `fn(&Context)`, or, behind `async`, of an `async fn()`.
#[macro_export]
macro_rules! test {
    (async $body:path) => {
        $crate::support::Test::new(stringify!($body), |_| $crate::support::block($body()))
    };
    ($body:path) => {
        $crate::support::Test::new(stringify!($body), $body)
    };
}

/// One test.
#[derive(Clone, Copy)]
pub struct Test {
    name: &'static str,
    body: fn(&Context),
    needs: Needs,
    condition: Option<fn() -> Result<(), String>>,
    limit: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    PowerShell,
    SelfContained,
    BothLayouts,
}

impl Test {
    /// A test that needs nothing but Rust (tier 0) and may take a minute.
    pub const fn new(name: &'static str, body: fn(&Context)) -> Self {
        Self { name, body, needs: Needs::Nothing, condition: None, limit: Duration::from_secs(60) }
    }

    /// It needs PowerShell (tiers 1 and 2).
    pub const fn powershell(mut self) -> Self {
        self.needs = Needs::PowerShell;
        self
    }

    /// It needs PowerShell and runs on both of its layouts: with its own runtime, and with an installed one.
    pub const fn layouts(mut self) -> Self {
        self.needs = Needs::BothLayouts;
        self
    }

    /// It needs a PowerShell that brings its own runtime.
    pub const fn self_contained(mut self) -> Self {
        self.needs = Needs::SelfContained;
        self
    }

    /// It also needs something else: `condition` provides it, or says why it is not to be had. Then the test is ignored
    /// with that reason, also where PowerShell is required.
    pub const fn when(mut self, condition: fn() -> Result<(), String>) -> Self {
        self.condition = Some(condition);
        self
    }

    /// It may take this many seconds.
    pub const fn limit_s(mut self, seconds: u64) -> Self {
        self.limit = Duration::from_secs(seconds);
        self
    }
}

/// What a test gets.
pub struct Context {
    home: Option<PowerShellHome>,
    scratch: PathBuf,
}

impl Context {
    /// The PowerShell to use.
    ///
    /// # Panics
    /// If the test did not say that it needs PowerShell.
    pub fn home(&self) -> &PowerShellHome {
        self.home.as_ref().expect("declare the test with .powershell() or .layouts()")
    }

    /// An empty folder of this test; it is removed afterwards.
    pub fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// Ends the test as one that could not be made here, which is counted and named. Not for a missing PowerShell: that
    /// is seen to before the test starts.
    pub fn skip(&self, reason: &str) -> ! {
        std::fs::write(self.scratch.join(child::REASON), reason).expect("the scratch folder is ours");
        std::process::exit(child::SKIPPED)
    }
}

/// Runs what is asynchronous to its end.
pub fn block<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(test)
}

/// Runs a suite; the whole `main` of a test with `harness = false`.
pub fn main(tests: &[Test]) -> ExitCode {
    if let Some(order) = child::order() {
        return child::run(tests, order);
    }
    let mut arguments = Arguments::from_args();
    if arguments.test_threads.is_none() {
        // Each test is a process with a runtime of several threads, and often waits: two of them share two cores well.
        arguments.test_threads =
            Some(std::thread::available_parallelism().map_or(1, |n| n.get().div_ceil(2)).max(2));
    }
    let installed = if arguments.list { Err("not looked for".to_owned()) } else { powershell() };
    let trials = tests.iter().flat_map(|test| trials(*test, &installed)).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The installed PowerShell, found as the program finds it, or why there is none.
fn powershell() -> Result<PowerShellHome, String> {
    let survey = locate::find(&LocateOptions::from_environment());
    survey.home().cloned().ok_or_else(|| survey.summary())
}

fn trials(test: Test, installed: &Result<PowerShellHome, String>) -> Vec<Trial> {
    let trial = |name: String, home: Box<dyn FnOnce() -> Result<Option<PowerShellHome>, String> + Send>| {
        Trial::ignorable_test(name, move || match home() {
            Ok(home) if let Err(reason) = test.condition.map_or(Ok(()), |condition| condition()) => {
                drop(home);
                Ok(Completion::ignored_with(reason))
            }
            Ok(home) => child::spawn(&test, home.as_ref()),
            Err(reason) => skip(&reason),
        })
    };
    let of_kind = |kind| {
        let installed = installed.clone();
        Box::new(move || layout::of_kind(kind, &installed?).map(Some))
    };
    let name = test.name.to_owned();
    match test.needs {
        Needs::Nothing => vec![trial(name, Box::new(|| Ok(None)))],
        Needs::PowerShell => {
            let installed = installed.clone();
            vec![trial(name, Box::new(move || installed.map(Some)))]
        }
        Needs::SelfContained => vec![trial(name, of_kind(layout::Kind::SelfContained))],
        Needs::BothLayouts => layout::Kind::ALL
            .into_iter()
            .map(|kind| trial(format!("{name}::{}", kind.name()), of_kind(kind)))
            .collect(),
    }
}

/// A skip is counted by the harness; where PowerShell is required it is a failure.
fn skip(reason: &str) -> Result<Completion, Failed> {
    if std::env::var_os("RUNSPACED_REQUIRE_POWERSHELL").is_some_and(|value| value == "1") {
        return Err(format!("PowerShell is required here (RUNSPACED_REQUIRE_POWERSHELL=1): {reason}").into());
    }
    Ok(Completion::ignored_with(reason))
}
