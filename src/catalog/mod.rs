//! Tools from commands: what PowerShell knows about its commands becomes names, schemas and hints for clients.

mod annotations;
mod arguments;
mod command;
mod discovery;
mod exposure;
mod name;
mod parameter;
mod schema;
mod tool;

use std::collections::BTreeMap;

pub(crate) use annotations::Annotations;
pub(crate) use arguments::bind;
pub(crate) use command::{Command, CommandParameter};
pub(crate) use discovery::discover;
pub use exposure::Exposure;
#[cfg(test)]
pub(crate) use tool::tests::command as test_command;
pub(crate) use tool::{Target, ToolSpec};

/// The tools that a server has, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Catalog {
    tools: BTreeMap<String, ToolSpec>,
    /// Commands that were asked for and are not offered, each with the reason.
    pub(crate) left_out: Vec<String>,
}

impl Catalog {
    /// Makes tools of commands. A command that was found twice is one tool.
    ///
    /// # Errors
    /// If two different commands would have the same name: both origins.
    pub(crate) fn new(commands: &[Command]) -> Result<Self, String> {
        let mut catalog = Self::default();
        for command in commands {
            let tool = match ToolSpec::of(command) {
                Ok(tool) => tool,
                Err(reason) => {
                    catalog.left_out.push(reason);
                    continue;
                }
            };
            catalog.add(tool)?;
        }
        Ok(catalog)
    }

    /// Adds a tool; one that is there already stays.
    ///
    /// # Errors
    /// If another tool has its name: both origins.
    pub(crate) fn add(&mut self, tool: ToolSpec) -> Result<(), String> {
        match self.tools.get(&tool.name) {
            None => {
                self.tools.insert(tool.name.clone(), tool);
                Ok(())
            }
            Some(there) if there.origin.eq_ignore_ascii_case(&tool.origin) => Ok(()),
            Some(there) => Err(format!(
                "two commands would be the tool {}: {} and {}. Leave one of them out, or rename it",
                tool.name, there.origin, tool.origin
            )),
        }
    }

    /// Keeps some of the tools.
    pub(crate) fn retain(&mut self, keep: impl Fn(&ToolSpec) -> bool) {
        self.tools.retain(|_, tool| keep(tool));
    }

    /// Changes each tool; names stay.
    pub(crate) fn change(&mut self, change: impl Fn(&mut ToolSpec)) {
        self.tools.values_mut().for_each(change);
    }

    /// The tool of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&ToolSpec> {
        self.tools.get(name)
    }

    /// All tools, sorted by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &ToolSpec> {
        self.tools.values()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.tools.len()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{tool::tests::command, *};

    #[test]
    fn catalog_is_sorted_and_takes_a_command_once() {
        let commands =
            [command("Get-B", json!([])), command("Get-A", json!([])), command("get-b", json!([]))];
        let catalog = Catalog::new(&commands).expect("a catalog");
        assert_eq!(catalog.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(), ["get_a", "get_b"]);
    }

    #[test]
    fn catalog_refuses_two_commands_of_one_tool_name() {
        let mut other = command("Get-AD_User", json!([]));
        other.module = "Others".to_owned();
        let error = Catalog::new(&[command("Get-ADUser", json!([])), other]).expect_err("a collision");
        assert!(error.contains("get_ad_user"), "{error}");
        assert!(error.contains("Get-ADUser of module Things"), "{error}");
        assert!(error.contains("Get-AD_User of module Others"), "{error}");
    }

    #[test]
    fn catalog_lists_what_it_leaves_out() {
        let unusable = command(
            "Use-Code",
            json!([{"name": "Code", "type": "scriptblock", "bindable": false, "mandatory_in": ["__AllParameterSets"]}]),
        );
        let catalog = Catalog::new(&[unusable]).expect("a catalog");
        assert_eq!((catalog.len(), catalog.left_out.len()), (0, 1));
    }
}
