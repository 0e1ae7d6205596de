//! Connections: so many at once, each with limits on how long it may take for what.

use std::{io, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_rustls::TlsAcceptor;

use super::{HttpLimits, Listener, stall::Impatient, tls::Tls};
use crate::mcp::shutdown::Shutdown;

/// Pause after a connection could not be accepted, for instance for lack of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections and serves them.
pub(super) struct Connections {
    listener: Accepting,
    router: Router,
    tls: Option<TlsAcceptor>,
    limits: HttpLimits,
    places: Arc<Semaphore>,
    open: GracefulShutdown,
}

enum Accepting {
    Tcp(tokio::net::TcpListener),
    #[cfg(unix)]
    Unix(tokio::net::UnixListener),
}

enum Accepted {
    Tcp(tokio::net::TcpStream),
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
}

/// How one connection is served.
#[derive(Clone)]
struct Manner {
    router: Router,
    limits: HttpLimits,
}

impl Connections {
    pub(super) fn new(
        listener: Listener,
        router: Router,
        tls: Option<&Tls>,
        limits: HttpLimits,
    ) -> io::Result<Self> {
        let listener = match listener {
            Listener::Tcp(listener) => {
                listener.set_nonblocking(true)?;
                Accepting::Tcp(tokio::net::TcpListener::from_std(listener)?)
            }
            #[cfg(unix)]
            Listener::Unix(listener) => {
                listener.set_nonblocking(true)?;
                Accepting::Unix(tokio::net::UnixListener::from_std(listener)?)
            }
        };
        let places = Arc::new(Semaphore::new(limits.connections.clamp(1, Semaphore::MAX_PERMITS)));
        let tls = tls.map(|tls| tls.acceptor.clone());
        Ok(Self { listener, router, tls, limits, places, open: GracefulShutdown::new() })
    }

    /// Accepts until nothing new is to begin. The rest waits in the system's queue, for the next process.
    pub(super) async fn accept(&mut self, shutdown: &Shutdown) {
        loop {
            let Ok(place) = Arc::clone(&self.places).acquire_owned().await else { return };
            let accepted = tokio::select! {
                biased;
                () = shutdown.drained() => std::future::pending().await,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok(accepted) => self.serve(accepted, place),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Lets open connections end after the request that they serve.
    pub(super) async fn close(self) {
        drop(self.listener);
        self.open.shutdown().await;
    }

    fn serve(&self, accepted: Accepted, place: OwnedSemaphorePermit) {
        let manner = Manner { router: self.router.clone(), limits: self.limits };
        let watcher = self.open.watcher();
        match accepted {
            Accepted::Tcp(stream) => {
                // Small answers must not wait for the client's acknowledgement of the one before.
                let _ = stream.set_nodelay(true);
                match self.tls.clone() {
                    Some(tls) => {
                        tokio::spawn(async move {
                            match tokio::time::timeout(manner.limits.head_time, tls.accept(stream)).await {
                                Ok(Ok(stream)) => manner.serve(stream, watcher, place).await,
                                Ok(Err(error)) => tracing::debug!(%error, "no TLS with a client"),
                                Err(_) => tracing::debug!("a client took too long for TLS"),
                            }
                        });
                    }
                    None => {
                        tokio::spawn(manner.serve(stream, watcher, place));
                    }
                }
            }
            #[cfg(unix)]
            Accepted::Unix(stream) => {
                tokio::spawn(manner.serve(stream, watcher, place));
            }
        }
    }
}

impl Accepting {
    async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(listener) => listener.accept().await.map(|(stream, _)| Accepted::Tcp(stream)),
            #[cfg(unix)]
            Self::Unix(listener) => listener.accept().await.map(|(stream, _)| Accepted::Unix(stream)),
        }
    }
}

impl Manner {
    async fn serve<S>(self, stream: S, watcher: Watcher, place: OwnedSemaphorePermit)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let stream = TokioIo::new(Impatient::new(stream, self.limits.stall_time));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head_time)
            .serve_connection(stream, TowerToHyperService::new(self.router));
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%error, "a connection ended");
        }
        drop(place);
    }
}
