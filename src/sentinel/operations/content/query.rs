//! Whether a query would run in a workspace, and what it would give.

use super::Report;
use super::schema::{Lenient, Other, Schema, is_built_in};
use crate::kql::{self, Column, Options, Problem, ProblemKind, analysis};

/// Characters of the query of a rule.
const LONGEST: usize = 10_000;

/// What a query is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// An analytics rule: it runs by itself, over tables of plan Analytics.
    Rule,
    /// A person runs it.
    Hunting,
}

/// Columns that a query gives.
#[derive(Debug)]
pub(super) struct Gives {
    pub(super) columns: Vec<Column>,
    /// There may be more, which only data can tell.
    pub(super) open: bool,
}

/// Checks a query. `None`: it cannot be told what it gives.
pub(super) fn check(
    report: &mut Report,
    place: &str,
    text: &str,
    schema: &Schema,
    used: Use,
) -> Option<Gives> {
    if text.trim().is_empty() {
        report.error(place, "the query is empty", "Write one in KQL.");
        return None;
    }
    let length = text.chars().count();
    if used == Use::Rule && length > LONGEST {
        report.error(
            place,
            format!("the query has {length} characters, a rule may have {LONGEST}"),
            "Save a part of it as a function of the workspace and call that.",
        );
    }
    let query = match kql::parse(text) {
        Ok(query) => query,
        Err(problem) => {
            refused(report, place, text, &problem);
            return None;
        }
    };
    let found = analysis::references(&query);
    let missing = missing(report, place, text, &found, schema);
    plans(report, place, text, &query, &found, schema, used);
    elsewhere(report, place, text, &found, schema, used);
    let parsers =
        found.functions.iter().chain(&found.tables).any(|one| schema.own_parser(&one.name).is_some());
    let look = |parsers| {
        let tables = Lenient { schema, missing: missing.clone(), parsers };
        kql::check(&query, &tables, &Options::default())
    };
    let output = match look(parsers) {
        // What the workspace's own parser says does not count against Sentinel's.
        Err(problem) if parsers => match look(false) {
            Ok(output) => {
                report.warning(
                    place,
                    format!(
                        "it was not checked with the workspace's own parser: {}: {}",
                        problem.code, problem.message
                    ),
                    "Look whether the parser that comes with Sentinel takes it so.",
                );
                Ok(output)
            }
            Err(problem) => Err(problem),
        },
        output => output,
    };
    match output {
        Ok(output) => {
            output.tables.into_iter().last().map(|table| Gives { columns: table.columns, open: table.open })
        }
        Err(problem) => {
            refused(report, place, text, &problem);
            None
        }
    }
}

/// Reports what is not there in other places, and which of them were not looked at.
fn elsewhere(
    report: &mut Report,
    place: &str,
    text: &str,
    found: &analysis::References,
    schema: &Schema,
    used: Use,
) {
    let mut told: Vec<&str> = Vec::new();
    for one in found.tables.iter().chain(&found.functions) {
        let Some(written) = one.place.as_deref() else { continue };
        let first = !told.contains(&written);
        told.push(written);
        match one.workspace().and_then(|name| schema.other(name)) {
            Some(Other::Seen(there)) => {
                if first {
                    report.info(
                        place,
                        format!("it reads {written} as well"),
                        "Whoever saves the rule needs 'Microsoft Sentinel Reader' there too.",
                    );
                }
                let known = there.plan(&one.name).is_some()
                    || there.has_function(&one.name)
                    || is_built_in(&one.name)
                    || one.name.contains('*');
                let at = located(place, text, one.span);
                if !known {
                    report.error(
                        &at,
                        format!("{written} has no table or function '{}'", one.name),
                        "Name one that is there.",
                    );
                } else if used == Use::Rule && there.plan(&one.name).is_some_and(|plan| plan != "Analytics") {
                    report.error(
                        &at,
                        format!("'{}' in {written} is of plan {}, which rules cannot read", one.name, there.plan(&one.name).unwrap_or_default()),
                        "Change its plan with Update-TablePlan, or leave the table out.",
                    );
                }
            }
            Some(Other::NotSeen(why)) if first => report.warning(
                place,
                format!("{written} was not checked: {why}"),
                "Run the check with an identity that sees that workspace; Azure may run the query all the same.",
            ),
            None if first => report.info(
                place,
                format!("{written} was not checked: it is no workspace, or its name is not in the text"),
                "Whoever saves the rule needs 'Microsoft Sentinel Reader' there as well.",
            ),
            _ => {}
        }
    }
}

/// Reports tables, functions and watchlists that the workspace does not have, and gives the names of the first two.
fn missing(
    report: &mut Report,
    place: &str,
    text: &str,
    found: &analysis::References,
    schema: &Schema,
) -> Vec<String> {
    let mut missing = Vec::new();
    for table in found.tables.iter().filter(|table| table.place.is_none() && !table.name.contains('*')) {
        let name = &table.name;
        if schema.plan(name).is_some() || schema.has_function(name) {
            continue;
        }
        if is_built_in(name) {
            built_in(report, place, name, schema, &mut missing);
            continue;
        }
        missing.push(name.clone());
        let near = schema
            .nearest(name)
            .map(|near| format!("Did you mean '{near}'? Else: c"))
            .unwrap_or_else(|| "C".to_owned());
        report.error(
            &located(place, text, table.span),
            format!("the workspace has no table or function '{name}'"),
            format!("{near}onnect the data that feeds it, or make it with New-SentinelTable; Azure refuses a rule whose table does not exist."),
        );
    }
    for function in found.functions.iter().filter(|function| function.place.is_none()) {
        let name = &function.name;
        if name == "_GetWatchlist" || schema.has_function(name) {
            continue;
        }
        if is_built_in(name) {
            built_in(report, place, name, schema, &mut missing);
            continue;
        }
        missing.push(name.clone());
        let near = schema.nearest(name).map(|near| format!("Did you mean '{near}'? ")).unwrap_or_default();
        report.error(
            &located(place, text, function.span),
            format!("neither KQL nor the workspace has a function '{name}'"),
            format!("{near}Save the function in the workspace first: parsers come with their solution in Content Hub."),
        );
    }
    for alias in found.watchlists.iter().filter(|alias| !schema.has_watchlist(alias)) {
        let near = schema
            .nearest_watchlist(alias)
            .map(|near| format!("Did you mean '{near}'? "))
            .unwrap_or_default();
        report.error(
            place,
            format!("the workspace has no watchlist '{alias}'"),
            format!("{near}Make the watchlist first."),
        );
    }
    missing
}

/// A function that comes with Sentinel: the workspace's own parser of that name stands for it, else it gives anything.
fn built_in(report: &mut Report, place: &str, name: &str, schema: &Schema, missing: &mut Vec<String>) {
    match schema.own_parser(name) {
        Some(own) => report.info(
            place,
            format!("'{name}' comes with Sentinel: the workspace's own '{own}' was taken for it"),
            "",
        ),
        None => {
            missing.push(name.to_owned());
            report.built_in(place, name);
        }
    }
}

/// Reports tables that are read by `search` only.
fn plans(
    report: &mut Report,
    place: &str,
    text: &str,
    query: &kql::ast::Query,
    found: &analysis::References,
    schema: &Schema,
    used: Use,
) {
    let cheap = |name: &str| schema.plan(name).is_some_and(|plan| plan != "Analytics");
    match used {
        Use::Rule => {
            for table in found.tables.iter().filter(|table| table.place.is_none() && cheap(&table.name)) {
                report.error(
                    &located(place, text, table.span),
                    format!("'{}' is of plan {}, which rules cannot read", table.name, schema.plan(&table.name).unwrap_or_default()),
                    "Change its plan with Update-TablePlan, or leave the table out; a summary rule can bring what is needed into another one.",
                );
            }
        }
        Use::Hunting => {
            for problem in analysis::basic_plan_problems(query, cheap) {
                refused(report, place, text, &problem);
            }
        }
    }
}

fn refused(report: &mut Report, place: &str, text: &str, problem: &Problem) {
    let place = match problem.span {
        Some(span) => located(place, text, span),
        None => place.to_owned(),
    };
    let what = format!("{}: {}", problem.code, problem.message);
    let hint = problem.hint.clone().unwrap_or_default();
    match problem.kind {
        ProblemKind::Syntax | ProblemKind::Semantic => {
            let remedy =
                if hint.is_empty() { "Correct the query there.".to_owned() } else { sentence(&hint) };
            report.error(&place, what, remedy);
        }
        // What is not understood here, Azure may run.
        _ => report.warning(
            &place,
            what,
            "The rest of the query was not checked; Azure may run it all the same.",
        ),
    }
}

/// A hint as a sentence.
fn sentence(hint: &str) -> String {
    let mut letters = hint.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let text = format!("{first}{}", letters.as_str());
    if text.ends_with(['.', '?', '!']) { text } else { format!("{text}.") }
}

/// A place in a query, as `properties.query, line 2, column 5`.
fn located(place: &str, text: &str, span: kql::Span) -> String {
    let before = text.get(..span.start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("{place}, line {line}, column {column}")
}
