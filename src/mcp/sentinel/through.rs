//! Operations carried out by the functions of the PowerShell module, so that a function that somebody replaced takes part. What
//! a call may do is decided here and kept in [`super::functions`]; what it came to is told by what the operation did, not by what
//! the function said of it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{connection::Connection, functions::SentinelFunctions, rows};
use crate::{
    Engine, Error, Invocation, Limits, Output, Record, RecordData, Stream,
    mcp::{
        call::Job,
        powershell::{self, KEPT_BYTES},
    },
    sentinel::{
        Applied, Call, Error as Refusal, Operation, Plan,
        bridge::{Consent, Heard, Terms},
    },
};

/// The engine whose runspaces have the functions.
pub(super) struct Through {
    engine: Engine,
    functions: SentinelFunctions,
}

/// What a function came to that was to change something.
pub(super) enum Came<T> {
    /// What the operation did, and what the function wrote beside it.
    To(T, Vec<Record>),
    /// The function ended without the operation; what it put out.
    Nothing(Output),
    /// The function ended with an error that is none of the operation's.
    Broken(Error),
}

impl Through {
    pub(super) fn new(
        engine: Engine,
        functions: SentinelFunctions,
        connection: Connection,
        may_write: bool,
    ) -> Self {
        functions.serve(connection, may_write);
        Self { engine, functions }
    }

    /// Reads.
    pub(super) async fn read(
        &self,
        operation: &'static Operation,
        job: &Job,
        call: Call,
    ) -> Result<Output, Error> {
        let terms = Terms::new(call, Consent::Nothing("the tool that was called only reads".to_owned()));
        let (result, heard) = self.run(operation, job, &[], terms).await;
        match result {
            Ok(output) => match ended(&output, &heard) {
                Some(error) => Err(error),
                None => Ok(natural(output, &heard)),
            },
            Err(error) => Err(meant(error, &heard)),
        }
    }

    /// Plans a write. Nothing is changed.
    pub(super) async fn plan(
        &self,
        operation: &'static Operation,
        job: &Job,
        call: Call,
    ) -> Result<Came<Plan>, Error> {
        let terms = Terms::new(call, Consent::Nothing("this call plans".to_owned()));
        let (result, heard) = self.run(operation, job, &[("WhatIf", json!(true))], terms).await;
        let output = result.map_err(|error| meant(error, &heard))?;
        if let Some(error) = ended(&output, &heard) {
            return Err(error);
        }
        let beside = beside(&output, &heard);
        Ok(match heard.plan {
            Some(plan) => Came::To(plan, beside),
            None => Came::Nothing(output),
        })
    }

    /// Applies the plan with this digest.
    pub(super) async fn apply(
        &self,
        operation: &'static Operation,
        job: &Job,
        digest: &str,
        confirm: Option<&str>,
        call: Call,
    ) -> Result<Came<Applied>, Error> {
        let consent = Consent::Plan { digest: digest.to_owned(), confirm: confirm.map(str::to_owned) };
        let terms = Terms::new(call, consent);
        let (result, heard) = self.run(operation, job, &[("Confirm", json!(false))], terms).await;
        if let Some(applied) = &heard.applied {
            let records = match &result {
                Ok(output) => beside(output, &heard),
                Err(error) => vec![record_of(error)],
            };
            return Ok(Came::To(applied.clone(), records));
        }
        let output = match result {
            Ok(output) => output,
            Err(error) if belongs(&error, &heard) => return Err(meant(error, &heard)),
            Err(error) => return Ok(Came::Broken(error)),
        };
        if let Some(error) = ended(&output, &heard) {
            return Err(error);
        }
        match &heard.plan {
            // The function has nothing to ask for then.
            Some(plan) if plan.changes.is_empty() && plan.digest != digest => {
                let (given, now) = (digest.to_owned(), plan.digest.clone());
                Err(Refusal::Stale { given, now, plan: Box::new(plan.clone()) }.into())
            }
            Some(plan) if plan.changes.is_empty() => {
                Ok(Came::To(Applied::nothing(plan), beside(&output, &heard)))
            }
            _ => Ok(Came::Nothing(output)),
        }
    }

    /// Runs the function to its end, or until the job is stopped.
    async fn run(
        &self,
        operation: &'static Operation,
        job: &Job,
        more: &[(&str, Value)],
        terms: Terms,
    ) -> (Result<Output, Error>, Heard) {
        let terms = Arc::new(terms);
        let invocation = powershell::conditions(invocation(operation, job, more), job);
        let result = match self.functions.start(&self.engine, invocation, &terms) {
            Ok((call, agreed)) => {
                let result = powershell::ended_or_stopped(call, job).await;
                drop(agreed);
                result
            }
            Err(error) => Err(error),
        };
        (result, terms.take_heard())
    }
}

/// The function with the arguments of a call, by their names in PowerShell.
fn invocation(operation: &Operation, job: &Job, more: &[(&str, Value)]) -> Invocation {
    let parameters = operation.parameters();
    let limits = Limits {
        depth: Limits::MAX_DEPTH,
        items: u32::MAX,
        string_chars: KEPT_BYTES,
        output_bytes: KEPT_BYTES,
        ..Limits::default()
    };
    let given = job.arguments.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| {
        let known = parameters.iter().find(|parameter| parameter.name == *name);
        (known.map_or(name.as_str(), |parameter| parameter.power_shell.as_str()), value)
    });
    let more = more.iter().map(|(name, value)| (*name, value));
    given
        .chain(more)
        .fold(Invocation::command(operation.name), |invocation, (name, value)| {
            invocation.arg(name, value.clone())
        })
        .limits(limits)
}

/// The operation's own error, if that is how the function ended: the last thing that it wrote.
fn ended(output: &Output, heard: &Heard) -> Option<Error> {
    let error = heard.error.as_ref()?;
    let last = output.errors().pop()?;
    (output.count() == 0 && last.message == error.to_string()).then(|| error.clone().into())
}

/// True if an error of the script is the operation's, whatever PowerShell made of it.
fn belongs(error: &Error, heard: &Heard) -> bool {
    match (error.record(), &heard.error) {
        (Some(record), Some(refusal)) => record.message.contains(&refusal.to_string()),
        _ => false,
    }
}

/// An error of the script; the operation's own if it is that.
fn meant(error: Error, heard: &Heard) -> Error {
    match (&heard.error, error) {
        (Some(refusal), error) if belongs(&error, heard) => refusal.clone().into(),
        (_, Error::Cancelled { abandoned, output }) => {
            Error::Cancelled { abandoned, output: Box::new(natural(*output, heard)) }
        }
        (_, error) => error,
    }
}

/// The output with the errors of workspaces as the operation has them.
fn natural(output: Output, heard: &Heard) -> Output {
    if heard.failures.is_empty() {
        return output;
    }
    let failures: Vec<_> = heard.failures.iter().map(rows::error_of).collect();
    let mut records = output.records();
    for record in &mut records {
        if let RecordData::Error(error) = &mut record.data
            && let Some(known) = failures.iter().find(|known| known.message == error.message)
        {
            **error = known.clone();
        }
    }
    output.with_records(&records)
}

/// What the function wrote that is not said of the operation anyway.
fn beside(output: &Output, heard: &Heard) -> Vec<Record> {
    let told = |text: &str| heard.told.iter().any(|told| told == text);
    // `-WhatIf` puts what it would do behind words of PowerShell's.
    let ends = |text: &str| heard.told.iter().any(|told| !told.is_empty() && text.ends_with(told));
    let more = |record: &Record| match record.stream {
        Stream::Error | Stream::Warning => !told(&record.text()),
        Stream::Information => !ends(&record.text()),
        _ => false,
    };
    output.records().into_iter().filter(more).collect()
}

/// An error that ended the function after the operation.
fn record_of(error: &Error) -> Record {
    let record = error.record().cloned().unwrap_or_else(|| crate::ErrorRecord {
        message: error.to_string(),
        fully_qualified_error_id: error.code().to_owned(),
        ..crate::ErrorRecord::default()
    });
    Record { stream: Stream::Error, at: 0, data: RecordData::Error(Box::new(record)) }
}
