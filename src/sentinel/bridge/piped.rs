//! Which parameters take their values from the pipeline, and what of an object is meant by them.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::sentinel::{Operation, Parameter};

/// How a parameter takes the property of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binds {
    /// It does not.
    Not,
    /// It says which object is meant.
    Key,
    /// It is a part of what is made.
    Content,
}

/// How a parameter takes the property of its name from objects in the pipeline. Where something is made, everything does, so
/// that rows of a file become objects; else only what says which object is meant: a filter or a new value must not come from
/// a row by accident.
pub(crate) fn binds(operation: &Operation, parameter: &Parameter) -> Binds {
    const PLACE: &[&str] = &["workspace_name", "resource_group_name", "subscription_id", "tenant_id"];
    let name = parameter.name.as_str();
    if parameter.common {
        return if PLACE.contains(&name) { Binds::Key } else { Binds::Not };
    }
    if name == "path" {
        return Binds::Key;
    }
    // The name of a file is not that of what is in it.
    let of_files = ["Import-", "Restore-"].iter().any(|verb| operation.name.starts_with(verb));
    if operation.fleet || parameter.switch || of_files {
        return Binds::Not;
    }
    if operation.name.starts_with("New-") {
        return Binds::Content;
    }
    let key = name.ends_with("_id") || name.ends_with("_name") || name.ends_with("_number") || name == "name";
    if key { Binds::Key } else { Binds::Not }
}

/// Names that PowerShell gives every function, and those of the module's own that are no parameters of operations.
const NOT_ARGUMENTS: &[&str] = &[
    "Verbose",
    "Debug",
    "ErrorAction",
    "WarningAction",
    "InformationAction",
    "ProgressAction",
    "ErrorVariable",
    "WarningVariable",
    "InformationVariable",
    "OutVariable",
    "OutBuffer",
    "PipelineVariable",
    "WhatIf",
    "Confirm",
    "ConfirmName",
    "PlanDigest",
];

/// The arguments of an operation, out of all bound parameters of its function. `given` names those of the command line if
/// there is an object in the pipeline, and `origin` is the id of that object.
pub(super) fn arguments(
    operation: &Operation,
    bound: Map<String, Value>,
    given: Option<&[String]>,
    origin: Option<&str>,
) -> Map<String, Value> {
    let is = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
    let mut arguments: Map<String, Value> =
        bound.into_iter().filter(|(name, _)| !NOT_ARGUMENTS.iter().any(|other| is(name, other))).collect();
    let Some(given) = given else { return arguments };
    let parameters = operation.parameters();
    let parameter = |name: &str| parameters.iter().find(|parameter| is(&parameter.power_shell, name));
    let piped: HashSet<String> =
        arguments.keys().filter(|name| !given.iter().any(|other| is(name, other))).cloned().collect();
    // A property that is empty says nothing.
    arguments.retain(|name, value| !(piped.contains(name) && is_empty(value)));
    let keys: Vec<(String, String)> = arguments
        .keys()
        .filter(|name| piped.contains(*name))
        .filter_map(|name| Some((name.clone(), parameter(name)?)))
        .filter(|(_, parameter)| !parameter.common && binds(operation, parameter) == Binds::Key)
        .map(|(name, parameter)| (name, parameter.name.clone()))
        .collect();
    // The id of an object is enough: its name and number would only be looked up once more.
    if keys.iter().any(|(_, canonical)| canonical.ends_with("_id")) {
        for (name, _) in keys.iter().filter(|(_, canonical)| !canonical.ends_with("_id")) {
            arguments.shift_remove(name);
        }
    }
    // The name of a workspace may be ambiguous, the id of an object in it is not.
    let place =
        arguments.keys().find(|name| is(name, "WorkspaceName")).filter(|name| piped.contains(*name)).cloned();
    if let (Some(name), Some(id)) = (place, origin.and_then(workspace_of)) {
        arguments.insert(name, id.into());
    }
    arguments
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.iter().all(is_empty),
        _ => false,
    }
}

/// The workspace that an object is in, if its id says so.
fn workspace_of(id: &str) -> Option<String> {
    const KIND: &str = "/providers/microsoft.operationalinsights/workspaces/";
    let start = id.to_ascii_lowercase().find(KIND)? + KIND.len();
    let name = id[start..].split('/').next().filter(|name| !name.is_empty())?;
    Some(id[..start + name.len()].to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sentinel::operation;

    const ROW: &str = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-lab/providers/Microsoft.OperationalInsights/workspaces/law-sandbox/providers/Microsoft.SecurityInsights/incidents/abc";

    fn of(name: &str, bound: Value, given: Option<&[&str]>, origin: Option<&str>) -> Value {
        let Value::Object(bound) = bound else { panic!("an object") };
        let given: Option<Vec<String>> =
            given.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        Value::Object(arguments(operation(name).expect("is known"), bound, given.as_deref(), origin))
    }

    #[test]
    fn an_object_in_the_pipeline_is_meant_by_its_id_in_its_own_workspace() {
        let bound = json!({"Classification": "Undetermined", "IncidentId": ["abc"], "IncidentNumber": [7], "WorkspaceName": ["law-sandbox"], "TenantId": "", "Verbose": true});
        let arguments = of("Close-SentinelIncident", bound, Some(&["Classification", "Verbose"]), Some(ROW));
        let workspace = &ROW[..ROW.find("/providers/Microsoft.SecurityInsights").expect("is there")];
        assert_eq!(
            arguments,
            json!({"Classification": "Undetermined", "IncidentId": ["abc"], "WorkspaceName": workspace})
        );
    }

    #[test]
    fn what_the_command_line_says_stays() {
        let bound = json!({"IncidentNumber": [7], "WorkspaceName": ["w"], "Comment": "", "WhatIf": true, "ConfirmName": "x"});
        let plain = json!({"IncidentNumber": [7], "WorkspaceName": ["w"], "Comment": ""});
        assert_eq!(of("Close-SentinelIncident", bound.clone(), None, None), plain);
        let given = ["IncidentNumber", "WorkspaceName", "Comment", "WhatIf"];
        assert_eq!(of("Close-SentinelIncident", bound, Some(&given), Some(ROW)), plain);
    }

    #[test]
    fn filters_do_not_come_from_rows() {
        let how = |name: &str, parameter: &str| {
            let operation = operation(name).expect("is known");
            let parameters = operation.parameters();
            binds(operation, parameters.iter().find(|one| one.power_shell == parameter).expect("is there"))
        };
        assert_eq!(how("Get-SentinelIncidents", "Severity"), Binds::Not);
        assert_eq!(how("Get-SentinelIncidents", "WorkspaceName"), Binds::Key);
        assert_eq!(how("Close-SentinelIncident", "IncidentId"), Binds::Key);
        assert_eq!(how("New-AnalyticsRule", "Severity"), Binds::Content);
        assert_eq!(how("Get-SentinelWorkspaces", "Name"), Binds::Not);
        assert_eq!(how("Import-AnalyticsRules", "Path"), Binds::Key);
        assert_eq!(how("Import-AnalyticsRules", "Name"), Binds::Not);
    }
}
