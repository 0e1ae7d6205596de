//! A server that does as it is told, one act a request.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with a request.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// Answers with these bytes.
    Answer(Vec<u8>),
    /// Closes when it has read the head.
    CloseAfterHead,
    /// Closes when it has read everything.
    CloseAfterBody,
    /// Keeps the connection and says nothing.
    Silence,
    /// Answers a part and closes.
    HalfAnAnswer,
    /// Answers a byte now and then, for ever.
    Drip,
}

/// An answer.
pub(super) fn reply(status: u16, body: &str) -> Act {
    reply_with(status, &[], body)
}

/// An answer with headers.
pub(super) fn reply_with(status: u16, headers: &[(&str, &str)], body: &str) -> Act {
    let mut text = format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n");
    if status != 204 {
        text.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    Act::Answer(format!("{text}\r\n{body}").into_bytes())
}

#[derive(Default)]
struct Told {
    acts: VecDeque<Act>,
    requests: Vec<String>,
}

pub(super) struct Server {
    address: SocketAddr,
    told: Arc<Mutex<Told>>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Server {
    pub(super) async fn start(acts: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("is bound");
        let told = Arc::new(Mutex::new(Told { acts: acts.into(), requests: Vec::new() }));
        let own = told.clone();
        let accepting = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, own.clone()));
            }
        });
        Self { address, told, accepting }
    }

    pub(super) fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Further acts, in place of what is left.
    pub(super) fn then(&self, acts: Vec<Act>) {
        self.told.lock().acts = acts.into();
        self.told.lock().requests.clear();
    }

    /// Heads of the requests that came, header names in lower case as hyper writes them.
    pub(super) fn requests(&self) -> Vec<String> {
        self.told.lock().requests.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(mut stream: TcpStream, told: Arc<Mutex<Told>>) {
    loop {
        let mut received = Vec::new();
        let head = loop {
            if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            let mut part = [0; 4_096];
            match stream.read(&mut part).await {
                Ok(0) | Err(_) => return,
                Ok(count) => received.extend_from_slice(&part[..count]),
            }
        };
        let text = String::from_utf8_lossy(&received[..head]).into_owned();
        let length: usize = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .and_then(|length| length.parse().ok())
            .unwrap_or(0);
        let act = {
            let mut told = told.lock();
            told.requests.push(text);
            told.acts.pop_front()
        };
        if matches!(act, Some(Act::CloseAfterHead)) {
            return;
        }
        while received.len() < head + length {
            let mut part = [0; 4_096];
            match stream.read(&mut part).await {
                Ok(0) | Err(_) => return,
                Ok(count) => received.extend_from_slice(&part[..count]),
            }
        }
        match act {
            Some(Act::Answer(bytes)) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Some(Act::HalfAnAnswer) => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"value\":").await;
                return;
            }
            Some(Act::Drip) => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n").await;
                while stream.write_all(b" ").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                return;
            }
            Some(Act::Silence) => std::future::pending::<()>().await,
            _ => return,
        }
    }
}
