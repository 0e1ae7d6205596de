//! Which commands become tools.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::engine::{EngineBuilder, quoted};

/// Which commands become tools: by name or wildcard, whole modules, and the functions of script files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exposure {
    /// Names or wildcard patterns of commands.
    pub commands: Vec<String>,
    /// Modules, by name or path. Where no command is named, all their functions and cmdlets are exposed; else they are
    /// only loaded, and the patterns choose.
    pub modules: Vec<String>,
    /// Script files. Each is run once in every runspace when it opens; the functions it defines are exposed.
    pub scripts: Vec<PathBuf>,
    /// Only tools of these toolsets; empty: all. A toolset is one of [`toolset_definitions`](Self::toolset_definitions), or
    /// a module's name, or a script's file name without its ending.
    pub toolsets: Vec<String>,
    /// Toolsets by name: names of commands or tools with wildcards, `module:Name` for all of a module.
    pub toolset_definitions: BTreeMap<String, Vec<String>>,
    /// What is to be otherwise than the commands say, by the name of the command (`Get-Thing`, `Module\Get-Thing`) or tool.
    pub overrides: BTreeMap<String, ToolOverride>,
    /// When clients get tools to search for tools instead of all of them.
    pub tool_search: ToolSearch,
}

/// What a tool is to be otherwise than its command says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToolOverride {
    /// Name of the tool: 1 to 40 characters of `a-z`, `0-9` and `_`.
    pub name: Option<String>,
    /// Its description, instead of the command's help.
    pub description: Option<String>,
    /// It changes nothing.
    pub read_only: Option<bool>,
    /// It may change or remove what is there.
    pub destructive: Option<bool>,
    /// A second call with the same arguments changes nothing more.
    pub idempotent: Option<bool>,
    /// It deals with things outside of this machine.
    pub open_world: Option<bool>,
}

/// When clients get three tools (`search_tools`, `describe_tool`, `invoke_tool`) in place of those made of commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ToolSearch {
    /// Where there are more than 80 tools.
    #[default]
    Auto,
    /// In any case.
    Always,
    /// In no case.
    Never,
}

impl Exposure {
    /// Lets every runspace of the engine know the modules and scripts.
    pub fn configure(&self, builder: EngineBuilder) -> EngineBuilder {
        let builder = self.modules.iter().fold(builder, EngineBuilder::module);
        if self.scripts.is_empty() {
            return builder;
        }
        let lines: Vec<String> =
            self.scripts.iter().map(|path| format!(". {}", quoted(&path.to_string_lossy()))).collect();
        builder.startup_script(lines.join("\n"))
    }

    /// What is to be otherwise with a command, by its name with or without its module, or by its tool's name.
    pub(crate) fn override_of(
        &self,
        command: &str,
        module: &str,
        tool: &str,
    ) -> Option<(&str, &ToolOverride)> {
        let full = format!("{module}\\{command}");
        [full.as_str(), command, tool].into_iter().find_map(|name| {
            let found = self.overrides.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(known, by)| (known.as_str(), by))
        })
    }

    /// True if nothing is exposed.
    pub fn is_empty(&self) -> bool {
        self.commands.is_empty() && self.modules.is_empty() && self.scripts.is_empty()
    }
}
