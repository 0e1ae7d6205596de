//! The private streams for asynchronous use.
//!
//! A pipe or a socket is waited for by the event loop. What may be shared with other processes is never switched to
//! non-blocking: a pipe is opened a second time, which gives it a mode of its own, and a socket that also is the error
//! stream is left alone. Terminals, files and everything else are served by blocking threads.

use std::fs::File;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The original standard input.
pub struct Reader(Box<dyn AsyncRead + Send + Unpin>);

/// The original standard output. Flush after writing: a file is written by another thread.
pub struct Writer(Box<dyn AsyncWrite + Send + Unpin>);

pub(super) fn reader(input: File) -> io::Result<Reader> {
    #[cfg(unix)]
    if let Some(reader) = event_driven::reader(&input)? {
        return Ok(Reader(reader));
    }
    Ok(Reader(Box::new(tokio::fs::File::from_std(input))))
}

pub(super) fn writer(output: File) -> io::Result<Writer> {
    #[cfg(unix)]
    if let Some(writer) = event_driven::writer(&output)? {
        return Ok(Writer(writer));
    }
    Ok(Writer(Box::new(tokio::fs::File::from_std(output))))
}

impl AsyncRead for Reader {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Writer {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[cfg(unix)]
mod event_driven {
    use std::fs::File;
    use std::io;
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    use std::os::unix::net::UnixStream;

    use tokio::io::{AsyncRead, AsyncWrite};

    pub(super) fn reader(input: &File) -> io::Result<Option<Box<dyn AsyncRead + Send + Unpin>>> {
        if let Some(pipe) = second_opening(input, false)? {
            return Ok(Some(Box::new(tokio::net::unix::pipe::Receiver::from_file(pipe)?)));
        }
        Ok(socket(input)?.map(|socket| Box::new(socket) as Box<_>))
    }

    pub(super) fn writer(output: &File) -> io::Result<Option<Box<dyn AsyncWrite + Send + Unpin>>> {
        if let Some(pipe) = second_opening(output, true)? {
            return Ok(Some(Box::new(tokio::net::unix::pipe::Sender::from_file(pipe)?)));
        }
        Ok(socket(output)?.map(|socket| Box::new(socket) as Box<_>))
    }

    /// The pipe once more, with a mode of its own, where the system can do that.
    fn second_opening(file: &File, write: bool) -> io::Result<Option<File>> {
        use std::os::fd::AsRawFd;
        use std::os::unix::fs::OpenOptionsExt;

        if !file.metadata()?.file_type().is_fifo() || !cfg!(target_os = "linux") {
            return Ok(None);
        }
        let opened = File::options()
            .read(!write)
            .write(write)
            .custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC)
            .open(format!("/proc/self/fd/{}", file.as_raw_fd()));
        // Not possible without /proc, or for the pipe of another user.
        Ok(opened.ok())
    }

    fn socket(file: &File) -> io::Result<Option<tokio::net::UnixStream>> {
        use rustix::net::{AddressFamily, SocketType, getsockname, sockopt::socket_type};

        if !file.metadata()?.file_type().is_socket() || is_error_stream(file)? {
            return Ok(None);
        }
        let local = getsockname(file).map(|address| address.address_family());
        if local != Ok(AddressFamily::UNIX) || socket_type(file) != Ok(SocketType::STREAM) {
            return Ok(None);
        }
        let socket = UnixStream::from(std::os::fd::OwnedFd::from(file.try_clone()?));
        socket.set_nonblocking(true)?;
        tokio::net::UnixStream::from_std(socket).map(Some)
    }

    fn is_error_stream(file: &File) -> io::Result<bool> {
        let (one, other) = (file.metadata()?, rustix::fs::fstat(rustix::stdio::stderr())?);
        Ok((one.dev(), one.ino()) == (other.st_dev, other.st_ino))
    }
}
