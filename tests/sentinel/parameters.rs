//! Parameters that operations of one family have in common with others: files, times, parts, trials.

use runspaced::simulator::Simulator;
use serde_json::{Value, json};

use super::setting::{Setting, WORKSPACE};

fn save(setting: &Setting, file: &str, text: &str) {
    std::fs::create_dir_all(setting.backups()).expect("is made");
    std::fs::write(setting.backups().join(file), text).expect("is written");
}

pub async fn a_collection_rule_comes_from_a_file_in_any_form() {
    let setting = Setting::start().await;
    let rules = json!({"workspace_name": WORKSPACE, "raw": true});
    let direct = setting.rows("Get-DataCollectionRules", rules).await;
    let direct = direct.iter().find(|rule| rule["kind"] == "Direct").expect("is there");
    let kept =
        json!({"kind": direct["kind"], "location": direct["location"], "properties": direct["properties"]});
    save(&setting, "whole.json", &direct.to_string());
    let template = json!({"resources": [{"type": "Microsoft.Insights/dataCollectionRules", "apiVersion": "2024-03-11",
        "name": "x", "kind": kept["kind"], "location": kept["location"], "properties": kept["properties"]}]});
    save(&setting, "template.json", &template.to_string());
    let mut bodies = Vec::new();
    for (number, file) in ["whole.json", "template.json"].into_iter().enumerate() {
        let given =
            json!({"workspace_name": WORKSPACE, "dcr_name": format!("dcr-file-{number}"), "from_file": file});
        let (plan, applied) = setting.done("New-StandaloneDCR", given).await;
        let body: Value =
            serde_json::from_str(plan.changes[0].body.as_deref().expect("has one").get()).expect("JSON");
        assert_eq!(body["properties"]["dataFlows"], direct["properties"]["dataFlows"], "{file}");
        assert!(body["properties"]["immutableId"].is_null(), "{file}: what Azure sets is left out");
        assert_eq!(serde_json::to_value(&applied.outcomes[0]).expect("JSON")["State"], "applied");
        bodies.push(body["properties"].clone());
    }
    assert_eq!(bodies[0], bodies[1]);
    for wrong in [
        json!({"from_file": "whole.json", "data_source_type": "Syslog"}),
        json!({"from_file": "whole.json", "definition": {}}),
        json!({"from_file": "../whole.json"}),
        json!({}),
    ] {
        let mut given = wrong;
        (given["workspace_name"], given["dcr_name"]) = (WORKSPACE.into(), "dcr-wrong".into());
        assert!(setting.plan("New-StandaloneDCR", given).await.is_err());
    }
}

pub async fn a_table_is_waited_for_no_longer_than_wanted() {
    // Azure works at it far longer than anybody waits here.
    let setting =
        Setting::of(Simulator::builder().polls(1_000), runspaced::simulator::app::CONTRIBUTOR).await;
    let given =
        json!({"workspace_name": WORKSPACE, "table_name": "Slow", "schema": ["A:string"], "timeout_sec": 1});
    let (_, applied) = setting.done("New-SentinelTable", given).await;
    // It is there, or on its way: either is said, and it was sent once.
    let state = serde_json::to_value(&applied.outcomes[0]).expect("JSON")["State"].clone();
    assert!(["applied", "unknown"].contains(&state.as_str().expect("a text")), "{state}");
    let sent =
        setting.writes().iter().filter(|line| line.starts_with("PUT") && line.contains("Slow_CL")).count();
    assert_eq!(sent, 1);
}

pub async fn a_trial_of_an_ingestion_sends_nothing() {
    let setting = Setting::start().await;
    let rules = setting.rows("Get-DataCollectionRules", json!({"workspace_name": WORKSPACE})).await;
    let direct = rules.iter().find(|row| row["Kind"] == "Direct").expect("a direct rule");
    let given = json!({"workspace_name": WORKSPACE, "dcr_name": direct["DcrName"], "dry_run": true});
    let plan = setting.plan("Test-DCRIngestion", given.clone()).await.expect("plans");
    assert!(plan.changes.is_empty(), "{plan}");
    assert!(plan.notices.iter().any(|notice| notice.contains("send records to the rule")), "{plan}");
    let mut wrong = given;
    wrong["record"] = json!({"TimeGenerated": 7, "Nobody": "x"});
    let plan = setting.plan("Test-DCRIngestion", wrong).await.expect("plans");
    assert!(plan.notices.iter().any(|notice| notice.contains("does not declare Nobody")), "{plan}");
    assert!(
        plan.notices.iter().any(|notice| notice.starts_with("TimeGenerated is of type datetime")),
        "{plan}"
    );
    let sent = setting.azure.journal().iter().any(|entry| entry.path.contains("/streams/"));
    assert!(!sent, "nothing was sent");
}

pub async fn automation_rules_come_in_one_file_or_one_each() {
    let setting = Setting::start().await;
    let mut given = json!({"workspace_name": WORKSPACE, "backup_path": "one"});
    setting.rows("Export-AutomationRules", given.clone()).await;
    (given["backup_path"], given["split_files"]) = ("each".into(), true.into());
    let rows = setting.rows("Export-AutomationRules", given).await;
    let read = |path: &std::path::Path| -> Value {
        serde_json::from_str(&std::fs::read_to_string(path).expect("is read")).expect("is JSON")
    };
    let whole = read(&setting.backups().join("one").join(WORKSPACE).join("automation_rules.json"));
    let all = whole["automationRules"].as_array().expect("a list");
    let parts: Vec<Value> = rows
        .iter()
        .filter(|row| row["Kind"] == "automation rules")
        .map(|row| read(row["File"].as_str().expect("a path").as_ref()))
        .collect();
    assert!(!all.is_empty());
    assert_eq!(parts.len(), all.len());
    for part in &parts {
        let [only] = part["automationRules"].as_array().expect("a list").as_slice() else { panic!("{part}") };
        assert!(all.contains(only), "{only}");
    }
    // They come back as the same.
    let plan =
        setting.plan("Import-AutomationRules", json!({"workspace_name": WORKSPACE, "path": "each"})).await;
    let plan = plan.expect("plans");
    assert!(plan.changes.is_empty() && plan.unchanged.len() == all.len(), "{plan}");
}

pub async fn nothing_at_all_is_zero() {
    let setting = Setting::start().await;
    let rows = setting.rows("Test-SentinelHealth", json!({"check_depth": "Quick"})).await;
    let volumes: Vec<&Value> =
        rows.iter().map(|row| &row["IngestionGb"]).filter(|gb| gb.is_number()).collect();
    assert!(!volumes.is_empty());
    assert!(volumes.iter().all(|gb| !gb.to_string().starts_with('-')), "{volumes:?}");
}
