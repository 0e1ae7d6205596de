//! What a policy refuses or turns into a plan.

use super::*;

/// A client of a server in this mode, whose only command says that it respects `-WhatIf`, or does not have it.
fn governed(policy: Policy, what_if: bool) -> Client {
    let text =
        json!([{"name": "Text", "type": "string", "type_full_name": "System.String", "bindable": true}]);
    let mut command = test_command("Get-Echo", text);
    command.supports_should_process = what_if;
    let catalog = Catalog::new(&[command]).expect("a catalogue");
    let mut client =
        Client::governed(limits(), Patience::default(), CatalogState::Ready(Arc::new(catalog)), policy);
    client.initialize();
    client
}

#[test]
fn refused_call_reaches_no_executor() {
    for (policy, listed) in [(Policy::default(), 1), (Policy::new(Mode::ReadOnly), 0)] {
        let mut client = governed(policy, false);
        // And get_result.
        client.send(json!({"id": 1, "method": "tools/list"}));
        assert_eq!(client.receive()["result"]["tools"].as_array().map(Vec::len), Some(listed + 1));
        // Wrong arguments are none of its business then.
        for arguments in [json!({"text": "x"}), json!({"wrong": 1})] {
            client.call(2, "get_echo", arguments);
            let result = client.receive()["result"].clone();
            assert_eq!(result["isError"], true);
            let text = result["content"][0]["text"].as_str().unwrap_or_default().to_owned();
            assert!(text.contains("Refused") || text.contains("not offered"), "{text}");
            assert!(!text.contains("do not fit"), "{text}");
        }
        assert_eq!(client.script.started.load(Ordering::SeqCst), 0);
        client.end();
    }
}

#[test]
fn planned_call_runs_as_what_if_and_says_so() {
    let mut client = governed(Policy::default(), true);
    // An alias of the switch does not switch it off.
    client.call(1, "get_echo", json!({"text": "x", "wi": false}));
    let result = client.receive()["result"].clone();
    assert_eq!(result["structuredContent"]["values"], json!([{"Text": "x", "WhatIf": true}]));
    assert_eq!(result["structuredContent"]["plan"]["applied"], false);
    // The scripted command says nothing about what it would do.
    let text = result["content"][0]["text"].as_str().unwrap_or_default();
    assert!(text.starts_with("The command ran with -WhatIf and did not say"), "{text}");
    client.end();
}

#[test]
fn the_finder_is_no_way_around_the_policy() {
    let exposure = Exposure { tool_search: ToolSearch::Always, ..Exposure::default() };
    let commands = ["Get-Echo", "Get-Rows"].map(|name| test_command(name, json!([])));
    let catalog = Catalog::of(&commands, &[test_native("list_incidents")], &exposure).expect("a catalogue");
    let policy = Policy::new(Mode::ReadOnly).reading(&["Get-Rows"]).expect("a policy");
    let state = CatalogState::Ready(Arc::new(catalog));
    let mut client = Client::governed(limits(), Patience::default(), state, policy);
    client.initialize();
    client.call(1, "search_tools", json!({"query": "get echo rows"}));
    let found = client.receive()["result"]["structuredContent"].clone();
    assert_eq!((&found["found"], &found["values"][0]["name"]), (&json!(1), &json!("get_rows")));
    client.call(2, "describe_tool", json!({"name": "get_echo"}));
    assert_eq!(client.receive()["result"]["isError"], true);
    for (tool, arguments) in [("get_echo", json!({})), ("invoke_tool", json!({"name": "get_echo"}))] {
        client.call(3, tool, arguments);
        let result = client.receive()["result"].clone();
        assert!(text_of(&result).contains("get_echo is not offered"), "{result}");
    }
    assert_eq!(client.script.started.load(Ordering::SeqCst), 0);
    // What this program does itself is known to read.
    client.call(4, "list_incidents", json!({"workspace": "w"}));
    assert_eq!(client.receive()["result"]["isError"], false);
    client.end();
}
