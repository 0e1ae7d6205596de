//! Whether the query of an analytics rule would run.

use crate::kql::{Problem, ProblemKind};
use crate::simulator::arm::kind::Scene;
use crate::simulator::arm::onboarded;
use crate::simulator::identity::access;
use crate::simulator::logs;
use crate::simulator::refusal::Refusal;

/// Refuses a query that the workspace cannot run.
pub(super) fn check(scene: &Scene<'_>, query: &str) -> Result<(), Refusal> {
    for name in logs::kusto::named_workspaces(query) {
        let action = "Microsoft.OperationalInsights/workspaces/query/read";
        let may = logs::find_workspace(scene.state, &name).is_some_and(|workspace| {
            onboarded(scene.state, &workspace.id)
                && access::may(scene.state, scene.claims, action, &workspace.id)
        });
        if !may {
            return Err(Refusal::rule_reads_other_workspace(&name));
        }
    }
    let Some(workspace) = scene.workspace() else { return Ok(()) };
    logs::check(scene.state, workspace, query, scene.now).or_else(|problem| refuse(&problem, query))
}

fn refuse(problem: &Problem, query: &str) -> Result<(), Refusal> {
    match problem.kind {
        ProblemKind::Syntax => Err(Refusal::rule_query_failed(&problem.headline(query))),
        ProblemKind::Semantic if problem.message.contains("resolve table") => {
            Err(Refusal::missing_table_of_rule())
        }
        ProblemKind::Semantic => Err(Refusal::semantic_error_of_rule(problem.code, &problem.message)),
        // What this simulator cannot run, Azure may.
        _ => Ok(()),
    }
}
