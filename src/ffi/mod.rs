//! The C library: operations on Microsoft Sentinel for programs in other languages. `include/runspaced.h` describes it.
//!
//! A call is begun and its messages are taken one after the other, so nothing of the caller runs on a thread of ours. Libraries and
//! calls are numbers, not addresses: one that is over, or never was, is answered with a status. No panic crosses the border.

mod call;
mod library;
mod status;

#[cfg(test)]
mod tests;

use std::panic::AssertUnwindSafe;

use status::{Refusal, Status};

/// The version, a text that ends with 0 and lives as long as the program.
#[unsafe(no_mangle)]
pub extern "C" fn runspaced_version() -> *const std::ffi::c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// Opens operations with the configuration that the command line has: files, `.env`, environment. Nothing is asked of Azure yet.
///
/// `settings` is the UTF-8 text of a JSON object or null with length 0: `config` (a further file), `folder` (where the project's file is
/// looked for; default: the process's), `environment` (an object of texts; default: the process's).
///
/// # Safety
/// `settings` points to `length` bytes; `library` to a place for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runspaced_open(settings: *const u8, length: usize, library: *mut u64) -> i32 {
    answer(|| {
        // SAFETY: the caller answers for pointer and length.
        let text = unsafe { text(settings, length) }?;
        let opened = library::open(text)?;
        // SAFETY: the caller answers for the place.
        unsafe { put(library, opened) }.inspect_err(|_| library::close(opened).unwrap_or_default())
    })
}

/// Closes a library. Its calls are cancelled; a write that has begun is ended and written down.
#[unsafe(no_mangle)]
pub extern "C" fn runspaced_close(library: u64) -> i32 {
    answer(|| library::close(library))
}

/// Begins a step of an operation.
///
/// `order` is the UTF-8 text of a JSON object: `operation`, `step` (`read`, `plan`, `apply`), `arguments`, and for `apply` the plan's `digest` and
/// where the plan asks for it `confirm`.
///
/// # Safety
/// `order` points to `length` bytes; `call` to a place for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runspaced_call(
    library: u64,
    order: *const u8,
    length: usize,
    call: *mut u64,
) -> i32 {
    answer(|| {
        if call.is_null() {
            return Err(Refusal::new(Status::Null, "call is null"));
        }
        // SAFETY: the caller answers for pointer and length.
        let text = unsafe { text(order, length) }?;
        let begun = library::find(library)?.begin(text)?;
        // SAFETY: as above; it is not null.
        unsafe { put(call, begun) }
    })
}

/// Waits for the next message of a call. Its bytes are UTF-8 text of JSON; they stay until the call's next message is taken, or the
/// call is freed.
///
/// # Safety
/// `kind`, `data` and `length` point to places for their values. One thread at a time takes messages of a call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runspaced_next(
    call: u64,
    kind: *mut u32,
    data: *mut *const u8,
    length: *mut usize,
) -> i32 {
    answer(|| {
        if kind.is_null() || data.is_null() || length.is_null() {
            return Err(Refusal::new(Status::Null, "kind, data or length is null"));
        }
        let message = call::find(call)?.next()?;
        // SAFETY: none of them is null, and the caller answers for the places.
        unsafe {
            put(kind, message.kind)?;
            put(data, message.data)?;
            put(length, message.length)
        }
    })
}

/// Cancels a call, from any thread. A write that has begun is ended and written down.
#[unsafe(no_mangle)]
pub extern "C" fn runspaced_cancel(call: u64) -> i32 {
    answer(|| call::find(call).map(|call| call.cancel()))
}

/// Ends a call, cancelling it if it still runs, and frees its memory.
#[unsafe(no_mangle)]
pub extern "C" fn runspaced_free(call: u64) -> i32 {
    answer(|| call::free(call))
}

/// Copies what was wrong with this thread's last call that was answered with a status other than 0: UTF-8 text without an end mark. The
/// answer is its length, also where it did not fit and was cut.
///
/// # Safety
/// `buffer` points to `capacity` bytes, or is null with capacity 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runspaced_last_error(buffer: *mut u8, capacity: usize) -> usize {
    status::with_last(|text| {
        if !buffer.is_null() {
            let bytes = &text.as_bytes()[..text.floor_char_boundary(capacity.min(text.len()))];
            // SAFETY: the caller answers for `capacity` bytes, and no more are written; a fresh buffer does not overlap ours.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), buffer, bytes.len()) };
        }
        text.len()
    })
}

/// Runs the inside of an export: a refusal becomes a status and its text, so does a panic.
fn answer(work: impl FnOnce() -> Result<(), Refusal>) -> i32 {
    let outcome = std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(Refusal::new(Status::Internal, "it failed inside (panic), which is a fault of the library"))
    });
    match outcome {
        Ok(()) => Status::Ok as i32,
        Err(refusal) => status::refuse(refusal),
    }
}

/// Borrows a text for the length of a call.
///
/// # Safety
/// `start` points to `length` bytes that nobody changes meanwhile, or is null.
unsafe fn text<'a>(start: *const u8, length: usize) -> Result<&'a str, Refusal> {
    if start.is_null() {
        return match length {
            0 => Ok("{}"),
            _ => Err(Refusal::new(Status::Null, "the text is null, and its length is not 0")),
        };
    }
    if isize::try_from(length).is_err() {
        return Err(Refusal::new(Status::NotUnderstood, "the length is not that of a text"));
    }
    // SAFETY: the caller answers for the bytes; the length fits into an address space.
    let bytes = unsafe { std::slice::from_raw_parts(start, length) };
    std::str::from_utf8(bytes)
        .map_err(|error| Refusal::new(Status::NotUtf8, format!("the text is not UTF-8: {error}")))
}

/// Writes a value to a place of the caller's.
///
/// # Safety
/// `place` is null, or points to a place for a `T`.
unsafe fn put<T>(place: *mut T, value: T) -> Result<(), Refusal> {
    if place.is_null() {
        return Err(Refusal::new(Status::Null, "the place for the answer is null"));
    }
    // SAFETY: it is not null, and the caller answers for the rest.
    unsafe { place.write(value) };
    Ok(())
}
