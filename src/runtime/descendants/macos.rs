//! macOS: children by the number of their parent, told from others by when they were started.

use std::mem::{MaybeUninit, size_of};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::{Slot, Turns};

const MOST: usize = 4096;

#[derive(Debug)]
pub(super) struct Process {
    pid: libc::pid_t,
    /// Number and start together mean one process only.
    started: u64,
}

/// Nanoseconds since 1970, as the kernel notes them for processes.
pub(super) fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_nanos()).unwrap_or(u64::MAX)
}

pub(super) fn find(slot: &Slot, turns: &Turns) -> Vec<Process> {
    let mut found = Vec::new();
    let Some(since) = turns.alone(&slot.turn) else { return found };
    for pid in children(std::process::id().cast_signed()) {
        collect(pid, since, &mut found);
    }
    found
}

/// Takes in a process and its descendants, parents first.
fn collect(pid: libc::pid_t, since: u64, found: &mut Vec<Process>) {
    if found.len() >= MOST || found.iter().any(|known| known.pid == pid) {
        return;
    }
    let Some(started) = started(pid).filter(|started| *started >= since) else { return };
    found.push(Process { pid, started });
    for child in children(pid) {
        collect(child, since, found);
    }
}

fn children(pid: libc::pid_t) -> Vec<libc::pid_t> {
    let mut room = vec![0 as libc::pid_t; MOST];
    let bytes = libc::c_int::try_from(room.len() * size_of::<libc::pid_t>()).unwrap_or(0);
    // SAFETY: no more than the bytes of `room` are written.
    let count = unsafe { libc::proc_listchildpids(pid, room.as_mut_ptr().cast(), bytes) };
    room.truncate(usize::try_from(count).unwrap_or(0));
    room
}

fn started(pid: libc::pid_t) -> Option<u64> {
    let mut info = MaybeUninit::<libc::proc_bsdinfo>::zeroed();
    let size = libc::c_int::try_from(size_of::<libc::proc_bsdinfo>()).ok()?;
    // SAFETY: no more than `size` bytes of `info` are written.
    let written =
        unsafe { libc::proc_pidinfo(pid, libc::PROC_PIDTBSDINFO, 0, info.as_mut_ptr().cast(), size) };
    if written != size {
        return None;
    }
    // SAFETY: all of it was written, and any bytes are a valid value of it.
    let info = unsafe { info.assume_init() };
    Some(info.pbi_start_tvsec * 1_000_000_000 + info.pbi_start_tvusec * 1_000)
}

impl Process {
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.pid == other.pid && self.started == other.started
    }

    fn is_alive(&self) -> bool {
        started(self.pid) == Some(self.started)
    }

    fn signal(&self, signal: libc::c_int) -> bool {
        // SAFETY: it only sends a signal; that the number still means the same process was looked at just before.
        self.is_alive() && unsafe { libc::kill(self.pid, signal) } == 0
    }

    /// True if it was alive.
    pub(super) fn ask_to_end(&self) -> bool {
        let asked = self.signal(libc::SIGTERM);
        self.signal(libc::SIGCONT);
        asked
    }

    /// Ends it and what it has started meanwhile, if it is still there.
    pub(super) fn end_with_children(&self) {
        if !self.is_alive() {
            return;
        }
        let mut more = Vec::new();
        for child in children(self.pid) {
            collect(child, self.started, &mut more);
        }
        self.signal(libc::SIGKILL);
        for process in more {
            process.signal(libc::SIGKILL);
        }
    }
}

/// Waits until all have ended, at most for `limit`.
pub(super) fn wait(processes: &[Process], limit: Duration) {
    let deadline = Instant::now() + limit;
    while Instant::now() < deadline && processes.iter().any(Process::is_alive) {
        sleep(Duration::from_millis(5));
    }
}
