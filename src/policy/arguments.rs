//! Arguments and pipeline input of a call, where only reading is allowed: every reason against them.

use serde_json::{Map, Value};

use super::{builtin::Parameters, rule::Rule};
use crate::catalog::ToolSpec;

/// Switches of every command that change nothing but what it tells.
const HARMLESS: &[&str] = &["Verbose", "Debug", "Confirm", "WhatIf"];

/// Parameters that lead to files in commands of any module. PowerShell also fills them from members of that name of what
/// comes through the pipeline.
const FILE_PARAMETERS: &[&str] = &[
    "Path",
    "LiteralPath",
    "PSPath",
    "LP",
    "FilePath",
    "FullName",
    "Destination",
    "DestinationPath",
    "OutputDirectory",
];

/// What keeps arguments of a command of PowerShell itself from only reading.
pub(super) fn reviewed(known: Parameters, arguments: &Map<String, Value>) -> Vec<String> {
    let judged = arguments.iter().filter_map(|(name, value)| match known.rule(name) {
        None if value.is_boolean() && is_one_of(HARMLESS, name) => None,
        // A switch that is off says nothing.
        None if *value == Value::Bool(false) => None,
        None => Some(format!("with '{name}' may do more than read")),
        Some(rule) => refused(name, rule, value),
    });
    judged.collect()
}

/// The paths among the arguments that are not of the file system, for commands whose parameters are not reviewed.
pub(super) fn files_only(tool: &ToolSpec, arguments: &Map<String, Value>) -> Vec<String> {
    let given = arguments.iter().filter(|(name, _)| leads_to_files(tool, name));
    given.filter_map(|(name, value)| refused(name, Rule::Path, value)).collect()
}

/// What keeps pipeline input of a command of PowerShell itself from only being read. Only commands that take whole objects
/// take any; their members must not fill a parameter with what could not be given to it.
pub(super) fn reviewed_input(tool: &ToolSpec, known: Parameters, input: &[Value]) -> Vec<String> {
    if input.is_empty() {
        return Vec::new();
    }
    if known.rule("InputObject") != Some(Rule::Any) {
        return vec!["takes no pipeline input here: it would fill parameters".to_owned()];
    }
    let reads_content = known.iter().any(|(_, rule)| rule == Rule::Content);
    let files = if reads_content { Rule::Content } else { Rule::Path };
    let judged = members(input).filter_map(|(name, value)| match canonical(tool, name) {
        _ if is_one_of(FILE_PARAMETERS, name) => refused(name, files, value),
        Some(parameter) => known.rule(parameter).and_then(|rule| refused(name, rule, value)),
        None => None,
    });
    judged.collect()
}

/// The paths among the members of pipeline input that are not of the file system.
pub(super) fn files_only_input(tool: &ToolSpec, input: &[Value]) -> Vec<String> {
    let of_members = members(input).filter(|(name, _)| leads_to_files(tool, name));
    let of_members = of_members.filter_map(|(name, value)| refused(name, Rule::Path, value));
    // A text is the path itself, unless the command takes contents.
    let takes_contents = ["Value", "InputObject"].iter().any(|name| canonical(tool, name).is_some());
    let takes_paths = !takes_contents && FILE_PARAMETERS.iter().any(|name| canonical(tool, name).is_some());
    let texts = input.iter().filter(|value| takes_paths && value.is_string());
    of_members.chain(texts.filter_map(|value| refused("pipeline input", Rule::Path, value))).collect()
}

fn refused(name: &str, rule: Rule, value: &Value) -> Option<String> {
    rule.check(value).err().map(|why| format!("'{name}' {why}"))
}

fn members(input: &[Value]) -> impl Iterator<Item = (&str, &Value)> {
    input.iter().filter_map(Value::as_object).flatten().map(|(name, value)| (name.as_str(), value))
}

/// The parameter that is called so, or has such an alias.
fn canonical<'a>(tool: &'a ToolSpec, name: &str) -> Option<&'a str> {
    let called = |known: &str| known.eq_ignore_ascii_case(name);
    tool.parameters
        .iter()
        .find(|parameter| called(&parameter.name) || parameter.aliases.iter().any(|alias| called(alias)))
        .map(|parameter| parameter.name.as_str())
}

fn leads_to_files(tool: &ToolSpec, name: &str) -> bool {
    let by_alias = || {
        tool.parameters.iter().any(|parameter| {
            parameter.name.eq_ignore_ascii_case(name)
                && parameter.aliases.iter().any(|alias| is_one_of(FILE_PARAMETERS, alias))
        })
    };
    is_one_of(FILE_PARAMETERS, name) || by_alias()
}

fn is_one_of(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}
