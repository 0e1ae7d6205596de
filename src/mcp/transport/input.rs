//! The client's bytes, from whatever standard input was.

use std::{fs::File, io, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::mpsc;

/// Bytes asked for at once.
const CHUNK_BYTES: usize = 64 << 10;
/// Chunks that the reading thread may be ahead.
const CHUNKS_AHEAD: usize = 4;

/// A source of bytes that can be waited for, without a thread where the system lets it.
pub(super) enum Input {
    #[cfg(unix)]
    Pipe(tokio::net::unix::pipe::Receiver),
    #[cfg(unix)]
    Socket(super::endpoint::Socket),
    /// Files, terminals, and all there is elsewhere: a thread reads.
    Thread(ReadingThread),
}

impl Input {
    /// Takes over a file, which is a private one: nothing else reads it.
    pub(super) fn new(file: File) -> io::Result<Self> {
        #[cfg(unix)]
        let file = match super::endpoint::of(file, super::endpoint::Direction::Read)? {
            super::endpoint::Endpoint::Pipe(file) => {
                return Ok(Self::Pipe(tokio::net::unix::pipe::Receiver::from_file(file)?));
            }
            super::endpoint::Endpoint::Socket(socket) => return Ok(Self::Socket(socket)),
            super::endpoint::Endpoint::Other(file) => file,
        };
        Ok(Self::Thread(ReadingThread::start(file)?))
    }

    /// Reads what is there into the end of the buffer, and waits if there is nothing. 0 is the end of the input. Loses
    /// nothing if it is dropped while it waits.
    pub(super) async fn read(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        match self {
            #[cfg(unix)]
            Self::Pipe(pipe) => loop {
                pipe.readable().await?;
                buffer.reserve(CHUNK_BYTES);
                match pipe.try_read_buf(buffer) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    outcome => return outcome,
                }
            },
            #[cfg(unix)]
            Self::Socket(socket) => {
                buffer.reserve(CHUNK_BYTES);
                socket.read(buffer).await
            }
            Self::Thread(thread) => match thread.chunks.recv().await {
                None => Ok(0),
                Some(Err(error)) => Err(error),
                Some(Ok(chunk)) => {
                    buffer.extend_from_slice(&chunk);
                    Ok(chunk.len())
                }
            },
        }
    }

    /// Ends reading for good: what was read ahead goes to the end of the buffer, the rest stays for the next process.
    pub(super) fn stop(self, buffer: &mut Vec<u8>) {
        if let Self::Thread(mut thread) = self {
            *thread.gate.lock() = Gate::Closed;
            while let Ok(Ok(chunk)) = thread.chunks.try_recv() {
                buffer.extend_from_slice(&chunk);
            }
        }
    }
}

/// A thread that reads. It ends with the input, or with the process.
pub(super) struct ReadingThread {
    chunks: mpsc::Receiver<io::Result<Vec<u8>>>,
    /// Held while bytes are taken from the file until they are in the channel.
    gate: Arc<Mutex<Gate>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    Open,
    Closed,
}

impl ReadingThread {
    fn start(mut file: File) -> io::Result<Self> {
        use std::io::Read as _;

        let (sender, chunks) = mpsc::channel(CHUNKS_AHEAD);
        let gate = Arc::new(Mutex::new(Gate::Open));
        let passage = Arc::clone(&gate);
        let runtime = tokio::runtime::Handle::current();
        std::thread::Builder::new().name("runspaced-input".to_owned()).spawn(move || {
            let mut chunk = vec![0; CHUNK_BYTES];
            loop {
                // A place in the channel and something to read first, so that the gate is never held for long.
                let Ok(place) = runtime.block_on(sender.clone().reserve_owned()) else { return };
                #[cfg(unix)]
                if let Err(error) = wait_for_bytes(&file) {
                    place.send(Err(error));
                    return;
                }
                let open = passage.lock();
                if *open == Gate::Closed {
                    return;
                }
                let read = match file.read(&mut chunk) {
                    Ok(0) => return,
                    Ok(count) => Ok(chunk[..count].to_vec()),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    // The writing end was closed: on Windows that is how a pipe ends.
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return,
                    Err(error) => Err(error),
                };
                let over = read.is_err();
                place.send(read);
                drop(open);
                if over {
                    return;
                }
            }
        })?;
        Ok(Self { chunks, gate })
    }
}

#[cfg(unix)]
fn wait_for_bytes(file: &File) -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, poll};

    loop {
        match poll(&mut [PollFd::new(file, PollFlags::IN)], None) {
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
