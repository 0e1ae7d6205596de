//! The audit file: one line for each call, never its arguments or results.
//!
//! Lines are written by a thread of their own, so that a slow disk does not hold up calls that need not wait for it.

use std::{
    collections::VecDeque,
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use serde_json::json;
use tokio::sync::oneshot;

use super::chain::{self, Tip};

/// Records that may wait for the disk; from then on calls are refused, or records lost, as is set.
const WAITING: usize = 4_096;
/// Time between two attempts to write to a disk that failed, and between two syncs of [`AuditSync::Second`].
const PAUSE: Duration = Duration::from_secs(1);

/// When records are made to survive a loss of power.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuditSync {
    /// Each before its call is answered.
    Each,
    /// Once a second.
    #[default]
    Second,
    /// When the system likes.
    Never,
}

/// What happens to calls while the audit file cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuditFailure {
    /// They are refused.
    #[default]
    Refuse,
    /// They run; the log says that records are missing.
    Warn,
}

/// Where records go, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSettings {
    /// The file. It is made if it is not there, and only ever added to.
    pub path: PathBuf,
    /// When records are made to last.
    pub sync: AuditSync,
    /// What happens when they cannot be written.
    pub failure: AuditFailure,
}

/// An open audit file.
pub(crate) struct Audit {
    settings: AuditSettings,
    orders: Sender<Order>,
    failing: Arc<AtomicBool>,
}

/// Whose call of what a record is about.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) call_id: String,
    pub(crate) principal: Arc<str>,
    pub(crate) tool: String,
    /// Digest of the arguments.
    pub(crate) arguments: String,
}

/// A record that is written when its call has ended; as `cancelled` if nobody said how.
#[must_use]
pub(crate) struct Entry {
    audit: Option<Arc<Audit>>,
    subject: Subject,
    pub(crate) mode: &'static str,
    begun: Instant,
}

enum Order {
    /// A record without its place in the chain; somebody may wait until it is written.
    Write(String, Option<oneshot::Sender<()>>),
    /// Try again, and say whether all is written.
    Retry(oneshot::Sender<bool>),
    /// Write what waits and make it last.
    Flush(Sender<()>),
}

impl Audit {
    /// Opens the file and goes on with its chain.
    ///
    /// # Errors
    /// If that fails and calls are to be refused then.
    pub(crate) fn open(settings: AuditSettings) -> io::Result<Arc<Self>> {
        let opened = Book::open(&settings.path);
        let (book, failing) = match opened {
            Ok(book) => (Some(book), false),
            Err(error) if settings.failure == AuditFailure::Refuse => return Err(error),
            Err(error) => {
                tracing::error!(%error, path = %settings.path.display(), "the audit file cannot be opened; calls are not recorded");
                (None, true)
            }
        };
        let failing = Arc::new(AtomicBool::new(failing));
        let (orders, received) = crossbeam_channel::bounded(WAITING);
        let writer = Writer {
            settings: settings.clone(),
            book,
            waiting: VecDeque::new(),
            failing: Arc::clone(&failing),
            synced: Instant::now(),
            unsynced: false,
        };
        std::thread::Builder::new().name("audit".to_owned()).spawn(move || writer.run(&received))?;
        Ok(Arc::new(Self { settings, orders, failing }))
    }

    /// Whether a call may begin.
    ///
    /// # Errors
    /// Why not.
    pub(crate) async fn admit(&self) -> Result<(), String> {
        if self.settings.failure == AuditFailure::Warn || !self.failing.load(Ordering::Acquire) {
            return Ok(());
        }
        let (sender, written) = oneshot::channel();
        let all = self.orders.try_send(Order::Retry(sender)).is_ok() && written.await.unwrap_or(false);
        if all {
            Ok(())
        } else {
            Err(format!(
                "Refused: calls are recorded in {}, which cannot be written. The server's log says why.",
                self.settings.path.display()
            ))
        }
    }

    /// Begins the record of a call.
    pub(crate) fn entry(audit: Option<&Arc<Self>>, subject: Subject) -> Entry {
        Entry { audit: audit.cloned(), subject, mode: "run", begun: Instant::now() }
    }

    /// Waits until everything is written, a second at most.
    pub(crate) fn flush(&self) {
        let (sender, flushed) = crossbeam_channel::bounded(1);
        if self.orders.try_send(Order::Flush(sender)).is_ok() {
            let _ = flushed.recv_timeout(PAUSE);
        }
    }

    fn write(&self, body: String, waiter: Option<oneshot::Sender<()>>) {
        if self.orders.try_send(Order::Write(body, waiter)).is_err() {
            self.failing.store(true, Ordering::Release);
            tracing::error!("an audit record is lost: too many wait for the disk");
        }
    }
}

impl Entry {
    /// Writes the record. If records are to last before calls are answered, returns when it does.
    pub(crate) async fn close(mut self, outcome: &str) {
        let Some(audit) = self.audit.take() else { return };
        let body = self.body(outcome);
        if audit.settings.sync == AuditSync::Each {
            let (sender, written) = oneshot::channel();
            audit.write(body, Some(sender));
            let _ = written.await;
        } else {
            audit.write(body, None);
        }
    }

    /// The beginning of the line; its number and its place in the chain come later.
    fn body(&self, outcome: &str) -> String {
        let record = json!({
            "time": jiff::Timestamp::now(),
            "id": self.subject.call_id,
            "principal": self.subject.principal,
            "tool": self.subject.tool,
            "arguments": self.subject.arguments,
            "mode": self.mode,
            "outcome": outcome,
            "ms": u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
        record.to_string()
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if let Some(audit) = self.audit.take() {
            audit.write(self.body("cancelled"), None);
        }
    }
}

/// The file and the end of its chain.
struct Book {
    file: File,
    tip: Tip,
}

impl Book {
    fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        if file.try_lock().is_err() {
            return Err(io::Error::new(
                io::ErrorKind::ResourceBusy,
                "another process writes to this audit file; give each server a file of its own",
            ));
        }
        let tip = chain::tip(&mut file)?;
        Ok(Self { file, tip })
    }

    fn append(&mut self, record: &str) -> io::Result<()> {
        let seq = self.tip.seq + 1;
        let fields = record.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default();
        let (line, hash) = chain::line(&format!("{{\"seq\":{seq},{fields}"), &self.tip.hash);
        let text = if self.tip.torn { format!("\n{line}") } else { line };
        // Whatever was written of it is an unfinished line from now on.
        self.tip.torn = true;
        self.file.write_all(text.as_bytes())?;
        self.tip = Tip { seq, hash, torn: false };
        Ok(())
    }
}

struct Writer {
    settings: AuditSettings,
    book: Option<Book>,
    waiting: VecDeque<(String, Option<oneshot::Sender<()>>)>,
    failing: Arc<AtomicBool>,
    synced: Instant,
    unsynced: bool,
}

impl Writer {
    fn run(mut self, orders: &Receiver<Order>) {
        loop {
            let order = match orders.recv_timeout(PAUSE) {
                Ok(order) => Some(order),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let mut asked = Vec::new();
            let mut flushed = Vec::new();
            // Everything that is there is written together and synced once.
            for order in order.into_iter().chain(orders.try_iter()) {
                match order {
                    Order::Write(record, waiter) => {
                        if self.waiting.len() >= WAITING {
                            self.waiting.pop_front();
                            tracing::error!("an audit record is lost: the disk has failed for too long");
                        }
                        self.waiting.push_back((record, waiter));
                    }
                    Order::Retry(sender) => asked.push(sender),
                    Order::Flush(sender) => flushed.push(sender),
                }
            }
            let all = self.write(!flushed.is_empty());
            for sender in asked {
                let _ = sender.send(all);
            }
            for sender in flushed {
                let _ = sender.send(());
            }
        }
        self.write(true);
    }

    /// True if nothing waits any more.
    fn write(&mut self, sync: bool) -> bool {
        let result = self.try_write(sync);
        let failed = result.is_err();
        if let Err(error) = result {
            // Their calls have ended; they are not kept waiting for a disk.
            for (_, waiter) in &mut self.waiting {
                waiter.take();
            }
            if !self.failing.swap(true, Ordering::AcqRel) {
                tracing::error!(%error, path = %self.settings.path.display(), "the audit file cannot be written");
            }
        } else if self.failing.swap(false, Ordering::AcqRel) {
            tracing::warn!(path = %self.settings.path.display(), "the audit file can be written again");
        }
        !failed
    }

    fn try_write(&mut self, sync: bool) -> io::Result<()> {
        if self.book.is_none() {
            self.book = Some(Book::open(&self.settings.path)?);
        }
        let Some(book) = &mut self.book else { return Ok(()) };
        let mut waiters = Vec::new();
        while let Some((record, _)) = self.waiting.front() {
            book.append(record)?;
            self.unsynced = true;
            waiters.extend(self.waiting.pop_front().and_then(|(_, waiter)| waiter));
        }
        let due = match self.settings.sync {
            AuditSync::Each => true,
            AuditSync::Second => self.synced.elapsed() >= PAUSE,
            AuditSync::Never => false,
        };
        if self.unsynced && (due || sync) {
            book.file.sync_data()?;
            self.synced = Instant::now();
            self.unsynced = false;
        }
        for waiter in waiters {
            let _ = waiter.send(());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::observe::verify;

    fn settings(path: &Path) -> AuditSettings {
        AuditSettings { path: path.to_owned(), sync: AuditSync::Each, failure: AuditFailure::Refuse }
    }

    fn subject(id: &str) -> Subject {
        Subject {
            call_id: id.to_owned(),
            principal: "local".into(),
            tool: "get_thing".to_owned(),
            arguments: "d".to_owned(),
        }
    }

    async fn record(audit: &Arc<Audit>, ids: &[&str]) {
        for id in ids {
            Audit::entry(Some(audit), subject(id)).close("ok").await;
        }
    }

    /// Waits for the lock of an audit that was dropped.
    fn reopened(path: &Path) -> Arc<Audit> {
        for _ in 0..500 {
            if let Ok(audit) = Audit::open(settings(path)) {
                return audit;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the file stays locked");
    }

    #[tokio::test]
    async fn records_are_chained_over_restarts_and_what_was_changed_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit.jsonl");
        let audit = Audit::open(settings(&path)).expect("opened");
        record(&audit, &["a", "b"]).await;
        drop(Audit::entry(Some(&audit), subject("c")));
        assert!(
            Audit::open(settings(&path)).is_err_and(|error| error.to_string().contains("another process"))
        );
        drop(audit);
        let audit = reopened(&path);
        record(&audit, &["d"]).await;
        let text = fs::read_to_string(&path).expect("read");
        assert_eq!(verify(&path).expect("whole"), chain::Verified { records: 4, torn: 0 });
        let third: serde_json::Value =
            serde_json::from_str(text.lines().nth(2).expect("a line")).expect("JSON");
        assert_eq!(
            (&third["id"], &third["outcome"], &third["seq"]),
            (&json!("c"), &json!("cancelled"), &json!(3))
        );

        let spoilt = folder.path().join("spoilt.jsonl");
        let lines: Vec<&str> = text.lines().collect();
        let changed = lines[1].replace("\"ok\"", "\"no\"");
        for (bad, at) in [
            (vec![lines[0], &changed, lines[2], lines[3]], "line 2"),
            (vec![lines[0], lines[2], lines[3]], "line 2"),
            (vec![lines[0], lines[1], lines[1], lines[2]], "line 3"),
            (vec![lines[1], lines[2]], "line 1"),
        ] {
            fs::write(&spoilt, bad.join("\n")).expect("written");
            let error = verify(&spoilt).expect_err("broken").to_string();
            assert!(error.contains(at), "{error}");
        }
    }

    #[tokio::test]
    async fn line_that_was_never_finished_does_not_break_the_chain() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit.jsonl");
        let audit = Audit::open(settings(&path)).expect("opened");
        record(&audit, &["a"]).await;
        drop(audit);
        drop(reopened(&path));
        let mut text = fs::read_to_string(&path).expect("read");
        text.push_str("{\"seq\":2,\"time\":\"20");
        fs::write(&path, text).expect("written");
        record(&reopened(&path), &["b"]).await;
        assert_eq!(verify(&path).expect("whole"), chain::Verified { records: 2, torn: 1 });
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn disk_that_fails_refuses_calls_or_warns_as_is_set() {
        // Every write to this device fails for want of room.
        let full = Path::new("/dev/full");
        let refusing = Audit::open(settings(full)).expect("opened");
        assert_eq!(refusing.admit().await, Ok(()), "nothing has failed yet");
        drop(Audit::entry(Some(&refusing), subject("a")));
        while !refusing.failing.load(Ordering::Acquire) {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(refusing.admit().await.is_err_and(|text| text.contains("/dev/full")));
        let warn = AuditSettings { failure: AuditFailure::Warn, sync: AuditSync::Never, ..settings(full) };
        let warning = Audit::open(warn).expect("opened");
        record(&warning, &["a"]).await;
        assert_eq!(warning.admit().await, Ok(()));
    }

    #[test]
    fn file_of_something_else_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notes.txt");
        fs::write(&path, "shopping list\n").expect("written");
        assert!(Audit::open(settings(&path)).is_err_and(|error| error.to_string().contains("no audit file")));
        assert_eq!(fs::read_to_string(&path).expect("read"), "shopping list\n");
    }
}
