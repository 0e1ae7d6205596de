//! Jobs that are PowerShell commands.

use super::{
    call::{Executor, Job, Running},
    progress::ProgressRecord,
};
use serde_json::{Map, Value};

use crate::{Engine, Invocation, Limits, Live, RecordData, Stream, catalog::Target, policy};

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

    fn invocation(job: &mut Job) -> Invocation {
        let mut arguments = std::mem::take(&mut job.arguments);
        let (invocation, arguments) = match &job.target {
            Target::Command(command) => (Invocation::command(command), arguments),
            Target::Script => {
                let text = arguments.remove(policy::SCRIPT_TEXT);
                let text = text.as_ref().and_then(Value::as_str).unwrap_or_default();
                let arguments = match arguments.remove(policy::SCRIPT_ARGUMENTS) {
                    Some(Value::Object(arguments)) => arguments,
                    _ => Map::new(),
                };
                (Invocation::script(text), arguments)
            }
        };
        let invocation = arguments
            .into_iter()
            .fold(invocation, |invocation, (name, value)| invocation.arg(name, value))
            .timeout(job.deadline)
            .limits(limits())
            .correlation_id(&job.call_id);
        if job.progress.is_some() { invocation.live() } else { invocation }
    }
}

impl Executor for PowerShell {
    fn execute(&self, mut job: Job) -> Running {
        let call = self.engine.start(Self::invocation(&mut job));
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
