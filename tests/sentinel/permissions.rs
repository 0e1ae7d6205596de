//! Which role is missing where: told before it is missed, and as Azure decides it.

use runspaced::simulator::{Simulator, app};
use serde_json::{Value, json};

use super::setting::{Setting, WORKSPACE};

async fn doctor(setting: &Setting, arguments: Value) -> Vec<Value> {
    setting.rows("Test-SentinelPermission", arguments).await
}

fn of<'a>(rows: &'a [Value], operation: &str) -> &'a Value {
    rows.iter().find(|row| row["Operation"] == operation).unwrap_or_else(|| panic!("{operation} is missing"))
}

pub async fn a_contributor_may_do_everything() {
    let setting = Setting::start().await;
    assert_eq!(doctor(&setting, json!({"missing_only": true})).await, Vec::<Value>::new());
    let all = doctor(&setting, json!({"workspace_name": WORKSPACE})).await;
    assert_eq!(all.len(), runspaced::sentinel::operations().len());
    assert!(all.iter().all(|row| row["Allowed"] == "Yes" && row["WorkspaceName"] == WORKSPACE), "{all:?}");
}

pub async fn a_reader_is_told_the_roles_and_the_commands() {
    let setting = Setting::of(Simulator::builder(), app::READER).await;
    let rows = doctor(&setting, json!({"workspace_name": WORKSPACE, "missing_only": true})).await;
    assert!(!rows.iter().any(|row| row["Operation"] == "Get-AnalyticsRules"), "reading works");
    let disable = of(&rows, "Disable-AnalyticsRule");
    assert_eq!(disable["Allowed"], "No");
    assert_eq!(disable["MissingActions"], json!(["Microsoft.SecurityInsights/alertRules/write"]));
    assert_eq!(disable["Roles"], json!(["Microsoft Sentinel Contributor"]));
    let object = &setting.azure.app(app::READER).expect("is there").object_id;
    let command = disable["Commands"][0].as_str().expect("a command");
    assert!(
        command.starts_with(&format!("az role assignment create --assignee-object-id {object} ")),
        "{command}"
    );
    assert!(command.contains("/resourceGroups/rg-soc\""), "{command}");
    assert_eq!(of(&rows, "Close-SentinelIncident")["Roles"], json!(["Microsoft Sentinel Responder"]));
    assert_eq!(of(&rows, "Remove-DataCollectionRule")["Roles"], json!(["Monitoring Contributor"]));
    // The role may be given on a single rule, so it is not certain.
    assert_eq!(of(&rows, "Test-DCRIngestion")["Allowed"], "Unknown");
}

pub async fn what_the_doctor_says_is_what_azure_does() {
    let setting = Setting::of(Simulator::builder(), app::RESPONDER).await;
    let rows = doctor(&setting, json!({"workspace_name": WORKSPACE})).await;
    assert_eq!(of(&rows, "Close-SentinelIncident")["Allowed"], "Yes");
    assert_eq!(of(&rows, "Disable-AnalyticsRule")["Allowed"], "No");
    let rule = setting
        .rows(
            "Get-AnalyticsRules",
            json!({"workspace_name": WORKSPACE, "enabled": true, "kind": "Scheduled"}),
        )
        .await;
    let change = json!({"workspace_name": WORKSPACE, "rule_id": rule[0]["RuleId"]});
    let plan = setting.plan("Disable-AnalyticsRule", change.clone()).await.expect("plans");
    let applied = setting.apply("Disable-AnalyticsRule", change, &plan).await.expect("is tried");
    let text = serde_json::to_string(&applied).expect("is JSON");
    assert!(text.contains("not_applied") && text.contains("AuthorizationFailed"), "{text}");
    assert!(text.contains("Microsoft Sentinel Contributor"), "{text}");
}

pub async fn rows_can_be_chosen_and_put_together() {
    let setting = Setting::of(Simulator::builder(), app::READER).await;
    let rules =
        doctor(&setting, json!({"workspace_name": WORKSPACE, "family": "Rules", "group_by": "Family"})).await;
    assert_eq!(rules.len(), 1);
    assert_eq!(rules[0]["Allowed"], "No");
    assert_eq!(
        rules[0]["MissingActions"],
        json!([
            "Microsoft.SecurityInsights/alertRules/write",
            "Microsoft.SecurityInsights/alertRules/delete"
        ])
    );
    assert_eq!(rules[0]["Commands"].as_array().map(Vec::len), Some(1));
    assert!(!rules[0]["Operation"].to_string().contains("Get-"), "{}", rules[0]);
    let one = doctor(&setting, json!({"workspace_name": WORKSPACE, "operation": "new_analytics_rule"})).await;
    assert_eq!((one.len(), &one[0]["Operation"]), (1, &json!("New-AnalyticsRule")));
    for wrong in [json!({"operation": "New-AnalyticRule"}), json!({"family": "rulez"})] {
        let mut given = wrong;
        given["workspace_name"] = WORKSPACE.into();
        let error = setting.read("Test-SentinelPermission", given).await.expect_err("is none");
        assert!(
            error.to_string().contains("New-AnalyticsRule") || error.to_string().contains("rules"),
            "{error}"
        );
    }
}
