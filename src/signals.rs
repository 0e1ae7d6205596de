//! Ctrl-C and the wish to end.
//!
//! The streams are made before the .NET runtime starts. It installs a handler of its own for SIGINT and calls what was there
//! before; made the other way round, its handler would end the process at the first Ctrl-C. It has none for SIGTERM.
//!
//! The first signal asks for an orderly end, the second ends the process at once.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::cli::Exit;
use crate::stdio;

/// A terminal, `timeout` or a supervisor may send the same signal to the process and to its group: that is one wish.
const SAME_WISH: Duration = Duration::from_millis(100);

/// What somebody outside wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM; on Windows the console is closed or the system shuts down.
    Terminate,
    /// The terminal is gone.
    #[cfg_attr(windows, allow(dead_code, reason = "Windows has no such signal"))]
    Hangup,
}

impl Wish {
    /// The exit code of a process that ended because of it: 128 and the signal's number.
    pub fn exit(self) -> Exit {
        match self {
            Self::Interrupt => Exit::INTERRUPTED,
            Self::Terminate => Exit::TERMINATED,
            Self::Hangup => Exit::HUNG_UP,
        }
    }
}

/// Tells when somebody wants the process to end. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Signals(watch::Receiver<Option<Wish>>);

impl Signals {
    /// Listens from now on. Call it inside the asynchronous runtime and before PowerShell starts.
    ///
    /// # Errors
    /// The system does not let the process handle a signal.
    pub fn install() -> std::io::Result<Self> {
        let (sender, receiver) = watch::channel(None);
        let mut source = system::Source::new()?;
        tokio::spawn(async move {
            let mut first: Option<(Wish, Instant)> = None;
            while let Some(wish) = source.next().await {
                match first {
                    Some((before, when)) if before == wish && when.elapsed() < SAME_WISH => {}
                    Some(_) => {
                        stdio::show_input_again();
                        stdio::end_at_once(wish.exit().code());
                    }
                    None => {
                        first = Some((wish, Instant::now()));
                        sender.send_replace(Some(wish));
                    }
                }
            }
            // Nobody can send any more; whoever listens waits for ever.
            std::future::pending::<()>().await;
        });
        Ok(Self(receiver))
    }

    /// Waits for the first wish. Tells it again whenever it is asked again.
    pub async fn wish(&mut self) -> Wish {
        loop {
            if let Some(wish) = *self.0.borrow_and_update() {
                return wish;
            }
            if self.0.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

#[cfg(unix)]
mod system {
    use std::io;

    use tokio::signal::unix::{Signal, SignalKind, signal};

    use super::Wish;
    use crate::stdio::is_ignored;

    pub(super) struct Source {
        interrupt: Option<Signal>,
        terminate: Option<Signal>,
        hangup: Option<Signal>,
    }

    impl Source {
        pub(super) fn new() -> io::Result<Self> {
            Ok(Self {
                interrupt: listen(SignalKind::interrupt(), libc::SIGINT)?,
                terminate: listen(SignalKind::terminate(), libc::SIGTERM)?,
                hangup: listen(SignalKind::hangup(), libc::SIGHUP)?,
            })
        }

        pub(super) async fn next(&mut self) -> Option<Wish> {
            tokio::select! {
                _ = next(&mut self.interrupt) => Some(Wish::Interrupt),
                _ = next(&mut self.terminate) => Some(Wish::Terminate),
                _ = next(&mut self.hangup) => Some(Wish::Hangup),
            }
        }
    }

    /// A signal that whoever started the process set to be ignored (`nohup`, a shell's background job) stays so.
    fn listen(kind: SignalKind, number: i32) -> io::Result<Option<Signal>> {
        if is_ignored(number) { Ok(None) } else { signal(kind).map(Some) }
    }

    async fn next(signal: &mut Option<Signal>) {
        match signal {
            Some(signal) => {
                signal.recv().await;
            }
            None => std::future::pending().await,
        }
    }
}

#[cfg(windows)]
mod system {
    use std::io;

    use tokio::signal::windows::{
        CtrlBreak, CtrlC, CtrlClose, CtrlShutdown, ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown,
    };

    use super::Wish;

    pub(super) struct Source {
        interrupt: CtrlC,
        pause: CtrlBreak,
        close: CtrlClose,
        shutdown: CtrlShutdown,
    }

    impl Source {
        pub(super) fn new() -> io::Result<Self> {
            Ok(Self {
                interrupt: ctrl_c()?,
                pause: ctrl_break()?,
                close: ctrl_close()?,
                shutdown: ctrl_shutdown()?,
            })
        }

        pub(super) async fn next(&mut self) -> Option<Wish> {
            tokio::select! {
                _ = self.interrupt.recv() => Some(Wish::Interrupt),
                _ = self.pause.recv() => Some(Wish::Terminate),
                _ = self.close.recv() => Some(Wish::Terminate),
                _ = self.shutdown.recv() => Some(Wish::Terminate),
            }
        }
    }
}
