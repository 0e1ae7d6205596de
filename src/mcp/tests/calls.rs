//! Calls, right and wrong, and what is between them.

use super::*;

#[test]
fn wrong_arguments_are_a_result_the_model_can_act_on() {
    let mut client = Client::connected();
    client.call(1, "get_echo", json!({"Txet": "x"}));
    let result = client.receive()["result"].clone();
    assert_eq!(result["isError"], true);
    let text = result["content"][0]["text"].as_str().expect("text");
    assert!(text.contains("'Txet' is not a parameter; the nearest is 'Text'. There are Text"), "{text}");
    client.call(2, "get_ehco", json!({}));
    let error = client.receive()["error"].clone();
    assert_eq!(error["code"], -32602);
    assert!(error["message"].as_str().is_some_and(|text| text.contains("get_echo")), "{error}");
    client.end();
}

#[test]
fn panic_is_answered_and_the_server_goes_on() {
    let mut client = Client::connected();
    client.call(1, "stop_panic", json!({}));
    let result = client.receive()["result"].clone();
    assert_eq!(result["isError"], true);
    let call_id = result["_meta"]["runspaced/callId"].as_str().expect("an id");
    assert!(result["content"][0]["text"].as_str().is_some_and(|text| text.contains(call_id)));
    client.call(2, "get_echo", json!({}));
    assert_eq!(client.receive()["id"], 2);
    client.end();
}

#[test]
fn cancelled_call_stops_and_is_never_answered() {
    let mut client = Client::connected();
    client.call(7, "wait_long", json!({}));
    client.wait_for_running(1);
    client.send(json!({"method": "notifications/cancelled", "params": {"requestId": 7, "reason": "enough"}}));
    client.wait_for_running(0);
    assert!(client.silence());
    // Its id is free again, and cancelling what is not there changes nothing.
    client.send(json!({"method": "notifications/cancelled", "params": {"requestId": 7}}));
    client.send(json!({"method": "notifications/cancelled", "params": {"requestId": "never"}}));
    client.call(7, "get_echo", json!({"Text": "again"}));
    assert_eq!(client.receive()["result"]["structuredContent"]["values"], json!([{"Text": "again"}]));
    client.end();
}

#[test]
fn duplicate_id_is_refused_and_the_first_call_undisturbed() {
    let mut client = Client::connected();
    client.call(5, "wait_short", json!({}));
    client.call(5, "get_echo", json!({}));
    client.call("5", "get_echo", json!({}));
    let refused = client.receive();
    assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!(5), &json!(-32600)));
    assert_eq!(client.receive()["id"], "5");
    let answer = client.receive();
    assert_eq!((&answer["id"], &answer["result"]["content"][0]["text"]), (&json!(5), &json!("done")));
    client.call(5, "get_echo", json!({}));
    assert_eq!(client.receive()["id"], 5);
    client.end();
}

#[test]
fn calls_beyond_the_cap_are_told_to_try_again() {
    let mut client = Client::connected();
    for id in 0..8 {
        client.call(id, "wait_long", json!({}));
    }
    client.wait_for_running(8);
    client.call(8, "get_echo", json!({}));
    let result = client.receive()["result"].clone();
    assert_eq!(result["isError"], true);
    assert!(result["content"][0]["text"].as_str().is_some_and(|text| text.contains("Busy: 8 calls")));
    for id in 0..8 {
        client.send(json!({"method": "notifications/cancelled", "params": {"requestId": id}}));
    }
    client.wait_for_running(0);
    client.call(9, "get_echo", json!({}));
    assert_eq!(client.receive()["result"]["isError"], false);
    client.end();
}

#[test]
fn progress_rises_and_comes_before_the_result() {
    let mut client = Client::connected();
    client.send(json!({"id": 1, "method": "tools/call",
        "params": {"name": "write_steps", "arguments": {}, "_meta": {"progressToken": "p"}}}));
    let mut values = Vec::new();
    loop {
        let message = client.receive();
        if message["id"] == 1 {
            break;
        }
        assert_eq!(message["method"], "notifications/progress");
        assert_eq!(message["params"]["progressToken"], "p");
        assert_eq!(message["params"]["total"].as_f64(), Some(100.0));
        values.push(message["params"]["progress"].as_f64().expect("a number"));
    }
    assert!(values.len() >= 3, "{values:?}");
    assert!(values.windows(2).all(|pair| pair[0] < pair[1]), "{values:?}");
    assert!(client.silence());
    client.end();
}

#[test]
fn broken_and_too_long_lines_are_answered_and_the_connection_lives() {
    let mut client = Client::new();
    client.send_text("this is not JSON");
    let answer = client.receive();
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&Value::Null, &json!(-32700)));
    // Before the handshake these would end rmcp's opening.
    client.send(json!({"method": "notifications/cancelled", "params": {"requestId": 1}}));
    client.send(json!({"id": 99, "result": {}}));
    client.initialize();
    client.send_text("[]");
    assert_eq!(client.receive()["error"]["code"], -32600);
    client.send_text("\u{feff}{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\r");
    assert_eq!(client.receive()["id"], 1);
    let long = json!({"jsonrpc": "2.0", "id": "long", "method": "tools/call",
        "params": {"name": "get_echo", "arguments": {"Text": "x".repeat(17 << 20)}}});
    client.send_text(&long.to_string());
    let answer = client.receive();
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!("long"), &json!(-32600)));
    client.send(json!({"id": 2, "method": "no/such/method"}));
    assert_eq!(client.receive()["error"]["code"], -32601);
    client.send(json!({"id": 3, "method": "tools/call", "params": {"arguments": {}}}));
    let answer = client.receive();
    assert_eq!(answer["id"], 3);
    assert!(answer["error"]["code"].as_i64().is_some(), "{answer}");
    client.call(4, "get_echo", json!({}));
    assert_eq!(client.receive()["id"], 4);
    client.end();
}
