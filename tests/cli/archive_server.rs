//! A small web server that does what a test says: whole answers, parts, and answers that break off.

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What a request gets.
#[derive(Debug, Clone, Copy)]
pub enum Answer {
    /// That many bytes of it, and then nothing more.
    Break(usize),
    /// A status and no content.
    Status(u16),
    /// Another address.
    Redirect(&'static str),
}

struct Shared {
    content: Vec<u8>,
    mark: Mutex<String>,
    /// What the next requests get; after that each gets what it asks for.
    answers: Mutex<VecDeque<Answer>>,
    requests: Mutex<Vec<String>>,
}

/// The server; it goes on until the test's process ends.
pub struct ArchiveServer {
    url: String,
    certificate: PathBuf,
    shared: Arc<Shared>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ArchiveServer {
    /// Over TLS, with a certificate of its own.
    pub fn start(folder: &Path, content: Vec<u8>, answers: &[Answer]) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()])
            .expect("made");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a certificate");
        let certificate = folder.join("certificate.pem");
        fs::write(&certificate, made.cert.pem()).expect("written");
        Self::run(certificate, content, answers, Some(Arc::new(config)))
    }

    /// Without TLS.
    pub fn start_plain(folder: &Path, content: Vec<u8>, answers: &[Answer]) -> Self {
        Self::run(folder.join("none"), content, answers, None)
    }

    fn run(
        certificate: PathBuf,
        content: Vec<u8>,
        answers: &[Answer],
        tls: Option<Arc<ServerConfig>>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared {
            content,
            mark: Mutex::new("\"one\"".to_owned()),
            answers: Mutex::new(answers.iter().copied().collect()),
            requests: Mutex::new(Vec::new()),
        });
        let url = match &tls {
            Some(_) => format!("https://localhost:{port}/powershell.tar.gz"),
            None => format!("http://127.0.0.1:{port}"),
        };
        let server = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (server, tls) = (Arc::clone(&server), tls.clone());
                thread::spawn(move || match tls {
                    Some(config) => {
                        if let Ok(connection) = ServerConnection::new(config) {
                            server.serve(StreamOwned::new(connection, stream), |stream| {
                                stream.conn.send_close_notify();
                                let _ = stream.flush();
                                close(&stream.sock);
                            });
                        }
                    }
                    None => server.serve(stream, |stream| close(stream)),
                });
            }
        });
        Self { url, certificate, shared }
    }

    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// File of the certificate to trust.
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// The requests so far, in small letters.
    pub fn requests(&self) -> Vec<String> {
        held(&self.shared.requests).clone()
    }

    /// Mark of the content.
    pub fn mark(&self) -> String {
        held(&self.shared.mark).clone()
    }

    /// Says that the content is another one.
    pub fn change_mark(&self) {
        *held(&self.shared.mark) = "\"two\"".to_owned();
    }

    /// What the next requests get.
    pub fn then(&self, answers: &[Answer]) {
        let mut waiting = held(&self.shared.answers);
        waiting.clear();
        waiting.extend(answers);
    }
}

fn close(stream: &TcpStream) {
    let _ = stream.shutdown(std::net::Shutdown::Both);
}

impl Shared {
    /// Answers one request.
    fn serve<S: Read + Write>(&self, stream: S, close: impl Fn(&mut S)) {
        let mut stream = BufReader::new(stream);
        let mut request = String::new();
        loop {
            let mut line = String::new();
            match stream.read_line(&mut line) {
                Ok(read) if read > 2 => request.push_str(&line.to_lowercase()),
                Ok(read) if read > 0 => break,
                // A connection without a request: a handshake that failed.
                _ => return,
            }
        }
        let stream = stream.get_mut();
        let answer = held(&self.answers).pop_front();
        held(&self.requests).push(request.clone());
        let mark = held(&self.mark).clone();
        let header = |name: &str| {
            request.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned)
        };
        let start = header("range")
            .filter(|_| header("if-range").as_deref() == Some(mark.as_str()))
            .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
        let rest = &self.content[start.unwrap_or(0).min(self.content.len())..];
        let status = match start {
            Some(start) => format!(
                "206 Partial Content\r\ncontent-range: bytes {start}-{}/{}",
                self.content.len() - 1,
                self.content.len()
            ),
            None => "200 OK".to_owned(),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\netag: {mark}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            rest.len()
        );
        let sent = match answer {
            None => stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(rest)),
            Some(Answer::Break(length)) => stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(&rest[..length.min(rest.len())])),
            Some(Answer::Status(code)) => stream.write_all(
                format!("HTTP/1.1 {code} No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes(),
            ),
            Some(Answer::Redirect(to)) => stream.write_all(
                format!(
                    "HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                )
                .as_bytes(),
            ),
        };
        // The client may be gone.
        let _ = sent.and_then(|()| stream.flush());
        close(stream);
    }
}
