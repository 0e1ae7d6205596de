//! The first words of both eras, and what is answered while the catalogue is made.

use super::*;

#[test]
fn old_era_shakes_hands_lists_and_calls() {
    let mut client = Client::new();
    let answer = client.initialize();
    assert_eq!(answer["result"]["protocolVersion"], "2025-06-18");
    assert_eq!(answer["result"]["serverInfo"]["name"], "runspaced");
    client.send(json!({"id": 1, "method": "tools/list"}));
    let tools = client.receive()["result"]["tools"].as_array().cloned().expect("tools");
    let names: Vec<&str> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
    assert!(names.is_sorted() && names.contains(&"get_echo") && names.contains(&"get_result"), "{names:?}");
    let echo = tools.iter().find(|tool| tool["name"] == "get_echo").expect("listed");
    // Its verb says that it reads; the policy does not know it.
    assert_eq!(echo["annotations"]["readOnlyHint"], false);
    assert_eq!(echo["inputSchema"]["properties"]["Text"]["type"], "string");

    client.call(2, "get_echo", json!({"text": "hello"}));
    let result = client.receive()["result"].clone();
    assert_eq!(result["structuredContent"]["values"], json!([{"Text": "hello"}]));
    assert_eq!(result["content"][0]["text"], "Text: hello");
    assert_eq!(result["isError"], false);
    assert!(result["_meta"]["runspaced/callId"].as_str().is_some_and(|id| id.len() == 36));
    assert!(result.get("resultType").is_none());
    assert_eq!(client.end(), Cause::EndOfInput);
}

#[test]
fn new_era_is_discovered_listed_and_called_without_a_handshake() {
    let mut client = Client::new();
    client.send(modern(1, "server/discover", json!({})));
    let versions = client.receive()["result"]["supportedVersions"].clone();
    assert!(
        versions.as_array().is_some_and(|versions| versions.contains(&json!("2026-07-28"))),
        "{versions}"
    );
    client.send(modern(2, "tools/list", json!({})));
    let list = client.receive()["result"].clone();
    assert_eq!(list["cacheScope"], "private");
    assert_eq!(list["tools"].as_array().map(Vec::len), Some(12));
    client.send(modern(3, "tools/call", json!({"name": "get_echo", "arguments": {"Text": "x"}})));
    let result = client.receive()["result"].clone();
    assert_eq!(result["resultType"], "complete");
    assert_eq!(result["structuredContent"]["values"], json!([{"Text": "x"}]));
    client.send(modern(4, "ping", json!({})));
    assert_eq!(client.receive()["error"]["code"], -32601);
    assert_eq!(client.end(), Cause::EndOfInput);
}

#[test]
fn opening_answers_while_the_catalogue_is_being_made() {
    let mut client = Client::with(limits(), CatalogState::Loading);
    assert_eq!(client.initialize()["id"], "init");
    client.send(json!({"id": 1, "method": "tools/list"}));
    client.call(2, "get_echo", json!({"Text": "early"}));
    client.send(json!({"id": 3, "method": "ping"}));
    assert_eq!(client.receive()["id"], 3);
    assert!(client.silence());
    client.catalog.send_replace(CatalogState::Ready(Arc::new(catalog())));
    let mut ids = [client.receive()["id"].clone(), client.receive()["id"].clone()];
    ids.sort_by_key(Value::to_string);
    assert_eq!(ids, [json!(1), json!(2)]);
    client.end();
}

#[test]
fn waiting_for_the_catalogue_counts_against_the_deadline_of_a_call() {
    const WAIT: Duration = Duration::from_millis(300);
    let mut client = Client::with(limits(), CatalogState::Loading);
    client.initialize();
    client.call(1, "get_deadline", json!({"_timeout_seconds": 20}));
    client.call(2, "invoke_tool", json!({"name": "get_deadline", "arguments": {"_timeout_seconds": 10}}));
    client.call(3, "get_echo", json!({"Text": "x", "_timeout_seconds": 1}));
    // Its second is over before PowerShell says anything.
    let late = client.receive();
    assert_eq!(late["id"], 3);
    assert!(text_of(&late["result"]).contains("not ready within 1 s"), "{late}");
    std::thread::sleep(WAIT);
    let exposure = Exposure { tool_search: ToolSearch::Always, ..Exposure::default() };
    let commands = [test_command("Get-Deadline", json!([]))];
    let catalog = Catalog::of(&commands, &[], &exposure).expect("a catalogue");
    client.catalog.send_replace(CatalogState::Ready(Arc::new(catalog)));
    let mut answers = [client.receive(), client.receive()];
    answers.sort_by_key(|answer| answer["id"].as_u64());
    for (answer, whole) in answers.iter().zip([20_000, 10_000]) {
        let left = answer["result"]["structuredContent"]["values"][0].as_u64().unwrap_or_default();
        assert!(left > 0 && left <= whole - 1_000 - 300, "{answer}");
    }
    client.end();
}

#[test]
fn cached_catalogue_is_listed_and_calls_that_do_not_fit_it_wait_for_powershell() {
    let limits = limits();
    let cached = Catalog::new(&[test_command("Get-Echo", json!([])), test_command("Get-Gone", json!([]))]);
    let mut client = Client::with(limits, CatalogState::Cached(Arc::new(cached.expect("a catalogue"))));
    client.initialize();
    client.send(json!({"id": 1, "method": "tools/list"}));
    let list = client.receive()["result"].clone();
    assert_eq!(list["tools"].as_array().map(Vec::len), Some(3));
    assert!(list["ttlMs"].as_u64().is_none_or(|ttl| ttl < 10_000), "it may change soon: {list}");
    client.call(2, "get_echo", json!({}));
    assert_eq!(client.receive()["id"], 2);
    // A parameter and a tool that the cache does not know.
    client.call(3, "get_echo", json!({"Text": "x"}));
    client.call(4, "wait_short", json!({}));
    assert!(client.silence());
    client.catalog.send_replace(CatalogState::Ready(Arc::new(catalog())));
    let mut answers = [client.receive(), client.receive()];
    answers.sort_by_key(|answer| answer["id"].as_i64());
    assert_eq!(answers[0]["result"]["structuredContent"]["values"], json!([{"Text": "x"}]));
    assert_eq!(answers[1]["result"]["structuredContent"]["values"], json!(["done"]));
    client.end();
}

#[test]
fn tools_of_another_source_go_to_their_own_executor_and_are_never_hidden() {
    let exposure = Exposure { tool_search: ToolSearch::Always, ..Exposure::default() };
    let commands = [test_command("Get-Echo", json!([]))];
    let catalog = Catalog::of(&commands, &[test_native("list_incidents")], &exposure).expect("a catalogue");
    let mut client = Client::connected();
    client.catalog.send_replace(CatalogState::Ready(Arc::new(catalog)));
    client.send(json!({"id": 1, "method": "tools/list"}));
    let list = client.receive()["result"]["tools"].as_array().cloned().unwrap_or_default();
    let names: Vec<&str> = list.iter().filter_map(|tool| tool["name"].as_str()).collect();
    assert_eq!(names, ["describe_tool", "get_result", "invoke_tool", "list_incidents", "search_tools"]);
    client.call(2, "list_incidents", json!({"workspace": "w"}));
    assert_eq!(
        client.receive()["result"]["structuredContent"]["values"],
        json!([{"operation": "incidents.list", "arguments": {"workspace": "w"}}])
    );
    client.call(3, "list_incidents", json!({}));
    let text = client.receive()["result"]["content"][0]["text"].clone();
    assert!(text.as_str().is_some_and(|text| text.contains("{\"workspace\":\"text\"}")), "{text}");
    client.call(4, "search_tools", json!({"query": "echo"}));
    assert_eq!(client.receive()["result"]["structuredContent"]["values"][0]["name"], "get_echo");
    client.call(5, "invoke_tool", json!({"name": "get_echo", "arguments": {}}));
    assert_eq!(client.receive()["result"]["structuredContent"]["values"], json!([{}]));
    client.call(6, "invoke_tool", json!({"name": "invoke_tool"}));
    assert_eq!(client.receive()["result"]["isError"], true);
    client.call(7, "search_tools", json!({"first": 0}));
    let text = client.receive()["result"]["content"][0]["text"].clone();
    assert!(text.as_str().is_some_and(|text| text.contains("'query' is missing")), "{text}");
    client.end();
}

#[test]
fn missing_powershell_is_said_to_the_client() {
    let state = CatalogState::Failed("no usable PowerShell found".into());
    let mut client = Client::with(limits(), state);
    client.initialize();
    client.send(json!({"id": 1, "method": "tools/list"}));
    let error = client.receive()["error"].clone();
    assert!(error["message"].as_str().is_some_and(|text| text.contains("no usable PowerShell")), "{error}");
    client.call(2, "get_echo", json!({}));
    assert!(
        client.receive()["error"]["message"]
            .as_str()
            .is_some_and(|text| text.contains("no usable PowerShell"))
    );
    client.end();
}
