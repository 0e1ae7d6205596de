//! Each threshold, on both of its sides.

use jiff::{SignedDuration, Timestamp};

use super::judge::judge;
use super::measure::{Connector, Flow, Measured, Newest, Rule, Runs, TableSetup, Watchlist};
use super::{Depth, Finding, Health};
use crate::sentinel::Error;
use crate::sentinel::workspace::{Onboarded, Workspace};

fn now() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().expect("is one")
}

fn ago(hours: i64) -> Timestamp {
    now() - SignedDuration::from_hours(hours)
}

/// A table with data in every hour of two days, the last so long ago.
fn flow(table: &str, last: i64) -> Flow {
    Flow {
        table: table.to_owned(),
        recent_gb: 10.0,
        billable_gb: 10.0,
        gb: 20.0,
        hours: 48 - last,
        first: ago(48),
        last: ago(last),
    }
}

fn well() -> Measured {
    Measured {
        flows: Ok(vec![flow("SigninLogs", 1)]),
        runs: Some(Ok(vec![run("r", "Success", 0)])),
        rules: Some(Ok(vec![rule("r", true)])),
        connectors: Some(Ok(Vec::new())),
        newest: Some(Ok(Vec::new())),
        tables: Some(Ok(vec![TableSetup { name: "SigninLogs".to_owned(), plan: "Analytics".to_owned() }])),
        functions: Some(Ok(Vec::new())),
        watchlists: Some(Ok(Vec::new())),
    }
}

fn rule(name: &str, enabled: bool) -> Rule {
    Rule { name: name.to_owned(), queries: true, enabled, query: "SigninLogs | take 1".to_owned() }
}

fn run(name: &str, status: &str, failures: i64) -> Runs {
    Runs {
        name: name.to_owned(),
        id: format!("/rules/{name}"),
        connector: false,
        runs: 24,
        failures,
        status: status.to_owned(),
        reason: "why".to_owned(),
    }
}

fn workspace() -> Workspace {
    (*crate::sentinel::workspace::tests::workspace("law", "rg", "Contoso", 1)).clone()
}

fn findings(workspace: &Workspace, measured: &Measured) -> Vec<Finding> {
    judge(workspace, measured, Depth::Standard, now())
}

/// States of the findings of a check, with what they are about.
fn states(measured: &Measured, check: &str) -> Vec<(String, Health)> {
    of(&findings(&workspace(), measured), check)
}

fn of(findings: &[Finding], check: &str) -> Vec<(String, Health)> {
    findings
        .iter()
        .filter(|finding| finding.check == check)
        .map(|finding| (finding.subject.clone(), finding.state))
        .collect()
}

#[test]
fn what_is_well_is_healthy_in_every_check() {
    let all = findings(&workspace(), &well());
    assert!(all.iter().all(|finding| finding.state == Health::Healthy), "{all:#?}");
    assert!(
        all.iter().all(|finding| !finding.measured.is_empty() && !finding.threshold.is_empty()),
        "{all:#?}"
    );
    assert!(all.len() >= 10, "{all:#?}");
}

#[test]
fn what_cannot_be_measured_is_unknown_and_nothing_else() {
    let refused = || Error::declined("refused", "a role");
    let measured = Measured {
        flows: Err(refused()),
        runs: Some(Err(refused())),
        rules: Some(Err(refused())),
        connectors: Some(Err(refused())),
        newest: Some(Err(refused())),
        tables: Some(Err(refused())),
        functions: Some(Err(refused())),
        watchlists: Some(Err(refused())),
    };
    let mut workspace = workspace();
    workspace.retention_days = None;
    workspace.onboarded = Onboarded::Unknown;
    workspace.capacity.daily_quota_gb = Some(5.0);
    let all = findings(&workspace, &measured);
    assert!(all.iter().all(|finding| finding.state == Health::Unknown), "{all:#?}");
    assert!(all.iter().all(|finding| finding.measured.starts_with("not measured: ")), "{all:#?}");
    assert_eq!(all.len(), 10, "{all:#?}");
}

#[test]
fn a_table_is_held_against_its_own_rhythm() {
    let silent = |flows: Vec<Flow>| states(&Measured { flows: Ok(flows), ..well() }, "SilentTable");
    assert_eq!(silent(vec![flow("A", 1), flow("B", 3)]), []);
    assert_eq!(silent(vec![flow("A", 5)]), [("A".to_owned(), Health::Warning)]);
    assert_eq!(silent(vec![flow("A", 1), flow("B", 31)]), [("B".to_owned(), Health::Degraded)]);
    // Every sixth hour is its rhythm: a day without is longer than four of its gaps, twelve hours are not.
    let seldom = |last| Flow { hours: (48 - last) / 6 + 1, ..flow("S", last) };
    assert_eq!(silent(vec![seldom(12)]), []);
    assert_eq!(silent(vec![seldom(30)]), [("S".to_owned(), Health::Warning)]);
    // Two hours of data are no rhythm.
    assert_eq!(silent(vec![Flow { hours: 2, ..flow("N", 40) }]), []);
}

#[test]
fn no_data_is_no_health() {
    assert_eq!(
        states(&Measured { flows: Ok(Vec::new()), ..well() }, "Ingestion"),
        [(String::new(), Health::Degraded)]
    );
}

#[test]
fn volumes_are_held_against_the_days_before() {
    let volume = |recent: f64| {
        let one = Flow { recent_gb: recent, gb: 10.0 + recent, ..flow("A", 1) };
        states(&Measured { flows: Ok(vec![one]), ..well() }, "Volume")[0].1
    };
    assert_eq!(volume(9.0), Health::Healthy);
    assert_eq!(volume(4.0), Health::Warning);
    assert_eq!(volume(0.5), Health::Degraded);
    assert_eq!(volume(31.0), Health::Warning);
    // A workspace of thirty hours has no days before.
    let young = Flow { first: ago(30), ..flow("A", 1) };
    assert_eq!(states(&Measured { flows: Ok(vec![young]), ..well() }, "Volume"), []);
}

#[test]
fn rules_run_or_are_told() {
    let rules = |rules: Vec<Rule>| states(&Measured { rules: Some(Ok(rules)), ..well() }, "Rules")[0].1;
    let some = |enabled: usize, disabled: usize| {
        (0..enabled + disabled).map(|index| rule("r", index < enabled)).collect::<Vec<_>>()
    };
    assert_eq!(rules(some(3, 1)), Health::Healthy);
    assert_eq!(rules(some(2, 1)), Health::Warning);
    assert_eq!(rules(some(0, 1)), Health::Degraded);
    assert_eq!(rules(Vec::new()), Health::Degraded);
    let auto = Measured { rules: Some(Ok(vec![rule("AUTO DISABLED x", false), rule("r", true)])), ..well() };
    assert_eq!(states(&auto, "AutoDisabledRule")[0].1, Health::Degraded);
}

#[test]
fn runs_are_judged_by_the_last_one() {
    let runs = |runs: Vec<Runs>| states(&Measured { runs: Some(Ok(runs)), ..well() }, "RuleRuns");
    assert_eq!(runs(vec![run("a", "Success", 3)]), [(String::new(), Health::Healthy)]);
    assert_eq!(runs(vec![run("a", "Failure", 24)]), [("a".to_owned(), Health::Degraded)]);
    assert_eq!(runs(vec![run("a", "Failure", 3)]), [("a".to_owned(), Health::Warning)]);
    // Rules are enabled and nothing was recorded: it is not known whether they run.
    assert_eq!(runs(Vec::new()), [(String::new(), Health::Unknown)]);
}

#[test]
fn connectors_fetch_and_their_tables_fill() {
    let connector = |enabled, tables: &[&str]| Connector {
        id: "/c".to_owned(),
        name: "C".to_owned(),
        enabled,
        tables: tables.iter().map(|table| (*table).to_owned()).collect(),
    };
    let state = |connector: Connector, failed: bool| {
        let mut runs = vec![run("r", "Success", 0)];
        if failed {
            runs.push(Runs { id: "/c".to_owned(), connector: true, ..run("C", "Failure", 24) });
        }
        let measured = Measured { connectors: Some(Ok(vec![connector])), runs: Some(Ok(runs)), ..well() };
        let found = states(&measured, "Connector");
        found.first().map_or(Health::Healthy, |(_, state)| *state)
    };
    assert_eq!(state(connector(true, &["SigninLogs"]), false), Health::Healthy);
    assert_eq!(state(connector(true, &["Vpn_CL"]), false), Health::Warning);
    assert_eq!(state(connector(false, &["SigninLogs"]), false), Health::Warning);
    assert_eq!(state(connector(true, &["SigninLogs"]), true), Health::Degraded);
    // Quiet days without alerts are nothing to worry about.
    assert_eq!(state(connector(true, &["SecurityAlert"]), false), Health::Healthy);
}

#[test]
fn caps_commitments_and_retention() {
    let state = |change: &dyn Fn(&mut Workspace), check: &str| {
        let mut workspace = workspace();
        change(&mut workspace);
        of(&findings(&workspace, &well()), check)[0].1
    };
    let cap = |gb: f64| state(&|workspace| workspace.capacity.daily_quota_gb = Some(gb), "DailyCap");
    assert_eq!((cap(20.0), cap(12.0), cap(10.0)), (Health::Healthy, Health::Warning, Health::Degraded));
    let over = |workspace: &mut Workspace| workspace.capacity.ingestion_status = "OverQuota".to_owned();
    assert_eq!(state(&over, "DailyCap"), Health::Degraded);
    let tier = |gb: i64| state(&|workspace| workspace.capacity.commitment_gb = Some(gb), "Commitment");
    assert_eq!((tier(20), tier(100)), (Health::Healthy, Health::Warning));
    let days = |days: i64| state(&|workspace| workspace.retention_days = Some(days), "Retention");
    assert_eq!((days(90), days(89)), (Health::Healthy, Health::Warning));
}

#[test]
fn rows_that_come_late_and_what_is_not_whole() {
    let newest = |last: i64, rows: i64, delay: f64| {
        let one = Newest {
            table: "A".to_owned(),
            last: now() - SignedDuration::from_mins(last),
            rows,
            delay_minutes: delay,
        };
        states(&Measured { newest: Some(Ok(vec![one])), ..well() }, "IngestionLag")[0].1
    };
    assert_eq!(newest(10, 10_000, 2.0), Health::Healthy);
    assert_eq!(newest(300, 10_000, 2.0), Health::Warning);
    assert_eq!(newest(420, 10_000, 2.0), Health::Degraded);
    assert_eq!(newest(300, 24, 2.0), Health::Healthy);
    assert_eq!(newest(10, 10_000, 90.0), Health::Warning);
    let list = |state: &str| {
        let one = Watchlist { alias: "w".to_owned(), state: state.to_owned() };
        states(&Measured { watchlists: Some(Ok(vec![one])), ..well() }, "Watchlist")
    };
    assert_eq!(list("Succeeded"), []);
    assert_eq!(list("Uploading")[0].1, Health::Warning);
    assert_eq!(list("Failed")[0].1, Health::Degraded);
    let reads = |query: &str| {
        let one = Rule { query: query.to_owned(), ..rule("r", true) };
        let tables = [("SigninLogs", "Analytics"), ("Cheap_CL", "Basic")];
        let tables = tables.map(|(name, plan)| TableSetup { name: name.to_owned(), plan: plan.to_owned() });
        let measured = Measured {
            rules: Some(Ok(vec![one])),
            tables: Some(Ok(tables.to_vec())),
            functions: Some(Ok(vec!["Parser".to_owned()])),
            ..well()
        };
        states(&measured, "RuleTables")[0].1
    };
    assert_eq!(reads("SigninLogs | join Parser on User"), Health::Healthy);
    assert_eq!(reads("Gone_CL | take 1"), Health::Degraded);
    assert_eq!(reads("Cheap_CL | take 1"), Health::Degraded);
}
