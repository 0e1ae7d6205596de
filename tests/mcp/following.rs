//! What happens around a call on the real PowerShell: questions, what-if, log lines, signs of life, long results, tasks,
//! prompts, resources, completions, records.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::client::{Client, PROGRAM, SCRIPT, arguments};
use super::support::Context;
use super::{text, values};

/// A request of the newest revision by a client that can do these things.
fn modern(id: u32, method: &str, mut params: Value, capabilities: &Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": capabilities,
    });
    json!({"id": id, "method": method, "params": params})
}

fn served(context: &Context, more: &[&str]) -> Client {
    let more = [&["--script", SCRIPT], more].concat();
    Client::start(&arguments(context.home(), &more), context.scratch())
}

/// Answers questions until the call itself is answered.
fn answered(client: &mut Client, id: u32, answers: &[Value]) -> (Vec<Value>, Value) {
    let mut asked = Vec::new();
    loop {
        let message = client.receive();
        if message.get("method").is_none() {
            assert_eq!(message["id"], id, "{message}");
            return (asked, message["result"].clone());
        }
        assert_eq!(message["method"], "elicitation/create", "{message}");
        let answer = answers.get(asked.len()).cloned().unwrap_or_else(|| json!({"action": "cancel"}));
        client.send(json!({"id": message["id"], "result": answer}));
        asked.push(message["params"].clone());
    }
}

fn accept(content: &Value) -> Value {
    json!({"action": "accept", "content": content})
}

pub fn a_person_is_asked_in_the_old_era(context: &Context) {
    let mut client = served(context, &[]);
    client.initialize_with("2025-11-25", &json!({"elicitation": {}}));
    client.post(1, "read_both", json!({}));
    let answers = [accept(&json!({"answer": "ann"})), accept(&json!({"answer": "Red"}))];
    let (asked, result) = answered(&mut client, 1, &answers);
    assert_eq!(asked[0]["message"], "Name");
    assert_eq!(asked[1]["message"], "Colour\nWhich colour, ann?");
    assert_eq!(asked[1]["requestedSchema"]["properties"]["answer"]["default"], "Green");
    let call_id = result["_meta"]["runspaced/callId"].as_str().expect("an id");
    assert_eq!(values(&result), &json!([format!("ann/0/{call_id}")]));

    client.post(2, "read_missing", json!({}));
    let (asked, result) = answered(&mut client, 2, &[accept(&json!({"Count": 41, "On": false}))]);
    assert_eq!(asked[0]["requestedSchema"]["properties"]["Count"]["type"], "integer", "{asked:?}");
    assert_eq!(values(&result), &json!(["42 False"]), "{result}");

    for (answer, expected) in [("Yes", "removed x"), ("No", "kept x")] {
        client.post(3, "remove_thing", json!({"Name": "x"}));
        let (asked, result) = answered(&mut client, 3, &[accept(&json!({"answer": answer}))]);
        let offered = asked[0]["requestedSchema"]["properties"]["answer"]["enum"].clone();
        assert!(!offered.as_array().expect("labels").contains(&json!("Suspend")), "{offered}");
        assert_eq!(values(&result), &json!([expected]));
    }

    client.post(4, "read_both", json!({}));
    let (_, result) = answered(&mut client, 4, &[json!({"action": "decline"})]);
    assert!(text(&result).contains("declined"), "{result}");
    client.post(5, "read_secret", json!({}));
    let (asked, result) = answered(&mut client, 5, &[]);
    assert!(asked.is_empty(), "a secret was asked for: {asked:?}");
    assert_eq!(result["structuredContent"]["error"]["code"], "E402");
    assert!(text(&result).contains("asks for a secret"), "{result}");
    client.finish();
}

pub fn a_person_is_asked_in_the_new_era(context: &Context) {
    let mut client = served(context, &[]);
    let forms = json!({"elicitation": {"form": {}}});
    let mut params = json!({"name": "read_both", "arguments": {}});
    let mut ids = Vec::new();
    for (id, answer) in (1..).zip([Some("bob"), Some("Green"), None]) {
        client.send(modern(id, "tools/call", params.clone(), &forms));
        let result = client.receive()["result"].clone();
        ids.push(result["_meta"]["runspaced/callId"].clone());
        let Some(answer) = answer else {
            // The script ran once, from its beginning to its end.
            let value = values(&result)[0].as_str().expect("a value").to_owned();
            assert!(value.starts_with("bob/1/"), "{result}");
            assert!(value.ends_with(ids[0].as_str().expect("an id")), "{value} {ids:?}");
            break;
        };
        assert_eq!(result["resultType"], "input_required", "{result}");
        params["requestState"] = result["requestState"].clone();
        params["inputResponses"] = json!({"question": accept(&json!({"answer": answer}))});
    }
    client.finish();
}

pub fn what_if_and_confirmation(context: &Context) {
    let mut client = served(context, &[]);
    client.initialize("2025-11-25");
    let result = client.call("remove_thing", json!({"Name": "x", "dry_run": true}));
    assert_eq!(values(&result), &json!(["kept x"]));
    assert!(
        text(&result).contains("What if: Performing the operation \"Remove\" on target \"x\"."),
        "{result}"
    );
    let result = client.call("remove_thing", json!({"Name": "x"}));
    assert_eq!(result["structuredContent"]["error"]["code"], "E402");
    assert!(text(&result).contains("\"_confirmed\": true"), "{result}");
    let result = client.call("remove_thing", json!({"Name": "x", "_confirmed": true}));
    assert_eq!(values(&result), &json!(["removed x"]));
    client.finish();
}

pub fn log_lines_of_the_level_that_was_set(context: &Context) {
    let mut client = served(context, &[]);
    client.initialize("2025-06-18");
    let said = |client: &mut Client| {
        client.post(9, "write_words", json!({}));
        let mut lines = Vec::new();
        loop {
            let message = client.receive();
            if message["id"] == 9 {
                assert_eq!(values(&message["result"]), &json!(["said"]));
                return lines;
            }
            lines.push(message["params"]["data"].as_str().expect("text").to_owned());
        }
    };
    assert!(said(&mut client).is_empty());
    for (level, expected) in
        [("debug", vec!["news", "detail", "careful"]), ("info", vec!["news", "careful"]), ("error", vec![])]
    {
        client.send(json!({"id": 1, "method": "logging/setLevel", "params": {"level": level}}));
        assert_eq!(client.receive()["id"], 1);
        assert_eq!(said(&mut client), expected, "{level}");
    }
    client.finish();
}

pub fn a_silent_call_shows_that_it_lives(context: &Context) {
    let mut client = served(context, &["--timeout", "60s"]);
    client.initialize("2025-11-25");
    client.call("get_echo", json!({"Text": "warm"}));
    client.send(json!({"id": 1, "method": "tools/call",
        "params": {"name": "wait_long", "arguments": {"Seconds": 12}, "_meta": {"progressToken": "t"}}}));
    let mut progress = Vec::new();
    let result = loop {
        let message = client.receive();
        if message["id"] == 1 {
            break message["result"].clone();
        }
        progress.push(message["params"]["progress"].as_f64().expect("a number"));
    };
    assert_eq!(values(&result), &json!(["waited"]));
    assert!(progress.len() >= 2 && progress.is_sorted(), "{progress:?}");
    client.finish();
}

pub fn a_long_result_is_paged_by_its_handle(context: &Context) {
    let mut client = served(context, &[]);
    client.initialize("2025-11-25");
    let result = client.call("get_rows", json!({}));
    let kept = result["structuredContent"]["result"].clone();
    assert_eq!(kept["rows"], 3000);
    assert!(text(&result).len() <= 42_000, "{}", text(&result).len());
    let groups = client.call("get_result", json!({"result": kept["id"], "group_by": ["Kind"]}));
    assert_eq!(values(&groups), &json!([{"Kind": "odd", "count": 2000}, {"Kind": "third", "count": 1000}]));
    let mut seen = Vec::new();
    let mut skip = json!(0);
    while !skip.is_null() {
        let page = client.call("get_result", json!({"result": kept["id"], "skip": skip, "fields": ["Id"]}));
        seen.extend(values(&page).as_array().expect("rows").iter().filter_map(|row| row["Id"].as_u64()));
        skip = page["structuredContent"]["result"]["next"].clone();
    }
    assert_eq!(seen, (1..=3000).collect::<Vec<_>>());
    let wrong = client.call("get_result", json!({"result": kept["id"], "sort_by": ["Nme"]}));
    assert!(text(&wrong).contains("There are: Id, Name, Kind"), "{wrong}");

    let result = client.call("get_text", json!({}));
    assert_eq!(values(&result)[0]["Id"], 7);
    let id = result["structuredContent"]["result"]["id"].clone();
    let passage = json!({"row": 1, "field": "Text", "from": 299_990});
    assert_eq!(
        values(&client.call("get_result", json!({"result": id, "passage": passage}))),
        &json!(["abcdefghij"])
    );
    client.finish();
}

pub fn a_long_call_becomes_a_task(context: &Context) {
    let mut client = served(context, &[]);
    let tasks = json!({"extensions": {"io.modelcontextprotocol/tasks": {}}, "elicitation": {"form": {}}});
    client.send(modern(1, "tools/call", json!({"name": "wait_long", "arguments": {"Seconds": 4}}), &tasks));
    let created = client.receive()["result"].clone();
    assert_eq!(created["resultType"], "task", "{created}");
    let end = std::time::Instant::now() + super::client::HANG;
    let done = loop {
        client.send(modern(2, "tasks/get", json!({"taskId": created["taskId"]}), &tasks));
        let state = client.receive()["result"].clone();
        if state["status"] != "working" {
            break state;
        }
        assert!(std::time::Instant::now() < end, "{state}");
        std::thread::sleep(std::time::Duration::from_millis(200));
    };
    assert_eq!(done["result"]["structuredContent"]["values"], json!(["waited"]), "{done}");
    client.finish();
}

pub fn prompts_resources_and_completions(context: &Context) {
    let folder = context.scratch();
    let prompts = folder.join("prompts");
    let files = folder.join("files");
    fs::create_dir_all(&prompts).expect("made");
    fs::create_dir_all(&files).expect("made");
    fs::write(files.join("notes.md"), "# Notes").expect("written");
    let heading = "+++\ntitle = \"Harvest\"\n[[arguments]]\nname = \"kind\"\nrequired = true\nvalues_of = \"Get-Fruit.Kind\"\n\
        [[arguments]]\nname = \"tree\"\nvalues_of = \"get_fruit.Tree\"\n+++\nPick {{kind}} from {{tree}}.\n";
    fs::write(prompts.join("harvest.md"), heading).expect("written");
    let path = |path: &Path| path.to_string_lossy().into_owned();
    let mut client = served(context, &["--prompts", &path(&prompts), "--resources", &path(&files)]);
    client.initialize("2025-11-25");
    let mut ask = |method: &str, params: Value| {
        client.send(json!({"id": 1, "method": method, "params": params}));
        client.receive()
    };
    let listed = ask("prompts/list", json!({}))["result"]["prompts"].clone();
    assert_eq!(
        (&listed[0]["name"], &listed[0]["arguments"][0]["required"]),
        (&json!("harvest"), &json!(true))
    );
    let got = ask("prompts/get", json!({"name": "harvest", "arguments": {"kind": "Plum", "tree": "Ash"}}));
    assert_eq!(got["result"]["messages"][0]["content"]["text"], "Pick Plum from Ash.", "{got}");
    let missing = ask("prompts/get", json!({"name": "harvest"}));
    assert!(
        missing["error"]["message"].as_str().is_some_and(|text| text.contains("needs: kind")),
        "{missing}"
    );

    let mut complete = |name: &str, value: &str| {
        let params = json!({"ref": {"type": "ref/prompt", "name": "harvest"}, "argument": {"name": name, "value": value}});
        ask("completion/complete", params)["result"]["completion"]["values"].clone()
    };
    assert_eq!(complete("kind", "p"), json!(["Pear", "Plum"]), "from the ValidateSet");
    assert_eq!(complete("tree", "A"), json!(["Alder", "Ash"]), "from the argument completer");
    assert_eq!(complete("tree", "x'; 'z"), json!([]), "what was given stays a text");

    let listed = ask("resources/list", json!({}))["result"]["resources"].clone();
    assert_eq!(listed[0]["name"], "notes.md");
    let read = ask("resources/read", json!({"uri": listed[0]["uri"]}));
    assert_eq!(read["result"]["contents"][0]["text"], "# Notes");
    let read = ask("resources/read", json!({"uri": "runspaced://command/get_fruit?Kind=Pear"}));
    let output: Value =
        serde_json::from_str(read["result"]["contents"][0]["text"].as_str().expect("text")).expect("JSON");
    assert_eq!(output["values"], json!(["Pear"]));
    let templates = ask("resources/templates/list", json!({}))["result"]["resourceTemplates"].clone();
    assert_eq!(templates.as_array().map(Vec::len), Some(3));
    client.finish();
}

pub fn every_call_is_recorded_and_nothing_of_its_content(context: &Context) {
    let file = context.scratch().join("audit.jsonl");
    let path = file.to_string_lossy().into_owned();
    let mut client = served(context, &["--audit", &path]);
    client.initialize("2025-11-25");
    let first = client.call("get_echo", json!({"Text": "hunter2"}));
    client.call("get_echo", json!({"Text": "hunter2"}));
    client.call("get_echo", json!({"Txt": "hunter2"}));
    client.call("stop_early", json!({}));
    client.call("remove_thing", json!({"Name": "hunter2", "dry_run": true}));
    client.finish();
    let written = fs::read_to_string(&file).expect("written");
    assert!(!written.contains("hunter2"), "{written}");
    let records: Vec<Value> = written.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let outcomes: Vec<&str> = records.iter().filter_map(|record| record["outcome"].as_str()).collect();
    assert_eq!(outcomes, ["ok", "ok", "refused", "E401", "ok"]);
    assert_eq!(records[0]["id"], first["_meta"]["runspaced/callId"]);
    assert_eq!((&records[0]["tool"], &records[0]["principal"]), (&json!("get_echo"), &json!("local")));
    assert_eq!(records[0]["arguments"], records[1]["arguments"]);
    assert_ne!(records[0]["arguments"], records[2]["arguments"]);
    assert_eq!(records[4]["mode"], "dry_run");

    let check = || Command::new(PROGRAM).args(["audit", &path]).output().expect("it runs");
    assert!(check().status.success() && String::from_utf8_lossy(&check().stdout).contains("5 records"));
    fs::write(&file, written.replace("\"E401\"", "\"ok\"")).expect("written");
    let broken = check();
    assert_eq!(broken.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&broken.stderr).contains("line 4"), "{broken:?}");
}

pub fn every_log_line_of_a_call_has_its_id(context: &Context) {
    let more = ["--script", SCRIPT, "--log", "info", "--log-format", "json"];
    let (mut client, log) = Client::start_with_log(&arguments(context.home(), &more), context.scratch());
    client.initialize("2025-11-25");
    let result = client.call("stop_early", json!({}));
    let call_id = result["_meta"]["runspaced/callId"].as_str().expect("an id").to_owned();
    client.finish();
    let lines: Vec<Value> =
        log.join().expect("read").iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let failed: Vec<&Value> = lines.iter().filter(|line| line["message"] == "a tool call failed").collect();
    assert_eq!(failed.len(), 1, "{lines:?}");
    assert_eq!(
        (&failed[0]["span"]["call_id"], &failed[0]["span"]["tool"]),
        (&json!(call_id), &json!("stop_early"))
    );
    assert!(
        !lines.iter().any(|line| line.to_string().contains("enough of it")),
        "what a script says is not logged"
    );
}
