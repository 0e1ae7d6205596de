//! Toolsets: named groups of tools, from the configuration and by origin.

use std::collections::{BTreeMap, BTreeSet};

use super::tool::{Target, ToolSpec};
use crate::wildcard;

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
        Some(group) => groups(tool).any(|own| wildcard::fits(group, own)),
        None => wildcard::fits(pattern, &tool.title) || wildcard::fits(pattern, &tool.name),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::tool::tests::spec;

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
