//! A parameter of a function: attributes, type, default.

use serde_json::Value;

use crate::engine::quoted;
use crate::sentinel::bridge::{Binds, binds};
use crate::sentinel::{Operation, Parameter};

/// Names under which rows carry what a common parameter takes.
const ROWS_SAY: &[(&str, &str)] =
    &[("resource_group_name", "ResourceGroup"), ("tenant_id", "TenantName"), ("path", "FullName")];

/// The lines of a parameter. `position` is that of the command line, if it has one.
pub(super) fn text(
    operation: &Operation,
    all: &[Parameter],
    parameter: &Parameter,
    position: Option<usize>,
) -> Vec<String> {
    let mut lines = vec![attribute(operation, parameter, position)];
    let aliases = aliases(all, parameter);
    if !aliases.is_empty() {
        lines.push(format!("[Alias({})]", list(&aliases)));
    }
    lines.extend(rules(parameter));
    let default = default(parameter).map(|value| format!(" = {value}")).unwrap_or_default();
    lines.push(format!("[{}] ${}{default}", kind(parameter), parameter.power_shell));
    lines
}

fn attribute(operation: &Operation, parameter: &Parameter, position: Option<usize>) -> String {
    let mut parts = Vec::new();
    if parameter.required {
        parts.push("Mandatory".to_owned());
    }
    parts.extend(position.map(|position| format!("Position = {position}")));
    if binds(operation, parameter) != Binds::Not {
        parts.push("ValueFromPipelineByPropertyName".to_owned());
    }
    if parameter.name == "show_header" {
        parts.push("DontShow".to_owned());
    }
    format!("[Parameter({})]", parts.join(", "))
}

/// Aliases that no other parameter has.
fn aliases(all: &[Parameter], parameter: &Parameter) -> Vec<String> {
    let rows =
        ROWS_SAY.iter().filter(|(name, _)| *name == parameter.name).map(|(_, alias)| (*alias).to_owned());
    let mut aliases: Vec<String> = Vec::new();
    for alias in parameter.aliases.iter().cloned().chain(rows) {
        let taken = all.iter().any(|other| {
            let is = |name: &String| name.eq_ignore_ascii_case(&alias);
            is(&other.power_shell) || other.name != parameter.name && other.aliases.iter().any(is)
        });
        if !taken && !aliases.contains(&alias) {
            aliases.push(alias);
        }
    }
    aliases
}

/// Validating attributes; of a list, they are about each element.
fn rules(parameter: &Parameter) -> Vec<String> {
    let mut rules = Vec::new();
    if !parameter.allowed.is_empty() {
        let words = parameter.words.iter().map(|(word, _)| word);
        let all: Vec<String> = parameter.allowed.iter().chain(words).cloned().collect();
        rules.push(format!("[ValidateSet({})]", list(&all)));
    }
    if parameter.minimum.is_some() || parameter.maximum.is_some() {
        let kind = number(parameter);
        let bound = |value: Option<i64>, otherwise: &str| {
            value.map_or(format!("[{kind}]::{otherwise}"), |value| format!("[{kind}] {value}"))
        };
        rules.push(format!(
            "[ValidateRange({}, {})]",
            bound(parameter.minimum, "MinValue"),
            bound(parameter.maximum, "MaxValue")
        ));
    }
    if parameter.min_length.is_some() || parameter.max_length.is_some() {
        let most = parameter.max_length.map_or("[int]::MaxValue".to_owned(), |most| most.to_string());
        rules.push(format!("[ValidateLength({}, {most})]", parameter.min_length.unwrap_or(0)));
    }
    if let Some(pattern) = &parameter.pattern {
        rules.push(format!("[ValidatePattern({}, Options = 'None')]", quoted(pattern.as_str())));
    }
    if parameter.name == "workspace_name" {
        rules.push("[SupportsWildcards()]".to_owned());
    }
    rules
}

/// Its type; numbers that do not fit into 32 bits are `long`.
pub(super) fn kind(parameter: &Parameter) -> String {
    let kind = parameter.power_shell_type();
    if parameter.kind == "integer" { kind.replacen("int", number(parameter), 1) } else { kind }
}

fn number(parameter: &Parameter) -> &'static str {
    let fits = [parameter.minimum, parameter.maximum]
        .into_iter()
        .flatten()
        .all(|bound| i32::try_from(bound).is_ok());
    match parameter.kind.as_str() {
        "number" => "double",
        _ if fits => "int",
        _ => "long",
    }
}

/// Its default, as PowerShell writes it.
pub(super) fn default(parameter: &Parameter) -> Option<String> {
    match parameter.default.as_ref()? {
        Value::Bool(flag) => Some(format!("${flag}")),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(quoted(text)),
        Value::Array(items) => {
            let texts: Option<Vec<String>> =
                items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
            texts.map(|texts| list(&texts))
        }
        _ => None,
    }
}

/// Texts as PowerShell lists them.
pub(super) fn list(texts: &[String]) -> String {
    texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ")
}
