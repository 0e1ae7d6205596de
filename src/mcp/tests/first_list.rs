//! The list of the last start: given while the catalogue is not there, and never after.

use super::*;
use crate::catalog::Listing;

fn names(answer: &Value) -> Vec<&str> {
    let tools = answer["result"]["tools"].as_array().map(Vec::as_slice).unwrap_or_default();
    tools.iter().filter_map(|tool| tool["name"].as_str()).collect()
}

#[test]
fn list_of_the_last_start_is_given_until_the_catalogue_is_there() {
    let tools = json!([{"name": "kept", "inputSchema": {"type": "object"}}]).to_string();
    let listing = Listing::new(tools, Some(1));
    let mut client = Client::with(limits(), CatalogState::Listed(Arc::new(listing)));
    client.initialize();
    client.send(json!({"id": 1, "method": "tools/list"}));
    let first = client.receive();
    assert_eq!(names(&first), ["kept"]);
    assert_eq!(first["result"]["nextCursor"], "1");
    // Everything else needs the catalogue: a call, and what comes after the first page.
    client.call(2, "get_echo", json!({"Text": "early"}));
    client.send(json!({"id": 3, "method": "tools/list", "params": {"cursor": "1"}}));
    client.send(json!({"id": 4, "method": "tools/list"}));
    assert_eq!(client.receive()["id"], 4);
    assert!(client.silence());
    client.catalog.send_replace(CatalogState::Ready(Arc::new(catalog())));
    let mut answers = [client.receive(), client.receive()];
    answers.sort_by_key(|answer| answer["id"].as_i64());
    assert_eq!(answers[0]["result"]["structuredContent"]["values"], json!([{"Text": "early"}]));
    assert!(!names(&answers[1]).contains(&"kept"));
    client.send(json!({"id": 5, "method": "tools/list"}));
    assert!(!names(&client.receive()).contains(&"kept"));
    client.end();
}

#[test]
fn list_of_the_last_start_is_too_old_after_a_second() {
    let listing = Listing::new("[{\"name\":\"kept\",\"inputSchema\":{}}]".to_owned(), None);
    let mut client = Client::with(limits(), CatalogState::Listed(Arc::new(listing)));
    client.initialize();
    std::thread::sleep(Duration::from_millis(1_100));
    client.send(json!({"id": 1, "method": "tools/list"}));
    assert!(client.silence(), "nobody has looked at the files for a second");
    client.catalog.send_replace(CatalogState::Ready(Arc::new(catalog())));
    assert!(names(&client.receive()).contains(&"get_echo"));
    client.end();
}
