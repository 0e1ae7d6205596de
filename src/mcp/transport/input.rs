//! The client's bytes, from whatever standard input was.

use std::{fs::File, io};

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
    Socket(tokio::net::UnixStream),
    /// Files, terminals, and all there is elsewhere: a thread reads.
    Thread(mpsc::Receiver<io::Result<Vec<u8>>>),
}

impl Input {
    /// Takes over a file, which is a private one: nothing else reads it.
    pub(super) fn new(file: File) -> io::Result<Self> {
        #[cfg(unix)]
        let file = match super::endpoint::of(file)? {
            super::endpoint::Endpoint::Pipe(file) => {
                return Ok(Self::Pipe(tokio::net::unix::pipe::Receiver::from_file(file)?));
            }
            super::endpoint::Endpoint::Socket(stream) => return Ok(Self::Socket(stream)),
            super::endpoint::Endpoint::Other(file) => file,
        };
        Ok(Self::Thread(read_on_thread(file)?))
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
            Self::Socket(socket) => loop {
                socket.readable().await?;
                buffer.reserve(CHUNK_BYTES);
                match socket.try_read_buf(buffer) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    outcome => return outcome,
                }
            },
            Self::Thread(chunks) => match chunks.recv().await {
                None => Ok(0),
                Some(Err(error)) => Err(error),
                Some(Ok(chunk)) => {
                    buffer.extend_from_slice(&chunk);
                    Ok(chunk.len())
                }
            },
        }
    }
}

/// The thread ends with the input, or with the process.
fn read_on_thread(mut file: File) -> io::Result<mpsc::Receiver<io::Result<Vec<u8>>>> {
    use std::io::Read as _;

    let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
    std::thread::Builder::new().name("runspaced-input".to_owned()).spawn(move || {
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            let read = match file.read(&mut chunk) {
                Ok(0) => return,
                Ok(count) => Ok(chunk[..count].to_vec()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // The writing end was closed: on Windows that is how a pipe ends.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return,
                Err(error) => Err(error),
            };
            let over = read.is_err();
            if sender.blocking_send(read).is_err() || over {
                return;
            }
        }
    })?;
    Ok(receiver)
}
