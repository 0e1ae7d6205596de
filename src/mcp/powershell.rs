//! Jobs that are PowerShell commands.

use super::{
    call::{Executor, Job, Running},
    progress::ProgressRecord,
};
use crate::{Engine, Error, Invocation, Limits, Live, RecordData, Stream, catalog::Target};

/// Runs commands in an engine.
pub(crate) struct PowerShell {
    engine: Engine,
}

/// Budgets of a result that a model is to read. Clients keep about 25,000 tokens of one.
fn limits() -> Limits {
    Limits { depth: 3, items: 200, string_chars: 32 << 10, output_bytes: 512 << 10, ..Limits::default() }
}

impl PowerShell {
    pub(crate) fn new(engine: Engine) -> Self {
        Self { engine }
    }

    fn invocation(job: &mut Job) -> Result<Invocation, Error> {
        let Target::Command(command) = &job.target else {
            return Err(Error::InvalidInvocation(
                "PowerShell was to carry out what is no command".to_owned(),
            ));
        };
        let mut invocation = std::mem::take(&mut job.arguments)
            .into_iter()
            .fold(Invocation::command(command), |invocation, (name, value)| invocation.arg(name, value))
            .timeout(job.deadline)
            .limits(limits())
            .correlation_id(&job.call_id);
        if let Some(input) = job.input.take() {
            invocation = invocation.input(input);
        }
        Ok(if job.progress.is_some() { invocation.live() } else { invocation })
    }
}

impl Executor for PowerShell {
    fn execute(&self, mut job: Job) -> Running {
        let call = Self::invocation(&mut job).and_then(|invocation| self.engine.start(invocation));
        Box::pin(async move {
            let mut call = call?;
            if let Some(progress) = job.progress {
                while let Some(live) = call.next_live().await {
                    let Live::Record(record) = live else { continue };
                    if let (Stream::Progress, RecordData::Value(value)) = (record.stream, &record.data) {
                        // Whoever is too slow for a record misses it.
                        let _ = progress.try_send(ProgressRecord::from_json(value));
                    }
                }
            }
            call.await
        })
    }
}
