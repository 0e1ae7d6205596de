//! What kind of thing a standard stream is. Clients give pipes (most), sockets (those on Node) or files.

use std::{fs::File, io, os::fd::OwnedFd};

use rustix::fs::{FileType, OFlags, fcntl_getfl, fcntl_setfl, fstat};
use tokio::net::UnixStream;

pub(super) enum Endpoint {
    /// A pipe, not blocking.
    Pipe(File),
    Socket(UnixStream),
    Other(File),
}

/// Looks at a file. Pipes and sockets become non-blocking; whoever has the other end does not notice, for the flag
/// belongs to this end.
pub(super) fn of(file: File) -> io::Result<Endpoint> {
    match FileType::from_raw_mode(fstat(&file)?.st_mode) {
        FileType::Fifo => {
            fcntl_setfl(&file, fcntl_getfl(&file)? | OFlags::NONBLOCK)?;
            Ok(Endpoint::Pipe(file))
        }
        FileType::Socket => {
            let socket = std::os::unix::net::UnixStream::from(OwnedFd::from(file));
            socket.set_nonblocking(true)?;
            Ok(Endpoint::Socket(UnixStream::from_std(socket)?))
        }
        _ => Ok(Endpoint::Other(file)),
    }
}
