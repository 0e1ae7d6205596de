//! With the content folder that `RUNSPACED_CONTENT_DIR` names.

use std::path::PathBuf;

use runspaced::simulator::Simulator;
use serde_json::json;

use crate::azure::{Azure, LOGS, PREVIEW, STABLE, block};
use crate::support::{Context, content};

/// Functions that solutions of the gallery install; the folder has rules that use them, not the functions.
const FUNCTIONS_OF_SOLUTIONS: &[&str] =
    &["GWorkspaceActivityReports", "ImpervaAttackAnalytics", "PrivilegedWorkloadIdentityInfo"];

fn count(folder: PathBuf, ending: &str) -> usize {
    let mut folders = vec![folder];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("is readable") {
            let path = entry.expect("is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                count += 1;
            }
        }
    }
    count
}

pub fn every_rule_of_the_folder_is_there(_: &Context) {
    let folder = content::folder().expect("the condition holds");
    block(async {
        let azure =
            Azure::start(Simulator::builder().content(&folder).incidents(10).without_limits().page_size(100))
                .await;
        let list = format!("{}/alertRules", azure.sentinel("law-contoso"));
        let rules = azure.all(&format!("{list}?api-version={PREVIEW}")).await;
        let own = ["Fusion", "MicrosoftSecurityIncidentCreation"];
        let read = rules.iter().filter(|rule| rule["kind"].as_str().is_some_and(|kind| !own.contains(&kind)));
        assert_eq!(read.count(), count(folder.join("analytics-rules"), ".yaml"));
        let searches =
            azure.all(&format!("{}/savedSearches?api-version={LOGS}", azure.workspace("law-contoso"))).await;
        let hunting =
            searches.iter().filter(|search| search["properties"]["category"] == "Hunting Queries").count();
        assert_eq!(hunting, count(folder.join("hunting-queries"), ".yaml"));
        let watchlists =
            azure.all(&format!("{}/watchlists?api-version={STABLE}", azure.sentinel("law-contoso"))).await;
        assert_eq!(watchlists.len(), count(folder.join("watchlists"), "watchlist.json"));
        // What came from the folder is what a client could have written: a PUT of it is taken and changes nothing.
        let mut refused = Vec::new();
        for rule in &rules {
            let path = format!("{list}/{}?api-version={PREVIEW}", rule["name"].as_str().expect("a name"));
            let answer = azure.put(&path, rule).await;
            let query = rule["properties"]["query"].as_str().unwrap_or_default();
            let runs = rule["properties"]["enabled"] == true;
            if runs && FUNCTIONS_OF_SOLUTIONS.iter().any(|function| query.contains(function)) {
                assert_eq!(answer.status, 400, "{}", answer.body);
                assert!(answer.body.to_string().contains("does not exist"), "{}", answer.body);
                continue;
            }
            if answer.status != 200 {
                refused.push(format!("{}: {}", rule["properties"]["displayName"], answer.body));
                continue;
            }
            let (mut before, mut after) = (rule["properties"].clone(), answer.body["properties"].clone());
            (before["lastModifiedUtc"], after["lastModifiedUtc"]) = (json!(null), json!(null));
            assert_eq!(after, before, "{}", rule["name"]);
        }
        assert!(refused.is_empty(), "{} of {}:\n{}", refused.len(), rules.len(), refused.join("\n"));
    });
}
