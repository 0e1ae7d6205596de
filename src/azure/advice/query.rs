//! Queries: of people, and in rules.

use super::{Advice, Mover, Situation, between};
use crate::azure::Reason;
use crate::azure::cloud::Audience;

pub(super) fn advise(situation: &Situation<'_>, reason: &Reason) -> Option<Advice> {
    let in_rule = situation.path_has("/alertRules/");
    if in_rule && reason.says("One of the tables does not exist") {
        return Advice::new(
            15,
            Mover::Caller,
            "The rule reads a table that the workspace does not have. Connect the data that feeds it, create the table, or save the rule disabled.",
        );
    }
    if in_rule && (reason.says("FailedToResolveScalarExpression") || reason.says("SEM0100")) {
        return Advice::new(
            14,
            Mover::Caller,
            "The rule's query uses a table or column that this workspace does not have: its data connector is missing, or the name is wrong. \
             Connect it, correct the query, or save the rule disabled.",
        );
    }
    if reason.has("UnsupportedApiQueryValidationError")
        || reason.says("Query of Basic Logs table is not supported")
    {
        return Advice::new(
            19,
            Mover::Caller,
            "Tables of plan Basic and Auxiliary are read with 'search', over an explicit time span, one table a query and with few operators \
             (where, extend, project, parse, sort, take).",
        );
    }
    if reason.says("single Basic or Auxiliary Logs table") {
        return Advice::new(
            20,
            Mover::Caller,
            "A query reads one Basic or Auxiliary table at most, and up to five others by lookup: split it. 'union *' and 'search *' cannot include them.",
        );
    }
    if reason.codes.iter().any(|code| code.starts_with("SYN")) || reason.has("SyntaxError") {
        let place = match reason.position {
            Some((line, position)) => format!(" at line {line}, position {position}"),
            None => String::new(),
        };
        return Advice::new(
            17,
            Mover::Caller,
            format!("The query is no valid KQL{place}: correct it there."),
        );
    }
    if reason.codes.iter().any(|code| code.starts_with("SEM")) || reason.has("SemanticError") {
        let text = if reason.has("SEM0003") {
            "The query has to end with a table: end a scalar expression with 'print'.".to_owned()
        } else {
            match between(&reason.message, "named '", "'") {
                Some(name) => format!(
                    "The workspace has no table or column '{name}': Get-SentinelTables -TableType All lists the tables, 'TABLE | getschema' the columns."
                ),
                None => "The query names something that the workspace does not have.".to_owned(),
            }
        };
        return Advice::new(18, Mover::Caller, text);
    }
    if reason.says("E_QUERY_RESULT_SET_TOO_LARGE") {
        return Advice::new(
            25,
            Mover::Caller,
            "The result was cut: it is larger than a query may answer. Add 'summarize' or 'project', or take a shorter time span.",
        );
    }
    if reason.has("WorkspaceNotPlacedError") {
        return Advice::new(
            24,
            Mover::Time,
            "The workspace is new and has no data yet: that counts as no rows.",
        );
    }
    if situation.status == 504 && situation.audience == Audience::Logs {
        return Advice::new(
            26,
            Mover::Caller,
            "The query took longer than Azure allows. Take a shorter time span, filter early, summarize; for long searches use a search job.",
        );
    }
    if situation.audience == Audience::Logs
        && (reason.has("PathNotFoundError") || reason.has("WorkspaceNotFoundError"))
    {
        return Advice::new(
            23,
            Mover::Caller,
            "Queries name a workspace by its customer id, a GUID. Name the workspace by its name and let the inventory find the id; if it is new, the inventory may be old: refresh it.",
        );
    }
    None
}
