//! Flags that say which commands become tools.

use std::path::PathBuf;

use runspaced::mcp::Exposure;

use crate::config::{FlagValue, Mcp};

/// Which commands become tools.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "What is offered")]
pub struct ExposureFlags {
    /// Make tools of these commands: a name or a wildcard pattern
    #[arg(long = "command", value_name = "NAME")]
    commands: Vec<String>,
    /// Load this module; without --command, make tools of all its functions and cmdlets
    #[arg(long = "module", value_name = "NAME")]
    modules: Vec<String>,
    /// Run this script file in every runspace, and make tools of the functions it defines
    #[arg(long = "script", value_name = "FILE")]
    scripts: Vec<PathBuf>,
    /// Only tools of this toolset: one of mcp.toolsets, a module, or a script's name
    #[arg(long = "toolset", value_name = "NAME")]
    toolsets: Vec<String>,
    /// Give clients three tools to search, describe and invoke in place of those made of commands: auto (beyond 80 tools), always or never [default: auto]
    #[arg(long, value_name = "WHEN", num_args = 0..=1, require_equals = true, default_missing_value = "always")]
    tool_search: Option<String>,
    /// Leave the tools for Microsoft Sentinel out
    #[arg(long)]
    no_sentinel: bool,
}

impl ExposureFlags {
    /// Those that are settings.
    pub fn settings(&self) -> impl Iterator<Item = FlagValue> {
        let flags = [
            FlagValue::of("mcp.tool_search", "--tool-search", self.tool_search.as_ref()),
            FlagValue::of("mcp.sentinel", "--no-sentinel", self.no_sentinel.then_some("false")),
        ];
        flags.into_iter().flatten()
    }

    /// What they and the configuration expose together.
    ///
    /// # Errors
    /// If a script is not there.
    pub fn exposure(&self, configured: &Mcp) -> Result<Exposure, String> {
        let mut exposure = Exposure::default();
        exposure.commands = [configured.commands.as_slice(), &self.commands].concat();
        exposure.modules = [configured.modules.as_slice(), &self.modules].concat();
        exposure.toolsets = [configured.only_toolsets.as_slice(), &self.toolsets].concat();
        exposure.toolset_definitions = configured.toolsets.clone();
        exposure.overrides = configured.tools.clone();
        exposure.tool_search = configured.tool_search;
        for script in configured.scripts.iter().chain(&self.scripts) {
            // Runspaces open in other folders than this one.
            let path =
                std::path::absolute(script).map_err(|error| format!("{}: {error}", script.display()))?;
            if !path.is_file() {
                return Err(format!("there is no file {}", path.display()));
            }
            exposure.scripts.push(path);
        }
        Ok(exposure)
    }
}
