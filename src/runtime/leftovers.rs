//! Files of .NET that only an orderly end of the process would remove.
//!
//! `dotnet-diagnostic-PID-KEY-socket` and `clr-debug-pipe-PID-KEY-in`, `-out` in the temporary folder, where KEY is the process's
//! start time of `/proc/self/stat` ("Diagnostic IPC protocol", .NET's documentation; `PAL_GetTransportPipeName` in its source).

/// Removes what .NET put into the temporary folder for this process. For a program that is about to end at once: .NET itself
/// removes it at an orderly end only.
#[cfg(target_os = "linux")]
pub fn remove() {
    for path in paths() {
        // Without .NET they were never there.
        let _ = std::fs::remove_file(path);
    }
}

#[cfg(target_os = "linux")]
fn paths() -> Vec<std::path::PathBuf> {
    let Some(key) = std::fs::read_to_string("/proc/self/stat").ok().as_deref().and_then(start_time) else {
        return Vec::new();
    };
    let process = std::process::id();
    let names = [
        format!("dotnet-diagnostic-{process}-{key}-socket"),
        format!("clr-debug-pipe-{process}-{key}-in"),
        format!("clr-debug-pipe-{process}-{key}-out"),
    ];
    let folder = std::env::temp_dir();
    names.iter().map(|name| folder.join(name)).collect()
}

#[cfg(target_os = "linux")]
fn start_time(stat: &str) -> Option<u64> {
    super::stat::Stat::parse(stat).map(|stat| stat.started)
}

/// Windows has none; on macOS nobody has looked.
#[cfg(not(target_os = "linux"))]
pub fn remove() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_start_time_is_found_behind_any_name() {
        let stat = "77 (a) b (c)) S 1 77 77 0 -1 4194304 90 0 0 0 1 2 0 0 20 0 3 0 424242 1000 20 18446744073709551615";
        assert_eq!(start_time(stat), Some(424_242));
        assert_eq!(start_time("77 (short) S 1"), None);
        assert_eq!(start_time(""), None);
    }
}
