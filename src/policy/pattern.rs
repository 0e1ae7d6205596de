//! Patterns over commands, their modules and their tools.

use crate::wildcard;

/// A pattern: `*` stands for any text, `?` for one character, letter case does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern(String);

/// Names of a tool that patterns are held against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) tool: &'a str,
    pub(super) command: &'a str,
    /// Empty: none.
    pub(super) module: &'a str,
}

impl Pattern {
    /// # Errors
    /// If the text is empty.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        match text.trim() {
            "" => Err("a pattern is empty".to_owned()),
            text => Ok(Self(text.to_owned())),
        }
    }

    /// As it was given.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// True if it names the tool, the command, or the module, each alone; or `Module\Command`.
    pub(super) fn names(&self, names: Names<'_>) -> bool {
        self.names_command(names)
            || wildcard::fits(&self.0, names.tool)
            || (!names.module.is_empty() && wildcard::fits(&self.0, names.module))
    }

    /// True if it names the command, alone or with its module: `Get-*`, `Inventory\*`.
    pub(super) fn names_command(&self, names: Names<'_>) -> bool {
        match self.0.split_once('\\') {
            Some((module, command)) => {
                wildcard::fits(module, names.module) && wildcard::fits(command, names.command)
            }
            None => wildcard::fits(&self.0, names.command),
        }
    }

    /// The command it names, if it has no wildcards.
    pub(super) fn exact_command(&self) -> Option<&str> {
        let command = self.0.rsplit('\\').next().unwrap_or(&self.0);
        Some(command).filter(|_| !self.0.contains(['*', '?']))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_name_tools_commands_and_modules() {
        let names = Names { tool: "get_shelf", command: "Get-Shelf", module: "Inventory" };
        for text in ["get_shelf", "Get-Shelf", "inventory", "Inventory\\Get-*", "*\\Get-Shelf"] {
            assert!(Pattern::new(text).expect("a pattern").names(names), "{text}");
        }
        for text in ["Inventory\\Set-*", "Other\\*", "shelf", "get"] {
            assert!(!Pattern::new(text).expect("a pattern").names(names), "{text}");
        }
        assert!(!Pattern::new("inventory").expect("a pattern").names_command(names));
        assert_eq!(Pattern::new("A\\Get-X").expect("a pattern").exact_command(), Some("Get-X"));
        assert_eq!(Pattern::new("Get-*").expect("a pattern").exact_command(), None);
    }
}
