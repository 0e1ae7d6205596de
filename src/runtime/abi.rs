//! The structures of the border, as `docs/abi.md` lays them down. A test on the C# side checks the same figures.

/// Version of the contract; goes up with every change of layout or meaning.
pub(super) const ABI_VERSION: u32 = 3;

/// `size_of::<T>()` as the structures carry it.
pub(super) const fn size_of_table<T>() -> u32 {
    let size = size_of::<T>();
    assert!(size <= u32::MAX as usize);
    size as u32
}

pub(super) type Grow =
    unsafe extern "C" fn(ctx: usize, used: usize, min: usize, capacity: *mut usize) -> *mut u8;
pub(super) type Done = unsafe extern "C" fn(
    slot: u64,
    call: u64,
    ctx: usize,
    output_end: usize,
    records_end: usize,
    total: usize,
);
pub(super) type Event =
    unsafe extern "C" fn(kind: u32, slot: u64, call: u64, value: i64, ptr: *const u8, len: usize) -> i32;

/// What the managed side may call.
#[repr(C)]
pub(super) struct HostCallbacks {
    pub(super) abi_version: u32,
    pub(super) struct_size: u32,
    pub(super) grow: Grow,
    pub(super) done: Done,
    pub(super) event: Event,
}

/// What the managed side offers. Every field but the first two is filled by `Bootstrap`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct HostApi {
    pub(super) abi_version: u32,
    pub(super) struct_size: u32,
    pub(super) open: Option<unsafe extern "C" fn(slot: u64, ptr: *const u8, len: usize) -> i32>,
    pub(super) invoke:
        Option<unsafe extern "C" fn(slot: u64, call: u64, ctx: usize, ptr: *const u8, len: usize) -> i32>,
    pub(super) cancel: Option<unsafe extern "C" fn(slot: u64, call: u64) -> i32>,
    pub(super) resume: Option<unsafe extern "C" fn(slot: u64, call: u64) -> i32>,
    pub(super) reply:
        Option<unsafe extern "C" fn(slot: u64, call: u64, prompt: u64, ptr: *const u8, len: usize) -> i32>,
    pub(super) close: Option<unsafe extern "C" fn(slot: u64) -> i32>,
    pub(super) abandon: Option<unsafe extern "C" fn(slot: u64) -> i32>,
    pub(super) shutdown: Option<unsafe extern "C" fn() -> i32>,
    pub(super) ping: Option<unsafe extern "C" fn() -> i32>,
    pub(super) stats: Option<unsafe extern "C" fn(ptr: *mut u8, capacity: usize) -> i32>,
    pub(super) last_error: Option<unsafe extern "C" fn(ptr: *mut u8, capacity: usize) -> i32>,
    pub(super) function_reply: Option<
        unsafe extern "C" fn(
            slot: u64,
            call: u64,
            function: u64,
            kind: u32,
            ptr: *const u8,
            len: usize,
        ) -> i32,
    >,
    pub(super) trim: Option<unsafe extern "C" fn(depth: u32) -> i32>,
}

impl HostApi {
    /// As the caller hands it over: the first two fields set, the rest to be filled.
    pub(super) const fn empty() -> Self {
        Self {
            abi_version: ABI_VERSION,
            struct_size: size_of_table::<Self>(),
            open: None,
            invoke: None,
            cancel: None,
            resume: None,
            reply: None,
            close: None,
            abandon: None,
            shutdown: None,
            ping: None,
            stats: None,
            last_error: None,
            function_reply: None,
            trim: None,
        }
    }
}

/// The one export that is looked up by name.
pub(super) type Bootstrap = fn(*const HostCallbacks, *mut HostApi) -> i32;

/// What [`Bootstrap`] answers.
pub(super) mod bootstrap {
    pub(crate) const DONE: i32 = 0;
    pub(crate) const VERSIONS_DIFFER: i32 = 1;
}

/// What every other export answers.
pub(super) mod status {
    pub(crate) const ACCEPTED: i32 = 0;
    pub(crate) const SLOT: i32 = 1;
    pub(crate) const REQUEST: i32 = 2;
    pub(crate) const SHUTTING_DOWN: i32 = 3;
}

/// Kinds of [`Event`].
pub(super) mod kind {
    pub(crate) const OPENED: u32 = 1;
    pub(crate) const OPEN_FAILED: u32 = 2;
    pub(crate) const RECORD: u32 = 3;
    pub(crate) const PROMPT: u32 = 4;
    pub(crate) const SETTLED: u32 = 5;
    pub(crate) const CLOSED: u32 = 6;
    pub(crate) const EXIT_REQUESTED: u32 = 7;
    pub(crate) const LOG: u32 = 8;
    pub(crate) const FATAL: u32 = 9;
    pub(crate) const FUNCTION_CALLED: u32 = 10;
    pub(crate) const FUNCTION_INPUT: u32 = 11;
    pub(crate) const FUNCTION_INPUT_ENDED: u32 = 12;
    pub(crate) const FUNCTION_TAKEN: u32 = 13;
    pub(crate) const FUNCTION_DROPPED: u32 = 14;
}

/// What [`Event`] answers.
pub(super) mod took {
    pub(crate) const TAKEN: i32 = 0;
    pub(crate) const FULL: i32 = 1;
}

#[cfg(test)]
mod tests {
    use std::mem::{offset_of, size_of};

    use super::*;

    const POINTER: usize = size_of::<usize>();

    #[test]
    fn callbacks_have_the_layout_of_the_contract() {
        assert_eq!(offset_of!(HostCallbacks, abi_version), 0);
        assert_eq!(offset_of!(HostCallbacks, struct_size), 4);
        assert_eq!(offset_of!(HostCallbacks, grow), 8);
        assert_eq!(offset_of!(HostCallbacks, done), 8 + POINTER);
        assert_eq!(offset_of!(HostCallbacks, event), 8 + 2 * POINTER);
        assert_eq!(size_of::<HostCallbacks>(), 8 + 3 * POINTER);
    }

    #[test]
    fn api_has_the_layout_of_the_contract() {
        let offsets = [
            offset_of!(HostApi, open),
            offset_of!(HostApi, invoke),
            offset_of!(HostApi, cancel),
            offset_of!(HostApi, resume),
            offset_of!(HostApi, reply),
            offset_of!(HostApi, close),
            offset_of!(HostApi, abandon),
            offset_of!(HostApi, shutdown),
            offset_of!(HostApi, ping),
            offset_of!(HostApi, stats),
            offset_of!(HostApi, last_error),
            offset_of!(HostApi, function_reply),
            offset_of!(HostApi, trim),
        ];
        assert_eq!(offset_of!(HostApi, abi_version), 0);
        assert_eq!(offset_of!(HostApi, struct_size), 4);
        for (i, offset) in offsets.into_iter().enumerate() {
            assert_eq!(offset, 8 + i * POINTER, "field {i}");
        }
        assert_eq!(size_of::<HostApi>(), 8 + 13 * POINTER);
    }
}
