//! Windows: a snapshot of all processes with the numbers of their parents; a handle holds on to a process.

use std::mem::size_of;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use windows_sys::Win32::Foundation::{FILETIME, HANDLE, INVALID_HANDLE_VALUE, WAIT_OBJECT_0};
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, PROCESSENTRY32W, Process32FirstW, Process32NextW, TH32CS_SNAPPROCESS,
};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_BREAKAWAY_OK,
    JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
    JobObjectExtendedLimitInformation, SetInformationJobObject,
};
use windows_sys::Win32::System::Threading::{
    GetCurrentProcess, GetProcessTimes, OpenProcess, PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE,
    PROCESS_TERMINATE, TerminateProcess, WaitForSingleObject,
};

use super::{Slot, Turns};

const MOST: usize = 4096;
/// Exit code of a process that was ended, as `taskkill` sets it.
const ENDED: u32 = 1;

#[derive(Debug)]
pub(super) struct Process {
    pid: u32,
    started: u64,
    handle: OwnedHandle,
}

/// Nanoseconds since 1970, as the kernel notes them for processes (in units of 100).
pub(super) fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_nanos()).unwrap_or(u64::MAX) / 100 * 100
}

pub(super) fn find(slot: &Slot, turns: &Turns) -> Vec<Process> {
    let mut found = Vec::new();
    let Some(since) = turns.alone(&slot.turn) else { return found };
    let all = snapshot();
    collect(std::process::id(), since, &all, &mut found);
    found
}

/// Takes in the descendants of `parent`, parents first. A process keeps the number of a parent that is gone, which may
/// mean another one by now: a child is younger than its parent.
fn collect(parent: u32, since: u64, all: &[(u32, u32)], found: &mut Vec<Process>) {
    for (pid, _) in all.iter().filter(|(pid, of)| *of == parent && *pid != parent) {
        if found.len() >= MOST || found.iter().any(|known| known.pid == *pid) {
            continue;
        }
        let Some(process) = Process::open(*pid).filter(|process| process.started >= since) else { continue };
        let started = process.started;
        found.push(process);
        collect(*pid, started, all, found);
    }
}

/// (process, parent) of every process.
fn snapshot() -> Vec<(u32, u32)> {
    // SAFETY: it takes numbers only.
    let raw = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0) };
    if raw == INVALID_HANDLE_VALUE {
        return Vec::new();
    }
    // SAFETY: a new handle that nobody else owns.
    let snapshot = unsafe { OwnedHandle::from_raw_handle(raw) };
    // SAFETY: all zeroes are a valid value of this plain structure.
    let mut entry: PROCESSENTRY32W = unsafe { std::mem::zeroed() };
    entry.dwSize = size_of::<PROCESSENTRY32W>() as u32;
    let mut all = Vec::new();
    // SAFETY: the snapshot is alive, and `entry` says its size.
    let mut more = unsafe { Process32FirstW(snapshot.as_raw_handle(), &raw mut entry) };
    while more != 0 {
        all.push((entry.th32ProcessID, entry.th32ParentProcessID));
        // SAFETY: as above.
        more = unsafe { Process32NextW(snapshot.as_raw_handle(), &raw mut entry) };
    }
    all
}

impl Process {
    fn open(pid: u32) -> Option<Self> {
        let rights = PROCESS_TERMINATE | PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE;
        // SAFETY: it takes numbers only.
        let raw: HANDLE = unsafe { OpenProcess(rights, 0, pid) };
        if raw.is_null() {
            return None;
        }
        // SAFETY: a new handle that nobody else owns.
        let handle = unsafe { OwnedHandle::from_raw_handle(raw) };
        let started = started(&handle)?;
        Some(Self { pid, started, handle })
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.pid == other.pid && self.started == other.started
    }

    fn has_ended(&self, wait_ms: u32) -> bool {
        // SAFETY: the handle is alive.
        unsafe { WaitForSingleObject(self.handle.as_raw_handle(), wait_ms) == WAIT_OBJECT_0 }
    }

    /// True if it was alive. There is no request to end that any process hears: it is ended afterwards.
    pub(super) fn ask_to_end(&self) -> bool {
        !self.has_ended(0)
    }

    /// Ends it and what it has started meanwhile, if it is still there.
    pub(super) fn end_with_children(&self) {
        let mut more = Vec::new();
        collect(self.pid, self.started, &snapshot(), &mut more);
        for process in std::iter::once(self).chain(&more) {
            // SAFETY: the handle is alive. One that has ended refuses, which is as well.
            unsafe { TerminateProcess(process.handle.as_raw_handle(), ENDED) };
        }
    }
}

fn started(handle: &OwnedHandle) -> Option<u64> {
    /// 1601 to 1970 in units of 100 ns.
    const EPOCH: u64 = 116_444_736_000_000_000;
    let zero = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
    let (mut created, mut exited, mut kernel, mut user) = (zero, zero, zero, zero);
    // SAFETY: the handle is alive and each pointer is that of a `FILETIME`.
    let known = unsafe {
        GetProcessTimes(
            handle.as_raw_handle(),
            &raw mut created,
            &raw mut exited,
            &raw mut kernel,
            &raw mut user,
        )
    };
    let units = (u64::from(created.dwHighDateTime) << 32) | u64::from(created.dwLowDateTime);
    (known != 0).then(|| units.saturating_sub(EPOCH).saturating_mul(100))
}

/// Windows has no request to wait for: the processes are ended at once.
pub(super) fn wait(_: &[Process], _: Duration) {}

/// Makes every process that this one starts from now on end with it, however it ends: a job object that ends its
/// processes when its last handle, which is ours, is closed. For a program of its own, not for a library in another's.
///
/// # Errors
/// What the system said; nothing was changed then.
pub(in crate::runtime) fn die_together() -> std::io::Result<()> {
    // SAFETY: no name, no special rights.
    let raw = unsafe { CreateJobObjectW(std::ptr::null(), std::ptr::null()) };
    if raw.is_null() {
        return Err(std::io::Error::last_os_error());
    }
    // SAFETY: a new handle that nobody else owns.
    let job = unsafe { OwnedHandle::from_raw_handle(raw) };
    // SAFETY: all zeroes are a valid value of this plain structure.
    let mut limits: JOBOBJECT_EXTENDED_LIMIT_INFORMATION = unsafe { std::mem::zeroed() };
    limits.BasicLimitInformation.LimitFlags =
        JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_BREAKAWAY_OK;
    // SAFETY: the handle is alive, and the size is that of what the pointer points to.
    let done = unsafe {
        SetInformationJobObject(
            job.as_raw_handle(),
            JobObjectExtendedLimitInformation,
            (&raw const limits).cast(),
            size_of::<JOBOBJECT_EXTENDED_LIMIT_INFORMATION>() as u32,
        ) != 0
            && AssignProcessToJobObject(job.as_raw_handle(), GetCurrentProcess()) != 0
    };
    if !done {
        return Err(std::io::Error::last_os_error());
    }
    // Open until this process ends.
    std::mem::forget(job);
    Ok(())
}
