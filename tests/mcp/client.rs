//! A client that knows nothing but JSON and pipes.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use runspaced::locate::PowerShellHome;
use serde_json::{Value, json};

/// Only a hang takes so long.
pub const HANG: Duration = Duration::from_secs(60);

/// The built program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_runspaced");

/// The tools that the tests bring.
pub const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mcp/tools.ps1");

/// A server process and the client's ends of its pipes.
pub struct Client {
    server: Child,
    input: Option<ChildStdin>,
    lines: Option<Receiver<String>>,
}

/// Names the command of the tests' script that may be read as a resource.
const READING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mcp/reading.toml");

/// Arguments of a server on this PowerShell that runs everything. The tests of the policy say what they allow.
pub fn arguments(home: &PowerShellHome, more: &[&str]) -> Vec<String> {
    let home = home.path.to_string_lossy().into_owned();
    ["mcp", "--powershell", &home, "--allow-writes", "--no-sentinel", "--config", READING]
        .iter()
        .chain(more)
        .map(|argument| (*argument).to_owned())
        .collect()
}

/// A message of revision 2026-07-28.
pub fn modern(id: u32, method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    json!({"id": id, "method": method, "params": params})
}

impl Client {
    /// Starts a server that remembers nothing.
    pub fn start(arguments: &[String], folder: &Path) -> Self {
        Self::start_in(arguments, &[("RUNSPACED_MCP__CACHE", "false")], folder)
    }

    /// Starts a server that finds these variables in its environment.
    pub fn start_in(arguments: &[String], environment: &[(&str, &str)], folder: &Path) -> Self {
        Self::open(arguments, environment, folder, Stdio::inherit())
    }

    /// Starts a server with these variables.
    pub fn start_with(arguments: &[String], folder: &Path, variables: &[(&str, &str)]) -> Self {
        Self::start_in(arguments, variables, folder)
    }

    /// Starts a server and reads its log, to the end.
    pub fn start_with_log(arguments: &[String], folder: &Path) -> (Self, JoinHandle<Vec<String>>) {
        let mut client = Self::open(arguments, &[("RUNSPACED_MCP__CACHE", "false")], folder, Stdio::piped());
        let log = client.server.stderr.take().expect("a pipe");
        (client, thread::spawn(|| BufReader::new(log).lines().map_while(Result::ok).collect()))
    }

    fn open(arguments: &[String], environment: &[(&str, &str)], folder: &Path, log: Stdio) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).envs(environment.iter().copied()).current_dir(folder).stderr(log);
        Self::spawn(command)
    }

    /// Starts a server as a command says.
    pub fn spawn(mut command: Command) -> Self {
        let mut server =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program starts");
        let output = server.stdout.take().expect("a pipe");
        let (line, lines) = mpsc::channel();
        thread::spawn(move || {
            for text in BufReader::new(output).lines().map_while(Result::ok) {
                if line.send(text).is_err() {
                    return;
                }
            }
        });
        Self { input: server.stdin.take(), server, lines: Some(lines) }
    }

    /// Starts a server of the tests' script and shakes hands with it.
    pub fn of_script(home: &PowerShellHome, folder: &Path) -> Self {
        let mut client = Self::start(&arguments(home, &["--script", SCRIPT]), folder);
        client.initialize("2025-11-25");
        client
    }

    pub fn initialize(&mut self, version: &str) -> Value {
        self.initialize_with(version, &json!({}))
    }

    pub fn initialize_with(&mut self, version: &str, capabilities: &Value) -> Value {
        self.send(json!({"id": "init", "method": "initialize", "params": {
            "protocolVersion": version, "capabilities": capabilities, "clientInfo": {"name": "test", "version": "1"}}}));
        let answer = self.receive();
        assert_eq!(answer["id"], "init");
        self.send(json!({"method": "notifications/initialized"}));
        answer
    }

    pub fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = json!("2.0");
        self.send_text(&message.to_string());
    }

    pub fn send_text(&mut self, text: &str) {
        let input = self.input.as_mut().expect("open");
        input.write_all(format!("{text}\n").as_bytes()).expect("written");
    }

    /// Sends a line that need not arrive.
    pub fn send_text_if_open(&mut self, text: &str) {
        let _ = self.input.as_mut().expect("open").write_all(format!("{text}\n").as_bytes());
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        #[cfg(unix)]
        if let Some(process) = i32::try_from(self.server.id()).ok().and_then(rustix::process::Pid::from_raw) {
            rustix::process::kill_process(process, rustix::process::Signal::TERM).expect("it runs");
        }
    }

    /// Sends a call and does not wait.
    pub fn post(&mut self, id: impl Into<Value>, tool: &str, arguments: Value) {
        let id: Value = id.into();
        self.send(
            json!({"id": id, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}),
        );
    }

    /// Calls a tool; the answer must be the next message.
    pub fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.post("call", tool, arguments);
        let answer = self.receive();
        assert_eq!(answer["id"], "call", "{answer}");
        answer["result"].clone()
    }

    /// The next line, as it is.
    pub fn receive_text(&self) -> String {
        self.lines.as_ref().expect("open").recv_timeout(HANG).expect("a message")
    }

    /// The next message. Whatever is on the output must be one.
    pub fn receive(&self) -> Value {
        let line = self.receive_text();
        let message: Value =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("not JSON: {error}: {line}"));
        assert_eq!(message["jsonrpc"], "2.0", "{line}");
        message
    }

    /// The answer to this request; notifications that come before it are given too.
    pub fn answer(&self, id: &str) -> (Value, Vec<Value>) {
        let mut before = Vec::new();
        loop {
            let message = self.receive();
            if message["id"] == id {
                return (message, before);
            }
            assert!(message.get("id").is_none(), "an answer to something else: {message}");
            before.push(message);
        }
    }

    /// True if nothing comes for a while.
    pub fn is_silent(&self, time: Duration) -> bool {
        matches!(self.lines.as_ref().expect("open").recv_timeout(time), Err(RecvTimeoutError::Timeout))
    }

    /// Closes the input.
    pub fn close_input(&mut self) {
        self.input = None;
    }

    /// Stops reading; the pipe closes with the next line.
    pub fn close_output(&mut self) {
        self.lines = None;
    }

    /// What is still to come on the output, to its end.
    pub fn rest(&self) -> Vec<String> {
        self.lines.as_ref().expect("open").iter().collect()
    }

    /// The server's process id.
    pub fn process_id(&self) -> u32 {
        self.server.id()
    }

    /// Waits for the end.
    pub fn wait(&mut self) -> ExitStatus {
        let end = Instant::now() + HANG;
        loop {
            if let Some(status) = self.server.try_wait().expect("a status") {
                return status;
            }
            assert!(Instant::now() < end, "the server did not end");
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Closes the input and waits for the end.
    pub fn finish(mut self) {
        self.close_input();
        assert_eq!(self.wait().code(), Some(0));
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // A failed test leaves none behind.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
