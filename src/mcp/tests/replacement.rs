//! A process that takes another's place: the client notices nothing. Here both are servers of one test process.

use super::*;
use crate::mcp::handover::Handover;

const SOON: Patience = Patience {
    end_of_input: Duration::from_millis(50),
    asked: Duration::from_millis(1_400),
    replace: Duration::from_secs(3),
    last_answers: Duration::from_secs(1),
};

fn ready() -> CatalogState {
    CatalogState::Ready(Arc::new(catalog()))
}

impl Client {
    /// The client of a server that may be replaced, over pipes that outlive it.
    fn lasting(streams: &Lasting, left: Option<StdioState>) -> Self {
        let files = (streams.input.try_clone().expect("a copy"), streams.output.try_clone().expect("a copy"));
        Self::over(limits(), SOON, ready(), left, files)
    }

    /// Waits for the end that the engine's state makes necessary, and gives what is left.
    fn replaced(self) -> StdioState {
        let End { cause, handover } = self.ended();
        assert!(matches!(cause, Cause::Replace(_)), "{cause:?}");
        Handover::unpack(&handover).stdio.expect("a conversation")
    }
}

/// The two pipes of a client, and its ends of them.
struct Lasting {
    input: File,
    output: File,
    to_server: io::PipeWriter,
    lines: Receiver<String>,
}

impl Lasting {
    fn new() -> Self {
        let (input, to_server) = io::pipe().expect("a pipe");
        let (from_server, output) = io::pipe().expect("a pipe");
        let lines = reading(from_server);
        Self {
            input: File::from(OwnedFd::from(input)),
            output: File::from(OwnedFd::from(output)),
            to_server,
            lines,
        }
    }

    fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = json!("2.0");
        self.send_bytes(format!("{message}\n").as_bytes());
    }

    fn send_bytes(&mut self, bytes: &[u8]) {
        self.to_server.write_all(bytes).expect("written");
    }

    fn call(&mut self, id: i64, tool: &str, arguments: Value) {
        self.send(
            json!({"id": id, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}),
        );
    }

    fn receive(&self) -> Value {
        serde_json::from_str(&self.lines.recv_timeout(HANG).expect("an answer")).expect("JSON")
    }

    fn silence(&self) -> bool {
        matches!(self.lines.recv_timeout(Duration::from_millis(150)), Err(RecvTimeoutError::Timeout))
    }

    fn initialize(&mut self) {
        self.send(json!({"id": "init", "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}}));
        assert_eq!(self.receive()["result"]["protocolVersion"], "2025-06-18");
        self.send(json!({"method": "notifications/initialized"}));
    }
}

fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_default()
}

#[test]
fn a_refused_call_is_answered_by_the_next_process() {
    let mut client = Lasting::new();
    let first = Client::lasting(&client, None);
    client.initialize();
    client.call(1, "get_echo", json!({"Text": "before"}));
    assert_eq!(client.receive()["id"], 1);
    first.script.upgraded.store(true, Ordering::SeqCst);
    client.call(2, "get_echo", json!({"Text": "refused"}));
    assert!(client.silence(), "it is left to the next process");
    first.health.0.send_replace(Some(Replacement::PowerShellChanged));
    let left = first.replaced();
    // Sent while no process is there.
    client.call(3, "get_echo", json!({"Text": "between"}));
    let second = Client::lasting(&client, Some(left));
    let answers = [client.receive(), client.receive()];
    for (answer, (id, expected)) in answers.iter().zip([(2, "refused"), (3, "between")]) {
        assert_eq!(answer["id"], id);
        assert!(text(answer).contains(expected), "{answer}");
        assert!(answer["result"].get("resultType").is_none(), "the older era goes on: {answer}");
    }
    assert!(client.silence(), "the handshake is not answered again");
    drop(client);
    assert_eq!(second.join(), Cause::EndOfInput);
}

#[test]
fn calls_that_run_are_answered_first_and_those_that_come_wait() {
    let mut client = Lasting::new();
    let first = Client::lasting(&client, None);
    client.initialize();
    client.call(1, "wait_short", json!({}));
    client.call(2, "wait_long", json!({}));
    first.wait_for_running(2);
    first.health.0.send_replace(Some(Replacement::ExitCalled));
    std::thread::sleep(Duration::from_millis(50));
    client.call(3, "get_echo", json!({"Text": "late"}));
    client.call(4, "get_echo", json!({"Text": "withdrawn"}));
    client.send(json!({"method": "notifications/cancelled", "params": {"requestId": 4}}));
    client.send_bytes(b"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"pi");
    let done = client.receive();
    assert_eq!((&done["id"], text(&done)), (&json!(1), "done"));
    let stopped = client.receive();
    assert_eq!((&stopped["id"], &stopped["result"]["isError"]), (&json!(2), &json!(true)));
    assert!(text(&stopped).contains("replaces itself"), "{stopped}");
    let left = first.replaced();
    let second = Client::lasting(&client, Some(left));
    let late = client.receive();
    assert_eq!(late["id"], 3);
    assert!(text(&late).contains("late"));
    client.send_bytes(b"ng\"}\n");
    assert_eq!(client.receive()["id"], 5, "a line that was half there is whole");
    assert!(client.silence(), "what was withdrawn is not answered");
    drop(client);
    assert_eq!(second.join(), Cause::EndOfInput);
}

#[test]
fn a_running_call_can_be_cancelled_while_the_process_makes_ready() {
    let mut client = Lasting::new();
    let first = Client::lasting(&client, None);
    client.initialize();
    client.call(1, "wait_long", json!({}));
    first.wait_for_running(1);
    let begun = Instant::now();
    first.health.0.send_replace(Some(Replacement::Degraded));
    client.send(json!({"method": "notifications/cancelled", "params": {"requestId": 1}}));
    first.replaced();
    assert!(begun.elapsed() < SOON.replace, "it did not wait for the call");
    assert!(client.silence());
}

#[test]
fn the_newer_era_goes_on_too() {
    let mut client = Lasting::new();
    let first = Client::lasting(&client, None);
    client.send(modern(1, "tools/call", json!({"name": "get_echo", "arguments": {"Text": "a"}})));
    assert_eq!(client.receive()["result"]["resultType"], "complete");
    first.health.0.send_replace(Some(Replacement::PowerShellChanged));
    let left = first.replaced();
    let second = Client::lasting(&client, Some(left));
    client.send(modern(2, "tools/call", json!({"name": "get_echo", "arguments": {"Text": "b"}})));
    assert_eq!(client.receive()["result"]["resultType"], "complete");
    drop(client);
    assert_eq!(second.join(), Cause::EndOfInput);
}

#[test]
fn a_server_that_may_not_be_replaced_says_what_is_wrong() {
    let mut client = Lasting::new();
    let streams = (client.input.try_clone().expect("a copy"), client.output.try_clone().expect("a copy"));
    let script = Arc::new(Script::default());
    script.upgraded.store(true, Ordering::SeqCst);
    let catalog = CatalogFeed::from(watch::Sender::new(ready()));
    let parts = healthy(Arc::new(Scripted(script)), catalog, limits());
    let server = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(serve(&parts, SOON, streams, None, std::future::pending())).expect("served")
    });
    client.initialize();
    client.call(1, "get_echo", json!({}));
    let answer = client.receive();
    assert_eq!(answer["result"]["isError"], true);
    assert!(text(&answer).contains("E105"), "{answer}");
    drop(client);
    assert_eq!(server.join().expect("no panic").cause, Cause::EndOfInput);
}
