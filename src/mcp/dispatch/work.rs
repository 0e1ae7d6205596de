//! What a call does: its tool, the policy, its arguments, its turn, its job.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use tokio::sync::mpsc;

use super::{Dispatcher, Outcome, Request};
use crate::{
    Error,
    catalog::{self, Catalog, ToolSpec},
    mcp::{
        call::{Done, Job, JobEvent, LogLevel, Wants},
        conduct::Clock,
        finder::{Resolved, resolve},
        options::CallOptions,
        progress::ProgressRecord,
        reply::Reply,
    },
    observe::Entry,
    policy::{Mode, Verdict},
};

/// How far a call came.
pub(super) enum Worked {
    /// Not to its job.
    Ended(Outcome, &'static str),
    /// `planned`: it ran as `-WhatIf`, because the policy lets it do no more.
    Ran { result: Result<Done, Error>, options: CallOptions, planned: bool },
}

impl Dispatcher {
    /// The catalogue that a call is checked against. What the cache does not know, or does not agree with, PowerShell itself
    /// is asked for.
    async fn catalog_for(
        &self,
        request: &Request,
        events: &mpsc::Sender<JobEvent>,
    ) -> Result<Arc<Catalog>, String> {
        if !self.catalog.is_definite() {
            let text = "PowerShell is starting".to_owned();
            let _ = events.try_send(JobEvent::Progress(ProgressRecord { percent: None, text }));
        }
        let catalog = self.catalog().await?;
        let fits = |tool: &ToolSpec| {
            let mut arguments = request.arguments.clone();
            CallOptions::take(tool, &mut arguments).is_ok() && catalog::bind(tool, arguments).is_ok()
        };
        if self.catalog.is_definite() || catalog.get(&request.tool).is_some_and(fits) {
            return Ok(catalog);
        }
        self.unless_ending(self.catalog.definite()).await
    }

    /// Everything from the tool's name to the end of its job.
    pub(super) async fn work(
        &self,
        request: &mut Request,
        entry: &mut Entry,
        wants: Wants,
        events: mpsc::Sender<JobEvent>,
        clock: &Clock,
    ) -> Worked {
        let catalog = tokio::select! {
            catalog = self.catalog_for(request, &events) => catalog,
            () = clock.stop.cancelled() => return Worked::Ended(Self::too_early(request, clock), "E501"),
        };
        let offer = match catalog.and_then(|catalog| self.offer(catalog)) {
            Ok(offer) => offer,
            Err(reason) => return Worked::Ended(Outcome::NoCatalog(reason), "no_catalog"),
        };
        // By whatever name it was called.
        if let Some(tool) = offer.all.get(&request.tool) {
            request.tool.clone_from(&tool.name);
        }
        let grants = &request.client.grants;
        let reply = |text| Outcome::Reply { call_id: request.call_id.clone(), reply: Reply::failure(text) };
        let (tool, mut arguments) =
            match resolve(&offer, grants, &request.tool, std::mem::take(&mut request.arguments)) {
                Resolved::Tool(tool, arguments) => (tool, arguments),
                Resolved::Reply(answer) => {
                    let word = if answer.is_error { "refused" } else { "ok" };
                    return Worked::Ended(
                        Outcome::Reply { call_id: request.call_id.clone(), reply: answer },
                        word,
                    );
                }
                Resolved::Unknown(text) => return Worked::Ended(Outcome::UnknownTool(text), "unknown_tool"),
            };
        let forbidden =
            || format!("Not permitted: the token's scopes do not allow {} with these arguments.", tool.name);
        if !grants.shows(&tool.name) {
            return Worked::Ended(reply(forbidden()), "forbidden");
        }
        if let Some(reason) = self.policy.bars(tool) {
            tracing::info!(reason, "a tool call was refused");
            return Worked::Ended(reply(reason), "refused");
        }
        let options = match CallOptions::take(tool, &mut arguments) {
            Ok(options) => options,
            Err(mistakes) => {
                let text = format!("The arguments do not fit {}:\n- {}", tool.name, mistakes.join("\n- "));
                return Worked::Ended(reply(text), "refused");
            }
        };
        let bound = match catalog::bind(tool, arguments) {
            Ok(bound) => bound,
            Err(correction) => return Worked::Ended(reply(correction.text()), "refused"),
        };
        if !grants.allow(&tool.name, &bound.parameters) {
            return Worked::Ended(reply(forbidden()), "forbidden");
        }
        // What PowerShell would get is judged, not what the client wrote: an alias is no disguise.
        let input = bound.input.as_deref().unwrap_or_default();
        let (mut arguments, planned) = match self.policy.review(tool, bound.parameters, input) {
            Verdict::Run(arguments) => (arguments, false),
            Verdict::Plan(arguments) => (arguments, true),
            Verdict::Refused(reason) => {
                tracing::info!(reason, "a tool call was refused");
                return Worked::Ended(reply(reason), "refused");
            }
        };
        options.apply(&mut arguments);
        if bound.dry_run {
            entry.mode = "dry_run";
        }
        if tool.has_common_parameters && wants.log == Some(LogLevel::Debug) {
            arguments.entry("Verbose").or_insert(Value::Bool(true));
        }
        let next = async {
            match &request.place {
                Some(place) => Some(place.turn().await),
                None => None,
            }
        };
        let turn = tokio::select! {
            turn = next => turn,
            () = clock.stop.cancelled() => {
                let (waited, running) = (clock.deadline, self.limits.executing);
                let result = Err(Error::AcquireTimeout { waited, running, max: running });
                return Worked::Ran { result, options, planned };
            }
        };
        let left = clock.deadline.saturating_sub(request.begun.elapsed()).max(Duration::from_millis(1));
        let job = Job {
            target: tool.target.clone(),
            arguments,
            input: bound.input,
            deadline: left,
            call_id: request.call_id.clone(),
            affinity: request.client.affinity.clone(),
            events,
            wants,
            stop: clock.stop.clone(),
            may_write: self.policy.mode() == Mode::Write,
        };
        let result = self.executor.execute(job).await;
        drop(turn);
        match result {
            Err(error) if self.needs_another_process(&error) => self.leave(request, &error).await,
            result => Worked::Ran { result, options, planned },
        }
    }

    /// The answer of a call whose time was over before the tools were known.
    fn too_early(request: &Request, clock: &Clock) -> Outcome {
        let text = format!(
            "PowerShell was not ready within {} s. This call did not begin; call again. [E501]",
            clock.deadline.as_secs_f32()
        );
        Outcome::Reply { call_id: request.call_id.clone(), reply: Reply::failure(text) }
    }
}
