//! What an export answers, and the text behind it.

use std::cell::RefCell;

/// What an export answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub(super) enum Status {
    Ok = 0,
    /// A pointer is null that must not be.
    Null = 1,
    /// A text is not UTF-8.
    NotUtf8 = 2,
    /// A text is not the JSON that is wanted.
    NotUnderstood = 3,
    /// There is no such library or call, or no more.
    Unknown = 4,
    /// The configuration is wrong.
    Configuration = 5,
    /// The call has brought everything.
    Ended = 6,
    /// The call was cancelled.
    Cancelled = 7,
    /// Another thread waits for the call's next message.
    Busy = 8,
    /// A fault of the library.
    Internal = 9,
}

/// A status other than 0.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: Status,
    text: String,
}

impl Refusal {
    pub(super) fn new(status: Status, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }
}

thread_local! {
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps the text for this thread.
pub(super) fn refuse(refusal: Refusal) -> i32 {
    LAST.with_borrow_mut(|last| *last = refusal.text);
    refusal.status as i32
}

/// This thread's last text.
pub(super) fn with_last<T>(work: impl FnOnce(&str) -> T) -> T {
    LAST.with_borrow(|last| work(last))
}
