//! Writes: planned, applied, stale, confirmed, taken back, cancelled.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Client;
use crate::server::{Setting, WORKSPACE, rows, rule, text};

fn switch(rule: &Value) -> Value {
    json!({"workspace_name": WORKSPACE, "rule_id": [rule["RuleId"]]})
}

/// The same with more.
fn with(arguments: &Value, more: Value) -> Value {
    let mut all = arguments.clone();
    all.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
    all
}

fn plan(client: &mut Client, tool: &str, arguments: &Value) -> Value {
    let planned = client.call(tool, arguments.clone());
    assert_eq!(planned["isError"], false, "{planned}");
    assert_eq!(planned["structuredContent"]["plan"]["applied"], false, "{planned}");
    planned["structuredContent"]["plan"].clone()
}

fn is_enabled(client: &mut Client, rule: &Value) -> Value {
    let rules = client.call("get_analytics_rules", json!({"workspace_name": WORKSPACE, "no_cache": true}));
    let now = rows(&rules).iter().find(|row| row["RuleId"] == rule["RuleId"]);
    now.unwrap_or_else(|| panic!("{rules}"))["Enabled"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_planned_applied_recorded_and_taken_back() {
    let setting = Setting::start().await;
    let mut client = setting.server(&["--allow-writes"]);
    let rule = rule(&mut client);
    let arguments = switch(&rule);
    let planned = client.call("disable_analytics_rule", arguments.clone());
    assert_eq!(setting.writes(), 0, "a plan changes nothing");
    let row = &rows(&planned)[0];
    assert_eq!(
        (&row["Path"], &row["Before"], &row["After"]),
        (&json!("properties.enabled"), &json!(true), &json!(false)),
        "{planned}"
    );
    let digest = planned["structuredContent"]["plan"]["digest"].as_str().expect("has one").to_owned();
    assert!(text(&planned).contains(&digest) && text(&planned).contains("Nothing was done"), "{planned}");

    let applied = client.call("disable_analytics_rule", with(&arguments, json!({"plan_digest": digest})));
    assert_eq!(applied["isError"], false, "{applied}");
    assert_eq!(rows(&applied)[0]["State"], "applied", "{applied}");
    assert_eq!(is_enabled(&mut client, &rule), false);
    assert_eq!(setting.writes(), 1);
    let entry = applied["structuredContent"]["plan"]["journal"].clone();
    let call_id = applied["_meta"]["runspaced/callId"].clone();

    let journal = client.call("list_journal", json!({}));
    assert_eq!(rows(&journal)[0]["Entry"], entry, "{journal}");
    assert_eq!(rows(&journal)[0]["CorrelationId"], call_id, "{journal}");
    let travelled = setting
        .azure
        .journal()
        .iter()
        .any(|request| request.method == "PUT" && request.client_id.as_deref() == call_id.as_str());
    assert!(travelled, "the id of the call travels to Azure");

    let back = plan(&mut client, "undo_change", &json!({ "entry": entry }));
    assert_eq!(is_enabled(&mut client, &rule), false);
    let undone = client.call("undo_change", json!({"entry": entry, "plan_digest": back["digest"]}));
    assert_eq!(rows(&undone)[0]["State"], "applied", "{undone}");
    assert_eq!(is_enabled(&mut client, &rule), true);
    client.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_digest_changes_nothing_and_brings_the_new_plan() {
    let setting = Setting::start().await;
    let mut client = setting.server(&["--allow-writes"]);
    let rule = rule(&mut client);
    let arguments = switch(&rule);
    let old = plan(&mut client, "disable_analytics_rule", &arguments);
    // Somebody else changes the rule meanwhile, and back.
    let mut other = setting.server(&["--allow-writes"]);
    for tool in ["disable_analytics_rule", "enable_analytics_rule"] {
        let between = plan(&mut other, tool, &arguments);
        other.call(tool, with(&arguments, json!({"plan_digest": between["digest"]})));
    }
    let writes = setting.writes();
    let stale =
        client.call("disable_analytics_rule", with(&arguments, json!({"plan_digest": old["digest"]})));
    assert_eq!(stale["isError"], true, "{stale}");
    assert!(text(&stale).contains("E724") && text(&stale).contains("Nothing was done"), "{stale}");
    assert_eq!(setting.writes(), writes);
    let digest = &stale["structuredContent"]["plan"]["digest"];
    assert!(digest.is_string() && *digest != old["digest"], "{stale}");
    let applied = client.call("disable_analytics_rule", with(&arguments, json!({"plan_digest": digest})));
    assert_eq!(applied["isError"], false, "{applied}");
    // Once more: it is as wanted already, and nothing is sent.
    let writes = setting.writes();
    let again = client.call("disable_analytics_rule", with(&arguments, json!({"plan_digest": digest})));
    assert_eq!((setting.writes(), &again["isError"]), (writes, &json!(true)), "{again}");
    client.finish();
    other.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plan_mode_plans_and_never_applies() {
    let setting = Setting::start().await;
    let mut client = setting.server(&[]);
    let rule = rule(&mut client);
    let arguments = switch(&rule);
    let planned = client.call("disable_analytics_rule", arguments.clone());
    assert!(text(&planned).contains("--allow-writes"), "{planned}");
    let digest = planned["structuredContent"]["plan"]["digest"].clone();
    let refused = client.call("disable_analytics_rule", with(&arguments, json!({"plan_digest": digest})));
    assert_eq!(refused["isError"], true, "{refused}");
    assert!(text(&refused).starts_with("Not applied: the server is in plan mode"), "{refused}");
    assert_eq!(setting.writes(), 0);
    client.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_undone_wants_its_name() {
    let setting = Setting::start().await;
    let mut client = setting.server(&["--allow-writes"]);
    let tables = client.call("get_sentinel_tables", json!({"workspace_name": WORKSPACE}));
    // Some are read by rules, and are not removed as long as that is so.
    let (table, arguments, planned) = rows(&tables)
        .iter()
        .find_map(|row| {
            let arguments = json!({"workspace_name": WORKSPACE, "table_name": row["TableName"]});
            let planned = client.call("remove_sentinel_table", arguments.clone());
            let plan = planned["structuredContent"]["plan"].clone();
            (planned["isError"] == false).then(|| (row["TableName"].clone(), arguments, plan))
        })
        .unwrap_or_else(|| panic!("{tables}"));
    assert_eq!((&planned["undo"], &planned["confirm"]), (&json!("none"), &table), "{planned}");
    let digest = json!({"plan_digest": planned["digest"]});
    for confirm in [json!({}), json!({"confirm": "yes"})] {
        let refused = client.call("remove_sentinel_table", with(&with(&arguments, digest.clone()), confirm));
        assert_eq!(refused["structuredContent"]["error"]["code"], "E725", "{refused}");
        assert!(text(&refused).contains(table.as_str().expect("a name")), "{refused}");
    }
    assert_eq!(setting.writes(), 0);
    let applied =
        client.call("remove_sentinel_table", with(&with(&arguments, digest), json!({"confirm": table})));
    assert_eq!(applied["isError"], false, "{applied}");
    assert!(!text(&applied).contains("plans to take it back"), "{applied}");
    client.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_has_begun_is_ended_and_recorded_whatever_becomes_of_its_call() {
    let setting = Setting::start().await;
    for how in ["cancelled", "end of input"] {
        setting.faults(json!([]));
        let mut client = setting.server(&["--allow-writes"]);
        let incidents = client.call("get_sentinel_incidents", json!({"workspace_name": WORKSPACE, "top": 1}));
        let number = &rows(&incidents)[0]["IncidentNumber"];
        let arguments = json!({"workspace_name": WORKSPACE, "incident_number": number, "message": how});
        let planned = plan(&mut client, "add_incident_comment", &arguments);
        setting.faults(json!([{"method": "PUT", "delay_ms": 300}]));
        let (before, entries) = (setting.writes(), setting.entries());
        client.post(
            "write",
            "add_incident_comment",
            with(&arguments, json!({"plan_digest": planned["digest"]})),
        );
        while setting.entries() == entries {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if how == "cancelled" {
            client.send(json!({"method": "notifications/cancelled", "params": {"requestId": "write"}}));
            while rows(&client.call("list_journal", json!({"first": 1})))[0]["State"] == "intent" {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        } else {
            client.close_input();
            client.wait();
            client = setting.server(&["--allow-writes"]);
        }
        setting.faults(json!([]));
        let journal = client.call("list_journal", json!({"first": 1}));
        assert_eq!(rows(&journal)[0]["State"], "applied", "{how}: {journal}");
        let place = json!({"workspace_name": WORKSPACE, "incident_number": number});
        let comments = client.call("get_incident_comments", place);
        let count = rows(&comments).iter().filter(|comment| comment["Message"] == how).count();
        assert_eq!((count, setting.writes()), (1, before + 1), "{how}: written once");
        client.finish();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_are_recorded_without_secrets_and_content() {
    let setting = Setting::start().await;
    let audit = setting.folder.path().join("audit.jsonl");
    let mut client = setting.server(&["--allow-writes", "--audit", &audit.display().to_string()]);
    let rule = rule(&mut client);
    let arguments = switch(&rule);
    let planned = plan(&mut client, "disable_analytics_rule", &arguments);
    let applied =
        client.call("disable_analytics_rule", with(&arguments, json!({"plan_digest": planned["digest"]})));
    let stale = client.call("disable_analytics_rule", with(&arguments, json!({"plan_digest": "0"})));
    assert_eq!(stale["isError"], true);
    client.finish();
    let text = std::fs::read_to_string(&audit).expect("is written");
    let records: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let of_call = records
        .iter()
        .find(|record| {
            record["call_id"] == applied["_meta"]["runspaced/callId"]
                || record["id"] == applied["_meta"]["runspaced/callId"]
        })
        .unwrap_or_else(|| panic!("{text}"));
    assert_eq!(of_call["tool"], "disable_analytics_rule", "{of_call}");
    assert_eq!(of_call["outcome"], "ok", "{of_call}");
    assert!(
        records.iter().any(|record| record["outcome"] == "E724" || record["outcome"] == "error"),
        "{text}"
    );
    assert!(!text.contains(rule["RuleId"].as_str().expect("an id")), "arguments are not recorded: {text}");
}
