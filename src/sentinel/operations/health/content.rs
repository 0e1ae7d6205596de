//! Rules, their runs, connectors, watchlists: what was set up, and whether it works.

use super::Health;
use super::judge::Findings;
use super::measure::{Measured, Runs};
use crate::kql;
use crate::sentinel::Error;

/// Name of the check of the runs of rules.
pub(super) const RUNS: &str = "RuleRuns";

/// Sentinel puts it before the names of rules that it has switched off.
const AUTO_DISABLED: &str = "AUTO DISABLED";
/// Share of disabled rules above which it warns.
const DISABLED: f64 = 0.25;
/// Names that are listed at most.
const NAMED: usize = 5;

const MONITORING: &str = "Switch on auditing and health monitoring in the settings of Sentinel; it writes the table SentinelHealth.";

/// How many rules run.
pub(super) fn rules(measured: &Measured, findings: &mut Findings) {
    let check = "Rules";
    let rules = match &measured.rules {
        None => return,
        Some(Err(error)) => return findings.unmeasured(check, error),
        Some(Ok(rules)) => rules,
    };
    for rule in rules.iter().filter(|rule| rule.name.starts_with(AUTO_DISABLED)) {
        findings.add(
            "AutoDisabledRule",
            &rule.name,
            Health::Degraded,
            "Sentinel has switched it off, because it failed again and again",
            "none",
            "Mend its query (Test-SentinelContent shows what is wrong), then Enable-AnalyticsRule.",
        );
    }
    let own: Vec<_> = rules.iter().filter(|rule| rule.queries).collect();
    let disabled: Vec<&str> =
        own.iter().filter(|rule| !rule.enabled).map(|rule| rule.name.as_str()).collect();
    let enabled = rules.iter().filter(|rule| rule.enabled).count();
    let threshold = format!("one enabled, and up to {:.0} % disabled", DISABLED * 100.0);
    let numbers = format!("{enabled} enabled, {} disabled", rules.len() - enabled);
    let share = disabled.len() as f64 / own.len().max(1) as f64;
    if enabled == 0 {
        findings.add(
            check,
            "",
            Health::Degraded,
            format!("no rule is enabled ({} in all)", rules.len()),
            threshold,
            "Without rules nothing is detected: enable some, or import them.",
        );
    } else if share > DISABLED {
        findings.add(
            check,
            "",
            Health::Warning,
            format!("{numbers}: {}", some(&disabled)),
            threshold,
            "Get-AnalyticsRules -Enabled:$false lists them: enable what is needed, remove the rest.",
        );
    } else {
        findings.healthy(check, numbers, &threshold);
    }
}

/// How the last runs of rules ended.
pub(super) fn runs(measured: &Measured, findings: &mut Findings) {
    let runs = match &measured.runs {
        None => return,
        Some(Err(error)) if no_such_table(error) => {
            return findings.add(
                RUNS,
                "",
                Health::Unknown,
                "not measured: the workspace records no runs",
                "",
                MONITORING,
            );
        }
        Some(Err(error)) => return findings.unmeasured(RUNS, error),
        Some(Ok(runs)) => runs,
    };
    let expected = match &measured.rules {
        Some(Ok(rules)) => rules.iter().filter(|rule| rule.queries && rule.enabled).count(),
        _ => 0,
    };
    let own: Vec<&Runs> = runs.iter().filter(|run| !run.connector).collect();
    if own.is_empty() && expected > 0 {
        return findings.add(
            RUNS,
            "",
            Health::Unknown,
            format!("not measured: no run of {expected} enabled rules was recorded within 24 h"),
            "",
            MONITORING,
        );
    }
    let mut failing = 0;
    for run in own.iter().filter(|run| run.status != "Success") {
        failing += 1;
        let never = run.failures == run.runs;
        findings.add(
            RUNS,
            &run.name,
            if never { Health::Degraded } else { Health::Warning },
            format!("the last run ended with {}; {} of {} runs failed within 24 h: {}", run.status, run.failures, run.runs, run.reason),
            "the last run succeeds; no success within 24 h is degraded",
            "Test-SentinelContent checks its query; Get-AnalyticsRuleDetails -IncludeHealth shows the last run.",
        );
    }
    if failing == 0 {
        findings.healthy(
            RUNS,
            format!("the last runs of {} rules succeeded", own.len()),
            "the last run succeeds",
        );
    }
}

fn no_such_table(error: &Error) -> bool {
    matches!(error, Error::Azure(error) if error.advice().is_some_and(|advice| advice.row == 18))
}

/// Whether connectors fetch, and what they fill has data.
pub(super) fn connectors(measured: &Measured, findings: &mut Findings) {
    let check = "Connector";
    let connectors = match &measured.connectors {
        None => return,
        Some(Err(error)) => return findings.unmeasured("Connectors", error),
        Some(Ok(connectors)) => connectors,
    };
    let mut wrong = 0;
    for connector in connectors {
        let failed = measured
            .runs
            .iter()
            .flatten()
            .flatten()
            .find(|run| run.id == connector.id && run.status == "Failure");
        let empty = match &measured.flows {
            Ok(flows) => {
                let billed: Vec<&String> =
                    connector.tables.iter().filter(|table| is_counted(table)).collect();
                !billed.is_empty()
                    && !billed.iter().any(|table| flows.iter().any(|flow| flow.table == **table))
            }
            Err(_) => false,
        };
        let (state, text, remedy) = if !connector.enabled {
            (Health::Warning, "it is switched off".to_owned(), "Switch it on, or remove it.")
        } else if let Some(run) = failed {
            (
                Health::Degraded,
                format!(
                    "the last fetch failed, {} of {} within 24 h: {}",
                    run.failures, run.runs, run.reason
                ),
                "Renew its permission or secret in Data connectors of the portal.",
            )
        } else if empty {
            (
                Health::Warning,
                format!("nothing came into {}", connector.tables.join(", ")),
                "Look at it in Data connectors of the portal: it may have lost its permission, or its source is quiet.",
            )
        } else {
            continue;
        };
        wrong += 1;
        findings.add(
            check,
            &connector.name,
            state,
            text,
            "switched on, the last fetch succeeds, its table has data",
            remedy,
        );
    }
    if wrong == 0 {
        findings.healthy(
            "Connectors",
            format!("{} that Sentinel lists", connectors.len()),
            "all of them work",
        );
    }
}

/// Incidents and alerts are made inside and come seldom: their absence says nothing about a connector.
fn is_counted(table: &str) -> bool {
    !["SecurityIncident", "SecurityAlert"].contains(&table)
}

/// Whether enabled rules read tables that are not there, or that rules cannot read.
pub(super) fn tables_of_rules(measured: &Measured, findings: &mut Findings) {
    let check = "RuleTables";
    let (Some(rules), Some(tables), Some(functions)) =
        (&measured.rules, &measured.tables, &measured.functions)
    else {
        return;
    };
    let (rules, tables, functions) = match (rules, tables, functions) {
        (Ok(rules), Ok(tables), Ok(functions)) => (rules, tables, functions),
        (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => return findings.unmeasured(check, error),
    };
    let mut wrong = 0;
    for rule in rules.iter().filter(|rule| rule.queries && rule.enabled) {
        let Ok(query) = kql::parse(&rule.query) else { continue };
        let references = kql::analysis::references(&query);
        let (mut missing, mut cheap) = (Vec::new(), Vec::new());
        for name in references.table_names().filter(|name| !name.contains('*')) {
            match tables.iter().find(|table| table.name == name) {
                Some(table) if table.plan != "Analytics" => cheap.push(name),
                Some(_) => {}
                None if functions.iter().any(|function| function == name) || name.starts_with('_') => {}
                None => missing.push(name),
            }
        }
        let (text, remedy) = if !missing.is_empty() {
            (
                format!("it reads what the workspace does not have: {}", missing.join(", ")),
                "Connect the data, create the table, or disable the rule.",
            )
        } else if !cheap.is_empty() {
            (
                format!("it reads tables that are not of plan Analytics: {}", cheap.join(", ")),
                "Rules need the plan Analytics: Update-TablePlan, or change the query.",
            )
        } else {
            continue;
        };
        wrong += 1;
        findings.add(
            check,
            &rule.name,
            Health::Degraded,
            text,
            "its tables are there and of plan Analytics",
            remedy,
        );
    }
    if wrong == 0 {
        findings.healthy(check, "enabled rules read tables that are there", "all of them");
    }
}

/// Whether watchlists are whole.
pub(super) fn watchlists(measured: &Measured, findings: &mut Findings) {
    let check = "Watchlist";
    let lists = match &measured.watchlists {
        None => return,
        Some(Err(error)) => return findings.unmeasured("Watchlists", error),
        Some(Ok(lists)) => lists,
    };
    let mut wrong = 0;
    for list in lists.iter().filter(|list| !["Succeeded", ""].contains(&list.state.as_str())) {
        wrong += 1;
        let failed = ["Failed", "Canceled"].contains(&list.state.as_str());
        findings.add(
            check,
            &list.alias,
            if failed { Health::Degraded } else { Health::Warning },
            format!("it is in the state {}", list.state),
            "Succeeded",
            "Rules that use it see no items. If it stays so for a day, remove it and make it under another alias.",
        );
    }
    if wrong == 0 {
        findings.healthy("Watchlists", format!("{} are whole", lists.len()), "Succeeded");
    }
}

fn some(names: &[&str]) -> String {
    let shown = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
