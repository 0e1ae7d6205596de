//! `runspaced bench sentinel`: what operations on Microsoft Sentinel cost, against a simulated Azure in this process. What is
//! measured runs in processes of its own, so that their time and memory are not the simulator's.

mod content;
pub(crate) mod probe;
mod scenario;

use std::path::Path;

use runspaced::locate;
use runspaced::simulator::{Builder, Simulator};
use serde::de::DeserializeOwned;

use self::{
    probe::{SentinelProbe, Work},
    scenario::SentinelScenario,
};
use super::{BenchError, Options, Probe, Report, child::Children, machine::Machine, report::Suite, suite};
use crate::loopback::Loopback;

/// What the scenarios of this suite work with.
struct Context<'a> {
    options: &'a Options,
    children: &'a Children,
    /// A folder of this run's own.
    folder: &'a Path,
    runtime: &'a tokio::runtime::Runtime,
}

/// Measures the operations.
///
/// # Errors
/// If no scenario has such a name.
pub(crate) fn sentinel(options: &Options, progress: &mut dyn FnMut(&str)) -> Result<Report, BenchError> {
    let selected = suite::selected(&SentinelScenario::ALL, &options.filter)?;
    let folder = tempfile::Builder::new()
        .prefix("runspaced-bench-")
        .tempdir()
        .map_err(BenchError::system("making a folder"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(BenchError::system("starting threads"))?;
    let home = locate::find(&options.locate());
    let report = Report::begin(Suite::Sentinel, options, Machine::here(), home.home(), None);
    let children = Children::new(options)?;
    let context = Context { options, children: &children, folder: folder.path(), runtime: &runtime };
    Ok(suite::run(selected, report, progress, |scenario| scenario.measure(&context)))
}

impl Context<'_> {
    /// Starts a simulated Azure in this process.
    fn azure(&self, builder: Builder) -> Result<Simulator, BenchError> {
        let started = self.runtime.block_on(builder.start());
        started.map_err(|error| BenchError::Server(format!("the simulated Azure cannot start: {error}")))
    }

    /// Has a process of its own do something there.
    fn ask<T: DeserializeOwned>(&self, azure: &Simulator, work: Work) -> Result<T, BenchError> {
        let door = Loopback::of(azure)
            .ok_or_else(|| BenchError::Server("the simulated Azure lacks its application".to_owned()))?;
        let probe = SentinelProbe { door, folder: self.folder.to_owned(), work };
        self.children.ask(&Probe::Sentinel(Box::new(probe)))
    }
}
