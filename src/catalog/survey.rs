//! What is offered, what is left out, and why: for people.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::{
    Catalog, Target, ToolSpec,
    discovery::{Effort, discover},
    exposure::Exposure,
};
use crate::{engine::Engine, policy::Policy};

/// The tools that a server of an exposure would have.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Survey {
    /// Tools for Microsoft Sentinel, by name.
    pub sentinel: Vec<SurveyedTool>,
    /// Tools made of commands, by name.
    pub tools: Vec<SurveyedTool>,
    /// Commands that are no tools, with the reason.
    pub left_out: Vec<Left>,
    /// True if clients get tools to search with in place of these.
    pub searched: bool,
    /// What is odd in the configuration, and why there are no commands if there should be some.
    pub remarks: Vec<String>,
}

/// One tool made of a command.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SurveyedTool {
    /// The tool's name.
    pub name: String,
    /// The command's name.
    pub command: String,
    /// Where the command comes from.
    pub origin: String,
    /// The toolset it belongs to by its origin.
    pub toolset: String,
    /// Whether all its parameters can be given.
    pub mapping: Mapping,
    /// Parameters that clients cannot give, with the reason.
    pub left_out: Vec<Left>,
    /// What clients read.
    pub description: String,
    /// JSON Schema of its arguments.
    pub input_schema: Value,
    /// MCP's hints.
    pub annotations: Value,
    /// What the policy makes of a call, and why: `runs`, `plans`, `refused` or `not offered`, a colon, the reason.
    pub policy: String,
}

/// How much of a command can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mapping {
    /// Every parameter.
    Fully,
    /// All but some parameters that it does without.
    Partly,
}

/// Something that is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Left {
    /// Name of the parameter or command.
    pub name: String,
    /// Why.
    pub reason: String,
}

impl Survey {
    /// Asks PowerShell. The engine should have been built with [`Exposure::configure`]; without one there are no commands.
    /// `sentinel`: with the tools for Microsoft Sentinel. Where these are there, it is a remark if commands are not.
    ///
    /// # Errors
    /// One text: PowerShell did not start, a pattern finds nothing, two commands have one tool name.
    pub async fn of(
        engine: Option<&Engine>,
        exposure: &Exposure,
        policy: &Policy,
        sentinel: bool,
    ) -> Result<Self, String> {
        let natives = if sentinel { crate::mcp::sentinel_tools() } else { Vec::new() };
        let found = match engine {
            Some(engine) => discover(engine, exposure, Effort::Wanted).await,
            None => Ok(Vec::new()),
        };
        let catalog = match found {
            Err(reason) if sentinel => {
                let mut catalog = Catalog::of(&[], &natives, &Exposure::default())?;
                catalog.remarks.push(format!("There are no tools made of commands: {reason}"));
                catalog
            }
            found => Catalog::of(&found?, &natives, exposure)?,
        };
        let offer = policy.offer(Arc::new(catalog))?;
        let catalog = &offer.all;
        let surveyed = |wanted: fn(&Target) -> bool| {
            let tools = catalog.iter().filter(|tool| wanted(&tool.target));
            let surveyed = tools.map(|tool| {
                let shown = offer.listed.get(&tool.name).unwrap_or(tool);
                SurveyedTool::of(shown, policy.explain(tool).to_string())
            });
            surveyed.collect()
        };
        Ok(Self {
            sentinel: surveyed(|target| matches!(target, Target::Native { .. })),
            tools: surveyed(|target| matches!(target, Target::Command(_))),
            left_out: catalog
                .left_out
                .iter()
                .map(|left_out| Left { name: left_out.command.clone(), reason: left_out.reason.clone() })
                .collect(),
            searched: catalog.is_searched(),
            remarks: catalog.remarks.clone(),
        })
    }

    /// How many tools are of this kind.
    pub fn count(&self, mapping: Mapping) -> usize {
        self.tools.iter().filter(|tool| tool.mapping == mapping).count()
    }

    /// The tool whose name is most like this one, if one is like it at all.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        let wanted = name.replace('-', "_").to_lowercase();
        super::correction::nearest(&wanted, self.all().map(|tool| tool.name.as_str()))
    }

    /// The tool or command of this name.
    pub fn find(&self, name: &str) -> Option<&SurveyedTool> {
        let called = |known: &str| known.eq_ignore_ascii_case(name);
        self.all().find(|tool| called(&tool.name) || called(&tool.command))
    }

    fn all(&self) -> impl Iterator<Item = &SurveyedTool> {
        self.sentinel.iter().chain(&self.tools)
    }
}

impl SurveyedTool {
    fn of(tool: &ToolSpec, policy: String) -> Self {
        Self {
            name: tool.name.clone(),
            command: tool.title.clone(),
            origin: tool.origin.clone(),
            toolset: tool.group.clone(),
            mapping: if tool.left_out.is_empty() { Mapping::Fully } else { Mapping::Partly },
            left_out: tool
                .left_out
                .iter()
                .map(|left_out| Left { name: left_out.name.clone(), reason: left_out.reason.clone() })
                .collect(),
            description: tool.description.clone(),
            input_schema: Value::Object(tool.schema().as_ref().clone()),
            annotations: tool.annotations.json(),
            policy,
        }
    }
}
