//! Messages on their way to the client: whole, in order, bounded.

use std::{
    fs::File,
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Mutex, Notify};

use crate::mcp::shutdown::{Cause, Shutdown};

/// Bytes that may wait for the client before its further requests are left unread.
const MAX_WAITING_BYTES: usize = 8 << 20;
/// How long a client may leave its output unread before it is taken for gone.
const STALL_LIMIT: Duration = Duration::from_secs(60);

/// The client's end of the output. Cheap to clone.
#[derive(Clone)]
pub(super) struct Outbox(Arc<Inner>);

struct Inner {
    output: Mutex<Option<Output>>,
    waiting: AtomicUsize,
    drained: Notify,
    shutdown: Shutdown,
    stall_limit: Duration,
}

enum Output {
    #[cfg(unix)]
    Pipe(tokio::net::unix::pipe::Sender),
    #[cfg(unix)]
    Socket(super::endpoint::Socket),
    /// Files, terminals, and all there is elsewhere.
    Blocking(Arc<File>),
}

impl Outbox {
    pub(super) fn new(file: File, shutdown: Shutdown) -> io::Result<Self> {
        Self::with_stall_limit(file, shutdown, STALL_LIMIT)
    }

    fn with_stall_limit(file: File, shutdown: Shutdown, stall_limit: Duration) -> io::Result<Self> {
        Ok(Self(Arc::new(Inner {
            output: Mutex::new(Some(Output::new(file)?)),
            waiting: AtomicUsize::new(0),
            drained: Notify::new(),
            shutdown,
            stall_limit,
        })))
    }

    /// Counts the message as waiting from now on, and writes it when the returned future is run. A client that is gone
    /// or does not read ends the server.
    pub(super) fn send(&self, message: Vec<u8>) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let waiting = Waiting::new(Arc::clone(&self.0), message.len());
        async move {
            let inner = &waiting.inner;
            let mut output = inner.output.lock().await;
            let Some(sink) = output.as_mut() else {
                return Err(io::Error::new(io::ErrorKind::NotConnected, "the output is closed"));
            };
            let cause = match tokio::time::timeout(inner.stall_limit, sink.write_all(message)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => Cause::OutputClosed(error.kind()),
                Err(_) => Cause::OutputStalled,
            };
            // Half a message may be out: nothing may follow it.
            *output = None;
            inner.shutdown.begin(cause);
            Err(io::Error::new(io::ErrorKind::BrokenPipe, "the client does not take its output"))
        }
    }

    /// Waits until the client has taken enough of what waits for it.
    pub(super) async fn room(&self) {
        self.at_most(MAX_WAITING_BYTES).await;
    }

    /// Waits until nothing waits.
    pub(super) async fn empty(&self) {
        self.at_most(0).await;
    }

    async fn at_most(&self, bytes: usize) {
        loop {
            let drained = self.0.drained.notified();
            if self.0.waiting.load(Ordering::Relaxed) <= bytes {
                return;
            }
            drained.await;
        }
    }

    /// False once the client is gone or the output was closed.
    pub(super) async fn is_open(&self) -> bool {
        self.0.output.lock().await.is_some()
    }

    /// Closes the output, after the message that is being written.
    pub(super) async fn close(&self) {
        self.0.output.lock().await.take();
    }
}

/// Bytes that wait; until dropped.
struct Waiting {
    inner: Arc<Inner>,
    bytes: usize,
}

impl Waiting {
    fn new(inner: Arc<Inner>, bytes: usize) -> Self {
        inner.waiting.fetch_add(bytes, Ordering::Relaxed);
        Self { inner, bytes }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.inner.waiting.fetch_sub(self.bytes, Ordering::Relaxed);
        self.inner.drained.notify_waiters();
    }
}

impl Output {
    fn new(file: File) -> io::Result<Self> {
        #[cfg(unix)]
        let file = match super::endpoint::of(file, super::endpoint::Direction::Write)? {
            super::endpoint::Endpoint::Pipe(file) => {
                return Ok(Self::Pipe(tokio::net::unix::pipe::Sender::from_file(file)?));
            }
            super::endpoint::Endpoint::Socket(socket) => return Ok(Self::Socket(socket)),
            super::endpoint::Endpoint::Other(file) => file,
        };
        Ok(Self::Blocking(Arc::new(file)))
    }

    async fn write_all(&mut self, message: Vec<u8>) -> io::Result<()> {
        #[cfg(unix)]
        use tokio::io::AsyncWriteExt as _;

        match self {
            #[cfg(unix)]
            Self::Pipe(pipe) => pipe.write_all(&message).await,
            #[cfg(unix)]
            Self::Socket(socket) => socket.write_all(&message).await,
            Self::Blocking(file) => {
                let file = Arc::clone(file);
                tokio::task::spawn_blocking(move || io::Write::write_all(&mut &*file, &message))
                    .await
                    .unwrap_or_else(|error| Err(io::Error::other(error)))
            }
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::{io::Read as _, os::fd::OwnedFd};

    use super::*;

    fn outbox(stall_limit: Duration) -> (Outbox, io::PipeReader, Shutdown) {
        let (reader, writer) = io::pipe().expect("a pipe");
        let shutdown = Shutdown::default();
        let file = File::from(OwnedFd::from(writer));
        (Outbox::with_stall_limit(file, shutdown.clone(), stall_limit).expect("an outbox"), reader, shutdown)
    }

    #[tokio::test]
    async fn outbox_writes_in_the_order_of_sending() {
        let (outbox, mut reader, _) = outbox(STALL_LIMIT);
        for n in 0..100 {
            outbox.send(format!("{n}\n").into_bytes()).await.expect("written");
        }
        outbox.close().await;
        let mut text = String::new();
        reader.read_to_string(&mut text).expect("text");
        assert_eq!(text, (0..100).map(|n| format!("{n}\n")).collect::<String>());
    }

    #[tokio::test]
    async fn outbox_of_client_that_is_gone_begins_the_shutdown() {
        let (outbox, reader, shutdown) = outbox(STALL_LIMIT);
        drop(reader);
        outbox.send(b"x\n".to_vec()).await.expect_err("nobody reads");
        assert!(matches!(shutdown.cause(), Some(Cause::OutputClosed(_))));
        outbox.send(b"y\n".to_vec()).await.expect_err("closed");
    }

    #[tokio::test]
    async fn outbox_of_client_that_does_not_read_has_no_room_then_ends() {
        let (outbox, _reader, shutdown) = outbox(Duration::from_millis(50));
        let big = outbox.send(vec![b'x'; MAX_WAITING_BYTES + 1]);
        assert!(
            tokio::time::timeout(Duration::from_millis(10), outbox.room()).await.is_err(),
            "there is room"
        );
        big.await.expect_err("nobody reads");
        assert_eq!(shutdown.cause(), Some(Cause::OutputStalled));
        outbox.room().await;
    }
}
