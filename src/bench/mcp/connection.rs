//! A client of an MCP server over its standard streams, with as little as can be between a request and its answer.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::bench::{BenchError, rival::quiet};

/// Revision that every server there is speaks.
const REVISION: &str = "2025-06-18";
/// How long a server may take to end once its input is closed.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long an answer may take, unless a scenario has more patience.
const PATIENCE: Duration = Duration::from_secs(60);

/// A call of a tool.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ToolCall {
    pub(crate) name: String,
    pub(crate) arguments: Map<String, Value>,
}

/// A server process and the client's ends of its pipes. Dropping it ends the server.
pub(super) struct Connection {
    process: u32,
    watch: Watch,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    line: Vec<u8>,
    next: u64,
    /// Answers that came while others were waited for.
    early: HashMap<u64, Answer>,
}

/// What a server answered, and when its last byte was here.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) at: Instant,
    /// Of the whole line.
    pub(super) bytes: usize,
    pub(super) result: Result<Value, Value>,
}

/// What of a message tells where it belongs.
#[derive(Deserialize)]
struct Message {
    id: Option<Value>,
    method: Option<String>,
    result: Option<Value>,
    error: Option<Value>,
}

impl Connection {
    /// Starts a program.
    pub(super) fn open(mut command: Command) -> Result<Self, BenchError> {
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = quiet(&mut command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(BenchError::system(format!("starting {program}")))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(BenchError::Server(format!("{program} has no standard streams")));
        };
        Ok(Self {
            process: child.id(),
            watch: Watch::over(child),
            input: Some(input),
            output: BufReader::with_capacity(1 << 16, output),
            line: Vec::new(),
            next: 0,
            early: HashMap::new(),
        })
    }

    /// Shakes hands; when the answer was there, and what the server calls itself.
    pub(super) fn initialize(&mut self) -> Result<Answer, BenchError> {
        let client = json!({"name": "runspaced-bench", "version": env!("CARGO_PKG_VERSION")});
        let id = self.send(
            "initialize",
            json!({"protocolVersion": REVISION, "capabilities": {}, "clientInfo": client}),
        )?;
        let answer = self.answer(id)?;
        self.notify("notifications/initialized", json!({}))?;
        answer.value("initialize")?;
        Ok(answer)
    }

    /// The first page of the tools.
    pub(super) fn list(&mut self) -> Result<Answer, BenchError> {
        let id = self.send("tools/list", json!({}))?;
        self.answer(id)
    }

    /// Calls a tool and waits for its answer, which must be a success.
    pub(super) fn call(&mut self, call: &ToolCall) -> Result<(Duration, Answer), BenchError> {
        let line = self.line_of(call);
        let begun = Instant::now();
        let answer = {
            let id = self.post_line(line)?;
            self.answer(id)?
        };
        answer.success(&call.name)?;
        Ok((answer.at - begun, answer))
    }

    /// Calls a tool and does not wait.
    pub(super) fn post(&mut self, call: &ToolCall) -> Result<u64, BenchError> {
        let line = self.line_of(call);
        self.post_line(line)
    }

    /// Sends a notification.
    pub(super) fn notify(&mut self, method: &str, params: Value) -> Result<(), BenchError> {
        self.write(&line(&json!({"jsonrpc": "2.0", "method": method, "params": params})))
    }

    /// Sends bytes that end in a line end and reads a line, whatever is in it: for servers that echo.
    pub(super) fn echo(&mut self, bytes: &[u8]) -> Result<Instant, BenchError> {
        self.watch.allow(PATIENCE);
        self.write(bytes)?;
        self.read()
    }

    /// Lets answers take this long from now on.
    pub(super) fn allow(&self, patience: Duration) {
        self.watch.allow(patience);
    }

    /// Waits for one answer; others are kept for whoever asks for them.
    pub(super) fn answer(&mut self, id: u64) -> Result<Answer, BenchError> {
        loop {
            if let Some(answer) = self.early.remove(&id) {
                return Ok(answer);
            }
            self.receive()?;
        }
    }

    /// Resident memory of the server, bytes.
    pub(super) fn resident_bytes(&self) -> Result<u64, BenchError> {
        crate::bench::machine::resident_bytes_of(self.process)
            .ok_or(BenchError::NoSamples("this system does not say what is resident"))
    }

    fn line_of(&mut self, call: &ToolCall) -> Vec<u8> {
        line(&json!({"jsonrpc": "2.0", "id": self.next, "method": "tools/call",
            "params": {"name": call.name, "arguments": call.arguments}}))
    }

    fn send(&mut self, method: &str, params: Value) -> Result<u64, BenchError> {
        let line = line(&json!({"jsonrpc": "2.0", "id": self.next, "method": method, "params": params}));
        self.post_line(line)
    }

    /// Sends a request that has the next id.
    fn post_line(&mut self, line: Vec<u8>) -> Result<u64, BenchError> {
        self.watch.allow_at_least(PATIENCE);
        self.write(&line)?;
        let id = self.next;
        self.next += 1;
        Ok(id)
    }

    /// Reads one message.
    fn receive(&mut self) -> Result<(), BenchError> {
        let at = self.read()?;
        let bytes = self.line.len();
        // Servers that print something else on their output are none; the first such line says so.
        let message: Message = serde_json::from_slice(&self.line).map_err(|error| {
            let shown: String = String::from_utf8_lossy(&self.line).chars().take(80).collect();
            BenchError::Server(format!("the server wrote a line that is no message ({error}): {shown}"))
        })?;
        match (message.method, message.id) {
            (Some(_), Some(id)) => self.write(&line(&json!({"jsonrpc": "2.0", "id": id,
                "error": {"code": -32601, "message": "this client only calls tools"}}))),
            (Some(_), None) => Ok(()),
            (None, id) => {
                let result = match (message.result, message.error) {
                    (Some(result), _) => Ok(result),
                    (None, error) => Err(error.unwrap_or_default()),
                };
                if let Some(id) = id.as_ref().and_then(Value::as_u64) {
                    self.early.insert(id, Answer { at, bytes, result });
                }
                Ok(())
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), BenchError> {
        let written = match &mut self.input {
            Some(input) => input.write_all(bytes).and_then(|()| input.flush()),
            None => Ok(()),
        };
        written.map_err(|error| self.watch.explain(&error.to_string()))
    }

    /// Reads a line; when it was whole.
    fn read(&mut self) -> Result<Instant, BenchError> {
        self.line.clear();
        let read = self.output.read_until(b'\n', &mut self.line);
        let at = Instant::now();
        match read {
            Ok(0) => Err(self.watch.explain("it closed its output")),
            Ok(_) => Ok(at),
            Err(error) => Err(self.watch.explain(&error.to_string())),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.input = None;
        self.watch.end();
    }
}

impl Answer {
    /// The result.
    ///
    /// # Errors
    /// If it is an error of the protocol.
    pub(super) fn value(&self, what: &str) -> Result<&Value, BenchError> {
        self.result
            .as_ref()
            .map_err(|error| BenchError::Server(format!("{what} was answered with an error: {error}")))
    }

    /// # Errors
    /// If the call was not a success.
    pub(super) fn success(&self, tool: &str) -> Result<&Value, BenchError> {
        let result = self.value(tool)?;
        match result["isError"].as_bool() {
            Some(true) => {
                let text = result["content"][0]["text"].as_str().unwrap_or_default();
                Err(BenchError::Server(format!("{tool} failed: {text}")))
            }
            _ => Ok(result),
        }
    }
}

fn line(message: &Value) -> Vec<u8> {
    let mut line = message.to_string().into_bytes();
    line.push(b'\n');
    line
}

/// Ends a server that does not answer: its pipe closes, and whoever waits for it goes on.
struct Watch {
    child: Arc<Mutex<Child>>,
    /// Milliseconds since `begun`.
    until: Arc<AtomicU64>,
    begun: Instant,
    fired: Arc<AtomicBool>,
    complaint: Arc<Mutex<String>>,
    _stop: Sender<()>,
}

impl Watch {
    fn over(mut child: Child) -> Self {
        let complaint = Arc::new(Mutex::new(String::new()));
        if let Some(stderr) = child.stderr.take() {
            let last = Arc::clone(&complaint);
            std::thread::spawn(move || {
                for text in BufReader::new(stderr).lines().map_while(Result::ok) {
                    if !text.trim().is_empty() {
                        *last.lock() = text;
                    }
                }
            });
        }
        let child = Arc::new(Mutex::new(child));
        let (stop, stopped) = bounded(0);
        let begun = Instant::now();
        let watch = Self {
            child: Arc::clone(&child),
            until: Arc::new(AtomicU64::new(0)),
            begun,
            fired: Arc::new(AtomicBool::new(false)),
            complaint,
            _stop: stop,
        };
        watch.allow(PATIENCE);
        let (until, fired) = (Arc::clone(&watch.until), Arc::clone(&watch.fired));
        std::thread::spawn(move || guard(&stopped, &child, &until, begun, &fired));
        watch
    }

    /// Answers may take this long from now on.
    fn allow(&self, patience: Duration) {
        self.until.store(millis(self.begun.elapsed() + patience), Ordering::Relaxed);
    }

    /// The same, unless they may take longer already.
    fn allow_at_least(&self, patience: Duration) {
        self.until.fetch_max(millis(self.begun.elapsed() + patience), Ordering::Relaxed);
    }

    fn explain(&self, what: &str) -> BenchError {
        if self.fired.load(Ordering::SeqCst) {
            return BenchError::Server("the server did not answer in time, and was ended".to_owned());
        }
        // What it had to say may be on its way still.
        std::thread::sleep(Duration::from_millis(100));
        let complaint = self.complaint.lock();
        let said = if complaint.is_empty() { String::new() } else { format!("; it said: {complaint}") };
        BenchError::Server(format!("the server is gone: {what}{said}"))
    }

    fn end(&self) {
        let end = Instant::now() + FAREWELL;
        while Instant::now() < end {
            if !matches!(self.child.lock().try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let mut child = self.child.lock();
        let _ = child.kill();
        let _ = child.wait();
    }
}

fn guard(
    stopped: &Receiver<()>,
    child: &Mutex<Child>,
    until: &AtomicU64,
    begun: Instant,
    fired: &AtomicBool,
) {
    while matches!(stopped.recv_timeout(Duration::from_millis(100)), Err(RecvTimeoutError::Timeout)) {
        if millis(begun.elapsed()) > until.load(Ordering::Relaxed) {
            fired.store(true, Ordering::SeqCst);
            let _ = child.lock().kill();
            return;
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
