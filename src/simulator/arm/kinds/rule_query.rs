//! Whether the query of an analytics rule would run.

use crate::simulator::arm::kind::Scene;
use crate::simulator::arm::onboarded;
use crate::simulator::identity::access;
use crate::simulator::logs;
use crate::simulator::logs::engine::{Fault, QueryError};
use crate::simulator::refusal::Refusal;
use crate::simulator::state::WORKSPACE;

/// Refuses a query that the workspace cannot run.
pub(super) fn check(scene: &Scene<'_>, query: &str) -> Result<(), Refusal> {
    for name in other_workspaces(query) {
        let found = scene.state.below("/subscriptions", WORKSPACE).find(|workspace| {
            [workspace.name(), workspace.id.as_str(), workspace.text("customerId").unwrap_or_default()]
                .iter()
                .any(|known| known.eq_ignore_ascii_case(&name))
        });
        let action = "Microsoft.OperationalInsights/workspaces/query/read";
        let may = found.is_some_and(|workspace| {
            onboarded(scene.state, &workspace.id)
                && access::may(scene.state, scene.claims, action, &workspace.id)
        });
        if !may {
            return Err(Refusal::rule_reads_other_workspace(&name));
        }
    }
    let Some(workspace) = scene.workspace() else { return Ok(()) };
    match logs::check(scene.world, scene.state, workspace, query, scene.now) {
        Ok(()) => Ok(()),
        Err(QueryError { fault: Fault::UnknownTable, .. }) => Err(Refusal::missing_table_of_rule()),
        Err(QueryError { fault: Fault::UnknownColumn, message, .. }) => {
            Err(Refusal::unresolved_column(&message))
        }
        // What this simulator cannot run, Azure may.
        Err(QueryError { fault: Fault::Unsupported, .. }) => Ok(()),
        Err(error) => Err(Refusal::rule_query_failed(&error.message)),
    }
}

/// The workspaces that `workspace('...')` names.
fn other_workspaces(query: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = query;
    while let Some(at) = rest.find("workspace(") {
        rest = &rest[at + "workspace(".len()..];
        let Some(quote) = rest.trim_start().chars().next().filter(|quote| matches!(quote, '\'' | '"')) else {
            continue;
        };
        let text = rest.trim_start();
        if let Some(end) = text[1..].find(quote) {
            names.push(text[1..=end].to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::other_workspaces;

    #[test]
    fn literals_are_found() {
        assert_eq!(
            other_workspaces("union workspace('a').T, workspace( \"b c\").T | where workspace(x)"),
            ["a", "b c"]
        );
        assert!(other_workspaces("T | where workspace('open").is_empty());
    }
}
