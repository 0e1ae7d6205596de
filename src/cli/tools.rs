//! `runspaced tools`: what the MCP server makes of commands.

use std::fmt::Write as _;

use runspaced::mcp::{Exposure, Mapping, Policy, Survey, SurveyedTool};
use serde_json::json;

use super::Exit;
use super::exposure::ExposureFlags;
use super::flags::HostFlags;
use super::policy::{PolicyFlags, policy};
use super::process::{Hosting, Process};
use super::screen::complain;
use crate::config::FlagValue;

/// Arguments of `runspaced tools`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
        runspaced tools\n  \
        runspaced tools --module ./Inventory.psm1\n  \
        runspaced tools get_child_item\n\n\
        Without anything to offer, by flag or configuration, it shows what would become of all commands that are there at once.")]
pub struct ToolsArguments {
    /// Show this tool with its schema, by its name or its command's
    tool: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    exposure: ExposureFlags,
    #[command(flatten)]
    policy: PolicyFlags,
    #[command(flatten)]
    host: HostFlags,
}

impl Hosting for ToolsArguments {
    fn flags(&self) -> Vec<FlagValue> {
        let mut flags = self.host.settings();
        flags.extend(self.exposure.settings());
        flags.extend(self.policy.settings());
        flags
    }

    async fn run(self, process: Process) -> Exit {
        let Process { streams, mut signals, config, palette, .. } = process;
        let mut exposure = match self.exposure.exposure(&config.settings.mcp) {
            Ok(exposure) => exposure,
            Err(text) => {
                complain(palette, text);
                return Exit::USAGE;
            }
        };
        let policy = match policy(&config) {
            Ok(policy) => policy,
            Err(text) => {
                complain(palette, text);
                return Exit::USAGE;
            }
        };
        if exposure.is_empty() {
            exposure.commands.push("*".to_owned());
        }
        let survey = tokio::select! {
            survey = survey(&config, &exposure, &policy) => survey,
            wish = signals.wish() => return wish.exit(),
        };
        let survey = match survey {
            Ok(survey) => survey,
            Err((text, exit)) => {
                complain(palette, text);
                return exit;
            }
        };
        let text = match (&self.tool, self.json) {
            (None, true) => format!("{:#}\n", json!(survey)),
            (None, false) => overview(&survey),
            (Some(name), json) => match survey.find(name) {
                Some(tool) if json => format!("{:#}\n", json!(tool)),
                Some(tool) => one(tool),
                None => {
                    complain(palette, missing(name, &survey));
                    return Exit::FAILED;
                }
            },
        };
        match super::run::write_all(&streams.output, &text) {
            Ok(()) => Exit::OK,
            Err(_) => Exit::BROKEN_PIPE,
        }
    }
}

async fn survey(
    config: &crate::config::Config,
    exposure: &Exposure,
    policy: &Policy,
) -> Result<Survey, (String, Exit)> {
    let engine = exposure
        .configure(config.engine())
        .build()
        .map_err(|error| (error.to_string(), Exit::from(&error)))?;
    let sentinel = config.settings.mcp.sentinel;
    Survey::of(Some(&engine), exposure, policy, sentinel).await.map_err(|text| (text, Exit::FAILED))
}

/// Every tool on a line, then what is left out.
fn overview(survey: &Survey) -> String {
    let mut text = String::new();
    let width = survey.sentinel.iter().map(|tool| tool.name.len()).max().unwrap_or_default();
    let mut family = "";
    for tool in by_toolset(&survey.sentinel) {
        if tool.toolset != family {
            family = &tool.toolset;
            let _ = writeln!(text, "{}Microsoft Sentinel: {family}", if text.is_empty() { "" } else { "\n" });
        }
        let _ = writeln!(text, "{:width$}  {}", tool.name, tool.policy);
    }
    if !survey.sentinel.is_empty() && !survey.tools.is_empty() {
        text.push_str("\nCommands\n");
    }
    let width = survey.tools.iter().map(|tool| tool.name.len()).max().unwrap_or_default();
    for tool in &survey.tools {
        let _ = write!(text, "{:width$}  {}", tool.name, tool.command);
        if tool.mapping == Mapping::Partly {
            let names: Vec<&str> = tool.left_out.iter().map(|left| left.name.as_str()).collect();
            let _ = write!(text, "  (without {})", names.join(", "));
        }
        text.push('\n');
    }
    if !survey.left_out.is_empty() {
        text.push_str("\nNot offered:\n");
        let width = survey.left_out.iter().map(|left| left.name.len()).max().unwrap_or_default();
        for left in &survey.left_out {
            let _ = writeln!(text, "{:width$}  {}", left.name, left.reason);
        }
    }
    for remark in &survey.remarks {
        let _ = writeln!(text, "\n{remark}");
    }
    let all = survey.tools.len() + survey.left_out.len();
    let (fully, partly) = (survey.count(Mapping::Fully), survey.count(Mapping::Partly));
    let _ = writeln!(
        text,
        "\n{} tools for Microsoft Sentinel; {all} commands: {fully} fully, {partly} without some of their parameters, {} not offered",
        survey.sentinel.len(),
        survey.left_out.len()
    );
    if survey.searched {
        text.push_str("Clients find these by search_tools, describe_tool and invoke_tool; --tool-search=never lists them all.\n");
    }
    text
}

/// Tools of a toolset beside one another.
fn by_toolset(tools: &[SurveyedTool]) -> Vec<&SurveyedTool> {
    let mut tools: Vec<_> = tools.iter().collect();
    tools.sort_by_key(|tool| &tool.toolset);
    tools
}

/// One tool as clients see it.
fn one(tool: &SurveyedTool) -> String {
    let mut text = format!("{}: {}\n\n{}\n\n", tool.name, tool.origin, tool.description);
    let hints: Vec<String> = tool
        .annotations
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("{} {value}", name.trim_end_matches("Hint")))
        .collect();
    let _ = writeln!(text, "Hints: {}", hints.join(", "));
    let _ = writeln!(text, "Policy: {}", tool.policy);
    if !tool.toolset.is_empty() {
        let _ = writeln!(text, "Toolset: {}", tool.toolset);
    }
    for left in &tool.left_out {
        let _ = writeln!(text, "Without {}: {}", left.name, left.reason);
    }
    let _ = writeln!(text, "\n{:#}", tool.input_schema);
    text
}

fn missing(name: &str, survey: &Survey) -> String {
    if let Some(left) = survey.left_out.iter().find(|left| left.name.eq_ignore_ascii_case(name)) {
        return format!("{} is not offered: {}", left.name, left.reason);
    }
    let hint = survey.nearest(name).map(|near| format!(" Did you mean {near}?")).unwrap_or_default();
    format!("there is no tool or command '{name}'.{hint}")
}
