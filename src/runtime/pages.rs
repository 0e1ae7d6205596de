//! Pages of this program's file that the system keeps mapped for it.

/// Lets go of the program's code and constants. What is needed comes back from the file a page at a time, 64 KB around each; what only the
/// start needed, most of it, stays away. Costs the system some tenths of a millisecond then and as much for the next call.
#[cfg(target_os = "linux")]
pub(crate) fn give_back() {
    use std::ffi::{c_int, c_void};

    /// Called for every loaded object, with the loader's lock held. Not 0: no more objects.
    ///
    /// # Safety
    /// `object` describes a loaded object.
    unsafe extern "C" fn visit(object: *mut libc::dl_phdr_info, _: usize, _: *mut c_void) -> c_int {
        // SAFETY: the loader gives a valid object for the time of this call.
        let object = unsafe { &*object };
        // SAFETY: so many program headers lie there as the loader says.
        let headers = unsafe { std::slice::from_raw_parts(object.dlpi_phdr, usize::from(object.dlpi_phnum)) };
        let segments = || {
            headers.iter().filter(|header| header.p_type == libc::PT_LOAD).map(|header| {
                let begin = object.dlpi_addr as usize + header.p_vaddr as usize;
                (begin..begin + header.p_memsz as usize, header.p_flags)
            })
        };
        if !segments().any(|(segment, _)| segment.contains(&(give_back as fn() as usize))) {
            return 0;
        }
        for (segment, flags) in segments() {
            if flags & libc::PF_W != 0 {
                continue;
            }
            let begin = segment.start & !(PAGE - 1);
            // SAFETY: the range is mapped, from a file and for reading only: nothing in it differs from the file, which the next access
            // reads again. Where it is not at page boundaries of this system, the call is refused.
            unsafe { libc::madvise(begin as *mut c_void, segment.end - begin, libc::MADV_DONTNEED) };
        }
        1
    }

    // SAFETY: the function keeps to what is asked of it and takes no data.
    unsafe { libc::dl_iterate_phdr(Some(visit), std::ptr::null_mut()) };
}

/// The linker puts segments at boundaries of at least this size.
#[cfg(target_os = "linux")]
const PAGE: usize = 4_096;

/// Other systems do so by themselves, or have no such way.
#[cfg(not(target_os = "linux"))]
pub(crate) fn give_back() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn pages_of_the_program_go_and_come_back() {
        let of_files = || {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix("RssFile:")).unwrap();
            line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
        };
        // Other tests touch theirs meanwhile.
        let went = (0..20).any(|_| {
            let before = of_files();
            give_back();
            of_files() < before
        });
        assert!(went, "{} KiB of files are resident", of_files());
    }
}
