//! With the content folder that `RUNSPACED_CONTENT_DIR` names: everything of it in, out, and the same.

use std::path::{Path, PathBuf};

use runspaced::simulator::{Simulator, app};
use serde_json::{Map, Value, json};

use super::imports::{drop_nothing, empty, import};
use super::setting::{Setting, WORKSPACE};
use super::support::content;

/// The folder, and a workspace with what is in it.
async fn setting() -> (PathBuf, Setting) {
    let folder = content::folder().expect("the condition holds");
    let azure = Simulator::builder().content(&folder).incidents(5).polls(0).page_size(100).without_limits();
    let setting = Setting::of(azure, app::CONTRIBUTOR).await;
    for kind in
        ["analytics-rules", "hunting-queries", "parsers", "watchlists", "automation-rules", "workbooks"]
    {
        copy(&folder.join(kind), &setting.backups().join(kind));
    }
    (folder, setting)
}

pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("is made");
    for entry in std::fs::read_dir(from).expect("is read") {
        let entry = entry.expect("is read");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::write(&to, std::fs::read(entry.path()).expect("is read")).expect("is written");
        }
    }
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("is read") {
            let path = entry.expect("is read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn yaml(path: &Path) -> Map<String, Value> {
    let text = std::fs::read_to_string(path).expect("is read");
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What of a rule's file is the same written otherwise, and why.
fn normal(mut rule: Map<String, Value>) -> Value {
    // They say something about the file and its source, and have no place in a workspace.
    for name in ["tags", "requiredDataConnectors", "status", "metadata"] {
        rule.remove(name);
    }
    // The id of a template; repositories have the rule's own id there.
    rule.remove("alertRuleTemplateName");
    // Defaults that a workspace shows where a file leaves them out.
    for (name, value) in [
        ("suppressionEnabled", json!(false)),
        ("suppressionDuration", json!("5h")),
        ("eventGroupingSettings", json!({"aggregationKind": "SingleAlert"})),
        ("enabled", json!(true)),
    ] {
        rule.entry(name).or_insert(value);
    }
    let incidents = rule.entry("incidentConfiguration").or_insert(json!({}));
    incidents["createIncident"] = incidents["createIncident"].as_bool().unwrap_or(true).into();
    let grouping = &mut incidents["groupingConfiguration"];
    for (name, value) in [
        ("enabled", json!(false)),
        ("reopenClosedIncident", json!(false)),
        ("lookbackDuration", json!("PT5H")),
        ("matchingMethod", json!("AllEntities")),
    ] {
        if grouping[name].is_null() {
            grouping[name] = value;
        }
    }
    // Durations count by their length.
    for name in ["queryFrequency", "queryPeriod", "suppressionDuration"] {
        if let Some(text) = rule.get(name).and_then(Value::as_str) {
            let minutes = minutes(text);
            rule.insert(name.to_owned(), minutes.into());
        }
    }
    let lookback = &mut rule["incidentConfiguration"]["groupingConfiguration"]["lookbackDuration"];
    *lookback = minutes(lookback.as_str().expect("is a text")).into();
    // A technique of which a part is named is named with it; the order says nothing.
    if let Some(Value::Array(techniques)) = rule.get_mut("relevantTechniques") {
        let mains: Vec<Value> =
            techniques.iter().filter_map(|name| Some(name.as_str()?.split('.').next()?.into())).collect();
        techniques.extend(mains);
        techniques.sort_by_key(Value::to_string);
        techniques.dedup();
    }
    // The service knows these names in any case and writes them in its own; what is null says nothing.
    if let Some(Value::Object(details)) = rule.remove("alertDetailsOverride") {
        let lower: Map<String, Value> =
            details.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
        rule.insert("alertDetailsOverride".to_owned(), lower.into());
    }
    let mut rule = Value::Object(rule);
    drop_nothing(&mut rule);
    rule.sort_all_objects();
    rule
}

fn minutes(text: &str) -> i64 {
    let upper = text.to_ascii_uppercase();
    let number: i64 =
        upper.chars().filter(char::is_ascii_digit).collect::<String>().parse().expect("is a number");
    match (upper.chars().last(), upper.contains('T') || !upper.starts_with('P')) {
        (Some('D'), _) => number * 1_440,
        (Some('H'), true) => number * 60,
        (Some('M'), true) => number,
        other => panic!("{text}: {other:?}"),
    }
}

pub async fn every_rule_comes_out_as_it_went_in() {
    let (folder, setting) = setting().await;
    // The folder's rules read tables and functions that a workspace of them has; some need solutions that nobody has, and
    // such rules are saved as Azure permits, disabled.
    let given = empty(json!({"path": "analytics-rules", "enabled": false}));
    import(&setting, "Import-SavedQueries", empty(json!({"path": "parsers"}))).await;
    let files = files(&folder.join("analytics-rules"), ".yaml");
    assert_eq!(import(&setting, "Import-AnalyticsRules", given.clone()).await, files.len());
    assert!(setting.plan("Import-AnalyticsRules", given).await.expect("plans").changes.is_empty());
    setting.rows("Export-AnalyticsRules", empty(json!({"backup_path": "out", "format": "Yaml"}))).await;
    let out: Vec<Map<String, Value>> =
        self::files(&setting.backups().join("out"), ".yaml").iter().map(|path| yaml(path)).collect();
    for path in &files {
        let mut went_in = yaml(path);
        went_in.insert("enabled".to_owned(), false.into());
        let came_out = out.iter().find(|rule| rule.get("id") == went_in.get("id")).expect("is there");
        assert_eq!(normal(came_out.clone()), normal(went_in), "{}", path.display());
    }
    assert_eq!(out.len(), files.len());
}

pub async fn every_query_watchlist_and_automation_rule_comes_out_as_it_went_in() {
    let (folder, setting) = setting().await;
    let queries = files(&folder.join("hunting-queries"), ".yaml");
    assert_eq!(
        import(&setting, "Import-SavedQueries", empty(json!({"path": "hunting-queries"}))).await,
        queries.len()
    );
    setting.rows("Export-SavedQueries", empty(json!({"backup_path": "out", "format": "Yaml"}))).await;
    let out: Vec<Map<String, Value>> =
        files(&setting.backups().join("out"), ".yaml").iter().map(|path| yaml(path)).collect();
    assert_eq!(out.len(), queries.len());
    for path in &queries {
        let went_in = yaml(path);
        let came_out = out.iter().find(|query| query.get("id") == went_in.get("id")).expect("is there");
        let said = |query: &Map<String, Value>, name: &str| {
            query.get(name).filter(|value| **value != json!([])).cloned()
        };
        for name in ["name", "query", "description", "tactics"] {
            assert_eq!(said(came_out, name), said(&went_in, name), "{}: {name}", path.display());
        }
        // Files that once were rules have them under that name.
        let techniques = said(&went_in, "techniques").or(said(&went_in, "relevantTechniques"));
        assert_eq!(said(came_out, "techniques"), techniques, "{}", path.display());
    }
    let lists = files(&folder.join("watchlists"), "watchlist.json");
    assert_eq!(
        import(&setting, "Import-Watchlists", empty(json!({"path": "watchlists"}))).await,
        lists.len()
    );
    assert!(
        setting
            .plan("Import-Watchlists", empty(json!({"path": "watchlists"})))
            .await
            .expect("plans")
            .changes
            .is_empty()
    );
    setting.rows("Export-Watchlists", empty(json!({"backup_path": "lists"}))).await;
    for path in &lists {
        let name = path.parent().and_then(Path::file_name).expect("has one");
        let rows = |path: &Path| -> Vec<Vec<String>> {
            let mut rows: Vec<Vec<String>> = csv::ReaderBuilder::new()
                .has_headers(false)
                .from_path(path)
                .expect("is read")
                .records()
                .map(|record| record.expect("is CSV").iter().map(str::to_owned).collect())
                .collect();
            // An upload gives its items in any order.
            rows[1..].sort();
            rows
        };
        let out = setting.backups().join("lists/law-sandbox").join(name).join("data.csv");
        assert_eq!(rows(&out), rows(&path.with_file_name("data.csv")), "{}", path.display());
    }
    let automation = files(&folder.join("automation-rules"), ".json");
    assert_eq!(
        import(&setting, "Import-AutomationRules", empty(json!({"path": "automation-rules"}))).await,
        automation.len()
    );
    setting.rows("Export-AutomationRules", empty(json!({"backup_path": "out"}))).await;
    let text = std::fs::read_to_string(setting.backups().join("out/law-sandbox/automation_rules.json"))
        .expect("is there");
    let out: Value = serde_json::from_str(&text).expect("is JSON");
    for path in &automation {
        let went_in: Value =
            serde_json::from_str(&std::fs::read_to_string(path).expect("is read")).expect("is JSON");
        let came_out = out["automationRules"]
            .as_array()
            .expect("a list")
            .iter()
            .find(|rule| rule["name"] == went_in["automationRuleId"])
            .expect("is there");
        for name in ["displayName", "order", "triggeringLogic", "actions"] {
            assert_eq!(came_out["properties"][name], went_in[name], "{}", path.display());
        }
    }
    for path in files(&folder.join("workbooks"), "workbook.json") {
        let name = path.parent().and_then(Path::file_name).expect("has one").to_string_lossy().into_owned();
        let given = empty(
            json!({"path": format!("workbooks/{name}/workbook.json"), "display_name": name, "remap_resource_ids": false}),
        );
        setting.done("Import-SentinelWorkbook", given).await;
        let rows = setting
            .rows("Export-SentinelWorkbook", empty(json!({"display_name": name, "backup_path": "books"})))
            .await;
        let read = |path: &Path| -> Value {
            serde_json::from_str(&std::fs::read_to_string(path).expect("is read")).expect("is JSON")
        };
        let mut went_in = read(&path);
        // Of a template, the content of the workbook in it.
        if let Some(content) = went_in["resources"][0]["properties"]["serializedData"].as_str() {
            went_in = serde_json::from_str(content).expect("is JSON");
        }
        assert_eq!(read(Path::new(rows[0]["File"].as_str().expect("a file"))), went_in, "{name}");
    }
}

pub async fn a_workspace_with_all_of_it_comes_back() {
    let (_, setting) = setting().await;
    // Azure takes enabled rules only where their queries run; these need solutions that nobody has.
    let rules =
        setting.rows("Get-AnalyticsRules", json!({"workspace_name": WORKSPACE, "include_query": true})).await;
    let solutions = ["GWorkspaceActivityReports", "ImpervaAttackAnalytics", "PrivilegedWorkloadIdentityInfo"];
    let needy: Vec<&Value> = rules
        .iter()
        .filter(|rule| {
            let query = rule["Query"].as_str().unwrap_or_default().trim_start();
            rule["Enabled"] == true && solutions.iter().any(|function| query.contains(function))
        })
        .map(|rule| &rule["RuleId"])
        .collect();
    setting.done("Disable-AnalyticsRule", json!({"workspace_name": WORKSPACE, "rule_id": needy})).await;
    super::backups::comes_back(&setting).await;
}
