//! The alternate signal stack of Rust's threads.
//!
//! Rust gives every thread (the main one too) an alternate signal stack of 8 KiB, for its stack overflow message. .NET keeps
//! a stack it finds and runs its handler for SIGSEGV there, which does not fit: a `NullReferenceException` thrown on such
//! a thread, though caught, ends the process (measured; dotnet/runtime#115438). So a Rust thread gives its stack up before it
//! runs managed code for the first time; .NET then makes one of its own that is large enough.

#[cfg(target_os = "linux")]
thread_local! {
    /// This thread has no stack of Rust's any more, or never had one.
    static GIVEN_UP: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Prepares this thread for managed code. After the first time on a thread one load and a branch.
#[cfg(target_os = "linux")]
pub(super) fn give_up() {
    use netcorehost::utils::altstack::{State, set};

    GIVEN_UP.with(|given_up| {
        if !given_up.get() {
            if let Err(error) = set(State::Disabled) {
                tracing::warn!(%error, "this thread's alternate signal stack stays; a null reference in managed code would end the process");
            }
            given_up.set(true);
        }
    });
}

/// Notes that managed code runs on this thread. Its alternate stack, if it is .NET's own thread, is .NET's: without it a
/// stack overflow would be a bare SIGSEGV instead of .NET's report of it.
#[cfg(target_os = "linux")]
pub(super) fn keep() {
    GIVEN_UP.set(true);
}

/// Elsewhere .NET does not run its handlers on such a stack.
#[cfg(not(target_os = "linux"))]
pub(super) fn give_up() {}

/// As [`give_up`].
#[cfg(not(target_os = "linux"))]
pub(super) fn keep() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use netcorehost::utils::altstack::{State, get};

    #[test]
    fn a_thread_has_no_alternate_stack_afterwards() {
        let states = std::thread::spawn(|| {
            let before = get().unwrap();
            super::give_up();
            (before, get().unwrap())
        });
        let (before, after) = states.join().unwrap();
        assert!(matches!(before, State::Enabled { .. }), "Rust no longer makes one: this module can go");
        assert_eq!(after, State::Disabled);
    }

    #[test]
    fn a_thread_that_runs_managed_code_already_keeps_its_stack() {
        let (before, after) = std::thread::spawn(|| {
            let before = get().unwrap();
            super::keep();
            super::give_up();
            (before, get().unwrap())
        })
        .join()
        .unwrap();
        assert_eq!(before, after);
    }
}
