//! Whether a text is a path of the file system, to PowerShell.
//!
//! A path may name a provider (`Microsoft.PowerShell.Core\Environment::PATH`) or a drive of any provider under any name
//! (`Env:`, or one that was made before). Which drives there are is known to PowerShell alone, so what is taken here is
//! what needs no drive. `docs/policy.md` has what was tried.

use std::path::{Component, Path, PathBuf};

/// What is read of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// Name, size, times.
    Names,
    /// What is in it.
    Content,
}

/// What a path is made of that PowerShell does not take as it is: wildcards, and the mark that escapes them.
const WILD: &[char] = &['*', '?', '[', ']', '`'];

/// Folders whose files are windows into the system and into processes, their environment included.
const SPECIAL: &[&str] = &["/proc", "/sys", "/dev"];

/// Most entries of a folder that are looked at for a pattern.
const ENTRIES: usize = 10_000;

/// Whether PowerShell takes this for a path of the file system.
///
/// # Errors
/// Why not: ends the sentence "the parameter ...".
pub(super) fn check(text: &str, what: Use) -> Result<(), String> {
    let refused = |why: &str| Err(format!("was given \"{}\": {why}", shortened(text)));
    if let Err(why) = spelled(text, cfg!(windows)) {
        return refused(why);
    }
    if what == Use::Content && !cfg!(windows) {
        // PowerShell takes both slashes for the same.
        if let Err(why) = content(&text.replace('\\', "/")) {
            return refused(why);
        }
    }
    Ok(())
}

fn spelled(text: &str, windows: bool) -> Result<(), &'static str> {
    let slash = |char: char| char == '/' || char == '\\';
    if text.contains('\0') {
        return Err("a path has no NUL in it");
    }
    let mut chars = text.chars();
    let (first, second, third) = (chars.next(), chars.next(), chars.next());
    if first.is_some_and(slash) && second.is_some_and(slash) {
        return Err("paths of other machines and of devices are refused");
    }
    if !windows {
        // What begins with a slash is a path of the file system, and may have a colon in a name.
        let of_files = !text.contains(':') || (first == Some('/') && !text.contains("::"));
        return if of_files { Ok(()) } else { Err(PROVIDER) };
    }
    match (first, second, third) {
        (Some(drive), Some(':'), Some(next)) if drive.is_ascii_alphabetic() && slash(next) => {
            let rest = text.get(2..).unwrap_or_default();
            if rest.contains(':') {
                Err(PROVIDER)
            } else if Path::new(&format!("{drive}:\\")).exists() {
                Ok(())
            } else {
                Err("this machine has no such drive, so it may be one of another provider")
            }
        }
        _ if text.contains(':') => Err(PROVIDER),
        _ => Ok(()),
    }
}

const PROVIDER: &str = "drives and providers (Env:, Function:, Variable:, Alias:, Cert:, Registry::, those made by \
                        New-PSDrive) are refused; give a path of the file system";

/// Whether the path leads to ordinary files.
fn content(path: &str) -> Result<(), &'static str> {
    const DENIED: &str =
        "files of /proc, /sys and /dev are refused: they show processes and their environment";
    let whole = match path.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => match directories::BaseDirs::new() {
            Some(base) => base.home_dir().join(rest.trim_start_matches('/')),
            None => return Err("there is no home folder"),
        },
        _ => PathBuf::from(path),
    };
    let whole = std::path::absolute(&whole).map_err(|_| "the current folder is not known")?;
    let wild = |component: &Component<'_>| component.as_os_str().to_string_lossy().contains(WILD);
    let parts: Vec<Component<'_>> = whole.components().collect();
    match parts.iter().position(wild) {
        None if special(&whole) => Err(DENIED),
        None => Ok(()),
        Some(at) => {
            let folder: PathBuf = parts.iter().take(at).collect();
            if at + 1 < parts.len() {
                return Err("wildcards are taken in the last part only where content is read");
            }
            if special(&folder) || leads_to_special(&folder) { Err(DENIED) } else { Ok(()) }
        }
    }
}

/// Whether a path is one of the special folders or below, links followed as far as the path exists.
fn special(path: &Path) -> bool {
    let mut rest = Vec::new();
    let mut known = path;
    let resolved = loop {
        match known.canonicalize() {
            Ok(resolved) => break resolved,
            Err(_) => match (known.parent(), known.file_name()) {
                (Some(parent), Some(name)) => {
                    rest.push(name.to_owned());
                    known = parent;
                }
                // `..` after something that is not there: nothing can be told.
                _ => return true,
            },
        }
    };
    let mut resolved = resolved;
    resolved.extend(rest.iter().rev());
    let real = |folder: &&str| resolved.starts_with(folder);
    SPECIAL.iter().any(real)
}

/// Whether an entry of a folder is a link into a special folder, or the folder has more entries than are looked at.
fn leads_to_special(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    let mut seen = 0;
    for entry in entries.flatten() {
        seen += 1;
        if seen > ENTRIES {
            return true;
        }
        let link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        if link && special(&entry.path()) {
            return true;
        }
    }
    false
}

fn shortened(text: &str) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of something else than a file, in the guises that PowerShell understands or might.
    const DISGUISES: &[&str] = &[
        "Env:",
        "Env:PATH",
        "env:\\PATH",
        "Env:/PATH",
        "Env:*",
        "En*:PATH",
        "Env`:PATH",
        " Env:PATH",
        "Env:PATH ",
        "Function:prompt",
        "Variable:Error",
        "Alias:ls",
        "Cert:\\CurrentUser\\My",
        "HKLM:\\SOFTWARE",
        "WSMan:\\localhost",
        "Temp:x",
        "Environment::PATH",
        "Microsoft.PowerShell.Core\\Environment::PATH",
        "Microsoft.PowerShell.Core/Environment::PATH",
        "microsoft.powershell.core\\function::prompt",
        "FileSystem::/etc/hostname",
        "Registry::HKEY_LOCAL_MACHINE",
        "made-before:PATH",
        "q:PATH",
        "/Microsoft.PowerShell.Core\\Environment::PATH",
        "/Environment::PATH",
        "./Env:PATH",
        "..\\Env:PATH",
        "~/Env:PATH",
        "x/../Env:PATH",
        "\\Env:PATH",
        "\\\\server\\share\\x",
        "//server/share/x",
        "/\\server/share",
        "\\/server/share",
        "\\\\?\\C:\\x",
        "\\\\.\\pipe\\x",
        "\\\\?\\GLOBALROOT\\Device\\HarddiskVolumeShadowCopy1\\x",
    ];

    #[test]
    fn disguises_are_refused_on_every_system() {
        for text in DISGUISES {
            for windows in [false, true] {
                assert!(spelled(text, windows).is_err(), "{text} (windows: {windows})");
            }
        }
    }

    #[test]
    fn paths_are_taken() {
        for text in
            ["", ".", "..", "a", "a/b*", "/etc/hostname", "~/x", "/tmp/12:30:00.log", "a b", "ä", "[x]"]
        {
            assert_eq!(spelled(text, false), Ok(()), "{text}");
        }
        for text in [".", "a\\b", "a/b", "..\\x", "\\x"] {
            assert_eq!(spelled(text, true), Ok(()), "{text}");
        }
    }

    #[test]
    fn drives_of_windows_are_absolute_and_alone() {
        for text in ["C:", "C:x", "C:\\x:stream", "1:\\x", "CC:\\x"] {
            assert!(spelled(text, true).is_err(), "{text}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn special_files_are_found_through_links_and_wildcards() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        std::fs::write(root.join("plain.txt"), "x").expect("written");
        let text = |path: &Path| path.to_string_lossy().into_owned();
        assert_eq!(check(&text(&root.join("plain.txt")), Use::Content), Ok(()));
        assert_eq!(check(&text(&root.join("*.txt")), Use::Content), Ok(()));
        assert_eq!(check(&text(&root.join("not-there/x")), Use::Content), Ok(()));
        std::os::unix::fs::symlink("/proc/self/environ", root.join("file")).expect("a link");
        std::os::unix::fs::symlink("/proc", root.join("folder")).expect("a link");
        for path in [
            "/proc/self/environ".to_owned(),
            "\\proc\\self\\environ".to_owned(),
            "/proc\\self/environ".to_owned(),
            "/etc/../proc/self/environ".to_owned(),
            "/proc/self/root/proc/self/environ".to_owned(),
            "/proc/*/environ".to_owned(),
            "/pr*/self/environ".to_owned(),
            "/pr`oc/self/environ".to_owned(),
            "/[p]roc/self/environ".to_owned(),
            "/dev/stdin".to_owned(),
            text(&root.join("file")),
            text(&root.join("*")),
            text(&root.join("f*")),
            text(&root.join("folder/self/environ")),
            text(&root.join("folder/self/*")),
            text(&root.join("fold*/self/environ")),
        ] {
            assert!(check(&path, Use::Content).is_err(), "{path}");
        }
        assert_eq!(check("/proc/self", Use::Names), Ok(()), "names and sizes may be seen");
    }
}
