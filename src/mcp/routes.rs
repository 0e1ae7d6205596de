//! Which executor carries out a job: PowerShell, or the source that a native tool comes from.

use std::{collections::BTreeMap, pin::Pin, sync::Arc};

use super::{
    call::{Executor, Job, Running},
    completions::Guess,
};
use crate::{Error, catalog::Target};

/// Executors by source.
pub(crate) struct Routes {
    powershell: Arc<dyn Executor>,
    natives: BTreeMap<Arc<str>, Arc<dyn Executor>>,
}

impl Routes {
    /// PowerShell carries out commands.
    pub(crate) fn new(powershell: Arc<dyn Executor>) -> Self {
        Self { powershell, natives: BTreeMap::new() }
    }

    /// An executor of the operations of a source ([`crate::catalog::NativeTool::source`]).
    pub(crate) fn native(mut self, source: Arc<str>, executor: Arc<dyn Executor>) -> Self {
        self.natives.insert(source, executor);
        self
    }
}

impl Executor for Routes {
    fn execute(&self, job: Job) -> Running {
        match &job.target {
            Target::Native { source, .. } => match self.natives.get(source) {
                Some(executor) => executor.execute(job),
                None => {
                    let text = format!("nothing carries out operations of {source}");
                    Box::pin(std::future::ready(Err(Error::InvalidInvocation(text))))
                }
            },
            Target::Command(_) | Target::Finder(_) => self.powershell.execute(job),
        }
    }

    fn guess(&self, guess: Guess) -> Pin<Box<dyn Future<Output = Vec<String>> + Send>> {
        self.powershell.guess(guess)
    }
}
