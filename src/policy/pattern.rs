//! Patterns over commands, their modules and their tools.

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
            || matches(&self.0, names.tool)
            || (!names.module.is_empty() && matches(&self.0, names.module))
    }

    /// True if it names the command, alone or with its module: `Get-*`, `Inventory\*`.
    pub(super) fn names_command(&self, names: Names<'_>) -> bool {
        match self.0.split_once('\\') {
            Some((module, command)) => matches(module, names.module) && matches(command, names.command),
            None => matches(&self.0, names.command),
        }
    }

    /// The command it names, if it has no wildcards.
    pub(super) fn exact_command(&self) -> Option<&str> {
        let command = self.0.rsplit('\\').next().unwrap_or(&self.0);
        Some(command).filter(|_| !self.0.contains(['*', '?']))
    }
}

/// Whether a text fits a pattern, in time that grows with the product of their lengths at most.
fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().flat_map(char::to_lowercase).collect();
    let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    let (mut at, mut next) = (0, 0);
    // Where the last star is, and how much of the text it stands for so far.
    let mut star: Option<(usize, usize)> = None;
    while next < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, next));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || Some(wanted) == text.get(next) => {
                at += 1;
                next += 1;
            }
            _ => match &mut star {
                Some((position, taken)) => {
                    *taken += 1;
                    at = *position + 1;
                    next = *taken;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(|left| *left == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names_in_any_case() {
        for (pattern, text, expected) in [
            ("get-*", "Get-Item", true),
            ("get-*", "Forget-It", false),
            ("*item", "Get-ChildItem", true),
            ("*-*-*", "a-b-c", true),
            ("g?t", "Get", true),
            ("g?t", "Gt", false),
            ("*", "", true),
            ("**a**", "bab", true),
            ("a*b*c", "aXbXbXc", true),
            ("a*b*c", "aXbXbX", false),
            ("", "", true),
            ("Ä*", "ä1", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn long_patterns_end() {
        assert!(!matches(&"*a".repeat(200), &"a".repeat(199)));
    }

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
