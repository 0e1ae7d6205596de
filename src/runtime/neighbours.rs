//! Whether somebody else has started a .NET runtime in this process. `hostfxr` knows only of those that were started
//! through the same copy of it; two runtimes in one process fight for its signals.

#[cfg(target_os = "linux")]
pub(super) fn has_runtime() -> bool {
    std::fs::read_to_string("/proc/self/maps").is_ok_and(|maps| maps.contains("/libcoreclr.so"))
}

#[cfg(target_os = "macos")]
#[allow(deprecated, reason = "two functions do not make up for another dependency")]
pub(super) fn has_runtime() -> bool {
    use std::ffi::CStr;

    // SAFETY: it takes nothing.
    let count = unsafe { libc::_dyld_image_count() };
    (0..count).any(|index| {
        // SAFETY: an index out of range gives null.
        let name = unsafe { libc::_dyld_get_image_name(index) };
        // SAFETY: not null: a C string that lives as long as its image.
        !name.is_null() && unsafe { CStr::from_ptr(name) }.to_bytes().ends_with(b"/libcoreclr.dylib")
    })
}

#[cfg(windows)]
pub(super) fn has_runtime() -> bool {
    use windows_sys::Win32::System::LibraryLoader::GetModuleHandleW;

    let name: Vec<u16> = "coreclr.dll\0".encode_utf16().collect();
    // SAFETY: the name ends with 0. The handle is not owned.
    !unsafe { GetModuleHandleW(name.as_ptr()) }.is_null()
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
pub(super) fn has_runtime() -> bool {
    false
}
