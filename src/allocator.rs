//! How the system's allocator keeps memory that was freed.

/// Blocks of so many bytes get pages of their own, which go back to the system as soon as they are freed.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const OWN_PAGES: std::ffi::c_int = 128 << 10;

/// Lets large blocks go back to the system. glibc raises the size from which they do to that of the largest block freed, up to 32 MiB,
/// and keeps twice as much at the end of each of its arenas: a server that once read a long answer on each of its threads would
/// keep several times its size. To be called before there are threads.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn give_back_large_blocks() {
    // SAFETY: it takes two numbers and sets two fields of the allocator. A value that it refuses changes nothing.
    unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, OWN_PAGES) };
}

/// Other systems' allocators are left as they are.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn give_back_large_blocks() {}
