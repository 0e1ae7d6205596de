//! Linux: the kernel lists the children of each thread (`/proc/<pid>/task/<tid>/children`); a pidfd holds on to a process.

use std::fs;
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use rustix::time::{ClockId, clock_gettime};

use super::{Slot, Turns};
use crate::runtime::stat::Stat;

/// No call starts more; what claims more is a fork bomb, and the rest of it is found when its parents are ended.
const MOST: usize = 4096;

#[derive(Debug)]
pub(super) struct Process {
    pid: u32,
    handle: OwnedFd,
}

/// Nanoseconds since the machine was started, as the kernel notes them for processes.
pub(super) fn now() -> u64 {
    let now = clock_gettime(ClockId::Boottime);
    u64::try_from(now.tv_sec).unwrap_or_default() * 1_000_000_000
        + u64::try_from(now.tv_nsec).unwrap_or_default()
}

pub(super) fn find(slot: &Slot, _: &Turns) -> Vec<Process> {
    let thread = slot.thread.load(Ordering::Acquire);
    let (Some(since), true) = (slot.turn.since(), thread != 0) else { return Vec::new() };
    let mut found = Vec::new();
    for pid in children_of(std::process::id(), &thread.to_string()) {
        collect(pid, std::process::id(), Some(since), &mut found);
    }
    found
}

/// Takes in a child of `parent` and its descendants, parents first.
fn collect(pid: u32, parent: u32, since: Option<u64>, found: &mut Vec<Process>) {
    if found.len() >= MOST || found.iter().any(|known| known.pid == pid) {
        return;
    }
    let Some(handle) = raw(pid).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok()) else { return };
    // Looked at after it is held: if the number had come to mean another process, its parent would be another.
    let Some(status) = Status::of(pid) else { return };
    if status.parent != parent || since.is_some_and(|since| status.started < since) {
        return;
    }
    found.push(Process { pid, handle });
    for child in children(pid) {
        collect(child, pid, None, found);
    }
}

fn raw(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

/// The children of all threads of a process.
fn children(pid: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten();
    threads
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .flat_map(|thread| children_of(pid, &thread))
        .collect()
}

fn children_of(pid: u32, thread: &str) -> Vec<u32> {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{thread}/children")).unwrap_or_default();
    text.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

/// What `/proc/<pid>/stat` says.
#[derive(Debug, PartialEq, Eq)]
struct Status {
    state: char,
    parent: u32,
    /// By the clock of [`now`], rounded up to the kernel's tick: a process and a call that began within the same tick
    /// are taken to belong together.
    started: u64,
}

impl Status {
    fn of(pid: u32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        const TICK_NS: u64 = 10_000_000;
        let Stat { state, parent, started } = Stat::parse(text)?;
        Some(Self { state, parent, started: started.checked_add(1)?.checked_mul(TICK_NS)? })
    }
}

impl Process {
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.pid == other.pid
    }

    /// Stops it where it is. [`Process::ask_to_end`] lets it go on.
    pub(super) fn hold(&self) {
        let _ = pidfd_send_signal(&self.handle, Signal::STOP);
    }

    /// True if it was alive.
    pub(super) fn ask_to_end(&self) -> bool {
        if Status::of(self.pid).is_none_or(|status| status.state == 'Z') {
            return false;
        }
        // A stopped process does not hear the request before it goes on.
        let asked = pidfd_send_signal(&self.handle, Signal::TERM).is_ok();
        let _ = pidfd_send_signal(&self.handle, Signal::CONT);
        asked
    }

    /// Ends it and what it has started meanwhile, if it is still there.
    pub(super) fn end_with_children(&self) {
        if self.has_ended(Duration::ZERO) {
            return;
        }
        let mut more = Vec::new();
        for child in children(self.pid) {
            collect(child, self.pid, None, &mut more);
        }
        // An error: it ended just now, or it runs as another user and is not ours to end.
        let _ = pidfd_send_signal(&self.handle, Signal::KILL);
        for process in more {
            let _ = pidfd_send_signal(&process.handle, Signal::KILL);
        }
    }

    fn has_ended(&self, wait: Duration) -> bool {
        let wait = Timespec { tv_sec: 0, tv_nsec: wait.subsec_nanos().into() };
        // Readable: it has ended.
        poll(&mut [PollFd::new(&self.handle, PollFlags::IN)], Some(&wait)).is_ok_and(|ready| ready > 0)
    }
}

/// Waits until all have ended, at most for `limit`, which is less than a second.
pub(super) fn wait(processes: &[Process], limit: Duration) {
    let deadline = Instant::now() + limit;
    for process in processes {
        process.has_ended(deadline.saturating_duration_since(Instant::now()));
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command, Stdio};
    use std::thread::sleep;

    use super::*;
    use crate::runtime::callbacks::tests::slot;
    use crate::runtime::descendants::Descendants;

    fn thread() -> u64 {
        u64::try_from(rustix::thread::gettid().as_raw_nonzero().get()).unwrap()
    }

    fn shell(script: &str) -> Child {
        Command::new("sh")
            .args(["-c", script])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn eventually(what: &str, done: impl Fn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !done() {
            assert!(Instant::now() < deadline, "{what}");
            sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn a_grandchild_is_found_and_ended() {
        let (slot, turns) = (slot(1), Turns::default());
        slot.thread.store(thread(), Ordering::Release);
        turns.begin(&slot.turn);
        let mut child = shell("sleep 300 & wait");
        eventually("the shell starts its sleep", || find(&slot, &turns).len() == 2);
        assert_eq!(Descendants::of(&slot, &turns).end(), 2);
        child.wait().unwrap();
        eventually("both are gone", || find(&slot, &turns).is_empty());
    }

    #[test]
    fn one_that_was_seen_is_ended_after_its_parent_is_gone() {
        let (slot, turns) = (slot(1), Turns::default());
        slot.thread.store(thread(), Ordering::Release);
        turns.begin(&slot.turn);
        let mut child = shell("sleep 300 & wait");
        eventually("the shell starts its sleep", || find(&slot, &turns).len() == 2);
        let mut seen = Descendants::of(&slot, &turns);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(find(&slot, &turns).is_empty(), "without its parent it cannot be found again");
        seen.merge(Descendants::of(&slot, &turns));
        let sleep = seen.0[1].pid;
        assert_eq!(seen.end(), 1);
        eventually("the sleep is gone", || Status::of(sleep).is_none_or(|status| status.state == 'Z'));
    }

    #[test]
    fn one_that_is_held_starts_nothing_and_ends_when_asked() {
        let (slot, turns) = (slot(1), Turns::default());
        slot.thread.store(thread(), Ordering::Release);
        turns.begin(&slot.turn);
        let mut child = shell("while :; do sleep 0.01; done");
        eventually("the shell works", || find(&slot, &turns).len() == 2);
        let held = Descendants::held(&slot, &turns);
        // D: a shell that waits for its child to become another program, which is stopped before it has.
        let stopped = |pid| Status::of(pid).is_none_or(|status| matches!(status.state, 'T' | 'Z' | 'D'));
        eventually("all of it stands still", || held.0.iter().all(|process| stopped(process.pid)));
        assert!(held.end() >= 1);
        child.wait().unwrap();
    }

    #[test]
    fn one_that_ignores_the_request_is_ended_all_the_same() {
        let (slot, turns) = (slot(1), Turns::default());
        slot.thread.store(thread(), Ordering::Release);
        turns.begin(&slot.turn);
        let mut child = shell("trap '' TERM; while :; do sleep 1; done");
        eventually("the shell has set its trap", || find(&slot, &turns).len() == 2);
        Descendants::of(&slot, &turns).end();
        use std::os::unix::process::ExitStatusExt;
        assert_eq!(child.wait().unwrap().signal(), Some(9));
    }

    #[test]
    fn processes_of_other_threads_and_of_earlier_calls_are_left_alone() {
        let (slot, turns) = (slot(1), Turns::default());
        slot.thread.store(thread(), Ordering::Release);
        let mut earlier = shell("exec sleep 300");
        sleep(Duration::from_millis(50));
        turns.begin(&slot.turn);
        let mut foreign = std::thread::scope(|scope| {
            let (give, take) = std::sync::mpsc::channel();
            let (hold, release) = std::sync::mpsc::channel::<()>();
            scope.spawn(move || {
                give.send(shell("exec sleep 300")).unwrap();
                // When a thread ends the kernel passes its children on.
                let _ = release.recv();
            });
            let foreign = take.recv().unwrap();
            assert_eq!(Descendants::of(&slot, &turns).end(), 0);
            drop(hold);
            foreign
        });
        for child in [&mut earlier, &mut foreign] {
            assert!(child.try_wait().unwrap().is_none());
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    #[test]
    fn a_name_with_parentheses_and_blanks_is_read() {
        let status = Status::parse("12 (a) b (c) S 7 1 1 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 99 0 0").unwrap();
        assert_eq!(status, Status { state: 'S', parent: 7, started: 1_000_000_000 });
    }
}
