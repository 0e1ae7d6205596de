//! An operation as an advanced function.

use std::fmt::Write;

use super::parameter::{self, list};
use super::{help, verbs, views};
use crate::sentinel::{Kind, Operation, Parameter};

/// Parameters of every function that writes.
const OF_WRITES: &[(&str, &str)] = &[
    ("PlanDigest", "Digest of a plan that -WhatIf showed: it is done only if it is still that plan."),
    (
        "ConfirmName",
        "Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.",
    ),
];

/// Name of the function. An operation whose verb PowerShell does not approve of has an alias with one that it does; then that
/// is the function, and the operation's name an alias of it, so that importing the module warns of nothing.
pub(super) fn name(operation: &Operation) -> &'static str {
    std::iter::once(&operation.name)
        .chain(operation.aliases)
        .find(|name| verbs::is_approved(name))
        .copied()
        .unwrap_or(operation.name)
}

/// The other names of the function.
pub(super) fn aliases(operation: &Operation) -> Vec<String> {
    let function = name(operation);
    std::iter::once(&operation.name)
        .chain(operation.aliases)
        .filter(|name| **name != function)
        .map(|name| (*name).to_owned())
        .collect()
}

/// The text of the function.
pub(super) fn text(operation: &Operation) -> String {
    let writes = operation.kind.writes();
    let parameters = operation.parameters();
    let kind = views::type_name(operation);
    let also = if writes { OF_WRITES } else { &[] };
    let mut text = format!("function {} {{\n    <#\n", name(operation));
    for line in help::text(operation, parameters, also, &kind).lines() {
        let _ = writeln!(text, "{}", format!("    {line}").trim_end());
    }
    let _ = writeln!(text, "    #>\n    {}", binding(operation));
    let aliases = aliases(operation);
    if !aliases.is_empty() {
        let _ = writeln!(text, "    [Alias({})]", list(&aliases));
    }
    let types =
        if writes { vec![kind.clone(), "SentinelManager.Plan".to_owned()] } else { vec![kind.clone()] };
    let _ = writeln!(text, "    [OutputType({})]\n    param(", list(&types));
    let first = parameters.iter().position(|parameter| parameter.required);
    let mut blocks: Vec<Vec<String>> = parameters
        .iter()
        .enumerate()
        .map(|(index, one)| {
            let position = (Some(index) == first).then_some(0);
            parameter::text(operation, parameters, one, position)
        })
        .collect();
    for (name, _) in also {
        blocks.push(vec!["[Parameter()]".to_owned(), format!("[string] ${name}")]);
    }
    let blocks: Vec<String> = blocks
        .iter()
        .map(|lines| lines.iter().map(|line| format!("        {line}")).collect::<Vec<_>>().join("\n"))
        .collect();
    let _ = writeln!(text, "{}\n    )", blocks.join(",\n\n"));
    text.push_str(&body(operation, &kind, parameters));
    text.push_str("}\n");
    text
}

fn binding(operation: &Operation) -> String {
    let mut parts = vec!["PositionalBinding = $false".to_owned()];
    if operation.kind.writes() {
        let impact = if operation.kind == Kind::Destructive || operation.costly { "High" } else { "Medium" };
        parts.push("SupportsShouldProcess".to_owned());
        parts.push(format!("ConfirmImpact = '{impact}'"));
    }
    format!("[CmdletBinding({})]", parts.join(", "))
}

fn body(operation: &Operation, kind: &str, parameters: &[Parameter]) -> String {
    let name = operation.name;
    let has = |switch| parameters.iter().any(|one| one.name == switch && one.switch);
    let mut text = String::from("    begin {\n        $given = [string[]] $PSBoundParameters.Keys\n");
    if operation.kind.writes() && has("force") {
        text.push_str("        if ($Force -and -not $PSBoundParameters.ContainsKey('Confirm')) { $ConfirmPreference = 'None' }\n");
    }
    text.push_str("    }\n");
    if operation.kind.writes() {
        let _ = writeln!(
            text,
            "    process {{ WriteOperation '{name}' $PSCmdlet $PSBoundParameters $given $_ }}"
        );
        return text;
    }
    // Each function of PowerShell between the caller and the operation takes as long as a third of the operation itself.
    let raw = if has("raw") { " -or $Raw" } else { "" };
    let _ = write!(
        text,
        "    process {{
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput{raw}) {{
            ReadOperation '{name}' '{kind}' $PSCmdlet $PSBoundParameters $given $_
        }}
        else {{
            $order = @{{ operation = '{name}'; step = 'read'; arguments = $PSBoundParameters }}
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName '{kind}' -Library $script:library
        }}
    }}
"
    );
    text
}
