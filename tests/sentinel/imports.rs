//! Imports: files of every form into a workspace.

use runspaced::sentinel::State;
use runspaced::simulator::{Simulator, app};
use serde_json::{Value, json};

use super::setting::{Setting, WORKSPACE};

/// A workspace that has nothing.
pub const EMPTY: (&str, &str) = ("law-sandbox", "rg-test");

/// Arguments for the empty workspace.
pub fn empty(mut given: Value) -> Value {
    given["workspace_name"] = EMPTY.0.into();
    given["resource_group_name"] = EMPTY.1.into();
    given
}

pub async fn setting() -> Setting {
    Setting::of(Simulator::builder().incidents(10).polls(0).page_size(50).without_limits(), app::CONTRIBUTOR)
        .await
}

/// Applies an import that has to succeed, and says how many changes it had.
pub async fn import(setting: &Setting, name: &str, given: Value) -> usize {
    let (plan, applied) = setting.done(name, given).await;
    assert!(plan.cannot.is_empty(), "{name}: {plan}");
    let failed: Vec<_> = applied.outcomes.iter().filter(|outcome| outcome.state != State::Applied).collect();
    assert!(failed.is_empty(), "{name}: {failed:#?}");
    plan.changes.len()
}

pub async fn what_is_exported_in_any_form_is_imported_as_the_same() {
    let setting = setting().await;
    // Rules read the tables.
    setting
        .rows("Backup-SentinelWorkspace", json!({"workspace_name": WORKSPACE, "backup_path": "all"}))
        .await;
    for kind in ["Tables", "Watchlists"] {
        import(&setting, "Restore-SentinelWorkspace", empty(json!({"path": "all", "kind": kind}))).await;
    }
    for (export, import_as, formats) in [
        ("Export-SavedQueries", "Import-SavedQueries", &["Yaml", "Json", "ArmTemplate"][..]),
        ("Export-Functions", "Import-SavedQueries", &["Yaml", "Json", "ArmTemplate"][..]),
        ("Export-AnalyticsRules", "Import-AnalyticsRules", &["Yaml", "Json", "ArmTemplate"][..]),
        ("Export-AutomationRules", "Import-AutomationRules", &["Json", "ArmTemplate"][..]),
        ("Export-Watchlists", "Import-Watchlists", &["Csv", "Json"][..]),
    ] {
        for (number, format) in formats.iter().enumerate() {
            let path = format!("{export}-{format}");
            setting
                .rows(export, json!({"workspace_name": WORKSPACE, "backup_path": path, "format": format}))
                .await;
            let given = empty(json!({"path": path}));
            let changes = import(&setting, import_as, given.clone()).await;
            // The first makes them, unless they are there; the other forms say the same.
            let fresh = number == 0 && import_as != "Import-Watchlists";
            assert_eq!(
                changes > 0,
                fresh,
                "{export} {format}: {}",
                setting.plan(import_as, given.clone()).await.expect("plans")
            );
            assert!(
                setting.plan(import_as, given).await.expect("plans").changes.is_empty(),
                "{export} {format}"
            );
        }
    }
    // What came out there is what went in here.
    for (export, file) in [
        ("Export-AnalyticsRules", "Azure_Sentinel_analytics_rules.json"),
        ("Export-SavedQueries", "saved_queries.json"),
        ("Export-Functions", "functions.json"),
    ] {
        let read = |path: &str, workspace: &str| {
            let path = setting.backups().join(path).join(workspace).join(file);
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
            let mut list: Vec<Value> = serde_json::from_str(&text).expect("is JSON");
            list.sort_by_key(|object| object["name"].to_string());
            list.iter_mut().for_each(drop_nothing);
            list
        };
        setting.rows(export, empty(json!({"backup_path": "again"}))).await;
        let (there, here) = (read(&format!("{export}-Json"), WORKSPACE), read("again", EMPTY.0));
        assert_eq!(here.len(), there.len(), "{export}");
        for (here, there) in here.iter().zip(&there) {
            assert_eq!(here, there, "{export}");
        }
    }
}

/// `null`, an empty list and nothing are the same to Azure.
pub fn drop_nothing(value: &mut Value) {
    if let Some(fields) = value.as_object_mut() {
        fields.values_mut().for_each(drop_nothing);
        fields.retain(|_, value| !value.is_null() && *value != json!([]) && *value != json!({}));
    }
}

pub async fn what_is_there_and_differs_is_changed_kept_or_refused() {
    let setting = setting().await;
    let path = "rules.json";
    let rules = setting
        .rows("Get-AnalyticsRules", json!({"workspace_name": WORKSPACE, "kind": "Scheduled", "raw": true}))
        .await;
    let mut file = vec![rules[0].clone(), rules[1].clone(), rules[2].clone()];
    file[1]["properties"]["severity"] =
        if file[1]["properties"]["severity"] == "Low" { "High" } else { "Low" }.into();
    // Another id, the same name: it is the same rule.
    file[2]["name"] = "11111111-2222-3333-4444-555555555555".into();
    file[2].as_object_mut().expect("is one").remove("id");
    file[2]["properties"]["description"] = "another one".into();
    std::fs::create_dir_all(setting.backups()).expect("is made");
    std::fs::write(setting.backups().join(path), json!(file).to_string()).expect("is written");
    let given = |mode: &str| json!({"workspace_name": WORKSPACE, "path": path, "mode": mode});
    let error = setting.plan("Import-AnalyticsRules", given("Fail")).await.expect_err("differs");
    assert!(
        error.code() == "E729" && error.to_string().contains("2") | error.to_string().contains(","),
        "{error}"
    );
    let skipped = setting.plan("Import-AnalyticsRules", given("Skip")).await.expect("plans");
    assert!(skipped.changes.is_empty() && skipped.notices.len() == 2, "{skipped}");
    let plan = setting.plan("Import-AnalyticsRules", given("Update")).await.expect("plans");
    assert_eq!((plan.changes.len(), plan.unchanged.len()), (2, 1), "{plan}");
    assert!(
        plan.changes
            .iter()
            .any(|change| change.id.to_string().ends_with(rules[2]["name"].as_str().expect("is one")))
    );
    import(&setting, "Import-AnalyticsRules", given("Update")).await;
    assert!(setting.plan("Import-AnalyticsRules", given("Update")).await.expect("plans").changes.is_empty());
}

pub async fn automation_rules_find_their_analytics_rules_by_name() {
    let setting = setting().await;
    setting.rows("Export-AutomationRules", json!({"workspace_name": WORKSPACE, "backup_path": "out"})).await;
    let given = empty(json!({"path": "out"}));
    // Without the rule, the automation rule that is about it cannot be had; the others can.
    let plan = setting.plan("Import-AutomationRules", given.clone()).await.expect("plans");
    assert_eq!(plan.cannot.len(), 1, "{plan}");
    assert!(plan.changes.len() >= 2 && plan.cannot[0].reason.contains("import that first"), "{plan}");
    let rules = setting.rows("Get-AnalyticsRules", json!({"workspace_name": WORKSPACE})).await;
    let text =
        std::fs::read_to_string(setting.backups().join("out").join(WORKSPACE).join("automation_rules.json"))
            .expect("is there");
    let named = rules
        .iter()
        .find(|rule| text.contains(rule["RuleId"].as_str().expect("is one")))
        .expect("one is mentioned")["DisplayName"]
        .clone();
    let own = "99999999-2222-3333-4444-555555555555";
    setting
        .done("New-AnalyticsRule", empty(json!({"display_name": named, "severity": "Low", "query": "SecurityEvent | take 1", "rule_id": own})))
        .await;
    import(&setting, "Import-AutomationRules", given.clone()).await;
    let made = setting.azure.resources("/subscriptions").into_iter().find(|object| {
        object["id"].as_str().is_some_and(|id| id.contains(EMPTY.1) && id.contains("/automationRules/"))
            && object.to_string().contains("/alertRules/")
    });
    let made = made.expect("is made").to_string();
    assert!(
        made.contains(&format!("{}/providers/Microsoft.SecurityInsights/alertRules/{own}", EMPTY.0)),
        "{made}"
    );
    assert!(setting.plan("Import-AutomationRules", given).await.expect("plans").changes.is_empty());
}

pub async fn a_failure_leaves_the_others_alone_and_is_named() {
    let setting = setting().await;
    let folder = setting.backups().join("rules");
    std::fs::create_dir_all(&folder).expect("is made");
    for (name, query) in
        [("a", "SecurityEvent | take 1"), ("b", "NoSuchTable_CL | take 1"), ("c", "SecurityEvent | take 2")]
    {
        let text = format!(
            "name: Import {name}\nseverity: Low\nqueryFrequency: 1h\nqueryPeriod: 1h\nquery: {query}\n"
        );
        std::fs::write(folder.join(format!("{name}.yml")), text).expect("is written");
    }
    std::fs::write(folder.join("other.json"), "{\"x\": 1}").expect("is written");
    let given = json!({"workspace_name": WORKSPACE, "path": "rules"});
    let (plan, applied) = setting.done("Import-AnalyticsRules", given.clone()).await;
    assert!(plan.notices.iter().any(|notice| notice.contains("1 files")), "{plan}");
    let states: Vec<State> = applied.outcomes.iter().map(|outcome| outcome.state).collect();
    assert_eq!(states, [State::Applied, State::NotApplied, State::Applied]);
    let entry =
        setting.sentinel.journal().read(applied.journal.as_deref().expect("is recorded")).expect("is read");
    assert_eq!(entry.changes.iter().map(|change| change.state).collect::<Vec<_>>(), states);
    // Again: only what is missing; disabled, Azure takes it.
    let plan = setting.plan("Import-AnalyticsRules", given).await.expect("plans");
    assert_eq!((plan.changes.len(), plan.unchanged.len()), (1, 2), "{plan}");
    import(
        &setting,
        "Import-AnalyticsRules",
        json!({"workspace_name": WORKSPACE, "path": "rules/b.yml", "enabled": false}),
    )
    .await;
    // All of it is taken back.
    let call = runspaced::sentinel::Call::default();
    let back = setting.sentinel.plan_undo(&entry.id, &call).await.expect("can be undone");
    assert_eq!(back.changes.len(), 2, "{back}");
    assert_eq!(
        setting.sentinel.undo(&entry.id, &back.digest, &call).await.expect("is undone").state,
        State::Applied
    );
}

pub async fn items_of_watchlists_are_added_and_changed_one_by_one() {
    let setting = setting().await;
    let folder = setting.backups().join("lists/Hosts");
    std::fs::create_dir_all(&folder).expect("is made");
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("is written");
    write(
        "watchlist.json",
        r#"{"watchlistAlias": "Hosts", "displayName": "Hosts", "provider": "Custom", "itemsSearchKey": "Host"}"#,
    );
    write("data.csv", "Host,Note\nDC01,\"a, \"\"b\"\"\"\nDC02,\n");
    let given = json!({"workspace_name": WORKSPACE, "path": "lists"});
    assert_eq!(import(&setting, "Import-Watchlists", given.clone()).await, 1);
    assert!(setting.plan("Import-Watchlists", given.clone()).await.expect("plans").changes.is_empty());
    write("data.csv", "Host,Note\nDC01,changed\nDC03,new\n");
    let (plan, _) = setting.done("Import-Watchlists", given.clone()).await;
    assert_eq!(plan.changes.len(), 2, "{plan}");
    assert!(plan.notices.iter().any(|notice| notice.contains("1 items")), "{plan}");
    let rows = setting
        .rows(
            "Invoke-SentinelQuery",
            json!({"workspace_name": WORKSPACE, "query": "_GetWatchlist('Hosts') | project Host, Note"}),
        )
        .await;
    let mut rows: Vec<String> = rows
        .iter()
        .map(|row| {
            format!(
                "{}={}",
                row["Host"].as_str().unwrap_or_default(),
                row["Note"].as_str().unwrap_or_default()
            )
        })
        .collect();
    rows.sort();
    assert_eq!(rows, ["DC01=changed", "DC02=", "DC03=new"]);
}

pub async fn nothing_is_read_outside_of_the_folder() {
    let setting = setting().await;
    std::fs::create_dir_all(setting.backups()).expect("is made");
    std::fs::write(setting.folder.path().join("secret.json"), "[]").expect("is written");
    let mut ways =
        vec!["../secret.json".to_owned(), "/etc/passwd".to_owned(), "a/../../secret.json".to_owned()];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(setting.folder.path(), setting.backups().join("link")).expect("is made");
        ways.push("link/secret.json".to_owned());
    }
    for operation in [
        "Import-AnalyticsRules",
        "Import-AutomationRules",
        "Import-Watchlists",
        "Import-SavedQueries",
        "Restore-SentinelWorkspace",
    ] {
        for path in &ways {
            let error = setting
                .plan(operation, json!({"workspace_name": WORKSPACE, "path": path}))
                .await
                .expect_err("leads out");
            assert!(
                error.code() == "E728" && error.to_string().contains("is not below"),
                "{operation} {path}: {error}"
            );
        }
    }
}
