//! Jobs that are PowerShell commands.

use std::{pin::Pin, sync::Arc, time::Duration};

use serde_json::{Map, Value};

use super::{
    call::{Executor, Job, JobEvent, LogLevel, Running},
    completions::Guess,
    progress::ProgressRecord,
    question::Question,
};
use crate::{
    Call, Engine, Error, Invocation, Limits, Live, Prompt, Record, RecordData, Stream, catalog::Target,
    engine::wait_in_task, policy,
};

/// How much later than a job's own deadline the engine ends one that may wait for a person.
const FOR_A_PERSON: Duration = Duration::from_secs(3_600);

/// Bytes of a result that are kept. What a client gets at once is far less; the rest stays behind a handle.
pub(super) const KEPT_BYTES: u32 = 8 << 20;

/// Runs commands in an engine.
pub(crate) struct PowerShell {
    engine: Engine,
    /// Who waits for an answer watches for it first.
    watches: bool,
}

fn limits() -> Limits {
    Limits { depth: 4, items: 500, string_chars: 1 << 20, output_bytes: KEPT_BYTES, ..Limits::default() }
}

impl PowerShell {
    pub(crate) fn new(engine: Engine) -> Self {
        Self { engine, watches: false }
    }

    /// For a thread that does nothing but serve one client: it watches for an answer for a moment before it sleeps.
    pub(crate) fn watching(mut self) -> Self {
        self.watches = true;
        self
    }

    fn invocation(job: &mut Job) -> Result<Invocation, Error> {
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
            Target::Native { .. } | Target::Finder(_) => {
                return Err(Error::InvalidInvocation(
                    "PowerShell was to carry out what is no command".to_owned(),
                ));
            }
        };
        let mut invocation = arguments
            .into_iter()
            .fold(invocation, |invocation, (name, value)| invocation.arg(name, value))
            .limits(limits());
        if let Some(input) = job.input.take() {
            invocation = invocation.input(input);
        }
        Ok(conditions(invocation, job))
    }
}

/// What a job asks of its invocation, whatever that runs.
pub(super) fn conditions(invocation: Invocation, job: &Job) -> Invocation {
    let deadline = if job.wants.questions { job.deadline + FOR_A_PERSON } else { job.deadline };
    let mut invocation = invocation.timeout(deadline).correlation_id(&job.call_id);
    if let Some(key) = &job.affinity {
        invocation = invocation.affinity(Arc::clone(key));
    }
    if job.wants.questions {
        invocation = invocation.interactive();
    }
    if job.wants.progress || job.wants.log.is_some() { invocation.live() } else { invocation }
}

/// Follows a call to its end, or stops it where its job is stopped.
pub(super) async fn ended_or_stopped(call: Call, job: &Job) -> crate::Result<crate::Output> {
    let handle = call.cancel_handle();
    let mut answer = std::pin::pin!(follow(call, job));
    tokio::select! {
        biased;
        answer = &mut answer => return answer,
        () = job.stop.cancelled() => handle.cancel(),
    }
    answer.await
}

impl Executor for PowerShell {
    fn execute(&self, mut job: Job) -> Running {
        let call = Self::invocation(&mut job).and_then(|invocation| self.engine.start(invocation));
        let watches = self.watches;
        Box::pin(async move {
            let ended = ended_or_stopped(call?, &job);
            let output = if watches { wait_in_task(ended).await } else { ended.await };
            output.map(Into::into)
        })
    }

    fn guess(&self, guess: Guess) -> Pin<Box<dyn Future<Output = Vec<String>> + Send>> {
        let engine = self.engine.clone();
        Box::pin(async move {
            let invocation = Invocation::script(GUESS)
                .arg("command", guess.command)
                .arg("parameter", guess.parameter)
                .arg("begun", guess.begun)
                .timeout(GUESS_TIME);
            match engine.invoke(invocation).await.and_then(|output| output.rows()) {
                Ok(values) => values,
                Err(error) => {
                    tracing::debug!(code = error.code(), "nothing could be proposed for a parameter");
                    Vec::new()
                }
            }
        })
    }
}

/// What PowerShell's own completion proposes for a parameter. The text is only parsed, and what was given is quoted in it.
const GUESS: &str = "param($command, $parameter, $begun)
if ($command -notmatch '^[\\w.\\\\-]+$') { return }
# A quote would be part of what a completer is given.
$word = if ($begun -match '^([\\w.][\\w.\\-]*)?$') { $begun } else {
    \"'\" + [Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent($begun)
}
$line = \"$command -$parameter $word\"
[Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches |
    Where-Object ResultType -in 'ParameterValue', 'Text' | Select-Object -First 100 |
    ForEach-Object { $_.CompletionText.Trim([char[]]\"'`\"\") }";

/// How long a completion may take.
const GUESS_TIME: Duration = Duration::from_secs(5);

/// Tells what happens until the call is answered.
async fn follow(mut call: Call, job: &Job) -> crate::Result<crate::Output> {
    while let Some(live) = call.next_live().await {
        match live {
            Live::Record(record) => {
                if let Some(event) = event(record, job) {
                    // Whoever is too slow for a record misses it.
                    let _ = job.events.try_send(event);
                }
            }
            Live::Prompt(prompt) => {
                let _ = job.events.send(JobEvent::Question(question(prompt))).await;
            }
        }
    }
    call.await
}

fn event(record: Record, job: &Job) -> Option<JobEvent> {
    let level = match record.stream {
        Stream::Progress => {
            let RecordData::Value(value) = &record.data else { return None };
            return job.wants.progress.then(|| JobEvent::Progress(ProgressRecord::from_json(value)));
        }
        Stream::Debug | Stream::Verbose => LogLevel::Debug,
        Stream::Information => LogLevel::Info,
        Stream::Warning => LogLevel::Warning,
        _ => return None,
    };
    job.wants.log.filter(|least| *least <= level)?;
    Some(JobEvent::Log(level, record.text()))
}

fn question(prompt: Prompt) -> Question {
    Question {
        kind: prompt.kind.clone(),
        caption: prompt.caption.clone(),
        message: prompt.message.clone(),
        fields: prompt.fields.clone(),
        types: prompt.types.clone(),
        default_choice: prompt.default_choice,
        answer: Box::new(move |values| prompt.answer(values)),
    }
}
