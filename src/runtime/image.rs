//! The host assembly with machine code beside its IL. .NET takes such code from files only, so the image is kept in a folder
//! of the user's and loaded from there; what cannot be kept is loaded from memory without it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Compiled for this system; empty where there is none.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
static IMAGE: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/dotnet-host/prebuilt/linux-x64/Runspaced.Host.dll"));
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
static IMAGE: &[u8] = &[];

/// What the build wrote down of its inputs and outputs, the image's hash among them.
static MANIFEST: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/dotnet-host/prebuilt/SOURCES.sha256"));
const NAME: &str = "prebuilt/linux-x64/Runspaced.Host.dll";

/// The assembly to put into a file: with machine code where there is some for this system.
pub(crate) fn best() -> &'static [u8] {
    if IMAGE.is_empty() { super::start::ASSEMBLY } else { IMAGE }
}

/// Path of the image in `folder`, put there if it is not there yet or is not what it should be. `None`: there is none for this
/// system, or the folder does not take it.
pub(super) fn keep_in(folder: &Path) -> Option<PathBuf> {
    if IMAGE.is_empty() {
        return None;
    }
    let expected = expected_hash()?;
    let path = folder.join(expected.get(..16)?).join("Runspaced.Host.dll");
    match keep(&path, expected) {
        Ok(()) => Some(path),
        Err(error) => {
            tracing::debug!(path = %path.display(), %error, "the host assembly's machine code cannot be kept; it is compiled at every start");
            None
        }
    }
}

fn expected_hash() -> Option<&'static str> {
    MANIFEST.lines().find_map(|line| line.strip_suffix(NAME)).map(str::trim_end)
}

fn keep(path: &Path, expected: &str) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    create_private(folder)?;
    if !is_ours(folder)? {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "others may write there"));
    }
    if hash_of(path).is_ok_and(|hash| hash == expected) {
        return Ok(());
    }
    // Another process may do the same at this moment: each writes a file of its own, the last one stays.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(IMAGE)?;
    file.persist(path).map_err(|error| error.error)?;
    if hash_of(path)? == expected { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}

fn create_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Whoever can exchange the file after its hash was read runs code in this process: nobody else may write to the folder, or to one
/// that it is in.
#[cfg(unix)]
fn is_ours(folder: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    const OTHERS_WRITE: u32 = 0o022;
    const STICKY: u32 = 0o1000;
    let own = rustix::process::geteuid().as_raw();
    for place in fs::canonicalize(folder)?.ancestors() {
        let about = fs::metadata(place)?;
        let is_shared = about.mode() & OTHERS_WRITE != 0 && about.mode() & STICKY == 0;
        if is_shared || !(about.uid() == own || about.uid() == 0) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// There is no image for such systems yet.
#[cfg(not(unix))]
fn is_ours(_folder: &Path) -> io::Result<bool> {
    Ok(false)
}

fn hash_of(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hash)?;
    Ok(format!("{:x}", hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_is_what_the_build_recorded() {
        if IMAGE.is_empty() {
            return;
        }
        let hash = format!("{:x}", Sha256::digest(IMAGE));
        assert_eq!(Some(hash.as_str()), expected_hash());
    }

    #[test]
    fn a_damaged_image_is_replaced_and_a_folder_that_is_none_is_done_without() {
        if IMAGE.is_empty() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = keep_in(folder.path()).unwrap();
        fs::write(&path, b"something else").unwrap();
        assert_eq!(keep_in(folder.path()), Some(path.clone()));
        assert_eq!(fs::read(&path).unwrap(), IMAGE);
        assert_eq!(keep_in(&path), None, "a file is no folder");
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_write_to_is_not_trusted() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        assert!(is_ours(folder.path()).unwrap());
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(!is_ours(folder.path()).unwrap());
    }
}
