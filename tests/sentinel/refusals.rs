//! Known errors as the simulated Azure comes to them by itself: what happened, whose move it is, what helps.

use std::time::Duration;

use runspaced::azure::{IdentityKind, Method, ResourceId, Scope, Surface};
use runspaced::sentinel::{Account, Error, State};
use runspaced::simulator::{FaultRule, Limits, Simulator, app};
use serde_json::{Value, json};

use super::backups::backup;
use super::identity::workspaces;
use super::imports::{empty, setting};
use super::setting::{Setting, WORKSPACE, account, secret_of, variables};
use super::writes::object;

/// Somebody else with the same rights.
fn other(setting: &Setting) -> Account {
    account(&setting.azure, IdentityKind::Secret, &secret_of(&setting.azure, app::CONTRIBUTOR))
}

#[track_caller]
fn is_advised(error: &Value, row: u64, mover: &str, text: &str) {
    let advice = &error["advice"];
    assert_eq!((advice["row"].as_u64(), advice["mover"].as_str()), (Some(row), Some(mover)), "{error:#}");
    assert!(advice["text"].as_str().is_some_and(|advice| advice.contains(text)), "{error:#}");
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{error:#}");
}

/// Applies a plan of one new object that somebody else makes in between, and gives the error of it.
async fn overtaken(
    setting: &Setting,
    name: &str,
    arguments: Value,
    surface: Surface,
    (ours, theirs): (&str, Value),
) -> Value {
    let plan = setting.plan(name, arguments.clone()).await.expect("plans");
    let [change] = plan.changes.as_slice() else { panic!("{plan}") };
    assert!(change.before.is_none(), "{plan}");
    // Ours is on its way for a while.
    let mut rule = FaultRule::default();
    rule.method = Some("PUT".to_owned());
    rule.contains = Some(ours.to_owned());
    rule.delay_ms = 3_000;
    setting.azure.set_faults(vec![rule]).expect("is fine");
    let meanwhile = async {
        // It has been planned for the last time once it is on disk.
        while setting.sentinel.journal().latest(1).expect("is read").is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let client = other(setting).client;
        let request = client.request(Method::Put, &change.id, surface).body(theirs.to_string());
        client.send(&Scope::new(), &request).await.expect("is saved");
        object(setting, change.id.as_str()).expect("is there")
    };
    let (applied, made) = tokio::join!(setting.apply(name, arguments, &plan), meanwhile);
    let applied = applied.expect("is tried");
    assert_eq!(applied.state, State::NotApplied, "{:?}", applied.outcomes);
    assert_eq!(object(setting, change.id.as_str()), Some(made), "it is as they saved it");
    applied.outcomes[0].error.clone()
}

pub async fn a_saved_search_that_somebody_made_meanwhile_is_not_overwritten() {
    let setting = setting().await;
    std::fs::create_dir_all(setting.backups()).expect("is made");
    let text = "id: probe\nname: Ours\nquery: SecurityEvent | take 1\ntactics:\n- Impact\n";
    std::fs::write(setting.backups().join("query.yaml"), text).expect("is written");
    let theirs =
        json!({"properties": {"category": "Mine", "displayName": "Theirs", "query": "Heartbeat | take 1"}});
    let error = overtaken(
        &setting,
        "Import-SavedQueries",
        json!({"workspace_name": WORKSPACE, "path": "query.yaml"}),
        Surface::OperationalInsights,
        ("Ours", theirs),
    )
    .await;
    is_advised(&error, 9, "caller", "Plan again");
}

pub async fn a_setting_that_somebody_made_meanwhile_is_not_overwritten() {
    let setting = setting().await;
    let path = backup(&setting, json!({"workspace_name": WORKSPACE, "kind": ["Settings"]})).await;
    let theirs = json!({"kind": "Ueba", "properties": {"dataSources": ["AzureActivity"]}});
    let error = overtaken(
        &setting,
        "Restore-SentinelWorkspace",
        empty(json!({"path": path, "kind": ["Settings"], "name": "Ueba"})),
        Surface::SecurityInsights,
        ("SigninLogs", theirs),
    )
    .await;
    is_advised(&error, 10, "caller", "etag goes with the change");
}

pub async fn a_workspace_without_a_place_has_no_rows_and_no_error() {
    let setting = setting().await;
    // As Azure answers for a workspace that has never had data: 204 and nothing.
    let mut rule = FaultRule::default();
    rule.path = Some("*/query".to_owned());
    rule.status = Some(204);
    setting.azure.set_faults(vec![rule]).expect("is fine");
    let given = empty(json!({"query": "SecurityEvent | take 1"}));
    let (rows, failures) = setting.read("Invoke-SentinelQuery", given).await.expect("is no error");
    assert!(rows.is_empty() && failures.is_empty(), "{rows:?} {failures:?}");
}

pub async fn a_result_that_is_too_large_comes_in_part_and_says_so() {
    let mut limits = Limits::default();
    limits.query_rows = 50;
    let setting = Setting::of(Simulator::builder().incidents(5).limits(limits), app::CONTRIBUTOR).await;
    let given = |query: &str| json!({"workspace_name": WORKSPACE, "query": query});
    let (rows, failures) =
        setting.read("Invoke-SentinelQuery", given("range x from 1 to 51 step 1")).await.expect("has rows");
    assert_eq!((rows.len(), failures.len()), (50, 1), "{failures:?}");
    is_advised(&failures[0].error.json(), 25, "caller", "'summarize' or 'project'");
    let whole = setting.rows("Invoke-SentinelQuery", given("range x from 1 to 50 step 1")).await;
    assert_eq!(whole.len(), 50);
}

pub async fn a_watchlist_that_is_being_deleted_is_waited_for() {
    let azure = Simulator::builder().incidents(5).polls(10_000).page_size(50).without_limits();
    let setting = Setting::of(azure, app::CONTRIBUTOR).await;
    let watchlist = setting
        .azure
        .resources("/subscriptions")
        .into_iter()
        .find(|object| {
            object["id"].as_str().is_some_and(|id| id.contains("/law-contoso/"))
                && object["properties"]["itemsSearchKey"].is_string()
        })
        .expect("a watchlist");
    let properties = &watchlist["properties"];
    let id = ResourceId::new(watchlist["id"].as_str().expect("has one"));
    std::fs::create_dir_all(setting.backups()).expect("is made");
    let about = json!({"watchlistAlias": id.name(), "displayName": "Changed", "provider": properties["provider"],
        "itemsSearchKey": properties["itemsSearchKey"]});
    std::fs::write(setting.backups().join("watchlist.json"), about.to_string()).expect("is written");
    let client = other(&setting).client;
    let request = client.request(Method::Delete, &id, Surface::SecurityInsights);
    client.send(&Scope::new(), &request).await.expect("is accepted");
    let given = json!({"workspace_name": WORKSPACE, "path": "watchlist.json"});
    let plan = setting.plan("Import-Watchlists", given.clone()).await.expect("plans");
    let applied = setting.apply("Import-Watchlists", given, &plan).await.expect("is tried");
    assert_eq!(applied.state, State::NotApplied, "{:?}", applied.outcomes);
    is_advised(&applied.outcomes[0].error, 33, "time", "under another alias");
}

pub async fn what_entra_refuses_comes_with_whose_move_it_is() {
    let azure = Simulator::builder().start().await.expect("starts");
    let own = azure.app(app::CONTRIBUTOR).expect("is there");
    let unknown = "00000000-0000-4000-8000-00000000000a";
    let named = |tenant: &str, client: &str, secret: &str| {
        variables(&[
            ("AZURE_TENANT_ID", tenant),
            ("AZURE_CLIENT_ID", client),
            ("AZURE_CLIENT_SECRET", secret),
        ])
    };
    let reset = Some("az ad app credential reset --id <CLIENT-ID> --append");
    for (given, number, mover, text, command) in [
        (
            named(&own.tenant, &own.client_id, "hunter2"),
            "7000215",
            "operator",
            "its value, not its id",
            reset,
        ),
        (secret_of(&azure, app::EXPIRED), "7000222", "administrator", "has expired", reset),
        (named(&own.tenant, unknown, "hunter2"), "700016", "operator", "AZURE_CLIENT_ID", None),
        (named(unknown, &own.client_id, &own.secret), "90002", "operator", "no such tenant", None),
        (secret_of(&azure, app::BLOCKED), "53003", "administrator", "exempt the application", None),
    ] {
        let error = workspaces(account(&azure, IdentityKind::Secret, &given)).await.expect_err("is refused");
        let Error::Azure(_) = &error else { panic!("{number}: {error}") };
        let json = error.json();
        assert!(json.to_string().contains(&format!("AADSTS{number}")), "{number}: {json:#}");
        is_advised(&json, 36, mover, text);
        assert_eq!(json["advice"]["command"].as_str(), command, "{number}");
        for secret in ["hunter2", own.secret.as_str()] {
            assert!(!format!("{json}{error}{error:?}").contains(secret), "{number}");
        }
    }
}

pub async fn what_azure_accepted_and_failed_at_is_not_said_to_be_done() {
    let setting = setting().await;
    let mut rule = FaultRule::default();
    rule.method = Some("PUT".to_owned());
    rule.path = Some("*/tables/*".to_owned());
    rule.fail_operation =
        Some(json!({"code": "InternalServerError", "message": "no capacity in the cluster"}));
    setting.azure.set_faults(vec![rule]).expect("is fine");
    let given =
        json!({"workspace_name": WORKSPACE, "table_name": "Probe_CL", "schema": {"Action": "string"}});
    let (_, applied) = setting.done("New-SentinelTable", given).await;
    // Azure leaves something behind that is no table to write to.
    assert_eq!(applied.state, State::Unknown, "{:?}", applied.outcomes);
    let error = &applied.outcomes[0].error;
    is_advised(error, 37, "caller", "no capacity in the cluster");
    assert!(error["message"].as_str().is_some_and(|text| text.contains("failed")), "{error:#}");
    let entry = setting.sentinel.journal().read(applied.journal.as_deref().expect("is recorded"));
    assert_eq!(entry.expect("is read").state(), State::Unknown);
}

pub async fn what_azure_failed_at_is_sent_again_by_the_next_restore() {
    let setting = setting().await;
    let given =
        json!({"workspace_name": WORKSPACE, "table_name": "Probe_CL", "schema": {"Action": "string"}});
    let (_, applied) = setting.done("New-SentinelTable", given).await;
    assert_eq!(applied.state, State::Applied, "{:?}", applied.outcomes);
    let path = backup(&setting, json!({"workspace_name": WORKSPACE, "kind": ["Tables"]})).await;
    let arguments = empty(json!({"path": path, "kind": ["Tables"], "name": "Probe_CL"}));
    let mut rule = FaultRule::default();
    rule.method = Some("PUT".to_owned());
    rule.path = Some("*/tables/*".to_owned());
    rule.fail_operation =
        Some(json!({"code": "InternalServerError", "message": "no capacity in the cluster"}));
    setting.azure.set_faults(vec![rule]).expect("is fine");
    let (_, failed) = setting.done("Restore-SentinelWorkspace", arguments.clone()).await;
    assert_eq!(failed.state, State::Unknown, "{:?}", failed.outcomes);
    setting.azure.set_faults(Vec::new()).expect("is fine");

    // The table reads as it was written, and takes no rows.
    let (plan, again) = setting.done("Restore-SentinelWorkspace", arguments.clone()).await;
    assert_eq!(plan.changes.len(), 1, "{:?}", plan.unchanged);
    assert!(
        plan.notices.iter().any(|notice| notice.contains("failed at the last change")),
        "{:?}",
        plan.notices
    );
    assert_eq!(again.state, State::Applied, "{:?}", again.outcomes);
    let settled = setting.plan("Restore-SentinelWorkspace", arguments).await.expect("plans");
    assert!(settled.changes.is_empty(), "{:?}", settled.changes);
}
