//! Whether .NET will find ICU, the library of cultures. Without it .NET does not fail but ends the process, so it has to be
//! known before.

/// True if there is none. Only Linux leaves it to be installed.
#[cfg(target_os = "linux")]
pub(super) fn lacks_icu() -> bool {
    use std::ffi::CString;

    /// As .NET looks for it: by each version it knows. The usual ones first, since each failure costs a search.
    const VERSIONS: [std::ops::RangeInclusive<u32>; 3] = [60..=80, 81..=120, 50..=59];

    let names = VERSIONS.into_iter().flatten().map(|version| format!("libicuuc.so.{version}"));
    let found = names.chain(["libicuuc.so".to_owned()]).any(|name| {
        let Ok(name) = CString::new(name) else { return false };
        // SAFETY: the name is a C string; loading ICU runs no code that minds being loaded.
        let library = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_LAZY) };
        if library.is_null() {
            return false;
        }
        // SAFETY: it was opened just now. .NET opens it again.
        unsafe { libc::dlclose(library) };
        true
    });
    !found
}

#[cfg(not(target_os = "linux"))]
pub(super) fn lacks_icu() -> bool {
    false
}
