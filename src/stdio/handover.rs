//! Bytes handed to the process that replaces this one, through an inherited descriptor: nothing of them is on a command
//! line, in an environment or in a file.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

use zeroize::Zeroizing;

/// What the bytes begin with, so that a descriptor which is something else is not taken for one of ours.
const MAGIC: &[u8] = b"runspaced-handover-1\n";

/// Largest handover, bytes. More than any environment holds.
const MAX: u64 = 16 << 20;

/// Puts bytes where the replacing process can read them once. The descriptor is not inherited yet.
///
/// # Errors
/// What the system says; outside Linux also if the bytes are more than a pipe holds.
pub fn send(bytes: &[u8]) -> io::Result<OwnedFd> {
    let mut whole = Zeroizing::new(Vec::with_capacity(MAGIC.len() + bytes.len()));
    whole.extend_from_slice(MAGIC);
    whole.extend_from_slice(bytes);
    store(&whole)
}

#[cfg(target_os = "linux")]
fn store(bytes: &[u8]) -> io::Result<OwnedFd> {
    use rustix::fs::{MemfdFlags, SeekFrom, memfd_create, seek};

    let mut file = File::from(memfd_create("runspaced-handover", MemfdFlags::CLOEXEC)?);
    file.write_all(bytes)?;
    seek(&file, SeekFrom::Start(0))?;
    Ok(file.into())
}

#[cfg(not(target_os = "linux"))]
fn store(bytes: &[u8]) -> io::Result<OwnedFd> {
    use rustix::io::{FdFlags, fcntl_setfd};

    let (reader, writer) = rustix::pipe::pipe()?;
    fcntl_setfd(&reader, FdFlags::CLOEXEC)?;
    fcntl_setfd(&writer, FdFlags::CLOEXEC)?;
    // Nobody reads yet: what does not fit must be an error, not a process that waits for itself.
    rustix::io::ioctl_fionbio(&writer, true)?;
    File::from(writer).write_all(bytes)?;
    Ok(reader)
}

/// Reads and closes what the process before this one left in a descriptor. `None` if there is nothing of that kind.
pub fn receive(descriptor: RawFd) -> Option<Zeroizing<Vec<u8>>> {
    if descriptor < 3 {
        return None;
    }
    // SAFETY: only borrowed to ask whether it is open at all, which any number may be asked.
    let borrowed = unsafe { BorrowedFd::borrow_raw(descriptor) };
    rustix::io::fcntl_getfd(borrowed).ok()?;
    let kind = rustix::fs::FileType::from_raw_mode(rustix::fs::fstat(borrowed).ok()?.st_mode);
    let expected = if cfg!(target_os = "linux") {
        rustix::fs::FileType::RegularFile
    } else {
        rustix::fs::FileType::Fifo
    };
    if kind != expected {
        return None;
    }
    // SAFETY: it is open, and the process before this one opened it for us to own; nothing else has run yet.
    let file = File::from(unsafe { OwnedFd::from_raw_fd(descriptor) });
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    file.take(MAX).read_to_end(&mut bytes).ok()?;
    let content = bytes.strip_prefix(MAGIC)?;
    Some(Zeroizing::new(content.to_vec()))
}

/// Makes a copy of a descriptor that the process which replaces this one inherits, and says its number.
///
/// # Errors
/// What the system says.
pub fn bequeath(descriptor: &impl AsFd) -> io::Result<RawFd> {
    Ok(rustix::io::dup(descriptor)?.into_raw_fd())
}

/// Takes over a socket that the process before this one left. `None` if the number is none.
pub fn adopt(descriptor: RawFd) -> Option<OwnedFd> {
    if descriptor < 3 {
        return None;
    }
    // SAFETY: only borrowed to ask whether it is open and what it is, which any number may be asked.
    let borrowed = unsafe { BorrowedFd::borrow_raw(descriptor) };
    rustix::io::fcntl_getfd(borrowed).ok()?;
    let kind = rustix::fs::FileType::from_raw_mode(rustix::fs::fstat(borrowed).ok()?.st_mode);
    if kind != rustix::fs::FileType::Socket {
        return None;
    }
    rustix::io::fcntl_setfd(borrowed, rustix::io::FdFlags::CLOEXEC).ok()?;
    // SAFETY: it is open, and the process before this one left it to us alone.
    Some(unsafe { OwnedFd::from_raw_fd(descriptor) })
}
