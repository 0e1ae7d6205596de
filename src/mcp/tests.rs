//! The protocol over real pipes, with a scripted executor in place of PowerShell.

use std::{
    fs::File,
    io::{self, BufRead as _, Write as _},
    os::fd::OwnedFd,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::sync::{oneshot, watch};

use super::{
    call::{Executor, Job, Running},
    dispatch::{CallLimits, CatalogState},
    progress::ProgressRecord,
    reply::tests::output,
    server::serve,
    shutdown::{Cause, Patience},
};
use crate::{
    Error,
    catalog::{Catalog, Target, test_command},
    policy::{Mode, Policy},
};

/// Long enough for a loaded machine; only a hang takes it.
const HANG: Duration = Duration::from_secs(20);

/// Does what a tool's name says.
#[derive(Default)]
struct Script {
    running: AtomicUsize,
    started: AtomicUsize,
}

/// Counts a job while it runs.
struct Mark(Arc<Script>);

impl Drop for Mark {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Scripted(Arc<Script>);

impl Executor for Scripted {
    fn execute(&self, job: Job) -> Running {
        let script = Arc::clone(&self.0);
        script.started.fetch_add(1, Ordering::SeqCst);
        script.running.fetch_add(1, Ordering::SeqCst);
        let mark = Mark(script);
        Box::pin(async move {
            let _mark = mark;
            let Target::Command(command) = &job.target else { panic!("a command") };
            match command.rsplit('\\').next().unwrap_or_default() {
                "Get-Echo" => Ok(output(&json!([job.arguments]), &json!([]), json!({"count": 1}))),
                "Get-Big" => {
                    let text = "x".repeat(96 << 10);
                    Ok(output(&json!([text]), &json!([]), json!({"count": 1})))
                }
                "Wait-Long" => {
                    tokio::time::sleep(HANG * 2).await;
                    Err(Error::SlotLost("nobody cancelled".to_owned()))
                }
                "Wait-Short" => {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    Ok(output(&json!(["done"]), &json!([]), json!({"count": 1})))
                }
                "Stop-Panic" => panic!("on purpose"),
                "Write-Steps" => {
                    let progress = job.progress.expect("a token was sent");
                    for percent in [10.0, 60.0, 60.0, 30.0, 100.0] {
                        let text = format!("at {percent}");
                        let _ = progress.try_send(ProgressRecord { percent: Some(percent), text });
                        tokio::time::sleep(Duration::from_millis(120)).await;
                    }
                    Ok(output(&json!([]), &json!([]), json!({})))
                }
                other => panic!("no such command: {other}"),
            }
        })
    }
}

fn catalog() -> Catalog {
    let text =
        json!([{"name": "Text", "type": "string", "type_full_name": "System.String", "bindable": true}]);
    let names = ["Get-Big", "Wait-Long", "Wait-Short", "Stop-Panic", "Write-Steps"];
    let mut commands: Vec<_> = names.iter().map(|name| test_command(name, json!([]))).collect();
    commands.push(test_command("Get-Echo", text));
    Catalog::new(&commands).expect("a catalogue")
}

/// A server on a thread, and the client's ends of its pipes.
struct Client {
    input: Option<io::PipeWriter>,
    lines: Option<Receiver<String>>,
    server: JoinHandle<Cause>,
    stop: Option<oneshot::Sender<()>>,
    script: Arc<Script>,
    catalog: watch::Sender<CatalogState>,
}

impl Client {
    fn new() -> Self {
        Self::with(CallLimits { deadline: HANG, calls: 8 }, CatalogState::Ready(Arc::new(catalog())))
    }

    fn with(limits: CallLimits, state: CatalogState) -> Self {
        Self::patient(limits, Patience::default(), state)
    }

    fn patient(limits: CallLimits, patience: Patience, state: CatalogState) -> Self {
        Self::governed(limits, patience, state, Policy::new(Mode::Write))
    }

    fn governed(limits: CallLimits, patience: Patience, state: CatalogState, policy: Policy) -> Self {
        let (input, to_server) = io::pipe().expect("a pipe");
        let (from_server, output) = io::pipe().expect("a pipe");
        let streams = (File::from(OwnedFd::from(input)), File::from(OwnedFd::from(output)));
        let script = Arc::new(Script::default());
        let executor = Arc::new(Scripted(Arc::clone(&script)));
        let (sender, catalog) = watch::channel(state);
        let (stop, stopped) = oneshot::channel::<()>();
        let server = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let stop = async {
                if stopped.await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            runtime
                .block_on(serve(executor, (catalog, policy), limits, patience, streams, stop))
                .expect("served")
        });
        let (line, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for text in io::BufReader::new(from_server).lines().map_while(Result::ok) {
                if line.send(text).is_err() {
                    return;
                }
            }
        });
        Self { input: Some(to_server), lines: Some(lines), server, stop: Some(stop), script, catalog: sender }
    }

    /// A client that has shaken hands.
    fn connected() -> Self {
        let mut client = Self::new();
        client.initialize();
        client
    }

    fn initialize(&mut self) -> Value {
        self.send(json!({"id": "init", "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}}));
        let answer = self.receive();
        self.send(json!({"method": "notifications/initialized"}));
        answer
    }

    fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = json!("2.0");
        self.send_text(&message.to_string());
    }

    fn send_text(&mut self, text: &str) {
        let mut bytes = text.as_bytes().to_vec();
        bytes.push(b'\n');
        self.input.as_mut().expect("open").write_all(&bytes).expect("written");
    }

    fn call(&mut self, id: impl Into<Value>, tool: &str, arguments: Value) {
        let id: Value = id.into();
        self.send(
            json!({"id": id, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}),
        );
    }

    fn receive(&self) -> Value {
        let line = self.lines.as_ref().expect("open").recv_timeout(HANG).expect("an answer");
        serde_json::from_str(&line).expect("JSON")
    }

    /// What comes within a short time: nothing, if all is well.
    fn silence(&self) -> bool {
        let next = self.lines.as_ref().expect("open").recv_timeout(Duration::from_millis(150));
        matches!(next, Err(RecvTimeoutError::Timeout))
    }

    fn wait_for_running(&self, count: usize) {
        let end = Instant::now() + HANG;
        while self.script.running.load(Ordering::SeqCst) != count {
            assert!(Instant::now() < end, "{} jobs run", self.script.running.load(Ordering::SeqCst));
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Closes the input and waits for the end.
    fn end(mut self) -> Cause {
        self.input = None;
        self.join()
    }

    fn join(self) -> Cause {
        let end = Instant::now() + HANG;
        while !self.server.is_finished() {
            assert!(Instant::now() < end, "the server did not end");
            std::thread::sleep(Duration::from_millis(2));
        }
        self.server.join().expect("no panic")
    }
}

fn modern(id: i64, method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    json!({"id": id, "method": method, "params": params})
}

/// A client of a server in this mode, whose only command says that it respects `-WhatIf`, or does not have it.
fn governed(policy: Policy, what_if: bool) -> Client {
    let text =
        json!([{"name": "Text", "type": "string", "type_full_name": "System.String", "bindable": true}]);
    let mut command = test_command("Get-Echo", text);
    command.supports_should_process = what_if;
    let catalog = Catalog::new(&[command]).expect("a catalogue");
    let limits = CallLimits { deadline: HANG, calls: 8 };
    let mut client =
        Client::governed(limits, Patience::default(), CatalogState::Ready(Arc::new(catalog)), policy);
    client.initialize();
    client
}

#[test]
fn refused_call_reaches_no_executor() {
    for (policy, listed) in [(Policy::default(), 1), (Policy::new(Mode::ReadOnly), 0)] {
        let mut client = governed(policy, false);
        client.send(json!({"id": 1, "method": "tools/list"}));
        assert_eq!(client.receive()["result"]["tools"].as_array().map(Vec::len), Some(listed));
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
fn old_era_shakes_hands_lists_and_calls() {
    let mut client = Client::new();
    let answer = client.initialize();
    assert_eq!(answer["result"]["protocolVersion"], "2025-06-18");
    assert_eq!(answer["result"]["serverInfo"]["name"], "runspaced");
    client.send(json!({"id": 1, "method": "tools/list"}));
    let tools = client.receive()["result"]["tools"].as_array().cloned().expect("tools");
    let names: Vec<&str> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
    assert_eq!(names, ["get_big", "get_echo", "stop_panic", "wait_long", "wait_short", "write_steps"]);
    // Its verb says that it reads; the policy does not know it.
    assert_eq!(tools[1]["annotations"]["readOnlyHint"], false);
    assert_eq!(tools[1]["inputSchema"]["properties"]["Text"]["type"], "string");

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
    assert_eq!(list["tools"].as_array().map(Vec::len), Some(6));
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
    let mut client = Client::with(CallLimits { deadline: HANG, calls: 8 }, CatalogState::Loading);
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
fn missing_powershell_is_said_to_the_client() {
    let state = CatalogState::Failed("no usable PowerShell found".into());
    let mut client = Client::with(CallLimits { deadline: HANG, calls: 8 }, state);
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

#[test]
fn wrong_arguments_are_a_result_the_model_can_act_on() {
    let mut client = Client::connected();
    client.call(1, "get_echo", json!({"Txet": "x"}));
    let result = client.receive()["result"].clone();
    assert_eq!(result["isError"], true);
    let text = result["content"][0]["text"].as_str().expect("text");
    assert!(text.contains("'Txet' is not a parameter; there are Text"), "{text}");
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

#[test]
fn end_of_input_cancels_what_runs() {
    let mut client = Client::connected();
    client.call(1, "wait_long", json!({}));
    client.wait_for_running(1);
    let script = Arc::clone(&client.script);
    assert_eq!(client.end(), Cause::EndOfInput);
    assert_eq!(script.running.load(Ordering::SeqCst), 0);
}

#[test]
fn end_of_input_before_anything_is_an_end_as_well() {
    assert_eq!(Client::new().end(), Cause::EndOfInput);
}

#[test]
fn answers_that_are_ready_reach_a_client_that_only_closed_its_input() {
    let patience = Patience { end_of_input: HANG, ..Patience::default() };
    let state = CatalogState::Ready(Arc::new(catalog()));
    let mut client = Client::patient(CallLimits { deadline: HANG, calls: 8 }, patience, state);
    client.initialize();
    let calls: Vec<String> = (0..4)
        .map(|id| {
            json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": "get_echo"}})
                .to_string()
        })
        .collect();
    // In one piece, so that the end is read together with the calls.
    client.send_text(&calls.join("\n"));
    client.input = None;
    let answers: Vec<Value> = (0..4).map(|_| client.receive()).collect();
    assert!(answers.iter().all(|answer| answer["result"]["isError"] == false), "{answers:?}");
    assert_eq!(client.join(), Cause::EndOfInput);
}

#[test]
fn client_that_closed_its_output_ends_the_server() {
    let (input, to_server) = io::pipe().expect("a pipe");
    let (from_server, output) = io::pipe().expect("a pipe");
    drop(from_server);
    let mut to_server = to_server;
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    to_server.write_all(format!("{message}\n").as_bytes()).expect("written");
    let streams = (File::from(OwnedFd::from(input)), File::from(OwnedFd::from(output)));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (_sender, catalog) = watch::channel(CatalogState::Ready(Arc::new(catalog())));
    let executor = Arc::new(Scripted(Arc::default()));
    let limits = CallLimits { deadline: HANG, calls: 1 };
    let cause = runtime.block_on(async {
        tokio::time::timeout(
            HANG,
            serve(
                executor,
                (catalog, Policy::new(Mode::Write)),
                limits,
                Patience::default(),
                streams,
                std::future::pending(),
            ),
        )
        .await
    });
    assert!(matches!(cause, Ok(Ok(Cause::OutputClosed(_)))), "{cause:?}");
}

#[test]
fn stop_lets_calls_end_and_cancels_the_rest() {
    let patience = Patience { asked: Duration::from_secs(3), last_answers: HANG, ..Patience::default() };
    let state = CatalogState::Ready(Arc::new(catalog()));
    let mut client = Client::patient(CallLimits { deadline: HANG, calls: 8 }, patience, state);
    client.initialize();
    client.call(1, "wait_short", json!({}));
    client.call(2, "wait_long", json!({}));
    client.wait_for_running(2);
    client.stop.take().expect("not stopped").send(()).expect("it listens");
    let first = client.receive();
    assert_eq!((&first["id"], &first["result"]["content"][0]["text"]), (&json!(1), &json!("done")));
    let second = client.receive();
    assert_eq!((&second["id"], &second["result"]["isError"]), (&json!(2), &json!(true)));
    assert!(second["result"]["content"][0]["text"].as_str().is_some_and(|text| text.contains("E601")));
    assert_eq!(client.join(), Cause::Asked);
}

#[test]
fn client_that_goes_away_amid_answers_ends_the_server() {
    let mut client = Client::connected();
    // Without its channel the reading thread closes the pipe after one more line.
    client.lines = None;
    for id in 0..16 {
        let message =
            json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": "get_big"}});
        if client.input.as_mut().expect("open").write_all(format!("{message}\n").as_bytes()).is_err() {
            break; // It has noticed already.
        }
    }
    assert!(matches!(client.join(), Cause::OutputClosed(_)));
}

#[test]
fn client_that_does_not_read_is_not_read_either() {
    const CALLS: usize = 400;
    let (input, mut to_server) = io::pipe().expect("a pipe");
    let (from_server, output) = io::pipe().expect("a pipe");
    let streams = (File::from(OwnedFd::from(input)), File::from(OwnedFd::from(output)));
    let script = Arc::new(Script::default());
    let executor = Arc::new(Scripted(Arc::clone(&script)));
    let (_sender, catalog) = watch::channel(CatalogState::Ready(Arc::new(catalog())));
    let limits = CallLimits { deadline: HANG, calls: CALLS };
    let server = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(serve(
            executor,
            (catalog, Policy::new(Mode::Write)),
            limits,
            Patience::default(),
            streams,
            std::future::pending(),
        ))
    });
    let writer = std::thread::spawn(move || {
        for id in 0..CALLS {
            let mut message = modern(id as i64, "tools/call", json!({"name": "get_big"}));
            message["jsonrpc"] = json!("2.0");
            to_server.write_all(format!("{message}\n").as_bytes()).expect("written");
        }
        to_server
    });
    // It starts what fits the outbox, and no more.
    let mut before = 0;
    loop {
        std::thread::sleep(Duration::from_millis(500));
        assert!(!server.is_finished(), "the server ended: {:?}", server.join());
        let started = script.started.load(Ordering::SeqCst);
        if started > 0 && started == before {
            break;
        }
        before = started;
    }
    assert!(before < CALLS, "{before} calls were started for a client that reads nothing");
    // A client that reads again gets everything.
    let mut answers = 0;
    for line in io::BufReader::new(from_server).lines().map_while(Result::ok) {
        assert!(line.ends_with('}') && line.contains("\"isError\":false"), "{:.200}", line);
        answers += 1;
        if answers == CALLS {
            break;
        }
    }
    assert_eq!(answers, CALLS);
    drop(writer.join().expect("all was written"));
    assert!(matches!(server.join().expect("no panic"), Ok(Cause::EndOfInput)));
}
