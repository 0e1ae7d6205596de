//! A session of the Model Context Protocol with our own server, in this process: two pipes, and lines of JSON over them.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, PipeReader, PipeWriter, Write as _};
use std::time::{Duration, Instant};

use runspaced::mcp::Server;
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// Revision of the protocol that is spoken.
const REVISION: &str = "2025-11-25";
/// An answer takes longer only if something hangs.
const HANG: Duration = Duration::from_secs(120);

/// The client's end.
pub struct Session {
    input: Option<PipeWriter>,
    messages: mpsc::UnboundedReceiver<Value>,
    server: tokio::task::JoinHandle<()>,
    next: u64,
    /// What the server says of itself.
    pub about: Value,
    /// Names of its tools.
    pub tools: Vec<String>,
}

/// What came of a call.
#[derive(Debug, Clone)]
pub struct Answer {
    /// As a model reads it.
    pub text: String,
    /// The same as data.
    pub content: Value,
    pub failed: bool,
    pub took: Duration,
}

impl Session {
    /// Starts the server and shakes hands with it.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub async fn open(server: Server) -> Result<Self, String> {
        let pipes = || io::pipe().map_err(|error| format!("no pipe can be made: {error}"));
        let ((requests, input), (output, answers)) = (pipes()?, pipes()?);
        let server = tokio::spawn(async move {
            let ended = server.serve(reading(requests), writing(answers), std::future::pending()).await;
            if let Err(error) = ended {
                tracing::warn!(%error, "the server could not serve");
            }
        });
        let mut session = Self {
            input: Some(input),
            messages: listen(output)?,
            server,
            next: 0,
            about: Value::Null,
            tools: Vec::new(),
        };
        let client = json!({"name": "runspaced demo", "version": env!("CARGO_PKG_VERSION")});
        let hello = json!({"protocolVersion": REVISION, "capabilities": {}, "clientInfo": client});
        session.about = session.request("initialize", hello, &|_| {}).await?;
        session.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))?;
        session.list().await?;
        Ok(session)
    }

    async fn list(&mut self) -> Result<(), String> {
        let mut cursor = Value::Null;
        loop {
            let asked = if cursor.is_null() { json!({}) } else { json!({"cursor": cursor}) };
            let mut listed = self.request("tools/list", asked, &|_| {}).await?;
            let tools = listed["tools"].as_array().into_iter().flatten();
            self.tools.extend(tools.filter_map(|tool| tool["name"].as_str().map(str::to_owned)));
            cursor = listed["nextCursor"].take();
            if cursor.is_null() {
                return Ok(());
            }
        }
    }

    /// Calls a tool, and tells how it gets on.
    ///
    /// # Errors
    /// The protocol's own errors, and an end of the server. What the tool did not like is in the answer.
    pub async fn call(
        &mut self,
        tool: &str,
        arguments: &Value,
        progress: &(dyn Fn(&str) + Sync),
    ) -> Result<Answer, String> {
        let began = Instant::now();
        let params = json!({"name": tool, "arguments": arguments, "_meta": {"progressToken": self.next}});
        let result = self.request("tools/call", params, progress).await?;
        let parts = result["content"].as_array().into_iter().flatten();
        let texts: Vec<&str> = parts.filter_map(|part| part["text"].as_str()).collect();
        Ok(Answer {
            text: texts.join("\n"),
            content: result["structuredContent"].clone(),
            failed: result["isError"] == true,
            took: began.elapsed(),
        })
    }

    async fn request(
        &mut self,
        method: &str,
        params: Value,
        progress: &(dyn Fn(&str) + Sync),
    ) -> Result<Value, String> {
        let id = self.next;
        self.next += 1;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))?;
        loop {
            let message = tokio::time::timeout(HANG, self.messages.recv()).await;
            let message =
                message.map_err(|_| format!("{method} was not answered within {} s", HANG.as_secs()))?;
            let Some(mut message) = message else {
                return Err(format!("the server ended before it answered {method}"));
            };
            if message["method"] == "notifications/progress" {
                progress(message["params"]["message"].as_str().unwrap_or_default());
            } else if message["id"] == id {
                if message["error"].is_null() {
                    return Ok(message["result"].take());
                }
                let error = &message["error"];
                return Err(format!(
                    "{method} was refused: {} ({})",
                    error["message"].as_str().unwrap_or_default(),
                    error["code"]
                ));
            }
        }
    }

    fn send(&mut self, message: &Value) -> Result<(), String> {
        let Some(input) = &mut self.input else { return Err("the session is over".to_owned()) };
        writeln!(input, "{message}").map_err(|error| format!("the server does not read any more: {error}"))
    }

    /// Closes the client's end and waits for the server's.
    pub async fn close(mut self) {
        self.input = None;
        if let Err(error) = (&mut self.server).await {
            tracing::warn!(%error, "the server ended badly");
        }
    }
}

/// Messages of the server, read by a thread.
fn listen(output: PipeReader) -> Result<mpsc::UnboundedReceiver<Value>, String> {
    let (sender, messages) = mpsc::unbounded_channel();
    let read = move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let Ok(message) = serde_json::from_str(&line) else { continue };
            if sender.send(message).is_err() {
                return;
            }
        }
    };
    let thread = std::thread::Builder::new().name("runspaced-demo".to_owned()).spawn(read);
    thread.map_err(|error| format!("no thread can be started: {error}"))?;
    Ok(messages)
}

#[cfg(unix)]
fn reading(pipe: PipeReader) -> File {
    File::from(std::os::fd::OwnedFd::from(pipe))
}

#[cfg(unix)]
fn writing(pipe: PipeWriter) -> File {
    File::from(std::os::fd::OwnedFd::from(pipe))
}

#[cfg(windows)]
fn reading(pipe: PipeReader) -> File {
    File::from(std::os::windows::io::OwnedHandle::from(pipe))
}

#[cfg(windows)]
fn writing(pipe: PipeWriter) -> File {
    File::from(std::os::windows::io::OwnedHandle::from(pipe))
}
