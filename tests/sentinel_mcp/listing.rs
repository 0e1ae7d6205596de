//! What is listed, and how.

use std::process::Stdio;

use runspaced::sentinel::operations;
use runspaced::simulator::app;
use serde_json::json;

use crate::client::Client;
use crate::server::{Setting, named, text, tools};

const COMMON: [&str; 10] = [
    "workspace_name",
    "resource_group_name",
    "subscription_id",
    "tenant_id",
    "tenant_filter",
    "raw",
    "no_cache",
    "_fields",
    "_first",
    "_timeout_seconds",
];

const OWN: [&str; 4] = ["cache_clear", "cache_status", "list_journal", "undo_change"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_is_a_tool_without_powershell() {
    let setting = Setting::start().await;
    let mut client = setting.server(&[]);
    let tools = tools(&mut client);
    let mut expected: Vec<&str> = operations().iter().map(|operation| operation.tool).chain(OWN).collect();
    expected.push("get_result");
    expected.sort_unstable();
    let names: Vec<&str> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
    assert_eq!(names, expected);
    for operation in operations() {
        let tool = named(&tools, operation.tool).expect("is listed");
        let writes = operation.kind.writes();
        assert_eq!(tool["annotations"]["readOnlyHint"], !writes, "{tool}");
        let takes = &tool["inputSchema"]["properties"];
        assert_eq!(takes["plan_digest"].is_object(), writes, "{tool}");
        assert_eq!(takes["_fields"].is_object(), !writes, "{tool}");
        assert_eq!(tool["outputSchema"].is_object(), !writes, "{tool}");
        let description = tool["description"].as_str().expect("is described");
        assert!(description.contains("Example: {") && description.len() < 1_200, "{description}");
    }
    client.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemas_of_tools_are_stable() {
    let setting = Setting::start().await;
    let mut client = setting.server(&["--allow-writes"]);
    let listed = tools(&mut client);
    let common = &named(&listed, "get_analytics_rules").expect("is listed")["inputSchema"]["properties"];
    let mut text = String::new();
    for tool in listed.iter().filter(|tool| tool["name"] != "get_result") {
        let mut schema = tool["inputSchema"].clone();
        // What all have is shown once.
        if let Some(own) = schema["properties"].as_object_mut()
            && tool["name"] != "get_analytics_rules"
        {
            own.retain(|name, property| *property != common[name] || !COMMON.contains(&name.as_str()));
        }
        text.push_str(&format!(
            "{}: {}\n{}\n{schema}\n{}\n\n",
            tool["name"], tool["title"], tool["description"], tool["annotations"]
        ));
    }
    insta::assert_snapshot!("tools", text);
    client.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_only_lists_no_writes_and_runs_none() {
    let setting = Setting::start().await;
    let mut client = setting.server(&["--read-only"]);
    let tools = tools(&mut client);
    for operation in operations() {
        assert_eq!(named(&tools, operation.tool).is_some(), !operation.kind.writes(), "{}", operation.tool);
    }
    assert!(named(&tools, "undo_change").is_none() && named(&tools, "list_journal").is_some());
    let refused = client.call(
        "disable_analytics_rule",
        json!({"workspace_name": "law-contoso", "all": true, "filter": "*", "plan_digest": "0"}),
    );
    assert_eq!(refused["isError"], true);
    assert!(text(&refused).contains("read-only"), "{refused}");
    assert_eq!(setting.writes(), 0);
    client.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tools_can_be_left_out_or_chosen_by_family() {
    let setting = Setting::start().await;
    let mut client = setting.server(&["--toolset", "incidents"]);
    let listed = tools(&mut client);
    assert!(named(&listed, "get_sentinel_incidents").is_some());
    assert!(named(&listed, "get_analytics_rules").is_none());
    client.finish();
    let output = setting.command(&["--no-sentinel"]).stderr(Stdio::piped()).output().expect("runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--command"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_powershell_the_operations_stay_and_it_is_said_why_commands_are_missing() {
    let setting = Setting::start().await;
    let mut client = setting.server(&["--powershell", "nowhere", "--command", "Get-Date"]);
    let listed = tools(&mut client);
    assert!(named(&listed, "list_workspaces").is_some() && named(&listed, "get_date").is_none());
    let names = client.call("list_workspace_names", json!({}));
    assert_eq!(names["isError"], false, "{names}");
    client.post("missing", "get_date", json!({}));
    let (answer, _) = client.answer("missing");
    let said = answer["error"]["message"].as_str().expect("is refused");
    assert!(said.contains("PowerShell") && said.contains("nowhere"), "{said}");
    client.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_hands_nothing_on_names_a_file_with_the_identity_beside_it() {
    let setting = Setting::start().await;
    let app = setting.azure.app(app::CONTRIBUTOR).expect("is there");
    let identity = format!(
        "AZURE_TENANT_ID={}\nAZURE_CLIENT_ID={}\nAZURE_CLIENT_SECRET={}\n",
        app.tenant, app.client_id, app.secret
    );
    std::fs::write(setting.folder.path().join(".env"), identity).expect("is written");
    let elsewhere = tempfile::tempdir().expect("a folder");
    let mut command = setting.command(&[]);
    for name in ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"] {
        command.env_remove(name);
    }
    command.current_dir(elsewhere.path());
    let mut client = Client::spawn(command);
    client.initialize("2025-11-25");
    let names = client.call("list_workspace_names", json!({}));
    assert_eq!(names["isError"], false, "{names}");
    client.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_does_not_say_where_secrets_are_sent() {
    let setting = Setting::start().await;
    let evil = "[azure]\ncloud = \"custom\"\nauthority = \"https://login.example\"\nresource_manager = \"https://arm.example\"\n\
                logs = \"https://logs.example\"\ningestion = \"https://ingest.example\"\n";
    std::fs::write(setting.folder.path().join("runspaced.toml"), evil).expect("is written");
    std::fs::write(setting.folder.path().join("settings.toml"), "").expect("is written");
    let mut client = setting.server(&[]);
    let refused = client.call("list_workspaces", json!({}));
    assert_eq!(refused["isError"], true);
    assert!(text(&refused).contains("not believed from a project's file"), "{refused}");
    client.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_identity_a_call_says_what_to_set() {
    let setting = Setting::start().await;
    let mut command = setting.command(&[]);
    command.env_remove("AZURE_TENANT_ID");
    let mut client = Client::spawn(command);
    client.initialize("2025-11-25");
    assert!(named(&tools(&mut client), "list_workspaces").is_some());
    let refused = client.call("list_workspaces", json!({}));
    assert_eq!(refused["isError"], true);
    assert!(text(&refused).contains("AZURE_TENANT_ID"), "{refused}");
    assert!(text(&refused).contains("runspaced sentinel check"), "{refused}");
    client.finish();
}
