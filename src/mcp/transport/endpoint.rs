//! What kind of thing a standard stream is. Clients give pipes (most), sockets (those on Node) or files.
//!
//! None of them is made non-blocking as it is: that flag belongs to the open file, which others may share. With `2>&1` it
//! is the error stream too, and a script's `printf` would fail with EAGAIN.

use std::{
    fs::File,
    io,
    os::fd::{AsFd as _, AsRawFd as _, OwnedFd},
};

use rustix::{
    fs::{FileType, OFlags, fstat},
    net::{RecvFlags, SendFlags},
};
use tokio::io::unix::AsyncFd;

/// How a stream can be waited for.
pub(super) enum Endpoint {
    /// A pipe, opened anew: non-blocking, and nobody else's.
    Pipe(File),
    Socket(Socket),
    /// Files, terminals, and pipes that cannot be opened anew: a thread waits.
    Other(File),
}

/// The direction in which a stream is used.
#[derive(Debug, Clone, Copy)]
pub(super) enum Direction {
    Read,
    Write,
}

/// Looks at a file.
pub(super) fn of(file: File, direction: Direction) -> io::Result<Endpoint> {
    match FileType::from_raw_mode(fstat(&file)?.st_mode) {
        FileType::Fifo => Ok(reopen(&file, direction).map_or(Endpoint::Other(file), Endpoint::Pipe)),
        FileType::Socket => Ok(Endpoint::Socket(Socket::new(OwnedFd::from(file))?)),
        _ => Ok(Endpoint::Other(file)),
    }
}

/// The same pipe as an open file of our own. `None` where the system has no such way, or the pipe is another user's.
fn reopen(file: &File, direction: Direction) -> Option<File> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let way = match direction {
        Direction::Read => OFlags::RDONLY,
        Direction::Write => OFlags::WRONLY,
    };
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let flags = way | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    rustix::fs::open(path, flags, rustix::fs::Mode::empty()).ok().map(File::from)
}

/// A socket that is asked not to wait each time.
pub(super) struct Socket(AsyncFd<OwnedFd>);

impl Socket {
    #[allow(
        deprecated,
        reason = "what it is deprecated for cannot happen with the standard library's own descriptor"
    )]
    fn new(descriptor: OwnedFd) -> io::Result<Self> {
        AsyncFd::new(descriptor).map(Self)
    }

    /// Reads what is there into the end of the buffer. 0 is the end.
    pub(super) async fn read(&self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        loop {
            let mut ready = self.0.readable().await?;
            let spare = rustix::buffer::spare_capacity(buffer);
            match ready.try_io(|socket| Ok(rustix::net::recv(socket.as_fd(), spare, RecvFlags::DONTWAIT)?)) {
                Ok(read) => return read.map(|(count, _)| count),
                Err(_would_block) => {}
            }
        }
    }

    /// Writes all of it.
    pub(super) async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let mut ready = self.0.writable().await?;
            let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
            match ready.try_io(|socket| Ok(rustix::net::send(socket.as_fd(), bytes, flags)?)) {
                Ok(written) => bytes = &bytes[written?..],
                Err(_would_block) => {}
            }
        }
        Ok(())
    }
}
