//! What went wrong in the Python predecessor, and does not here.

use std::io::Read as _;
use std::process::Stdio;

use runspaced::simulator::app;
use serde_json::{Value, json};

use crate::client::Client;
use crate::server::{Setting, WORKSPACE, rows, rule, text, tools};

const HOSTILE: [&str; 6] = [
    "it's",
    "'; Remove-Item x; '",
    "$(Get-Date)",
    "\u{2018}x\u{2019}; exit",
    "`n\"$env:HOME\"",
    "a'' or ''1''=''1",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quotes_and_subexpressions_stay_text_wherever_they_are() {
    let setting = Setting::start().await;
    let mut client = setting.server(&["--allow-writes"]);
    let incidents = client.call("get_sentinel_incidents", json!({"workspace_name": WORKSPACE, "top": 1}));
    let number = rows(&incidents)[0]["IncidentNumber"].clone();
    for hostile in HOSTILE {
        // Read: a title like that is nowhere, which is an empty answer and no error.
        let none =
            client.call("get_sentinel_incidents", json!({"workspace_name": WORKSPACE, "title": hostile}));
        assert_eq!((&none["isError"], rows(&none).len()), (&json!(false), 0), "{hostile}: {none}");
        let none = client.call("get_analytics_rules", json!({"workspace_name": WORKSPACE, "name": hostile}));
        assert_eq!((&none["isError"], rows(&none).len()), (&json!(false), 0), "{hostile}: {none}");
        let nowhere = client.call("get_analytics_rules", json!({"workspace_name": hostile}));
        assert_eq!(nowhere["structuredContent"]["error"]["code"], "E721", "{hostile}: {nowhere}");
        // Written: the same text comes back.
        let arguments = json!({"workspace_name": WORKSPACE, "incident_number": number, "message": hostile});
        let planned = client.call("add_incident_comment", arguments.clone());
        let mut apply = arguments;
        apply["plan_digest"] = planned["structuredContent"]["plan"]["digest"].clone();
        let applied = client.call("add_incident_comment", apply);
        assert_eq!(applied["isError"], false, "{hostile}: {applied}");
        let comments = client
            .call("get_incident_comments", json!({"workspace_name": WORKSPACE, "incident_number": number}));
        assert!(rows(&comments).iter().any(|row| row["Message"] == hostile), "{hostile}: {comments}");
    }
    client.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_go_to_the_workspaces_guid_whatever_names_it() {
    let setting = Setting::start().await;
    let mut client = setting.server(&[]);
    let list = client.call("list_workspaces", json!({}));
    let workspace =
        rows(&list).iter().find(|row| row["WorkspaceName"] == WORKSPACE).expect("is listed").clone();
    let guid = workspace["CustomerId"].as_str().expect("has one").to_owned();
    setting.azure.clear_journal();
    for name in [&workspace["WorkspaceName"], &workspace["Id"], &workspace["CustomerId"]] {
        let answer =
            client.call("invoke_sentinel_query", json!({"workspace_name": name, "query": "print x = 1"}));
        assert_eq!(rows(&answer)[0]["x"], 1, "{name}: {answer}");
    }
    let asked: Vec<String> = setting
        .azure
        .journal()
        .iter()
        .filter(|entry| entry.path.contains("/query"))
        .map(|entry| entry.path.clone())
        .collect();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|path| path.contains(&guid) && !path.contains(WORKSPACE)), "{asked:?}");
    client.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workspaces_without_sentinel_are_not_taken_for_it() {
    let setting = Setting::start().await;
    let mut client = setting.server(&[]);
    let all = client.call("list_workspaces", json!({"sentinel_only": false}));
    let without: Vec<&Value> = rows(&all).iter().filter(|row| row["Onboarded"] == "No").collect();
    assert!(!without.is_empty(), "{all}");
    let named = client.call("list_workspace_names", json!({}));
    for workspace in without {
        let is_it = |row: &Value| {
            row["WorkspaceName"] == workspace["WorkspaceName"] && row["TenantName"] == workspace["TenantName"]
        };
        assert!(!rows(&named).iter().any(is_it), "{workspace} is among {named}");
    }
    client.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deep_rules_come_whole() {
    let setting = Setting::start().await;
    let mut client = setting.server(&[]);
    let rule = rule(&mut client);
    let raw = client.call(
        "get_analytics_rule_details",
        json!({"workspace_name": WORKSPACE, "rule_id": rule["RuleId"], "raw": true}),
    );
    let depth = |value: &Value| -> usize {
        fn of(value: &Value) -> usize {
            match value {
                Value::Object(fields) => 1 + fields.values().map(of).max().unwrap_or(0),
                Value::Array(items) => 1 + items.iter().map(of).max().unwrap_or(0),
                _ => 0,
            }
        }
        of(value)
    };
    assert!(depth(&rows(&raw)[0]) >= 5, "{raw}");
    assert!(!raw.to_string().contains("System.") && !raw.to_string().contains("@{"), "{raw}");
    client.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_of_unknown_outcome_is_not_sent_again() {
    let setting = Setting::start().await;
    let mut client = setting.server(&["--allow-writes"]);
    let rule = rule(&mut client);
    let arguments = json!({"workspace_name": WORKSPACE, "rule_id": [rule["RuleId"]]});
    let planned = client.call("disable_analytics_rule", arguments.clone());
    let mut apply = arguments;
    apply["plan_digest"] = planned["structuredContent"]["plan"]["digest"].clone();
    setting.faults(json!([{"method": "PUT", "status": 500}]));
    let before = setting.writes();
    let failed = client.call("disable_analytics_rule", apply);
    assert_eq!(failed["isError"], true, "{failed}");
    assert_eq!(rows(&failed)[0]["State"], "not_applied", "{failed}");
    assert_eq!(setting.writes(), before + 1, "it was sent once");
    client.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_but_the_protocol_is_on_stdout_and_no_secret_anywhere() {
    let setting = Setting::start().await;
    let secret = setting.azure.app(app::CONTRIBUTOR).expect("is there").secret.clone();
    let mut command = setting.command(&["--allow-writes"]);
    command.env("RUNSPACED_LOG__FILTER", "trace").stderr(Stdio::piped());
    let log = setting.folder.path().join("log");
    command.stderr(std::fs::File::create(&log).expect("a file"));
    let mut client = Client::spawn(command);
    client.initialize("2025-11-25");
    let listed = json!(tools(&mut client)).to_string().to_ascii_lowercase();
    for word in ["password", "client_secret", "clientsecret", "access_token"] {
        assert!(!listed.contains(word), "a tool takes a {word}");
    }
    let mut said = String::new();
    for (tool, arguments) in [
        ("list_workspaces", json!({})),
        ("get_analytics_rules", json!({"workspace_name": "*"})),
        ("get_analytics_rules", json!({"workspace_name": "nowhere"})),
        ("invoke_sentinel_query", json!({"workspace_name": WORKSPACE, "query": "Nothing | where"})),
    ] {
        // `receive` takes nothing that is no message.
        said.push_str(&client.call(tool, arguments).to_string());
    }
    client.finish();
    let mut logged = String::new();
    std::fs::File::open(&log).and_then(|mut file| file.read_to_string(&mut logged)).expect("is read");
    for (place, text) in [("answers", &said), ("the log", &logged)] {
        assert!(!text.contains(&secret), "the secret is in {place}");
        assert!(!text.contains("eyJ"), "a token is in {place}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_says_who_can_permit_it() {
    let setting = Setting::start().await;
    let reader = setting.azure.app(app::READER).expect("is there");
    let mut command = setting.command(&["--allow-writes"]);
    command.env("AZURE_CLIENT_ID", &reader.client_id).env("AZURE_CLIENT_SECRET", &reader.secret);
    let mut client = Client::spawn(command);
    client.initialize("2025-11-25");
    let rule = rule(&mut client);
    let arguments = json!({"workspace_name": WORKSPACE, "rule_id": [rule["RuleId"]]});
    let planned = client.call("disable_analytics_rule", arguments.clone());
    let mut apply = arguments;
    apply["plan_digest"] = planned["structuredContent"]["plan"]["digest"].clone();
    let refused = client.call("disable_analytics_rule", apply);
    assert_eq!(refused["isError"], true, "{refused}");
    assert!(text(&refused).contains("Microsoft Sentinel Contributor"), "{refused}");
    client.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn squashed_names_of_old_tools_and_parameters_are_taken() {
    let setting = Setting::start().await;
    let mut client = setting.server(&[]);
    for (tool, arguments) in [
        ("get_sentineltables", json!({"WorkspaceName": WORKSPACE})),
        ("Get-AnalyticsRules", json!({"Workspace": WORKSPACE, "Name": "*"})),
        ("lighthouse_list_workspaces", json!({})),
    ] {
        let result = client.call(tool, arguments);
        assert_eq!(result["isError"], false, "{tool}: {result}");
        assert!(!rows(&result).is_empty(), "{tool}: {result}");
    }
    client.finish();
}
