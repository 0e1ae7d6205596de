//! The protocol over real pipes, with a scripted executor in place of PowerShell.

mod first_list;
mod replacement;
mod schedules;

use std::{
    fs::File,
    io::{self, BufRead as _, Write as _},
    os::fd::OwnedFd,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::sync::{oneshot, watch};

use super::{
    call::{Done, Executor, Job, JobEvent, LogLevel, Running},
    completions::Guess,
    dispatch::CallLimits,
    handover::StdioState,
    progress::ProgressRecord,
    question::{Question, tests::question},
    routes::Routes,
    server::{Core, End, Health, Parts, serve},
    service::Extras,
    shutdown::{Cause, Patience},
};
use crate::{
    Error, Replacement,
    catalog::{Catalog, CatalogFeed, CatalogState, Exposure, Target, ToolSearch, test_command, test_native},
    policy::{Mode, Policy},
};

/// Long enough for a loaded machine; only a hang takes it.
pub(super) const HANG: Duration = Duration::from_secs(20);

/// What a job comes to.
fn output(values: &Value, records: &Value, meta: Value) -> Done {
    super::reply::tests::output(values, records, meta).into()
}

/// Does what a tool's name says.
#[derive(Default)]
struct Script {
    running: AtomicUsize,
    started: AtomicUsize,
    /// PowerShell was upgraded: calls are refused.
    upgraded: AtomicBool,
}

/// Counts a job while it runs.
struct Mark(Arc<Script>);

impl Drop for Mark {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Scripted(Arc<Script>);

/// Says what it was asked.
struct Operations;

impl Executor for Operations {
    fn execute(&self, job: Job) -> Running {
        let Target::Native { operation, .. } = &job.target else { panic!("{:?}", job.target) };
        let value = json!([{"operation": operation.as_ref(), "arguments": job.arguments}]);
        Box::pin(async move { Ok(output(&value, &json!([]), json!({"count": 1}))) })
    }

    fn guess(&self, _guess: Guess) -> Pin<Box<dyn Future<Output = Vec<String>> + Send>> {
        Box::pin(std::future::ready(Vec::new()))
    }
}

impl Executor for Scripted {
    fn execute(&self, job: Job) -> Running {
        let script = Arc::clone(&self.0);
        script.started.fetch_add(1, Ordering::SeqCst);
        script.running.fetch_add(1, Ordering::SeqCst);
        let mark = Mark(script);
        Box::pin(async move {
            if mark.0.upgraded.load(Ordering::SeqCst) {
                return Err(Error::PowerShellChanged {
                    home: "/x".to_owned(),
                    change: "upgraded".to_owned(),
                });
            }
            let _mark = mark;
            let Target::Command(command) = &job.target else { panic!("no command: {:?}", job.target) };
            match command.rsplit('\\').next().unwrap_or_default() {
                "Get-Echo" => {
                    let text = job.arguments.get("Text").and_then(Value::as_str).unwrap_or_default();
                    let ms =
                        text.strip_prefix("after ").and_then(|text| text.split(' ').next()?.parse().ok());
                    tokio::time::sleep(Duration::from_millis(ms.unwrap_or(0))).await;
                    Ok(output(&json!([job.arguments]), &json!([]), json!({"count": 1})))
                }
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
                "Get-Deadline" => {
                    let left = u64::try_from(job.deadline.as_millis()).unwrap_or(u64::MAX);
                    Ok(output(&json!([left]), &json!([]), json!({"count": 1})))
                }
                "Stop-Panic" => panic!("on purpose"),
                "Write-Steps" => {
                    assert!(job.wants.progress, "a token was sent");
                    for percent in [10.0, 60.0, 60.0, 30.0, 100.0] {
                        let text = format!("at {percent}");
                        let record = ProgressRecord { percent: Some(percent), text };
                        let _ = job.events.try_send(JobEvent::Progress(record));
                        tokio::time::sleep(Duration::from_millis(120)).await;
                    }
                    Ok(output(&json!([]), &json!([]), json!({})))
                }
                "Write-Log" => {
                    for (level, text) in [
                        (LogLevel::Debug, "detail"),
                        (LogLevel::Info, "news"),
                        (LogLevel::Warning, "careful"),
                    ] {
                        if job.wants.log.is_some_and(|least| least <= level) {
                            let _ = job.events.try_send(JobEvent::Log(level, text.to_owned()));
                        }
                    }
                    Ok(output(&json!([]), &json!([]), json!({})))
                }
                "Get-Rows" => {
                    let rows: Vec<Value> =
                        (0..5_000).map(|n| json!({"Id": n, "Name": format!("name {n}")})).collect();
                    Ok(output(&json!(rows), &json!([]), json!({"count": 5_000})))
                }
                "Read-Name" => ask(&job, question("read_line", "Name", &[], &[])).await,
                "Read-Secret" => ask(&job, question("read_secure", "Password", &[], &[])).await,
                other => panic!("no such command: {other}"),
            }
        })
    }

    fn guess(&self, guess: Guess) -> Pin<Box<dyn Future<Output = Vec<String>> + Send>> {
        Box::pin(async move { vec![format!("{} {} {}", guess.command, guess.parameter, guess.begun)] })
    }
}

/// Asks a question as the engine does: an answer is the output, a refusal the error.
async fn ask(job: &Job, mut question: Question) -> Result<Done, Error> {
    let (sender, answered) = oneshot::channel();
    question.answer = Box::new(|values| {
        let _ = sender.send(values);
    });
    let (kind, message) = (question.kind.clone(), question.message.clone());
    if job.wants.questions {
        let _ = job.events.send(JobEvent::Question(question)).await;
    } else {
        drop(question);
    }
    match answered.await {
        Ok(values) => Ok(output(&json!(values), &json!([]), json!({"count": 1}))),
        Err(_) => Err(Error::PromptBlocked {
            kind,
            caption: String::new(),
            message,
            fields: Vec::new(),
            output: Box::default(),
        }),
    }
}

fn core(executor: Arc<dyn Executor>, catalog: CatalogFeed, limits: CallLimits) -> Core {
    let policy = Policy::new(Mode::Write);
    Core { executor, catalog, policy, limits, extras: Arc::new(Extras::default()), audit: None }
}

fn limits() -> CallLimits {
    CallLimits {
        deadline: HANG,
        long_deadline: HANG,
        calls: 8,
        task_after: Duration::from_millis(100),
        ..CallLimits::default()
    }
}

/// A server whose engine is never to be replaced.
fn healthy(executor: Arc<Scripted>, catalog: CatalogFeed, limits: CallLimits) -> Parts {
    Parts::new(core(executor, catalog, limits), None, Arc::new(Patient(watch::Sender::new(None))))
}

fn catalog() -> Catalog {
    let text =
        json!([{"name": "Text", "type": "string", "type_full_name": "System.String", "bindable": true}]);
    let names = [
        "Get-Big",
        "Get-Rows",
        "Wait-Long",
        "Wait-Short",
        "Get-Deadline",
        "Stop-Panic",
        "Write-Steps",
        "Write-Log",
        "Read-Name",
        "Read-Secret",
    ];
    let mut commands: Vec<_> = names.iter().map(|name| test_command(name, json!([]))).collect();
    commands.push(test_command("Get-Echo", text));
    Catalog::new(&commands).expect("a catalogue")
}

/// An engine whose health a test decides.
#[derive(Clone)]
struct Patient(watch::Sender<Option<Replacement>>);

impl Health for Patient {
    fn replacement(&self) -> Option<Replacement> {
        *self.0.borrow()
    }

    fn replacement_wanted(&self) -> Pin<Box<dyn Future<Output = Replacement> + Send + '_>> {
        Box::pin(async {
            let mut reasons = self.0.subscribe();
            let reason = reasons.wait_for(Option::is_some).await.ok().and_then(|reason| *reason);
            reason.expect("the test holds the sender")
        })
    }
}

/// The lines of a pipe.
fn reading(pipe: io::PipeReader) -> Receiver<String> {
    let (line, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for text in io::BufReader::new(pipe).lines().map_while(Result::ok) {
            if line.send(text).is_err() {
                return;
            }
        }
    });
    lines
}

/// A server on a thread, and the client's ends of its pipes.
pub(super) struct Client {
    input: Option<io::PipeWriter>,
    lines: Option<Receiver<String>>,
    server: JoinHandle<End>,
    stop: Option<oneshot::Sender<()>>,
    script: Arc<Script>,
    catalog: watch::Sender<CatalogState>,
    health: Patient,
}

impl Client {
    pub(super) fn new() -> Self {
        Self::with(limits(), CatalogState::Ready(Arc::new(catalog())))
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
        let mut client = Self::over(limits, patience, (state, policy), None, streams);
        client.input = Some(to_server);
        client.lines = Some(reading(from_server));
        client
    }

    /// A server over two files whose other ends somebody else has.
    fn over(
        limits: CallLimits,
        patience: Patience,
        (state, policy): (CatalogState, Policy),
        left: Option<StdioState>,
        streams: (File, File),
    ) -> Self {
        let script = Arc::new(Script::default());
        let commands = Arc::new(Scripted(Arc::clone(&script)));
        let executor = Arc::new(Routes::new(commands).native("sentinel".into(), Arc::new(Operations)));
        let sender = watch::Sender::new(state);
        let catalog = CatalogFeed::from(sender.clone());
        let (stop, stopped) = oneshot::channel::<()>();
        let health = Patient(watch::Sender::new(None));
        let sick = health.clone();
        let server = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let stop = async {
                if stopped.await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            runtime.block_on(async {
                let core = Core { policy, ..core(executor, catalog, limits) };
                let parts = Parts::new(core, Some(Instant::now()), Arc::new(sick));
                serve(&parts, patience, streams, left, stop).await.expect("served")
            })
        });
        Self { input: None, lines: None, server, stop: Some(stop), script, catalog: sender, health }
    }

    /// A client that has shaken hands.
    pub(super) fn connected() -> Self {
        let mut client = Self::new();
        client.initialize();
        client
    }

    /// One that has shaken hands with a server under this policy.
    pub(super) fn under(policy: Policy) -> Self {
        let state = CatalogState::Ready(Arc::new(catalog()));
        let mut client = Self::governed(limits(), Patience::default(), state, policy);
        client.initialize();
        client
    }

    fn initialize(&mut self) -> Value {
        self.initialize_with(&json!({}))
    }

    pub(super) fn initialize_with(&mut self, capabilities: &Value) -> Value {
        self.send(json!({"id": "init", "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": capabilities, "clientInfo": {"name": "t", "version": "1"}}}));
        let answer = self.receive();
        self.send(json!({"method": "notifications/initialized"}));
        answer
    }

    pub(super) fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = json!("2.0");
        self.send_text(&message.to_string());
    }

    fn send_text(&mut self, text: &str) {
        let mut bytes = text.as_bytes().to_vec();
        bytes.push(b'\n');
        self.input.as_mut().expect("open").write_all(&bytes).expect("written");
    }

    pub(super) fn call(&mut self, id: impl Into<Value>, tool: &str, arguments: Value) {
        let id: Value = id.into();
        self.send(
            json!({"id": id, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}),
        );
    }

    pub(super) fn receive(&self) -> Value {
        let line = self.lines.as_ref().expect("open").recv_timeout(HANG).expect("an answer");
        serde_json::from_str(&line).expect("JSON")
    }

    /// What comes within a short time: nothing, if all is well.
    fn silence(&self) -> bool {
        let next = self.lines.as_ref().expect("open").recv_timeout(Duration::from_millis(150));
        matches!(next, Err(RecvTimeoutError::Timeout))
    }

    pub(super) fn wait_for_running(&self, count: usize) {
        let end = Instant::now() + HANG;
        while self.script.running.load(Ordering::SeqCst) != count {
            assert!(Instant::now() < end, "{} jobs run", self.script.running.load(Ordering::SeqCst));
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Jobs that were begun.
    pub(super) fn started(&self) -> usize {
        self.script.started.load(Ordering::SeqCst)
    }

    /// Closes the input and waits for the end.
    pub(super) fn end(mut self) -> Cause {
        self.input = None;
        self.join()
    }

    fn join(self) -> Cause {
        self.ended().cause
    }

    fn ended(self) -> End {
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

fn text_of(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_default()
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
    let mut client = Client::patient(limits(), patience, state);
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
    let catalog = CatalogFeed::from(watch::Sender::new(CatalogState::Ready(Arc::new(catalog()))));
    let executor = Arc::new(Scripted(Arc::default()));
    let parts = healthy(executor, catalog, CallLimits { calls: 1, ..limits() });
    let end = runtime.block_on(async {
        let serving = serve(&parts, Patience::default(), streams, None, std::future::pending());
        tokio::time::timeout(HANG, serving).await
    });
    let cause = end.map(|end| end.map(|end| end.cause));
    assert!(matches!(cause, Ok(Ok(Cause::OutputClosed(_)))), "{cause:?}");
}

#[test]
fn stop_lets_calls_end_and_cancels_the_rest() {
    let patience = Patience { asked: Duration::from_secs(3), last_answers: HANG, ..Patience::default() };
    let state = CatalogState::Ready(Arc::new(catalog()));
    let mut client = Client::patient(limits(), patience, state);
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
    let catalog = CatalogFeed::from(watch::Sender::new(CatalogState::Ready(Arc::new(catalog()))));
    let limits = CallLimits { calls: CALLS, calls_of_one: CALLS, ..limits() };
    let server = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let parts = healthy(executor, catalog, limits);
        runtime.block_on(serve(&parts, Patience::default(), streams, None, std::future::pending()))
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
    assert!(matches!(server.join().expect("no panic"), Ok(End { cause: Cause::EndOfInput, .. })));
}
