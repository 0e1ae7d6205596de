//! What happens around calls, over pipes and in both eras: questions, log lines, tasks, long results.

use serde_json::{Value, json};

use super::tests::{Client, HANG};

/// A request of the newer revisions by a client that can do these things.
fn modern(id: i64, method: &str, mut params: Value, capabilities: &Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": capabilities,
    });
    json!({"id": id, "method": method, "params": params})
}

fn call(id: i64, tool: &str, capabilities: &Value) -> Value {
    modern(id, "tools/call", json!({"name": tool, "arguments": {}}), capabilities)
}

fn tasks() -> Value {
    json!({"extensions": {"io.modelcontextprotocol/tasks": {}}, "elicitation": {"form": {}}})
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_default()
}

#[test]
fn old_era_client_is_asked_while_the_call_is_open() {
    let mut client = Client::new();
    client.initialize_with(&json!({"elicitation": {}}));
    for (answer, expected) in [
        (json!({"action": "accept", "content": {"answer": "ann"}}), Ok(json!(["ann"]))),
        (json!({"action": "decline"}), Err("declined")),
        (json!({"action": "accept", "content": {}}), Err("there is no value for 'answer'")),
    ] {
        client.call(1, "read_name", json!({}));
        let asked = client.receive();
        assert_eq!(asked["method"], "elicitation/create", "{asked}");
        assert_eq!(asked["params"]["message"], "Name");
        assert_eq!(asked["params"]["requestedSchema"]["properties"]["answer"]["type"], "string");
        client.send(json!({"id": asked["id"], "result": answer}));
        let result = client.receive()["result"].clone();
        match expected {
            Ok(values) => assert_eq!(result["structuredContent"]["values"], values),
            Err(part) => assert!(result["isError"] == true && text(&result).contains(part), "{result}"),
        }
    }
    client.end();
}

#[test]
fn question_of_a_cancelled_call_is_taken_back() {
    let mut client = Client::new();
    client.initialize_with(&json!({"elicitation": {}}));
    client.call(1, "read_name", json!({}));
    let asked = client.receive();
    client.send(json!({"method": "notifications/cancelled", "params": {"requestId": 1}}));
    let taken_back = client.receive();
    assert_eq!(taken_back["method"], "notifications/cancelled");
    assert_eq!(taken_back["params"]["requestId"], asked["id"]);
    client.wait_for_running(0);
    client.end();
}

#[test]
fn secrets_are_never_asked_for_and_without_forms_nothing_is() {
    let mut client = Client::new();
    client.initialize_with(&json!({"elicitation": {}}));
    client.call(1, "read_secret", json!({}));
    let result = client.receive()["result"].clone();
    assert_eq!(result["structuredContent"]["error"]["code"], "E402", "{result}");
    assert!(text(&result).contains("asks for a secret"), "{result}");
    client.end();

    let mut client = Client::connected();
    client.call(1, "read_name", json!({}));
    let result = client.receive()["result"].clone();
    assert!(text(&result).contains("\"Name\". Nobody can be asked"), "{result}");
    client.end();
}

#[test]
fn new_era_client_is_asked_by_the_answer_and_goes_on_with_the_same_call() {
    let mut client = Client::new();
    let forms = json!({"elicitation": {"form": {}}});
    client.send(call(1, "read_name", &forms));
    let asked = client.receive()["result"].clone();
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    let form = &asked["inputRequests"]["question"];
    assert_eq!((&form["method"], &form["params"]["message"]), (&json!("elicitation/create"), &json!("Name")));
    let state = asked["requestState"].clone();

    let retry = |id: i64, tool: &str, state: &Value, answer: Value| {
        let params = json!({"name": tool, "arguments": {}, "requestState": state, "inputResponses": {"question": answer}});
        modern(id, "tools/call", params, &forms)
    };
    let accept = json!({"action": "accept", "content": {"answer": "bob"}});
    client.send(retry(2, "read_name", &json!("00000000.1"), accept.clone()));
    assert!(text(&client.receive()["result"]).contains("does not wait for an answer"));
    client.send(retry(3, "get_echo", &state, accept.clone()));
    assert!(text(&client.receive()["result"]).contains("must be the same"));
    client.send(retry(4, "read_name", &state, accept));
    let result = client.receive()["result"].clone();
    assert_eq!(result["structuredContent"]["values"], json!(["bob"]), "{result}");
    assert_eq!(result["resultType"], "complete");
    // It was begun once, whatever the client repeated.
    assert_eq!(client.started(), 1);
    client.end();
}

#[test]
fn calls_that_wait_for_a_person_end_with_the_server() {
    let mut client = Client::new();
    client.send(call(1, "read_name", &json!({"elicitation": {}})));
    assert_eq!(client.receive()["result"]["resultType"], "input_required");
    client.wait_for_running(1);
    client.end();
}

#[test]
fn long_call_of_a_client_that_takes_tasks_becomes_one() {
    let mut client = Client::new();
    let get = |client: &mut Client, id: i64, task: &Value| {
        client.send(modern(id, "tasks/get", json!({"taskId": task}), &tasks()));
        client.receive()["result"].clone()
    };
    client.send(call(1, "get_echo", &tasks()));
    assert_eq!(client.receive()["result"]["resultType"], "complete", "a quick call is answered as ever");
    client.send(call(2, "wait_short", &tasks()));
    let created = client.receive()["result"].clone();
    assert_eq!(
        (&created["resultType"], &created["status"]),
        (&json!("task"), &json!("working")),
        "{created}"
    );
    let task = created["taskId"].clone();
    let end = std::time::Instant::now() + HANG;
    let done = loop {
        let state = get(&mut client, 3, &task);
        if state["status"] != "working" {
            break state;
        }
        assert!(std::time::Instant::now() < end);
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    assert_eq!(done["status"], "completed", "{done}");
    assert_eq!(done["result"]["structuredContent"]["values"], json!(["done"]));

    client.send(call(4, "wait_long", &tasks()));
    let task = client.receive()["result"]["taskId"].clone();
    client.send(modern(5, "tasks/cancel", json!({"taskId": task}), &tasks()));
    assert_eq!(client.receive()["id"], 5);
    client.wait_for_running(0);
    assert_eq!(get(&mut client, 6, &task)["status"], "cancelled");
    client.send(modern(7, "tasks/get", json!({"taskId": "nothing"}), &tasks()));
    assert_eq!(client.receive()["error"]["code"], -32602);
    client.end();
}

#[test]
fn old_era_client_hears_the_log_of_the_level_it_set() {
    let mut client = Client::connected();
    client.call(1, "write_log", json!({}));
    assert_eq!(client.receive()["id"], 1, "nobody asked for a log");
    client.send(json!({"id": 2, "method": "logging/setLevel", "params": {"level": "info"}}));
    assert_eq!(client.receive()["result"], json!({}));
    client.call(3, "write_log", json!({}));
    let lines = [client.receive(), client.receive()];
    let said: Vec<(&Value, &Value)> =
        lines.iter().map(|line| (&line["params"]["level"], &line["params"]["data"])).collect();
    assert_eq!(said, [(&json!("info"), &json!("news")), (&json!("warning"), &json!("careful"))]);
    assert_eq!(client.receive()["id"], 3);
    client.end();
}

#[test]
fn long_result_is_shown_in_part_and_the_rest_is_had_by_its_handle() {
    let mut client = Client::connected();
    client.call(1, "get_rows", json!({}));
    let result = client.receive()["result"].clone();
    let shown = result["structuredContent"]["values"].as_array().map_or(0, Vec::len);
    assert!(shown > 100 && shown < 5_000, "{shown}");
    assert!(result.to_string().len() < 150_000, "{}", result.to_string().len());
    let kept = result["structuredContent"]["result"].clone();
    assert_eq!((&kept["rows"], &kept["next"]), (&json!(5_000), &json!(shown)));
    let question = json!({"result": kept["id"], "where": [{"field": "Id", "is": "at_least", "value": 4_990}],
        "sort_by": ["-Id"], "fields": ["Name"], "first": 2});
    client.call(2, "get_result", question);
    let answer = client.receive()["result"].clone();
    assert_eq!(
        answer["structuredContent"]["values"],
        json!([{"Name": "name 4999"}, {"Name": "name 4998"}]),
        "{answer}"
    );
    client.call(3, "get_result", json!({"result": "nothing"}));
    assert!(text(&client.receive()["result"]).contains(kept["id"].as_str().expect("an id")));

    client.send(json!({"id": 4, "method": "resources/list"}));
    let resources = client.receive()["result"]["resources"].clone();
    let uri = resources[0]["uri"].clone();
    assert_eq!(uri, json!(format!("runspaced://result/{}", kept["id"].as_str().expect("an id"))));
    client.send(json!({"id": 5, "method": "resources/read", "params": {"uri": uri}}));
    let content = client.receive()["result"]["contents"][0].clone();
    let rows: Vec<Value> = serde_json::from_str(content["text"].as_str().expect("text")).expect("JSON");
    assert_eq!(rows.len(), 5_000);

    client.call(6, "get_rows", json!({"_first": 2, "_fields": ["id"]}));
    let result = client.receive()["result"].clone();
    assert_eq!(result["structuredContent"]["values"], json!([{"id": 0}, {"id": 1}]));
    client.call(7, "get_rows", json!({"_first": "two"}));
    assert!(text(&client.receive()["result"]).contains("'_first' was given \"two\""));
    client.end();
}

#[test]
fn output_of_reading_tools_is_a_resource_and_its_variables_are_completed() {
    let mut client = Client::connected();
    let read = |client: &mut Client, uri: &str| {
        client.send(json!({"id": 1, "method": "resources/read", "params": {"uri": uri}}));
        client.receive()
    };
    let content =
        read(&mut client, "runspaced://command/get_echo?Text=hello")["result"]["contents"][0].clone();
    let output: Value = serde_json::from_str(content["text"].as_str().expect("text")).expect("JSON");
    assert_eq!(output["values"], json!([{"Text": "hello"}]));
    for (uri, expected) in [
        ("runspaced://command/write_log", "only reads"),
        ("runspaced://command/get_echo?Txt=x", "'Txt' is not a parameter"),
        ("https://example.com", "no resource"),
    ] {
        let error = read(&mut client, uri)["error"].clone();
        assert!(error["message"].as_str().is_some_and(|text| text.contains(expected)), "{error}");
    }
    let template = "runspaced://command/{tool}{?arguments*}";
    let complete = |client: &mut Client, argument: Value, context: Value| {
        client.send(json!({"id": 2, "method": "completion/complete", "params": {
            "ref": {"type": "ref/resource", "uri": template}, "argument": argument, "context": context}}));
        client.receive()["result"]["completion"]["values"].clone()
    };
    let tools = complete(&mut client, json!({"name": "tool", "value": "get_e"}), json!({}));
    assert_eq!(tools, json!(["get_echo"]));
    let values = complete(
        &mut client,
        json!({"name": "Text", "value": "x"}),
        json!({"arguments": {"tool": "get_echo"}}),
    );
    assert_eq!(values, json!(["Things\\Get-Echo Text x"]), "PowerShell is asked");
    client.end();
}
