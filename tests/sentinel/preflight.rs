//! Content is checked before it is saved, and what the check says is what Azure does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use runspaced::simulator::{Simulator, app};
use serde_json::{Value, json};

use super::setting::{Setting, WORKSPACE};
use super::support::content;

async fn check(setting: &Setting, workspace: &str, content: Value) -> Vec<Value> {
    setting.rows("Test-SentinelContent", json!({"workspace_name": workspace, "content": content})).await
}

/// `Where: What` of a level.
fn of(rows: &[Value], level: &str) -> Vec<String> {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    rows.iter()
        .filter(|row| row["Level"] == level)
        .map(|row| format!("{}: {}", text(row, "Where"), text(row, "What")))
        .collect()
}

fn rule(change: impl FnOnce(&mut Value)) -> Value {
    let mut rule = json!({"kind": "Scheduled", "properties": {
        "displayName": "Many failures", "enabled": true, "severity": "Medium", "queryFrequency": "PT1H", "queryPeriod": "PT1H",
        "query": "SigninLogs\n| where ResultType != '0'\n| summarize Failures = count() by UserPrincipalName, IPAddress",
        "triggerOperator": "GreaterThan", "triggerThreshold": 0, "suppressionEnabled": false, "suppressionDuration": "PT5H",
        "tactics": ["CredentialAccess"], "techniques": ["T1110"],
        "entityMappings": [{"entityType": "Account", "fieldMappings": [{"identifier": "FullName", "columnName": "UserPrincipalName"}]}],
        "customDetails": {"Failures": "Failures"}}});
    change(&mut rule["properties"]);
    rule
}

pub async fn a_good_rule_passes_and_nothing_is_changed() {
    let setting = Setting::start().await;
    let rows = check(&setting, WORKSPACE, rule(|_| {})).await;
    assert_eq!(of(&rows, "Error"), Vec::<String>::new(), "{rows:?}");
    assert_eq!(of(&rows, "Warning"), Vec::<String>::new());
    assert_eq!(of(&rows, "Info"), ["id: a Scheduled rule 'Many failures' would be created"]);
    assert!(setting.writes().is_empty());
}

pub async fn each_fault_of_a_rule_is_found_at_its_place() {
    let setting = Setting::start().await;
    let cases: Vec<(&str, Value, &str)> = vec![
        (
            "table",
            rule(|p| p["query"] = "\nSigninLog | take 1".into()),
            "properties.query, line 2, column 1: the workspace has no table or function 'SigninLog'",
        ),
        (
            "column",
            rule(|p| p["query"] = "SigninLogs | where ResultTyp == 1".into()),
            "properties.query, line 1, column 20: SEM0100",
        ),
        (
            "syntax",
            rule(|p| p["query"] = "SigninLogs | wher x".into()),
            "properties.query, line 1, column 14: SYN000",
        ),
        (
            "watchlist",
            rule(|p| p["query"] = "_GetWatchlist('nobody')".into()),
            "the workspace has no watchlist 'nobody'",
        ),
        ("function", rule(|p| p["query"] = "SigninLogs | invoke enrich()".into()), "function 'enrich'"),
        (
            "period",
            rule(|p| {
                p["queryFrequency"] = "P1D".into();
            }),
            "properties.queryPeriod: it is shorter",
        ),
        (
            "often",
            rule(|p| {
                p["queryFrequency"] = "PT10M".into();
                p["queryPeriod"] = "P3D".into();
            }),
            "properties.queryFrequency: a rule that looks back more than two days",
        ),
        (
            "bounds",
            rule(|p| p["queryPeriod"] = "P20D".into()),
            "properties.queryPeriod: P20D is out of bounds",
        ),
        ("severity", rule(|p| p["severity"] = "Severe".into()), "properties.severity: 'Severe' is none"),
        ("name", rule(|p| p["displayName"] = Value::Null), "properties.displayName: it is missing"),
        (
            "tactic",
            rule(|p| p["tactics"] = json!(["CredentialAcces"])),
            "properties.tactics: 'CredentialAcces' is no tactic",
        ),
        (
            "technique",
            rule(|p| p["techniques"] = json!(["T1110.001"])),
            "properties.techniques: 'T1110.001' is a sub-technique",
        ),
        (
            "parent",
            rule(|p| p["subTechniques"] = json!(["T1078.004"])),
            "properties.subTechniques: 'T1078.004' is given",
        ),
        (
            "entity",
            rule(|p| p["entityMappings"][0]["entityType"] = "Acount".into()),
            "entityMappings[0].entityType: 'Acount' is no kind of entity",
        ),
        (
            "mapping",
            rule(|p| p["entityMappings"][0]["fieldMappings"][0]["columnName"] = "User".into()),
            "entityMappings[0].fieldMappings: the query gives no column 'User'",
        ),
        (
            "detail",
            rule(|p| p["customDetails"] = json!({"A": "Attempts"})),
            "customDetails.A: the query gives no column 'Attempts'",
        ),
        (
            "format",
            rule(|p| p["alertDetailsOverride"] = json!({"alertDisplayNameFormat": "by {{Who}}"})),
            "alertDisplayNameFormat: the query gives no column 'Who'",
        ),
        (
            "group",
            rule(
                |p| p["incidentConfiguration"] = json!({"createIncident": true, "groupingConfiguration": {"enabled": true, "matchingMethod": "Selected", "groupByEntities": ["Host"]}}),
            ),
            "alerts are grouped by Host",
        ),
        (
            "kind",
            json!({"kind": "Schedule", "properties": {"displayName": "x"}}),
            "kind: 'Schedule' is no kind of rule",
        ),
        ("several", json!([rule(|_| {}), rule(|_| {})]), "content: it holds 2 objects"),
        (
            "override",
            rule(|p| p["alertDetailsOverride"] = json!({"alertnameFormat": "x"})),
            "alertDetailsOverride: it has no member 'alertnameFormat'",
        ),
    ];
    for (name, content, expected) in cases {
        let rows = check(&setting, WORKSPACE, content).await;
        let errors = of(&rows, "Error");
        assert!(errors.iter().any(|error| error.contains(expected)), "{name}: {errors:#?}");
        assert!(
            rows.iter().filter(|row| row["Level"] == "Error").all(|row| row["Remedy"] != ""),
            "{name}: {rows:?}"
        );
        assert_eq!(rows[0]["Level"], "Error", "{name}: errors come first");
    }
}

pub async fn the_tables_are_those_of_the_workspace() {
    let setting = Setting::start().await;
    let vpn = rule(|p| {
        p["query"] = "Vpn_CL | where SessionSeconds > 86400 | project TimeGenerated, UserName".into();
        p["entityMappings"] = json!([]);
        p["customDetails"] = Value::Null;
    });
    assert!(of(&check(&setting, WORKSPACE, vpn.clone()).await, "Error").is_empty());
    let errors = of(&check(&setting, "law-fabrikam", vpn).await, "Error");
    assert_eq!(
        errors,
        ["properties.query, line 1, column 1: the workspace has no table or function 'Vpn_CL'"]
    );
    let basic = rule(|p| {
        p["query"] = "AzureDiagnostics | take 1 | extend UserPrincipalName = '', Failures = 1".into()
    });
    assert!(of(&check(&setting, WORKSPACE, basic.clone()).await, "Error").is_empty());
    let errors = of(&check(&setting, "law-fabrikam", basic).await, "Error");
    assert!(errors[0].contains("'AzureDiagnostics' is of plan Basic"), "{errors:?}");
}

pub async fn names_ids_templates_and_roles_are_looked_at() {
    let setting = Setting::start().await;
    let templates: Vec<String> = setting
        .azure
        .resources("/subscriptions")
        .iter()
        .filter_map(|resource| resource["id"].as_str())
        .filter(|id| id.contains("/law-contoso/") && id.contains("/alertRuleTemplates/"))
        .map(str::to_owned)
        .collect();
    let rules =
        setting.rows("Get-AnalyticsRules", json!({"workspace_name": WORKSPACE, "kind": "Scheduled"})).await;
    let of_template = |row: &&Value| {
        row["AlertRuleTemplateName"]
            .as_str()
            .is_some_and(|name| templates.iter().any(|id| id.ends_with(name)))
    };
    let known = rules.iter().find(of_template).expect("one of a template");
    let mut same = rule(|p| {
        p["displayName"] = known["DisplayName"].clone();
        p["alertRuleTemplateName"] = known["AlertRuleTemplateName"].clone();
        p["templateVersion"] = "0.9.0".into();
    });
    let warnings = of(&check(&setting, WORKSPACE, same.clone()).await, "Warning");
    assert!(
        warnings[0].starts_with("properties.displayName: there is a rule of this name already"),
        "{warnings:?}"
    );
    assert!(
        warnings[1].starts_with("properties.templateVersion: it was made from version 0.9.0"),
        "{warnings:?}"
    );
    same["name"] = known["RuleId"].clone();
    let rows = check(&setting, WORKSPACE, same).await;
    assert!(of(&rows, "Info")[0].contains("would be replaced"), "{rows:?}");
    let reader = Setting::of(Simulator::builder(), app::READER).await;
    let rows = check(&reader, WORKSPACE, rule(|_| {})).await;
    assert_eq!(
        of(&rows, "Error"),
        ["role: this identity may not save it: Microsoft.SecurityInsights/alertRules/write is missing"]
    );
    assert!(
        rows[0]["Remedy"].as_str().is_some_and(|text| text.contains("az role assignment create")),
        "{rows:?}"
    );
}

pub async fn every_kind_of_content_is_known_by_its_look() {
    let setting = Setting::start().await;
    let automation = json!({"displayName": "Tasks", "order": 0, "triggeringLogic": {"isEnabled": true, "triggersOn": "Incidents", "triggersWhen": "Sometimes",
        "conditions": [{"conditionType": "Property", "conditionProperties": {"propertyName": "IncidentRelatedAnalyticRuleIds", "operator": "Contains", "propertyValues": ["/x/alertRules/gone"]}}]},
        "actions": [{"actionType": "AddIncidentTask", "order": 1, "actionConfiguration": {}}]});
    let watchlist = json!({"watchlistAlias": "Vips", "properties": {"displayName": "VIPs", "provider": "Custom", "itemsSearchKey": "Upn", "rawContent": "User,Why\na,b\n"}});
    let workbook = json!({"properties": {"displayName": "Book", "serializedData": json!({"version": "Notebook/1.0", "items": [
        {"type": 12, "content": {"items": [{"type": 3, "content": {"version": "KqlItem/1.0", "query": "Gone_CL | take 1", "queryType": 0}}]}}]}).to_string()}});
    let hunting = "name: Hunt\ndescription: d\nquery: |\n  SigninLogs\n  | where Nothing == 1\ntactics:\n  - Discovery\ntechniques:\n  - T1110.001\n";
    for (content, kind, found) in [
        (
            automation,
            "AutomationRule",
            vec!["properties.order", "triggersWhen", "actionConfiguration.title", "the rule gone"],
        ),
        (watchlist, "Watchlist", vec!["the data has no column 'Upn'"]),
        (
            workbook,
            "Workbook",
            vec!["items[0].content.items[0].content.query: the workspace has no table or function 'Gone_CL'"],
        ),
        (json!(hunting), "HuntingQuery", vec!["query, line 2, column 9: SEM0100"]),
    ] {
        let rows = check(&setting, WORKSPACE, content).await;
        assert!(rows.iter().all(|row| row["ContentKind"] == kind), "{kind}: {rows:?}");
        let all = [of(&rows, "Error"), of(&rows, "Warning")].concat();
        for expected in found {
            assert!(all.iter().any(|row| row.contains(expected)), "{kind}: {expected}: {all:#?}");
        }
    }
    let rows = check(&setting, WORKSPACE, json!({"x": 1})).await;
    assert!(of(&rows, "Error")[0].contains("looks like no rule"), "{rows:?}");
}

pub async fn files_lie_below_the_folder() {
    let setting = Setting::start().await;
    let folder = setting.folder.path().join("backups/lists");
    std::fs::create_dir_all(&folder).expect("made");
    let about = json!({"watchlistAlias": "Vips", "displayName": "VIPs", "provider": "Custom", "itemsSearchKey": "Upn"});
    std::fs::write(folder.join("watchlist.json"), about.to_string()).expect("written");
    std::fs::write(folder.join("data.csv"), "Upn,Why\na@x,b\na@x,c\n").expect("written");
    let rows = setting
        .rows(
            "Test-SentinelContent",
            json!({"workspace_name": WORKSPACE, "from_file": "lists/watchlist.json"}),
        )
        .await;
    assert!(of(&rows, "Error").is_empty(), "{rows:?}");
    assert!(of(&rows, "Info").iter().any(|row| row.contains("'a@x' is there more than once")), "{rows:?}");
    for wrong in [
        json!({"from_file": "../secret.json"}),
        json!({}),
        json!({"from_file": "lists/gone.json"}),
        json!({"content": "{"}),
    ] {
        let mut given = wrong;
        given["workspace_name"] = WORKSPACE.into();
        assert!(setting.read("Test-SentinelContent", given).await.is_err());
    }
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("is read").map(|entry| entry.expect("is read").path()) {
        if entry.is_dir() {
            found.extend(files(&entry, ending));
        } else if entry.to_string_lossy().ends_with(ending) {
            found.push(entry);
        }
    }
    found.sort();
    found
}

/// A finding without what it is about.
fn class(row: &Value) -> String {
    let what = row["What"].as_str().unwrap_or_default();
    let mut plain = String::new();
    for (index, part) in what.split('\'').enumerate() {
        plain.push_str(if index % 2 == 0 { part } else { "_" });
    }
    let plain: String = plain
        .chars()
        .map(|c| if c.is_ascii_digit() && !what.starts_with(['S', 'U']) { '#' } else { c })
        .collect();
    format!("{} {plain}", row["Level"].as_str().unwrap_or_default())
}

/// Saves a rule for real; what Azure says if it refuses.
async fn saved(setting: &Setting, text: &str, number: usize) -> Option<String> {
    let folder = setting.folder.path().join("backups");
    std::fs::create_dir_all(&folder).expect("made");
    std::fs::write(folder.join("rule.yaml"), text).expect("written");
    let given = json!({"workspace_name": WORKSPACE, "from_file": "rule.yaml", "enabled": false,
        "rule_id": format!("00000000-0000-4000-8000-{number:012}")});
    let plan = match setting.plan("New-AnalyticsRule", given.clone()).await {
        Ok(plan) => plan,
        Err(error) => return Some(error.to_string()),
    };
    let applied = setting.apply("New-AnalyticsRule", given, &plan).await.expect("is tried");
    let outcome = serde_json::to_value(&applied.outcomes[0]).expect("is JSON");
    (outcome["State"] != "applied").then(|| outcome["Error"].to_string())
}

/// All rules and hunting queries of a real repository: what the check says of them, counted; and Azure refuses what it calls
/// an error of a table or column.
pub async fn real_content_is_judged_as_azure_judges_it() {
    let folder = content::folder().expect("the condition holds");
    let setting = Setting::of(Simulator::builder().content(&folder), app::CONTRIBUTOR).await;
    let mut lines = Vec::new();
    let mut differing = Vec::new();
    for kind in ["analytics-rules", "hunting-queries"] {
        let all = files(&folder.join(kind), ".yaml");
        let (mut passed, mut classes) = (0, BTreeMap::<String, usize>::new());
        for (number, file) in all.iter().enumerate() {
            let text = std::fs::read_to_string(file).expect("is read");
            let rows = check(&setting, WORKSPACE, json!(text)).await;
            let errors = of(&rows, "Error");
            passed += usize::from(errors.is_empty());
            let mut own: Vec<String> = rows.iter().filter(|row| row["Level"] != "Info").map(class).collect();
            own.sort();
            own.dedup();
            for class in own {
                *classes.entry(class).or_default() += 1;
            }
            if kind == "analytics-rules" {
                let refused = saved(&setting, &text, number).await;
                // What Azure refuses, the check has called an error. It looks at more than Azure does, so not the other way round.
                if let (Some(refusal), true) = (refused, errors.is_empty()) {
                    differing.push(format!("{}: {refusal}", file.display()));
                }
            }
        }
        lines.push(format!("{kind}: {} files, {passed} without an error", all.len()));
        lines.extend(classes.into_iter().map(|(class, count)| format!("  {count} {class}")));
    }
    insta::assert_snapshot!(lines.join("\n"));
    assert!(differing.is_empty(), "{differing:#?}");
}
