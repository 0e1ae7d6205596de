//! What the process was told to do about signals by whoever started it.

/// True if the signal was set to be ignored by whoever started the process (`nohup`, a shell's background job). Such a
/// wish is respected.
pub fn is_ignored(signal: i32) -> bool {
    // SAFETY: an all-zero `sigaction` is a valid value to be overwritten.
    let mut current: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: with a null new action the call only reads; `current` is valid for writing.
    let status = unsafe { libc::sigaction(signal, std::ptr::null(), &raw mut current) };
    status == 0 && current.sa_sigaction == libc::SIG_IGN
}
