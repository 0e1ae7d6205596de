//! An archive on disk: its digest, and unpacking it where nothing outside of its folder can be reached.

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Component, Path, PathBuf};

use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};
use tar::{Archive, EntryType};

/// Most bytes and entries that an archive may unpack to.
const MOST_BYTES: u64 = 4 << 30;
const MOST_ENTRIES: usize = 50_000;

/// SHA-256 of a file, in small hexadecimal digits.
///
/// # Errors
/// What the system says.
pub fn digest(file: &Path) -> io::Result<String> {
    let mut digest = Sha256::new();
    io::copy(&mut File::open(file)?, &mut digest)?;
    Ok(format!("{:x}", digest.finalize()))
}

/// Unpacks an archive into a folder that is empty.
///
/// # Errors
/// What is wrong with the archive, or what the system says. The folder holds a part of it then.
pub fn unpack(file: &Path, folder: &Path) -> Result<(), String> {
    let opened = File::open(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut archive = Archive::new(GzDecoder::new(BufReader::new(opened)));
    let broken = |error: io::Error| match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => full_disk(folder, &error),
        _ => format!("{} cannot be unpacked: {error}", file.display()),
    };
    let (mut bytes, mut entries) = (0_u64, 0);
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        bytes = bytes.saturating_add(entry.size());
        entries += 1;
        if bytes > MOST_BYTES || entries > MOST_ENTRIES {
            return Err(format!("{} unpacks to more than PowerShell is", file.display()));
        }
        let name = entry.path().map_err(broken)?.into_owned();
        let refused =
            |what: &str| format!("{} holds {}, {what}: it is not unpacked", file.display(), name.display());
        let Some(path) = inside(folder, &name) else {
            return Err(refused("which leads out of its folder"));
        };
        match entry.header().entry_type() {
            EntryType::Directory => fs::create_dir_all(&path).map_err(broken)?,
            EntryType::Regular | EntryType::Continuous => {
                if let Some(parent) = path.parent() {
                    fs::create_dir_all(parent).map_err(broken)?;
                }
                // Two entries of one name, or a file where a folder was: nothing is ever written through.
                let mut new = File::options().write(true).create_new(true).open(&path).map_err(broken)?;
                io::copy(&mut entry, &mut new).map_err(broken)?;
                set_permissions(&new, &name, entry.header().mode().unwrap_or(0o644)).map_err(broken)?;
            }
            EntryType::XGlobalHeader => {}
            _ => return Err(refused("which is neither a file nor a folder")),
        }
    }
    if entries == 0 { Err(format!("{} is empty", file.display())) } else { Ok(()) }
}

/// Where an entry goes; `None` if that is not inside the folder.
fn inside(folder: &Path, name: &Path) -> Option<PathBuf> {
    let mut path = folder.to_owned();
    for component in name.components() {
        match component {
            Component::Normal(part) => path.push(part),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

/// Those of the archive, as far as they are about reading, the owner's writing, and running.
#[cfg(unix)]
fn set_permissions(file: &File, name: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    // The official archives leave it to their user to make `pwsh` a program.
    let program = if name == Path::new("pwsh") || name == Path::new("./pwsh") { 0o111 } else { 0 };
    file.set_permissions(fs::Permissions::from_mode((mode & 0o755) | 0o600 | program))
}

#[cfg(not(unix))]
fn set_permissions(_: &File, _: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

/// What an error of writing means.
pub fn full_disk(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => format!(
            "{}: the disk is full. PowerShell takes about 300 MiB, and as much again while it is unpacked",
            path.display()
        ),
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            format!(
                "{}: this cannot be written ({error}). Name another data folder in XDG_DATA_HOME",
                path.display()
            )
        }
        _ => format!("{}: {error}", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    /// An archive of raw entries: name, kind, mode, content or link.
    fn archive(file: &Path, entries: &[(&str, EntryType, u32, &str)]) {
        let mut builder =
            tar::Builder::new(GzEncoder::new(File::create(file).expect("made"), Compression::fast()));
        for (name, kind, mode, content) in entries {
            let mut header = tar::Header::new_gnu();
            // Written as they are: `set_path` would refuse what must be refused here.
            let field = &mut header.as_old_mut().name;
            field[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(*kind);
            header.set_mode(*mode);
            let link = kind.is_symlink() || kind.is_hard_link();
            if link {
                header.as_old_mut().linkname[..content.len()].copy_from_slice(content.as_bytes());
            }
            header.set_size(if link { 0 } else { content.len() as u64 });
            header.set_cksum();
            builder.append(&header, if link { &b""[..] } else { content.as_bytes() }).expect("added");
        }
        builder.into_inner().and_then(GzEncoder::finish).and_then(|mut file| file.flush()).expect("written");
    }

    #[test]
    fn files_come_out_with_their_permissions() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.tar.gz");
        archive(
            &file,
            &[
                ("./", EntryType::Directory, 0o755, ""),
                ("./pwsh", EntryType::Regular, 0o644, "program"),
                ("./Modules/x/x.psd1", EntryType::Regular, 0o4777, "@{}"),
            ],
        );
        let out = folder.path().join("out");
        fs::create_dir(&out).expect("made");
        unpack(&file, &out).expect("unpacked");
        assert_eq!(fs::read_to_string(out.join("Modules/x/x.psd1")).expect("read"), "@{}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode =
                |name: &str| fs::metadata(out.join(name)).expect("there").permissions().mode() & 0o7777;
            assert_eq!(
                (mode("pwsh"), mode("Modules/x/x.psd1")),
                (0o755, 0o755),
                "runs; no set-user bit, no writing by others"
            );
        }
    }

    #[test]
    fn what_leads_out_of_the_folder_is_refused() {
        for (name, kind, content) in [
            ("../evil", EntryType::Regular, "x"),
            ("a/../../evil", EntryType::Regular, "x"),
            ("/tmp/evil-of-runspaced", EntryType::Regular, "x"),
            ("link", EntryType::Symlink, "/etc"),
            ("link", EntryType::Symlink, "../.."),
            ("hard", EntryType::Link, "/etc/passwd"),
            ("device", EntryType::Char, ""),
            ("pipe", EntryType::Fifo, ""),
        ] {
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("a.tar.gz");
            archive(&file, &[(name, kind, 0o644, content)]);
            let out = folder.path().join("deep/out");
            fs::create_dir_all(&out).expect("made");
            let error = unpack(&file, &out).expect_err("is refused");
            assert!(error.contains("not unpacked"), "{name}: {error}");
            assert!(!folder.path().join("evil").exists() && !folder.path().join("deep/evil").exists());
            assert_eq!(fs::read_dir(&out).expect("a folder").count(), 0);
        }
        assert!(!Path::new("/tmp/evil-of-runspaced").exists());
    }

    #[test]
    fn entry_is_never_written_through_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.tar.gz");
        archive(&file, &[("a", EntryType::Regular, 0o644, "1"), ("a", EntryType::Regular, 0o644, "2")]);
        assert!(unpack(&file, &folder.path().join("out")).is_err());
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.tar.gz");
        for content in [&b""[..], b"<html>", b"\x1f\x8b\x08"] {
            fs::write(&file, content).expect("written");
            assert!(unpack(&file, folder.path()).is_err());
        }
    }
}
