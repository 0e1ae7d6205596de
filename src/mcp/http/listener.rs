//! Where clients connect: a TCP port or a Unix socket.

use std::{io, net::TcpListener};

/// A bound address that accepts connections.
#[derive(Debug)]
pub enum Listener {
    /// A TCP port.
    Tcp(TcpListener),
    /// A Unix socket.
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixListener),
}

impl Listener {
    /// Binds `ADDRESS:PORT` (port 0: a free one) or `unix:/path`. A Unix socket gets `mode`, such as `0o600`; one that nobody
    /// serves any more is replaced.
    ///
    /// # Errors
    /// What the system says, for instance that the port is taken.
    pub fn bind(address: &str, mode: u32) -> io::Result<Self> {
        match address.strip_prefix("unix:") {
            #[cfg(unix)]
            Some(path) => unix::bind(std::path::Path::new(path), mode).map(Self::Unix),
            #[cfg(not(unix))]
            Some(_) => {
                let _ = mode;
                Err(io::Error::new(io::ErrorKind::Unsupported, "Unix sockets are not served on this system"))
            }
            None => TcpListener::bind(address).map(Self::Tcp),
        }
    }

    /// The URL that clients use. For a Unix socket `unix:/path`.
    pub fn url(&self, tls: bool) -> String {
        match self {
            Self::Tcp(listener) => match listener.local_addr() {
                Ok(address) => format!("{}://{address}/mcp", if tls { "https" } else { "http" }),
                Err(error) => format!("(unknown address: {error})"),
            },
            #[cfg(unix)]
            Self::Unix(listener) => unix::path(listener)
                .map_or_else(|| "unix:(unnamed)".to_owned(), |path| format!("unix:{}", path.display())),
        }
    }

    /// True if only this machine can connect.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tcp(listener) => listener.local_addr().is_ok_and(|address| address.ip().is_loopback()),
            #[cfg(unix)]
            Self::Unix(_) => true,
        }
    }

    /// True for a Unix socket, whose file says who may connect.
    pub fn is_file(&self) -> bool {
        !matches!(self, Self::Tcp(_))
    }

    /// The same address once more.
    ///
    /// # Errors
    /// What the system says.
    pub fn try_clone(&self) -> io::Result<Self> {
        match self {
            Self::Tcp(listener) => listener.try_clone().map(Self::Tcp),
            #[cfg(unix)]
            Self::Unix(listener) => listener.try_clone().map(Self::Unix),
        }
    }

    /// Takes the file of a Unix socket away. Nobody can connect any more.
    pub fn remove_file(&self) {
        #[cfg(unix)]
        if let Self::Unix(listener) = self
            && let Some(path) = unix::path(listener)
        {
            // It may be gone already.
            let _ = std::fs::remove_file(path);
        }
    }
}

#[cfg(unix)]
impl From<std::os::fd::OwnedFd> for Listener {
    /// A listener that another process had. What kind it is, it says itself.
    fn from(descriptor: std::os::fd::OwnedFd) -> Self {
        let unix = std::os::unix::net::UnixListener::from(descriptor);
        match unix.local_addr() {
            Ok(_) => Self::Unix(unix),
            // The address of a TCP socket is none of a Unix socket.
            Err(_) => Self::Tcp(TcpListener::from(std::os::fd::OwnedFd::from(unix))),
        }
    }
}

#[cfg(unix)]
impl std::os::fd::AsFd for Listener {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        match self {
            Self::Tcp(listener) => listener.as_fd(),
            Self::Unix(listener) => listener.as_fd(),
        }
    }
}

#[cfg(unix)]
mod unix {
    use std::{
        fs, io,
        os::unix::{
            fs::{FileTypeExt as _, PermissionsExt as _},
            net::{UnixListener, UnixStream},
        },
        path::{Path, PathBuf},
    };

    pub(super) fn bind(path: &Path, mode: u32) -> io::Result<UnixListener> {
        let listener = match UnixListener::bind(path) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_left_over(path) => {
                fs::remove_file(path)?;
                UnixListener::bind(path)?
            }
            outcome => outcome?,
        };
        // Until here the file was what the process's umask makes it, which never lets more in than everybody.
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        Ok(listener)
    }

    /// A socket that nobody accepts on: the process that made it ended without taking it away.
    fn is_left_over(path: &Path) -> bool {
        fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket())
            && UnixStream::connect(path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    }

    pub(super) fn path(listener: &UnixListener) -> Option<PathBuf> {
        listener.local_addr().ok()?.as_pathname().map(Path::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_chosen_and_said() {
        let listener = Listener::bind("127.0.0.1:0", 0o600).expect("bound");
        assert!(listener.is_local() && !listener.is_file());
        let url = listener.url(false);
        assert!(
            url.starts_with("http://127.0.0.1:") && url.ends_with("/mcp") && !url.contains(":0/"),
            "{url}"
        );
        assert!(Listener::bind("nowhere", 0o600).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_unix_socket_has_its_mode_and_replaces_one_that_nobody_serves() {
        use std::os::{fd::OwnedFd, unix::fs::PermissionsExt as _};

        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("socket");
        let address = format!("unix:{}", path.display());
        let first = Listener::bind(&address, 0o640).expect("bound");
        let mode = std::fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        assert!(Listener::bind(&address, 0o600).is_err(), "somebody serves it");
        assert_eq!(first.url(false), address);
        let Listener::Unix(socket) = first else { panic!("it is a Unix socket") };
        let again = Listener::from(OwnedFd::from(socket));
        assert_eq!(again.url(false), address);
        drop(again);
        let second = Listener::bind(&address, 0o600).expect("left over");
        second.remove_file();
        assert!(!path.exists());
    }

    #[cfg(unix)]
    #[test]
    fn an_inherited_port_is_known_for_what_it_is() {
        let Listener::Tcp(port) = Listener::bind("127.0.0.1:0", 0o600).expect("bound") else {
            panic!("it is a port")
        };
        let address = port.local_addr().expect("an address");
        let again = Listener::from(std::os::fd::OwnedFd::from(port));
        assert_eq!(again.url(false), format!("http://{address}/mcp"));
    }
}
