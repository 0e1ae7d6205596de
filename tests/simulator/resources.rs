//! Resources: what is written is what is read.

use serde_json::json;

use crate::azure::{Azure, LOGS, PREVIEW, STABLE};

pub async fn the_world_is_as_described() {
    let azure = Azure::small().await;
    let subscriptions = azure.get("/subscriptions?api-version=2022-12-01").await.with(200);
    let names: Vec<&str> = subscriptions["value"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["displayName"].as_str())
        .collect();
    assert_eq!(names.len(), 4, "{names:?}");
    assert!(!names.contains(&"tailwind-prod"));
    let rules =
        azure.all(&format!("{}/alertRules?api-version={PREVIEW}", azure.sentinel("law-contoso"))).await;
    assert!((60..=120).contains(&rules.len()), "{}", rules.len());
    let stable =
        azure.all(&format!("{}/alertRules?api-version={STABLE}", azure.sentinel("law-contoso"))).await;
    assert_eq!(stable.len(), rules.len());
}

pub async fn a_table_is_made_in_the_background() {
    let azure = Azure::small().await;
    let path = format!("{}/tables/Mine_CL?api-version={LOGS}", azure.workspace("law-contoso"));
    let body = json!({"properties": {"schema": {"name": "Mine_CL", "columns": [{"name": "TimeGenerated", "type": "dateTime"}, {"name": "A", "type": "string"}]}}});
    let begun = azure.put(&path, &body).await;
    assert_eq!(begun.status, 202, "{}", begun.body);
    let status = begun.header("azure-asyncoperation").expect("an operation").to_owned();
    let mut words = Vec::new();
    while words.last().map(String::as_str) != Some("Succeeded") {
        assert!(words.len() < 10);
        let word = azure.get(&status).await.with(200)["status"].as_str().expect("a status").to_owned();
        words.push(word);
    }
    assert_eq!(words, ["InProgress", "InProgress", "Succeeded"]);
    let table = azure.get(&path).await.with(200);
    assert_eq!(table["properties"]["provisioningState"], "Succeeded");
    assert_eq!(table["properties"]["schema"]["columns"][1]["name"], "A");
}
