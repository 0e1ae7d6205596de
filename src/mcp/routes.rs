//! Which executor carries out a job: PowerShell, or the source that a native tool comes from.

use std::{collections::BTreeMap, pin::Pin, sync::Arc};

use super::{
    call::{Executor, Job, Running},
    completions::Guess,
};
use crate::{Error, catalog::Target};

/// Executors by source.
#[derive(Default)]
pub(crate) struct Routes {
    powershell: Option<Arc<dyn Executor>>,
    natives: BTreeMap<Arc<str>, Arc<dyn Executor>>,
}

impl Routes {
    /// PowerShell carries out commands.
    pub(crate) fn new(powershell: Arc<dyn Executor>) -> Self {
        Self { powershell: Some(powershell), natives: BTreeMap::new() }
    }

    /// An executor of the operations of a source ([`crate::catalog::NativeTool::source`]).
    pub(crate) fn native(mut self, source: Arc<str>, executor: Arc<dyn Executor>) -> Self {
        self.natives.insert(source, executor);
        self
    }

    fn of(&self, target: &Target) -> Result<&Arc<dyn Executor>, String> {
        match target {
            Target::Native { source, .. } => {
                self.natives.get(source).ok_or_else(|| format!("nothing carries out operations of {source}"))
            }
            Target::Command(_) | Target::Script | Target::Finder(_) => {
                self.powershell.as_ref().ok_or_else(|| "this server runs without PowerShell".to_owned())
            }
        }
    }
}

impl Executor for Routes {
    fn execute(&self, job: Job) -> Running {
        match self.of(&job.target) {
            Ok(executor) => executor.execute(job),
            Err(text) => Box::pin(std::future::ready(Err(Error::InvalidInvocation(text)))),
        }
    }

    fn guess(&self, guess: Guess) -> Pin<Box<dyn Future<Output = Vec<String>> + Send>> {
        match &self.powershell {
            Some(powershell) => powershell.guess(guess),
            None => Box::pin(std::future::ready(Vec::new())),
        }
    }
}
