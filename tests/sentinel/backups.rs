//! Backing up a workspace, and restoring it in another one.

use std::path::PathBuf;

use runspaced::sentinel::{Call, Journal, Keep, State, operation};
use runspaced::simulator::{ConnectionDrop, FaultRule, Simulator, app};
use serde_json::{Value, json};

use super::imports::{EMPTY, empty, import, setting};
use super::setting::{Setting, WORKSPACE, map};
use super::support::Context;

/// Backs up, and says where it is below the folder of backups.
pub async fn backup(setting: &Setting, given: Value) -> String {
    let rows = setting.rows("Backup-SentinelWorkspace", given).await;
    let path = rows.last().and_then(|row| row["Path"].as_str()).expect("is named").to_owned();
    let path = PathBuf::from(path);
    path.strip_prefix(setting.backups()).expect("is below").display().to_string()
}

fn here(path: &str) -> Value {
    json!({"workspace_name": WORKSPACE, "backup_path": path})
}

/// Restores into the empty workspace, backs that up, and compares the two.
pub async fn comes_back(setting: &Setting) {
    let first = backup(setting, here("first")).await;
    let given = empty(json!({"path": first, "move_associations": true}));
    import(setting, "Restore-SentinelWorkspace", given.clone()).await;
    let again = setting.plan("Restore-SentinelWorkspace", given).await.expect("plans");
    assert!(again.changes.is_empty() && again.cannot.is_empty(), "{again}");
    compares_equal(setting, &first).await;
}

/// The workspace that was empty has what the backup has.
pub async fn compares_equal(setting: &Setting, first: &str) {
    let second = backup(setting, empty(json!({"backup_path": "second"}))).await;
    let rows = setting.rows("Test-SentinelBackup", json!({"path": first, "compare_with": second})).await;
    let wrong: Vec<&Value> =
        rows.iter().filter(|row| row["State"] != "same" && row["State"] != "whole").collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(rows.len() > 30, "{}", rows.len());
}

pub async fn what_was_backed_up_comes_back_in_an_empty_workspace() {
    let setting = setting().await;
    // Every kind takes part.
    let rows = setting.rows("Backup-SentinelWorkspace", here("counted")).await;
    assert_eq!(rows.len(), 12, "{rows:?}");
    for row in &rows {
        assert!(row["Objects"].as_u64().is_some_and(|count| count > 0), "{row}");
    }
    let listed = setting.rows("Get-SentinelBackups", json!({"name": WORKSPACE})).await;
    assert_eq!(listed[0]["Kinds"].as_array().map(Vec::len), Some(11), "{listed:?}");
    comes_back(&setting).await;
}

pub async fn a_backup_that_was_broken_off_goes_on() {
    let setting = setting().await;
    let mut rule = FaultRule::default();
    rule.path = Some("*/alertRules".to_owned());
    rule.status = Some(403);
    setting.azure.set_faults(vec![rule]).expect("is fine");
    let (rows, failures) = setting.read("Backup-SentinelWorkspace", here("nightly")).await.expect("begins");
    assert_eq!(failures.len(), 1);
    assert!(rows.iter().all(|row| row["State"] == "written") && rows.len() == 7, "{rows:?}");
    setting.azure.set_faults(Vec::new()).expect("is fine");
    // What has no name yet is neither listed nor restored.
    assert!(setting.rows("Get-SentinelBackups", json!({})).await.is_empty());
    let folder = std::fs::read_dir(setting.backups().join("nightly"))
        .expect("is there")
        .next()
        .expect("one")
        .expect("is read");
    let path = format!("nightly/{}", folder.file_name().to_string_lossy());
    let error = setting
        .plan("Restore-SentinelWorkspace", json!({"workspace_name": WORKSPACE, "path": path}))
        .await
        .expect_err("is half");
    assert!(error.to_string().contains("broken off"), "{error}");
    // One of its files is lost meanwhile: that kind is fetched again, the others are not.
    let tables = folder.path().join(".unfinished/tables");
    std::fs::remove_dir_all(&tables).expect("is removed");
    setting.azure.clear_journal();
    let rows = setting.rows("Backup-SentinelWorkspace", here("nightly")).await;
    let state = |kind: &str| rows.iter().find(|row| row["Kind"] == kind).map(|row| row["State"].clone());
    assert_eq!(state("Tables"), Some("written".into()));
    assert_eq!(state("Watchlists"), Some("resumed".into()));
    assert_eq!(state("AnalyticsRules"), Some("written".into()));
    let asked = setting.azure.journal().iter().filter(|entry| entry.path.contains("watchlistItems")).count();
    assert_eq!(asked, 0);
    let rows = setting.rows("Test-SentinelBackup", json!({"path": path})).await;
    assert_eq!((rows.len(), rows[0]["State"].as_str()), (1, Some("whole")), "{rows:?}");
}

pub async fn a_backup_that_was_altered_is_refused_and_the_file_named() {
    let setting = setting().await;
    let path = backup(&setting, here("kept")).await;
    let folder = setting.backups().join(&path);
    let given = empty(json!({"path": path}));
    let rules = folder.join("analytics-rules");
    let file = std::fs::read_dir(&rules).expect("is there").next().expect("one").expect("is read").path();
    let text = std::fs::read_to_string(&file).expect("is read");
    std::fs::write(&file, text.replacen("displayName", "displayNamE", 1)).expect("is written");
    let refused = async |reason: &str| {
        let error = setting.plan("Restore-SentinelWorkspace", given.clone()).await.expect_err("was altered");
        assert!(error.code() == "E728" && error.to_string().contains(reason), "{error}");
    };
    refused(&file.file_name().expect("has one").to_string_lossy()).await;
    let rows = setting.rows("Test-SentinelBackup", json!({"path": path})).await;
    assert!(rows.iter().all(|row| row["State"] == "altered") && rows.len() == 2, "{rows:?}");
    std::fs::remove_file(&file).expect("is removed");
    refused("is missing").await;
    std::fs::write(&file, text).expect("is written");
    setting.plan("Restore-SentinelWorkspace", given.clone()).await.expect("is whole again");
    // A manifest that names another file, and one that was cut.
    let manifest = folder.join("manifest.json");
    let text = std::fs::read_to_string(&manifest).expect("is read");
    std::fs::write(&manifest, text.replacen("tables/", "../../tables/", 1)).expect("is written");
    refused("its list of files was altered").await;
    std::fs::write(&manifest, &text[..text.len() / 2]).expect("is written");
    refused("the manifest cannot be read").await;
}

pub async fn only_what_differs_is_restored_and_nothing_is_lost() {
    let setting = setting().await;
    let path = backup(&setting, here("kept")).await;
    let given = json!({"workspace_name": WORKSPACE, "path": path});
    let plan = setting.plan("Restore-SentinelWorkspace", given.clone()).await.expect("plans");
    assert!(plan.changes.is_empty() && plan.cannot.is_empty(), "{plan}");
    let rules = setting
        .rows(
            "Get-AnalyticsRules",
            json!({"workspace_name": WORKSPACE, "kind": "Scheduled", "enabled": true}),
        )
        .await;
    setting
        .done("Remove-AnalyticsRule", json!({"workspace_name": WORKSPACE, "rule_id": rules[0]["RuleId"]}))
        .await;
    setting
        .done("Disable-AnalyticsRule", json!({"workspace_name": WORKSPACE, "rule_id": rules[1]["RuleId"]}))
        .await;
    setting
        .done("New-AnalyticsRule", json!({"workspace_name": WORKSPACE, "display_name": "Later", "severity": "Low", "query": "SecurityEvent | take 1"}))
        .await;
    let plan = setting.plan("Restore-SentinelWorkspace", given.clone()).await.expect("plans");
    let ids: Vec<String> = plan.changes.iter().map(|change| change.id.name().to_owned()).collect();
    let expected: Vec<&str> =
        [&rules[0], &rules[1]].iter().filter_map(|rule| rule["RuleId"].as_str()).collect();
    assert!(ids.len() == 2 && expected.iter().all(|id| ids.iter().any(|own| own == id)), "{plan}");
    // Somebody works on in between: the plan is another one then.
    setting
        .done("Disable-AnalyticsRule", json!({"workspace_name": WORKSPACE, "rule_id": rules[2]["RuleId"]}))
        .await;
    let error =
        setting.apply("Restore-SentinelWorkspace", given.clone(), &plan).await.expect_err("is another one");
    assert_eq!(error.code(), "E724");
    assert_eq!(import(&setting, "Restore-SentinelWorkspace", given.clone()).await, 3);
    let names = setting.rows("Get-AnalyticsRules", json!({"workspace_name": WORKSPACE})).await;
    assert!(names.iter().any(|rule| rule["DisplayName"] == "Later"));
}

pub async fn machines_stay_with_their_rules_unless_told() {
    let setting = setting().await;
    let path = backup(&setting, json!({"workspace_name": WORKSPACE, "kind": ["DataCollectionRules", "DataCollectionEndpoints", "Associations"]})).await;
    import(
        &setting,
        "Restore-SentinelWorkspace",
        empty(json!({"path": path, "kind": ["DataCollectionEndpoints"]})),
    )
    .await;
    let given =
        empty(json!({"path": path, "kind": ["DataCollectionRules", "Associations"], "name": "*windows*"}));
    let (plan, _) = setting.done("Restore-SentinelWorkspace", given).await;
    assert_eq!(plan.changes.len(), 1, "{plan}");
    let plan = setting
        .plan("Restore-SentinelWorkspace", empty(json!({"path": path, "kind": "Associations"})))
        .await
        .expect("plans");
    assert!(plan.changes.is_empty() && plan.cannot[0].reason.contains("MoveAssociations"), "{plan}");
}

/// More requests than these restores have.
const MOST: u64 = 60;

pub async fn a_restore_that_breaks_anywhere_says_what_it_did_and_goes_on() {
    let kinds = json!(["SavedQueries", "AutomationRules", "Workbooks", "Settings", "SummaryRules"]);
    let mut met = 0;
    for drop in [ConnectionDrop::Before, ConnectionDrop::FirstByte, ConnectionDrop::After] {
        let setting = Setting::of(
            Simulator::builder().incidents(5).polls(0).page_size(50).without_limits(),
            app::CONTRIBUTOR,
        )
        .await;
        let path = backup(&setting, json!({"workspace_name": WORKSPACE, "kind": kinds})).await;
        let given = empty(json!({"path": path}));
        let before = stored(&setting);
        for nth in 1..=MOST {
            let plan = setting.plan("Restore-SentinelWorkspace", given.clone()).await.expect("plans");
            assert!(!plan.changes.is_empty(), "{drop:?} {nth}");
            let mut rule = FaultRule::default();
            rule.name = "break".to_owned();
            rule.nth = vec![nth];
            rule.drop = Some(drop);
            setting.azure.clear_journal();
            setting.azure.set_faults(vec![rule]).expect("is fine");
            let operation = operation("Restore-SentinelWorkspace").expect("is there");
            let outcome = setting
                .sentinel
                .apply(operation, map(given.clone()), &plan.digest, None, &Call::default())
                .await;
            let hit = setting.azure.journal().iter().any(|entry| entry.fault.as_deref() == Some("break"));
            setting.azure.set_faults(Vec::new()).expect("is fine");
            let mut writes = setting.writes();
            writes.sort();
            let sent = writes.len();
            writes.dedup();
            assert_eq!(writes.len(), sent, "{drop:?} {nth}: sent twice");
            let after = stored(&setting);
            match outcome {
                Ok(applied) => {
                    let id = applied.journal.clone().expect("is recorded");
                    // As another process would read it.
                    let entry =
                        Journal::new(setting.folder.path().join("journal")).read(&id).expect("is read");
                    for (recorded, outcome) in entry.changes.iter().zip(&applied.outcomes) {
                        assert_eq!(recorded.state, outcome.state);
                        let made = after.iter().any(|id| id.eq_ignore_ascii_case(&outcome.id));
                        assert_eq!(made, outcome.state == State::Applied, "{drop:?} {nth}: {outcome:?}");
                    }
                    // It is safe to run again: only what is missing is made.
                    let again =
                        setting.plan("Restore-SentinelWorkspace", given.clone()).await.expect("plans");
                    let missing =
                        applied.outcomes.iter().filter(|outcome| outcome.state != State::Applied).count();
                    assert_eq!(again.changes.len(), missing, "{drop:?} {nth}: {again}");
                    let (_, rest) = setting.done("Restore-SentinelWorkspace", given.clone()).await;
                    assert!(
                        rest.outcomes.iter().all(|outcome| outcome.state == State::Applied),
                        "{drop:?} {nth}: {rest:?}"
                    );
                    for id in rest.journal.into_iter().chain([id]) {
                        undo(&setting, &id).await;
                    }
                    assert_eq!(stored(&setting), before, "{drop:?} {nth}: not as it was");
                }
                Err(error) => assert_eq!(after, before, "{drop:?} {nth}: {error}"),
            }
            met += u64::from(hit);
            if !hit {
                break;
            }
        }
    }
    assert!(met > 60, "{met}");
}

/// Ids of what is in the empty workspace and beside it.
fn stored(setting: &Setting) -> Vec<String> {
    let ids = setting
        .azure
        .resources("/subscriptions")
        .into_iter()
        .filter_map(|object| object["id"].as_str().map(str::to_owned));
    ids.filter(|id| id.contains(EMPTY.1)).collect()
}

async fn undo(setting: &Setting, entry: &str) {
    let call = Call::default();
    let back = setting.sentinel.plan_undo(entry, &call).await.unwrap_or_else(|error| panic!("{error:?}"));
    let undone =
        setting.sentinel.undo(entry, &back.digest, &call).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert!(undone.outcomes.iter().all(|outcome| outcome.state == State::Applied), "{undone:?}");
}

pub fn what_died_on_its_way_is_read_from_its_steps(_: &Context) {
    let folder = tempfile::tempdir().expect("a folder");
    let id = "0123456789abcdef0123456789abcdef";
    let change = |name: &str| {
        json!({"state": "intent", "change": {"title": name, "name": name, "id": "/subscriptions/s/x", "method": "PUT", "surface": "workbooks",
            "differences": [], "undo": "exact", "long": false}})
    };
    let entry = json!({"id": id, "time": "2026-03-01T00:00:00Z", "operation": "Restore-SentinelWorkspace", "arguments": {}, "workspaceId": "/subscriptions/s",
        "workspaceName": "w", "tenantName": "t", "digest": "d", "correlationId": "c", "changes": [change("a"), change("b"), change("c")]});
    std::fs::write(folder.path().join(format!("{id}.json")), entry.to_string()).expect("is written");
    let steps = "{\"index\":1,\"state\":\"applied\",\"etag\":\"7\"}\n{\"index\":0,\"state\":\"not_applied\"}\n{\"index\":2,\"st";
    std::fs::write(folder.path().join(format!("{id}.steps")), steps).expect("is written");
    let entry = Journal::new(folder.path()).read(id).expect("is read");
    let states: Vec<State> = entry.changes.iter().map(|change| change.state).collect();
    assert_eq!(states, [State::NotApplied, State::Applied, State::Intent]);
    assert_eq!((entry.changes[1].etag.as_deref(), entry.state()), (Some("7"), State::Intent));
}

pub fn old_entries_go_and_those_in_progress_stay(_: &Context) {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |id: &str, time: &str, state: &str| {
        let change = json!({"state": state, "change": {"title": "x", "name": "x", "id": "/subscriptions/s/x", "method": "PUT", "surface": "workbooks",
            "differences": [], "undo": "exact", "long": false}});
        let entry = json!({"id": id, "time": time, "operation": "o", "arguments": {}, "workspaceId": "/subscriptions/s", "workspaceName": "w",
            "tenantName": "t", "digest": "d", "correlationId": "c", "changes": [change]});
        std::fs::write(folder.path().join(format!("{id}.json")), entry.to_string()).expect("is written");
    };
    write("a", "2026-01-01T00:00:00Z", "applied");
    write("b", "2026-01-02T00:00:00Z", "intent");
    write("c", "2026-01-03T00:00:00Z", "unknown");
    write("d", "2026-01-04T00:00:00Z", "not_applied");
    write("e", "2026-03-01T00:00:00Z", "applied");
    let journal = Journal::new(folder.path());
    let now = "2026-03-02T00:00:00Z".parse().expect("is a time");
    let day = std::time::Duration::from_secs(86_400);
    let ids =
        || -> Vec<String> { journal.latest(9).expect("is read").into_iter().map(|entry| entry.id).collect() };
    assert_eq!(journal.prune(&Keep { age: Some(90 * day), bytes: None }, now).expect("is pruned").removed, 0);
    let pruned = journal.prune(&Keep { age: Some(30 * day), bytes: None }, now).expect("is pruned");
    assert_eq!((pruned.removed, pruned.kept), (2, 3));
    assert_eq!(ids(), ["e", "c", "b"]);
    assert_eq!(
        journal.prune(&Keep { age: None, bytes: Some(pruned.bytes) }, now).expect("is pruned").removed,
        0
    );
    assert_eq!(journal.prune(&Keep { age: None, bytes: Some(1) }, now).expect("is pruned").removed, 1);
    assert_eq!(ids(), ["c", "b"]);
}
