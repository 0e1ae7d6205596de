//! What queries of Basic and Auxiliary tables may not do.

use super::references;
use crate::kql::ast::{LetValue, Query, Statement};
use crate::kql::error::{Problem, ProblemKind};

/// Operators that put several tables together, and so are refused.
const REFUSED: [&str; 4] = ["join", "find", "search", "externaldata"];

/// The most tables of the Analytics plan beside the one of the Basic plan.
const MOST_OTHERS: usize = 5;

/// Why the service would refuse this query because it reads a table of the Basic or Auxiliary plan; nothing if it reads
/// none, or may. `is_basic` tells the plan of a table.
///
/// The rules: one such table only, at most five others beside it (through `lookup` and `union`), no `join`, `find`,
/// `search` or `externaldata`, no functions of one's own, no other workspaces.
pub fn basic_plan_problems(query: &Query, is_basic: impl Fn(&str) -> bool) -> Vec<Problem> {
    let found = references(query);
    let (basic, others): (Vec<_>, Vec<_>) = found.tables.iter().partition(|table| is_basic(&table.name));
    let Some(first) = basic.first() else { return Vec::new() };
    let refused = |message: String| Problem::new(ProblemKind::Semantic, "BAS0001", message);
    let mut problems = Vec::new();
    for table in basic.iter().skip(1) {
        let message =
            format!("a query can read one Basic table, this one reads '{}' and '{}'", first.name, table.name);
        problems.push(refused(message).at(table.span).hint("split the query"));
    }
    if others.len() > MOST_OTHERS {
        let message = format!(
            "beside a Basic table a query can read {MOST_OTHERS} tables, this one reads {}",
            others.len()
        );
        problems.push(refused(message).at(others[MOST_OTHERS].span));
    }
    for operator in found.operators.iter().filter(|operator| REFUSED.contains(&operator.word)) {
        let message = format!("'{}' cannot be used with the Basic table '{}'", operator.word, first.name);
        problems.push(refused(message).at(operator.span).hint("lookup and union can"));
    }
    for table in found.tables.iter().filter(|table| table.place.is_some()) {
        let message =
            format!("a query of the Basic table '{}' cannot reach into other workspaces", first.name);
        problems.push(refused(message).at(table.span));
    }
    for statement in &query.statements {
        if let Statement::Let(name, LetValue::Function(_)) = statement {
            let message = format!("a query of the Basic table '{}' cannot declare functions", first.name);
            problems.push(refused(message).at(name.span));
        }
    }
    for function in &found.functions {
        let message = format!("a query of the Basic table '{}' cannot call '{}'", first.name, function.name);
        problems.push(refused(message).at(function.span));
    }
    problems
}
