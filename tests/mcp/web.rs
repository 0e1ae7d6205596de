//! A client that knows nothing but HTTP/1.1 and JSON.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{HANG, PROGRAM, modern};

/// A server over HTTP, on a port or socket of its own.
pub struct Site {
    server: Child,
    said: Arc<Mutex<Vec<String>>>,
    /// `http://127.0.0.1:PORT/mcp` or `unix:/path`.
    pub url: String,
    /// What it said that clients sign in with.
    pub token: Option<String>,
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Site {
    /// Starts a server and waits until it says where it is.
    pub fn start(arguments: &[String], environment: &[(&str, &str)], folder: &Path) -> Self {
        let mut server = Command::new(PROGRAM)
            .args(arguments)
            .envs(environment.iter().copied())
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let errors = BufReader::new(server.stderr.take().expect("a pipe"));
        let said = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&said);
        thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                eprintln!("server: {line}");
                lines.lock().expect("no panic").push(line);
            }
        });
        let mut site = Self { server, said, url: String::new(), token: None };
        let end = Instant::now() + HANG;
        while site.url.is_empty() {
            assert!(Instant::now() < end, "the server did not say where it is");
            assert!(site.server.try_wait().expect("a status").is_none(), "the server ended");
            thread::sleep(Duration::from_millis(5));
            let said = site.said();
            if let Some(url) =
                said.lines().find_map(|line| line.split_once("serving MCP at ")).map(|(_, url)| url)
            {
                site.url = url.to_owned();
                // It comes right behind.
                thread::sleep(Duration::from_millis(100));
                let said = site.said();
                site.token = said
                    .lines()
                    .find_map(|line| line.split_once("Bearer "))
                    .map(|(_, token)| token.to_owned());
            }
        }
        site
    }

    /// What it wrote to the error stream so far.
    pub fn said(&self) -> String {
        self.said.lock().expect("no panic").join("\n")
    }

    /// Its address and token, for the clients of SDKs.
    pub fn target(&self) -> [String; 2] {
        [self.url.clone(), self.token.clone().expect("a token")]
    }

    /// `127.0.0.1:PORT`.
    pub fn authority(&self) -> &str {
        let rest = self.url.split_once("://").expect("a URL").1;
        rest.split('/').next().expect("a host")
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.authority()).expect("it listens");
        stream.set_read_timeout(Some(HANG)).expect("set");
        stream
    }

    /// The headers that every request of a well-behaved client has.
    pub fn headers(&self) -> Vec<(String, String)> {
        let mut headers = vec![
            ("Host".to_owned(), self.authority().to_owned()),
            ("Content-Type".to_owned(), "application/json".to_owned()),
            ("Accept".to_owned(), "application/json, text/event-stream".to_owned()),
        ];
        if let Some(token) = &self.token {
            headers.push(("Authorization".to_owned(), format!("Bearer {token}")));
        }
        headers
    }

    /// Sends a message of the older revisions.
    pub fn post(&self, session: Option<&str>, mut message: Value) -> Answer {
        message["jsonrpc"] = json!("2.0");
        let mut headers = self.headers();
        if let Some(session) = session {
            headers.push(("Mcp-Session-Id".to_owned(), session.to_owned()));
        }
        self.exchange("POST", &headers, message.to_string().as_bytes())
    }

    /// Sends a message whose id belonged to a cancelled request: it is free when that one's handler has ended.
    pub fn post_when_free(&self, session: &str, message: &Value) -> Answer {
        let begun = Instant::now();
        loop {
            let answer = self.post(Some(session), message.clone());
            let duplicate = answer.messages().iter().any(|message| message["error"]["code"] == -32600);
            if !duplicate || begun.elapsed() > HANG {
                return answer;
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Sends a request of revision 2026-07-28.
    pub fn ask(&self, method: &str, params: Value) -> Answer {
        let (headers, body) = self.modern(method, params);
        self.exchange("POST", &headers, body.as_bytes())
    }

    /// A request of revision 2026-07-28.
    pub fn modern(&self, method: &str, params: Value) -> (Vec<(String, String)>, String) {
        let mut headers = self.headers();
        headers.push(("MCP-Protocol-Version".to_owned(), "2026-07-28".to_owned()));
        headers.push(("Mcp-Method".to_owned(), method.to_owned()));
        if let Some(name) = params["name"].as_str() {
            headers.push(("Mcp-Name".to_owned(), name.to_owned()));
        }
        let mut message = modern(1, method, params);
        message["jsonrpc"] = json!("2.0");
        (headers, message.to_string())
    }

    /// Calls a tool in revision 2026-07-28.
    pub fn call(&self, tool: &str, arguments: Value) -> Value {
        let answer = self.ask("tools/call", json!({"name": tool, "arguments": arguments}));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.message()["result"].clone()
    }

    /// Begins a session.
    pub fn initialize(&self, version: &str) -> String {
        let answer = self.post(None, initialize(version));
        assert_eq!(answer.status, 200, "{answer:?}");
        let session = answer.header("mcp-session-id").expect("a session").to_owned();
        let answer = self.post(Some(&session), json!({"method": "notifications/initialized"}));
        assert_eq!(answer.status, 202, "{answer:?}");
        session
    }

    pub fn exchange(&self, method: &str, headers: &[(String, String)], body: &[u8]) -> Answer {
        self.try_exchange(method, headers, body).expect("an answer")
    }

    /// The same, for a time at which the server may close a connection.
    pub fn try_exchange(
        &self,
        method: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let mut stream = self.connect();
        send(&mut stream, method, "/mcp", headers, body);
        Answer::read(&mut BufReader::new(stream))
    }

    /// Sends SIGTERM and waits for the end.
    pub fn finish(mut self) -> ExitStatus {
        #[cfg(unix)]
        if let Some(process) = i32::try_from(self.server.id()).ok().and_then(rustix::process::Pid::from_raw) {
            rustix::process::kill_process(process, rustix::process::Signal::TERM).expect("it runs");
        }
        let end = Instant::now() + HANG;
        loop {
            if let Some(status) = self.server.try_wait().expect("a status") {
                return status;
            }
            assert!(Instant::now() < end, "the server did not end");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A first message of the older revisions.
pub fn initialize(version: &str) -> Value {
    json!({"id": "init", "method": "initialize", "params": {
        "protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}})
}

/// Writes a request. A server that answers before it has read all may close: that is no error here.
pub fn send(stream: &mut impl Write, method: &str, path: &str, headers: &[(String, String)], body: &[u8]) {
    let mut head = format!("{method} {path} HTTP/1.1\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

impl Answer {
    /// Reads an answer to its end.
    pub fn read(reader: &mut impl BufRead) -> io::Result<Self> {
        let mut answer = Self::head(reader)?;
        let mut body = Vec::new();
        if answer.header("transfer-encoding").is_some() {
            while let Some(mut chunk) = chunk(reader)? {
                body.append(&mut chunk);
            }
        } else {
            let length = answer.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            body.resize(length, 0);
            reader.read_exact(&mut body)?;
        }
        answer.body = String::from_utf8(body).expect("text");
        Ok(answer)
    }

    /// Reads the status and the headers.
    pub fn head(reader: &mut impl BufRead) -> io::Result<Self> {
        let status = line(reader)?;
        let status = status.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut headers = Vec::new();
        loop {
            let line = line(reader)?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Ok(Self { status, headers, body: String::new() })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The messages in it: one, or those of a stream of events.
    pub fn messages(&self) -> Vec<Value> {
        let json = |text: &str| serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        if self.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream")) {
            self.body.lines().filter_map(|line| line.strip_prefix("data: ")).map(json).collect()
        } else {
            vec![json(&self.body)]
        }
    }

    /// The last message: the answer itself.
    pub fn message(&self) -> Value {
        self.messages().pop().unwrap_or_else(|| panic!("nothing in {self:?}"))
    }
}

/// The next chunk of a body; `None` at its end.
pub fn chunk(reader: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let size = line(reader)?;
    let size = usize::from_str_radix(size.trim(), 16).map_err(|_| io::ErrorKind::UnexpectedEof)?;
    let mut chunk = vec![0; size];
    reader.read_exact(&mut chunk)?;
    line(reader)?;
    Ok((size > 0).then_some(chunk))
}

fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}
