//! What is offered, what is left out, and why: for people.

use serde::Serialize;
use serde_json::Value;

use super::{Catalog, Target, ToolSpec, discovery::discover, exposure::Exposure};
use crate::engine::Engine;

/// The tools that a server of an exposure would have.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Survey {
    /// Tools made of commands, by name.
    pub tools: Vec<SurveyedTool>,
    /// Commands that are no tools, with the reason.
    pub left_out: Vec<Left>,
    /// True if clients get tools to search with in place of these.
    pub searched: bool,
    /// What is odd in the configuration.
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
    /// Asks PowerShell. The engine should have been built with [`Exposure::configure`].
    ///
    /// # Errors
    /// One text: PowerShell did not start, a pattern finds nothing, two commands have one tool name.
    pub async fn of(engine: &Engine, exposure: &Exposure) -> Result<Self, String> {
        let findings = discover(engine, exposure).await?;
        let catalog = Catalog::of(&findings.commands, &[], exposure)?;
        let commands = catalog.iter().filter(|tool| matches!(tool.target, Target::Command(_)));
        Ok(Self {
            tools: commands.map(SurveyedTool::of).collect(),
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
        super::correction::nearest(&wanted, self.tools.iter().map(|tool| tool.name.as_str()))
    }

    /// The tool or command of this name.
    pub fn find(&self, name: &str) -> Option<&SurveyedTool> {
        let called = |known: &str| known.eq_ignore_ascii_case(name);
        self.tools.iter().find(|tool| called(&tool.name) || called(&tool.command))
    }
}

impl SurveyedTool {
    fn of(tool: &ToolSpec) -> Self {
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
        }
    }
}
