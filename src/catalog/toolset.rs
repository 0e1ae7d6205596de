//! Toolsets: named groups of tools, from the configuration and by origin.

use std::collections::{BTreeMap, BTreeSet};

use super::tool::{Target, ToolSpec};

/// Begins a pattern that means a module or another group instead of names.
const MODULE: &str = "module:";

/// Whether a tool belongs to a toolset: one that is defined by patterns, or the module or script that it comes from.
pub(crate) fn contains(name: &str, definitions: &BTreeMap<String, Vec<String>>, tool: &ToolSpec) -> bool {
    match definition(name, definitions) {
        Some(patterns) => patterns.iter().any(|pattern| matches(pattern, tool)),
        None => groups(tool).any(|group| group.eq_ignore_ascii_case(name)),
    }
}

/// All toolsets there are.
pub(crate) fn names<'a>(
    definitions: &'a BTreeMap<String, Vec<String>>,
    tools: impl Iterator<Item = &'a ToolSpec>,
) -> BTreeSet<&'a str> {
    definitions.keys().map(String::as_str).chain(tools.flat_map(groups)).collect()
}

fn definition<'a>(name: &str, definitions: &'a BTreeMap<String, Vec<String>>) -> Option<&'a Vec<String>> {
    definitions.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, patterns)| patterns)
}

/// The toolsets that a tool belongs to by origin.
fn groups(tool: &ToolSpec) -> impl Iterator<Item = &str> {
    let source = match &tool.target {
        Target::Native { source, .. } => Some(source.as_ref()),
        _ => None,
    };
    std::iter::once(tool.group.as_str()).chain(source)
}

/// `module:Name` is all of that module; any other pattern is compared with the command's name and the tool's.
fn matches(pattern: &str, tool: &ToolSpec) -> bool {
    match pattern.strip_prefix(MODULE) {
        Some(group) => groups(tool).any(|own| wildcard(group, own)),
        None => wildcard(pattern, &tool.title) || wildcard(pattern, &tool.name),
    }
}

/// `*` stands for any text, `?` for one character; the case of letters does not matter.
pub(crate) fn wildcard(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let (mut at, mut next) = (0, 0);
    // Where to go on if what followed the last star does not match: one character later.
    let mut retry: Option<(usize, usize)> = None;
    while next < text.len() {
        match pattern.get(at) {
            Some('*') => {
                retry = Some((at, next));
                at += 1;
            }
            Some(&wanted) if wanted == '?' || wanted == text[next] => {
                at += 1;
                next += 1;
            }
            _ => match retry {
                Some((star, from)) => {
                    at = star + 1;
                    next = from + 1;
                    retry = Some((star, next));
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|&rest| rest == '*')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::tool::tests::spec;

    #[test]
    fn wildcard_matches_whole_names() {
        for (pattern, text, expected) in [
            ("Get-*", "get-process", true),
            ("Get-*", "Set-Item", false),
            ("*-*Item", "Get-ChildItem", true),
            ("*-*Item", "Get-ChildItems", false),
            ("Get-Proces?", "Get-Process", true),
            ("*", "", true),
            ("", "x", false),
            ("a*b*c", "aXbXbXc", true),
        ] {
            assert_eq!(wildcard(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn toolset_is_patterns_or_a_module() {
        let definitions = BTreeMap::from([
            ("reading".to_owned(), vec!["Get-*".to_owned()]),
            ("all".to_owned(), vec!["module:thing?".to_owned()]),
            ("other".to_owned(), vec!["set_*".to_owned()]),
        ]);
        let tool = spec(json!([]));
        for (name, expected) in
            [("Reading", true), ("all", true), ("other", false), ("things", true), ("strangers", false)]
        {
            assert_eq!(contains(name, &definitions, &tool), expected, "{name}");
        }
    }
}
