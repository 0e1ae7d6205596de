//! Reading one workspace, several, all.

use futures_util::StreamExt;
use runspaced::sentinel::{Call, Item, Kind, operation, operations};
use runspaced::simulator::{FaultRule, Simulator, app};
use serde_json::{Value, json};

use super::setting::{Setting, WORKSPACE, map};

/// Arguments with which each read has something to answer.
async fn arguments(setting: &Setting, name: &str) -> Value {
    let rule = || async {
        setting.rows("Get-AnalyticsRules", json!({"workspace_name": WORKSPACE})).await[0]["RuleId"].clone()
    };
    let incident = || async {
        setting.rows("Get-SentinelIncidents", json!({"workspace_name": WORKSPACE})).await[0]["IncidentNumber"]
            .clone()
    };
    match name {
        "Get-AnalyticsRuleDetails" => {
            json!({"rule_id": rule().await, "include_actions": true, "include_template_diff": true})
        }
        "Show-IncidentDetails" | "Get-IncidentComments" => json!({"incident_number": incident().await}),
        "Invoke-SentinelQuery" => json!({"query": "Usage | take 3", "time_range": "7d"}),
        "Test-SentinelContent" => json!({"content": {"name": "q", "query": "Usage | take 1"}}),
        "Get-SentinelTables" => json!({"table_type": "All"}),
        "Get-WorkbookDetails" | "Export-SentinelWorkbook" => {
            let id = setting.rows("Get-SentinelWorkbooks", json!({"workspace_name": WORKSPACE})).await[0]["WorkbookId"].clone();
            if name.starts_with("Export") {
                json!({"workbook_id": id, "backup_path": "one"})
            } else {
                json!({"workbook_id": id})
            }
        }
        "Export-TableData" => json!({"table_name": "Usage", "time_range": "7d", "backup_path": "data"}),
        "Test-SentinelBackup" => {
            setting
                .rows("Backup-SentinelWorkspace", json!({"workspace_name": WORKSPACE, "backup_path": "kept"}))
                .await;
            json!({"path": "kept", "compare_with": "kept"})
        }
        name if name.starts_with("Export-") => json!({"backup_path": "out"}),
        _ => json!({}),
    }
}

pub async fn every_read_answers_rows_of_its_declared_shape() {
    let setting = Setting::start().await;
    let mut read = 0;
    for operation in operations().iter().filter(|operation| operation.kind == Kind::Read) {
        let mut given = arguments(&setting, operation.name).await;
        if !operation.fleet {
            given["workspace_name"] = WORKSPACE.into();
        }
        let rows = setting.rows(operation.name, given.clone()).await;
        let columns: Vec<String> = operation.columns().into_iter().map(|column| column.name).collect();
        for row in &rows {
            assert!(
                row["WorkspaceName"].is_string() && row["TenantName"].is_string(),
                "{}: {row}",
                operation.name
            );
            for name in row.as_object().expect("an object").keys() {
                // A query's columns are the query's.
                let known = columns.contains(name) || operation.name == "Invoke-SentinelQuery";
                assert!(known, "{} answers {name}, which it does not declare", operation.name);
            }
        }
        assert!(
            !rows.is_empty() || operation.name == "Get-IncidentComments",
            "{} answered nothing",
            operation.name
        );
        let made_here = operation.fleet
            || operation.name == "Invoke-SentinelQuery"
            || ["Export-", "Backup-", "Test-Sentinel"].iter().any(|verb| operation.name.starts_with(verb));
        if !made_here && !rows.is_empty() {
            given["raw"] = true.into();
            let raw = setting.rows(operation.name, given).await;
            assert!(raw[0]["properties"].is_object(), "{} has no raw form: {}", operation.name, raw[0]);
        }
        read += 1;
    }
    assert!(read >= 10, "{read} reads");
}

pub async fn a_workspace_that_fails_leaves_the_others_alone() {
    let setting = Setting::start().await;
    let all = setting.rows("Get-AnalyticsRules", json!({"workspace_name": "law-*"})).await;
    let mut rule = FaultRule::default();
    rule.path = Some("*/workspaces/law-contoso/*/alertRules".to_owned());
    rule.status = Some(403);
    rule.body = Some(json!({"error": {"code": "AuthorizationFailed", "message":
        "The client 'c' with object id 'o' does not have authorization to perform action 'Microsoft.SecurityInsights/alertRules/read' over scope '/subscriptions/S/resourceGroups/rg'"}}));
    setting.azure.set_faults(vec![rule]).expect("is fine");
    let (rows, failures) = setting
        .read("Get-AnalyticsRules", json!({"workspace_name": "law-*", "no_cache": true}))
        .await
        .expect("others answer");
    let of = |name: &str| all.iter().filter(|row| row["WorkspaceName"] == name).count();
    assert_eq!(rows.len(), all.len() - of("law-contoso"));
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0].workspace_name, "law-contoso");
    assert_eq!(failures[0].error.code(), "E704");
    assert!(failures[0].json().to_string().contains("Microsoft Sentinel Reader"));
}

pub async fn names_mean_one_workspace_or_are_refused_with_candidates() {
    let setting = Setting::start().await;
    let error = setting
        .read("Get-AnalyticsRules", json!({"workspace_name": "law-sandbox"}))
        .await
        .expect_err("two have it");
    assert!(error.to_string().contains("rg-lab") && error.to_string().contains("rg-test"), "{error}");
    let error = setting
        .read("Get-AnalyticsRules", json!({"workspace_name": "law-contosso"}))
        .await
        .expect_err("is none");
    assert!(error.to_string().contains("law-contoso"), "{error}");
    let listed = setting.rows("list_workspaces", json!({"sentinel_only": false})).await;
    let one = listed.iter().find(|row| row["WorkspaceName"] == WORKSPACE).expect("is there");
    for text in [&one["Id"], &one["CustomerId"]] {
        let rows = setting.rows("Get-AnalyticsRules", json!({"workspace_name": text})).await;
        assert!(rows.iter().all(|row| row["WorkspaceName"] == WORKSPACE), "{text}");
    }
    let sandbox: Vec<_> = listed
        .iter()
        .filter(|row| row["WorkspaceName"] == "law-sandbox")
        .map(|row| &row["Onboarded"])
        .collect();
    assert!(sandbox.contains(&&json!("No")), "{sandbox:?}");
}

pub async fn tenants_are_chosen_by_expression_and_hunting_queries_by_name() {
    let setting = Setting::start().await;
    let of = |rows: Vec<Value>| -> Vec<String> {
        rows.iter().filter_map(|row| row["WorkspaceName"].as_str().map(str::to_owned)).collect()
    };
    let own = json!({"tenant_filter": "^north.*services$"});
    assert_eq!(of(setting.rows("list_workspace_names", own.clone()).await), ["law-soc-hub"]);
    assert_eq!(of(setting.rows("list_workspaces", own).await), ["law-soc-hub"]);
    let named = json!({"name": "contoso(-eu)?$", "sentinel_only": false});
    assert_eq!(of(setting.rows("list_workspaces", named).await), ["law-contoso", "law-contoso-eu"]);
    for name in ["list_workspaces", "list_workspace_names"] {
        let error = setting.read(name, json!({"tenant_filter": "("})).await.expect_err("is none");
        assert_eq!(error.code(), "E722", "{error}");
    }
    let saved = setting.azure.resources("/subscriptions").into_iter().find(|resource| {
        let at_contoso = resource["id"].as_str().is_some_and(|id| id.contains("/law-contoso/savedSearches/"));
        at_contoso && resource["properties"]["functionAlias"].as_str().unwrap_or_default().is_empty()
    });
    let query = saved.expect("a saved query")["properties"]["displayName"].clone();
    setting.azure.clear_journal();
    let given = json!({"workspace_name": ["law-contoso", "law-soc-hub"], "hunting_query": query});
    let rows = setting.rows("Invoke-SentinelQuery", given).await;
    assert!(rows.iter().all(|row| row["WorkspaceName"].is_string()), "{rows:?}");
    let asked = setting.azure.journal().iter().filter(|entry| entry.path.ends_with("/query")).count();
    assert_eq!(asked, 2, "once in each workspace");
}

pub async fn filters_of_incidents_are_azure_s_and_ours_alike() {
    let setting = Setting::start().await;
    let all = setting.rows("Get-SentinelIncidents", json!({"workspace_name": WORKSPACE, "top": 0})).await;
    assert!(all.len() > 20, "{}", all.len());
    let new = setting
        .rows(
            "Get-SentinelIncidents",
            json!({"workspace_name": WORKSPACE, "top": 0, "status": "New", "severity": ["High", "Medium"]}),
        )
        .await;
    let expected = all
        .iter()
        .filter(|row| row["Status"] == "New" && (row["Severity"] == "High" || row["Severity"] == "Medium"))
        .count();
    assert_eq!(new.len(), expected);
    let five = setting
        .rows(
            "Get-SentinelIncidents",
            json!({"workspace_name": WORKSPACE, "top": 5, "order_by": "Number", "ascending": true}),
        )
        .await;
    let numbers: Vec<i64> = five.iter().filter_map(|row| row["IncidentNumber"].as_i64()).collect();
    assert_eq!(numbers.len(), 5);
    assert!(numbers.is_sorted(), "{numbers:?}");
}

pub async fn ten_thousand_incidents_are_streamed_page_by_page() {
    let setting =
        Setting::of(Simulator::builder().incidents(10_000).page_size(1_000), app::CONTRIBUTOR).await;
    let operation = operation("Get-SentinelIncidents").expect("is there");
    let given = map(json!({"workspace_name": "law-soc-hub", "top": 0}));
    let mut reading = setting.sentinel.read(operation, given, &Call::default()).await.expect("is read");
    let pages = |setting: &Setting| {
        setting.azure.journal().iter().filter(|entry| entry.path.ends_with("/incidents")).count()
    };
    let mut rows = 0;
    while let Some(item) = reading.next().await {
        assert!(matches!(item, Item::Row(_)), "{item:?}");
        rows += 1;
        if rows == 500 {
            assert!(pages(&setting) <= 2, "pages are fetched ahead of those who read");
        }
    }
    assert!(rows > 0 && pages(&setting) >= rows / 1_000, "{rows} rows in {} pages", pages(&setting));
}

pub async fn what_was_read_is_cached_and_own_writes_are_seen() {
    let setting = Setting::start().await;
    let given = json!({"workspace_name": WORKSPACE});
    let before = setting.rows("Get-AnalyticsRules", given.clone()).await;
    setting.azure.clear_journal();
    setting.rows("Get-AnalyticsRules", given.clone()).await;
    assert!(setting.azure.journal().is_empty(), "the cache was not used");
    let rule =
        before.iter().find(|row| row["Enabled"] == true && row["Kind"] == "Scheduled").expect("is there");
    let change = json!({"workspace_name": WORKSPACE, "rule_id": rule["RuleId"]});
    let plan = setting.plan("Disable-AnalyticsRule", change.clone()).await.expect("plans");
    setting.apply("Disable-AnalyticsRule", change, &plan).await.expect("applies");
    let after = setting.rows("Get-AnalyticsRules", given).await;
    let now = after.iter().find(|row| row["RuleId"] == rule["RuleId"]).expect("is there");
    assert_eq!(now["Enabled"], false);
    let status = setting.sentinel.cache_status().await;
    assert!(status.iter().any(|kind| kind.kind == "rules" && kind.asked > kind.fetched), "{status:?}");
}
