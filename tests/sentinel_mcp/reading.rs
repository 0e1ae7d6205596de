//! Reads: over many workspaces, in pages, and stopped.

use std::time::Duration;

use runspaced::simulator::Simulator;
use serde_json::{Value, json};

use crate::server::{Setting, WORKSPACE, rows, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_all_workspaces_come_with_what_failed_beside_them() {
    let setting = Setting::start().await;
    let mut client = setting.server(&[]);
    let result = client.call(
        "get_analytics_rules",
        json!({"workspace_name": "*", "_fields": ["WorkspaceName", "DisplayName"]}),
    );
    let mut workspaces: Vec<&str> =
        rows(&result).iter().filter_map(|row| row["WorkspaceName"].as_str()).collect();
    workspaces.dedup();
    assert!(workspaces.len() > 1, "{workspaces:?}");
    assert!(rows(&result).iter().all(|row| row.as_object().is_some_and(|row| row.len() == 2)), "{result}");
    // A name that is nowhere among names that are: everything is refused, with candidates.
    let wrong = client.call("get_analytics_rules", json!({"workspace_name": ["law-contso"]}));
    assert_eq!(wrong["isError"], true);
    assert_eq!(wrong["structuredContent"]["error"]["code"], "E721");
    let candidates = wrong["structuredContent"]["error"]["candidates"].to_string();
    assert!(candidates.contains(WORKSPACE), "{wrong}");
    client.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_that_fails_leaves_the_others_their_rows() {
    let setting = Setting::start().await;
    setting.faults(json!([{"path": format!("*/workspaces/{WORKSPACE}/*/alertRules"), "status": 403}]));
    let mut client = setting.server(&[]);
    let result = client.call("get_analytics_rules", json!({"workspace_name": "*", "_first": 3}));
    assert_eq!(result["isError"], false, "{result}");
    assert_eq!(rows(&result).len(), 3);
    let errors = &result["structuredContent"]["errors"];
    let error = errors.as_array().and_then(|errors| errors.first()).unwrap_or_else(|| panic!("{result}"));
    assert!(error["message"].as_str().is_some_and(|text| text.contains(WORKSPACE)), "{error}");
    assert!(text(&result).contains(WORKSPACE), "{result}");
    client.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_result_is_paged_by_its_handle() {
    let setting = Setting::start().await;
    let mut client = setting.server(&[]);
    let result = client.call("get_analytics_rules", json!({"workspace_name": "*", "include_query": true}));
    let kept = &result["structuredContent"]["result"];
    let (id, count) = (kept["id"].clone(), kept["rows"].as_u64().unwrap_or_else(|| panic!("{kept}")));
    let (mut seen, mut skip) = (0, json!(0));
    while !skip.is_null() {
        let page = client.call("get_result", json!({"result": id, "skip": skip}));
        seen += rows(&page).len() as u64;
        skip = page["structuredContent"]["result"]["next"].clone();
    }
    assert_eq!(seen, count);
    let groups = client.call("get_result", json!({"result": id, "group_by": ["WorkspaceName"]}));
    assert!(rows(&groups).len() > 1, "{groups}");
    client.finish();
}

/// What clients let through of one result, with room for what is beside the rows: bytes.
const CAP: usize = 160_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_rows_are_shown_and_kept_in_part() {
    let setting = Setting::start().await;
    let mut client = setting.server(&[]);
    let mut call = |tool: &str, given: Value| {
        let result = client.call(tool, given);
        assert!(result["isError"] == false && result.to_string().len() < CAP, "{result:.2000}");
        result
    };
    let mut query = |more: &str| {
        let query = format!("range Id from 1 to 100000 step 1 | {more}");
        call("invoke_sentinel_query", json!({"workspace_name": WORKSPACE, "query": query}))
    };
    // Azure counts: all of them, in a few rows.
    let counted = query("summarize Rows = count() by Half = Id % 2 | project Rows");
    assert!(rows(&counted).iter().all(|row| row["Rows"] == 50_000) && rows(&counted).len() == 2, "{counted}");
    // All of them are more than is kept: they are cut between rows, and the answer says so.
    let result = query("project Id, Half = Id % 2");
    let (content, said) = (&result["structuredContent"], text(&result));
    assert_eq!(content["truncated"][0]["reason"], "bytes", "{}", content["truncated"]);
    let kept = content["result"]["rows"].as_u64().unwrap_or_else(|| panic!("{}", content["result"]));
    assert!((10_000..100_000).contains(&kept), "{kept} rows");
    assert!(said.contains(&format!("the output ends after {kept} values")), "{}", &said[said.len() - 500..]);
    let shown = rows(&result).len() as u64;
    assert!(shown > 100 && content["result"]["next"] == shown, "{shown}: {}", content["result"]);
    // What is kept can be had to its last row.
    let mut ask = |mut question: Value| {
        question["result"] = content["result"]["id"].clone();
        call("get_result", question)
    };
    let last = ask(json!({"sort_by": ["-Id"], "first": 1, "fields": ["Id"]}));
    assert_eq!(*rows(&last), [json!({ "Id": kept })]);
    let page = ask(json!({"skip": kept - 10}));
    assert_eq!((rows(&page).len(), &rows(&page)[9]["Id"]), (10, &json!(kept)));
    assert!(page["structuredContent"]["result"]["next"].is_null(), "{page}");
    let groups = ask(json!({"group_by": ["Half"]}));
    assert_eq!(rows(&groups).iter().filter_map(|row| row["count"].as_u64()).sum::<u64>(), kept, "{groups}");
    client.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn progress_names_the_workspaces_and_rises() {
    let setting = Setting::of(Simulator::builder().latency(Duration::from_millis(150))).await;
    let mut client = setting.server(&[]);
    client.send(json!({"id": "read", "method": "tools/call", "params": {
        "name": "get_analytics_rules", "arguments": {"workspace_name": "*", "_first": 1}, "_meta": {"progressToken": "p"}}}));
    let (answer, before) = client.answer("read");
    assert_eq!(answer["result"]["isError"], false, "{answer}");
    let progress: Vec<&Value> =
        before.iter().filter(|message| message["method"] == "notifications/progress").collect();
    let last = progress.last().unwrap_or_else(|| panic!("no progress: {before:?}"));
    let said = last["params"]["message"].as_str().unwrap_or_default();
    assert!(said.contains("workspaces read (law-"), "{last}");
    assert_eq!(last["params"]["progress"], 100.0, "{last}");
    client.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_read_asks_azure_no_more_and_is_not_answered() {
    let setting = Setting::of(Simulator::builder().latency(Duration::from_secs(1))).await;
    let mut client = setting.server(&[]);
    client.call("list_workspace_names", json!({}));
    client.post("long", "get_sentinel_incidents", json!({"workspace_name": "*", "top": 0}));
    tokio::time::sleep(Duration::from_millis(100)).await;
    client.send(json!({"method": "notifications/cancelled", "params": {"requestId": "long"}}));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = setting.azure.journal().len();
    assert!(client.is_silent(Duration::from_secs(1)), "it was answered");
    assert_eq!(setting.azure.journal().len(), before, "it went on");
    // The server goes on too.
    assert_eq!(client.call("list_workspace_names", json!({}))["isError"], false);
    client.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_ends_at_its_deadline_with_the_rows_that_came() {
    // The first page comes well in time, the third one never.
    let simulator = Simulator::builder().incidents(3_000).latency(Duration::from_secs(2));
    let setting = Setting::of(simulator).await;
    let mut client = setting.server(&[]);
    client.call("list_workspace_names", json!({}));
    let result = client.call(
        "get_sentinel_incidents",
        json!({"workspace_name": WORKSPACE, "top": 0, "_timeout_seconds": 5}),
    );
    assert_eq!(result["isError"], true, "{result}");
    assert_eq!(result["structuredContent"]["error"]["code"], "E501", "{result}");
    let came = rows(&result).len();
    assert!((1..3_000).contains(&came), "{came} rows");
    client.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cache_is_shown_by_kind_and_cleared() {
    let setting = Setting::start().await;
    let mut client = setting.server(&[]);
    for _ in 0..4 {
        client.call("get_analytics_rules", json!({"workspace_name": WORKSPACE}));
        client.call("get_sentinel_incidents", json!({"workspace_name": WORKSPACE}));
    }
    let status = client.call("cache_status", json!({}));
    for (kind, lifetime) in [("rules", 300), ("incidents", 15), ("inventory", 300)] {
        let row = rows(&status).iter().find(|row| row["Kind"] == kind).unwrap_or_else(|| panic!("{status}"));
        assert_eq!(row["LifetimeSeconds"], lifetime, "{row}");
        assert_eq!((&row["Fetched"], &row["Entries"]), (&json!(1), &json!(1)), "{row}");
        assert!(row["HitRate"].as_f64().is_some_and(|rate| rate >= 0.75), "{row}");
    }
    let before = setting.azure.journal().len();
    client.call("get_sentinel_incidents", json!({"workspace_name": WORKSPACE, "no_cache": true}));
    assert!(setting.azure.journal().len() > before, "no_cache asks Azure");
    client.call("cache_clear", json!({}));
    let status = client.call("cache_status", json!({}));
    assert!(rows(&status).iter().all(|row| row["Entries"] == 0), "{status}");
    client.finish();
}
