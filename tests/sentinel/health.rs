//! The health of workspaces: what is wrong is told, what cannot be measured is unknown, and Azure never has to refuse.

use std::collections::BTreeMap;
use std::time::Duration;

use runspaced::sentinel::{Call, operation};
use runspaced::simulator::{FaultRule, Simulator, Surface, app};
use serde_json::{Value, json};

use super::setting::{Setting, WORKSPACE, map};

fn of<'a>(rows: &'a [Value], name: &str) -> &'a Value {
    rows.iter().find(|row| row["WorkspaceName"] == name).unwrap_or_else(|| panic!("{name} is missing"))
}

/// What is not healthy, as `check subject state`.
fn wrong(row: &Value) -> Vec<String> {
    let text = |check: &Value, name: &str| check[name].as_str().unwrap_or_default().to_owned();
    row["Checks"]
        .as_array()
        .expect("checks")
        .iter()
        .filter(|check| check["State"] != "healthy")
        .map(|check| format!("{} {} {}", text(check, "Check"), text(check, "Subject"), text(check, "State")))
        .collect()
}

pub async fn each_condition_is_found_and_named() {
    let setting = Setting::start().await;
    let rows = setting.rows("sentinel_health_check", json!({})).await;
    let states: BTreeMap<&str, &str> = rows
        .iter()
        .filter_map(|row| Some((row["WorkspaceName"].as_str()?, row["State"].as_str()?)))
        .collect();
    assert_eq!(states["law-soc-hub"], "healthy", "{:?}", wrong(of(&rows, "law-soc-hub")));
    assert_eq!(states["law-contoso"], "healthy", "{:?}", wrong(of(&rows, "law-contoso")));
    assert_eq!(states["law-contoso-eu"], "warning");
    assert!(wrong(of(&rows, "law-contoso-eu")).contains(&"SilentTable OfficeActivity warning".to_owned()));
    assert_eq!(states["law-sandbox"], "degraded");
    let empty = wrong(of(&rows, "law-sandbox"));
    assert!(empty.contains(&"Ingestion  degraded".to_owned()), "{empty:?}");
    assert!(empty.contains(&"Retention  warning".to_owned()), "{empty:?}");
    let ailing = of(&rows, "law-fabrikam");
    let found = wrong(ailing);
    assert_eq!(ailing["State"], "degraded");
    assert!(found.contains(&"SilentTable CommonSecurityLog degraded".to_owned()), "{found:?}");
    assert!(
        found.iter().any(|check| check.starts_with("RuleRuns ") && check.ends_with(" degraded")),
        "{found:?}"
    );
    assert_eq!((ailing["SilentTables"].as_i64(), ailing["FailingRules"].as_i64()), (Some(1), Some(1)));
    for row in &rows {
        for check in row["Checks"].as_array().expect("checks") {
            assert!(check["State"] == "healthy" || check["Remedy"] != "", "{check}");
        }
    }
    // Only workspaces that need somebody.
    let urgent = setting.rows("Test-SentinelHealth", json!({"state": "degraded"})).await;
    assert_eq!(urgent.len(), states.values().filter(|state| **state == "degraded").count());
}

pub async fn a_deep_look_finds_rules_without_tables_and_stuck_watchlists() {
    let setting = Setting::start().await;
    let rows = setting
        .rows("sentinel_health_check", json!({"workspace_name": ["law-fabrikam", WORKSPACE, "law-contoso-eu"], "check_depth": "detailed"}))
        .await;
    let found = wrong(of(&rows, "law-fabrikam"));
    assert!(found.contains(&"RuleTables Long VPN sessions degraded".to_owned()), "{found:?}");
    assert!(
        found.iter().any(|check| check.starts_with("Watchlist ") && check.ends_with(" warning")),
        "{found:?}"
    );
    let late = wrong(of(&rows, "law-contoso-eu"));
    assert!(late.contains(&"IngestionLag OfficeActivity warning".to_owned()), "{late:?}");
    assert!(!wrong(of(&rows, WORKSPACE)).iter().any(|check| check.starts_with("IngestionLag")));
    assert_eq!(of(&rows, WORKSPACE)["CheckDepth"], "Deep");
}

pub async fn what_is_refused_is_unknown_and_the_others_are_measured() {
    let setting = Setting::start().await;
    let listed = setting.rows("list_workspaces", json!({})).await;
    let customer = of(&listed, WORKSPACE)["CustomerId"].as_str().expect("an id").to_owned();
    let denied = |contains: Option<String>, path: Option<String>| {
        let mut rule = FaultRule::default();
        rule.surface = Some(Surface::Query);
        rule.contains = contains;
        rule.path = path;
        rule.status = Some(403);
        rule.body = Some(
            json!({"error": {"code": "InsufficientAccessError", "message": "The provided credentials have insufficient access"}}),
        );
        rule
    };
    let mut rules = FaultRule::default();
    rules.path = Some("*/workspaces/law-contoso/*/alertRules".to_owned());
    rules.status = Some(403);
    rules.body = Some(
        json!({"error": {"code": "AuthorizationFailed", "message": "The client 'c' with object id 'o' does not have authorization to perform action 'Microsoft.SecurityInsights/alertRules/read' over scope '/subscriptions/S/resourceGroups/rg'"}}),
    );
    let path = format!("*/{customer}/*");
    setting
        .azure
        .set_faults(vec![denied(Some(customer), None), denied(None, Some(path)), rules])
        .expect("are fine");
    let rows = setting.rows("sentinel_health_check", json!({})).await;
    let refused = of(&rows, WORKSPACE);
    assert_eq!(refused["State"], "unknown", "{refused}");
    assert_eq!(refused["IngestionGb"], Value::Null);
    let found = wrong(refused);
    for check in ["Ingestion  unknown", "Rules  unknown", "RuleRuns  unknown"] {
        assert!(found.contains(&check.to_owned()), "{found:?}");
    }
    assert!(refused["Checks"].to_string().contains("az role assignment create"), "{refused}");
    assert_eq!(of(&rows, "law-soc-hub")["State"], "healthy");
    assert_eq!(of(&rows, "law-fabrikam")["State"], "degraded");
}

pub async fn a_hundred_workspaces_are_checked_without_one_429() {
    let builder = Simulator::builder().workspaces(100).incidents(10);
    let setting = Setting::patient(builder, app::CONTRIBUTOR, Duration::from_secs(600)).await;
    let operation = operation("sentinel_health_check").expect("is there");
    // Without optimisation, the simulator takes its time for two hundred thousand rows.
    let call = Call { timeout: Some(Duration::from_secs(600)), ..Call::default() };
    let reading =
        setting.sentinel.read(operation, map(json!({"workspace_name": "*"})), &call).await.expect("is read");
    let (rows, failures) = reading.collect_all().await.expect("are read");
    assert!(failures.is_empty(), "{failures:?}");
    // One of the hundred has no Sentinel.
    assert_eq!(rows.len(), 99);
    let unknown: Vec<_> = rows.iter().flat_map(wrong).filter(|check| check.ends_with(" unknown")).collect();
    assert_eq!(unknown, Vec::<String>::new());
    let journal = setting.azure.journal();
    let refused: Vec<_> = journal.iter().filter(|entry| entry.status != Some(200)).collect();
    // Whether Sentinel is switched on is asked where no solution says so: 404 says that it is not.
    assert!(refused.iter().all(|entry| entry.path.ends_with("/onboardingStates/default")), "{refused:?}");
    assert_eq!(setting.azure.counters().statuses.get(&429), None);
    let count = |part: &str| journal.iter().filter(|entry| entry.path.contains(part)).count();
    assert_eq!(count("/query"), 2, "two questions for all of them");
    assert_eq!(count("ResourceGraph"), 1);
    assert_eq!(count("/dataConnectors"), 99);
    // Up to 26 rules in pages of ten, and the standard workspaces have more.
    let pages = count("/alertRules");
    assert!((99..=330).contains(&pages), "{pages}");
    assert!(journal.len() < 480, "{} requests", journal.len());
}
