//! The folder that `setup` owns: one folder a version below the user's data folder, where
//! [`runspaced::locate`] finds them.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use runspaced::locate::{self, LocateOptions};

use super::archive::{full_disk, unpack};

/// The folder and how to look for an installation in it.
#[derive(Debug)]
pub struct Place {
    folder: PathBuf,
    options: LocateOptions,
}

/// What is there of a version.
#[derive(Debug)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// One that can be hosted.
    Good(PathBuf),
    /// Something that cannot, and why.
    Broken(PathBuf, String),
}

impl Place {
    /// Of this user.
    ///
    /// # Errors
    /// If the user has no data folder, or it cannot be written.
    pub fn of(options: &LocateOptions) -> Result<Self, String> {
        let data =
            options.data.as_ref().ok_or("there is no data folder: neither HOME nor XDG_DATA_HOME is set")?;
        let folder = data.join("runspaced/powershell");
        fs::create_dir_all(&folder).map_err(|error| full_disk(&folder, &error))?;
        Ok(Self { folder, options: options.clone() })
    }

    /// The folder of all versions.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Keeps other runs out while the file is open.
    ///
    /// # Errors
    /// If another run is at work.
    pub fn lock(&self) -> Result<File, String> {
        let path = self.folder.join(".lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| full_disk(&path, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => {
                Err("another `runspaced setup` is at work; wait for its end".to_owned())
            }
            // A file system without locks: two runs at once are unlikely, and do no more than double work.
            Err(TryLockError::Error(_)) => Ok(file),
        }
    }

    /// What is there of a version.
    pub fn look(&self, version: &str) -> Found {
        let folder = self.folder.join(version);
        if folder.symlink_metadata().is_err() {
            return Found::Nothing;
        }
        match locate::inspect(&folder, &self.options) {
            Ok(_) => Found::Good(folder),
            Err(reason) => Found::Broken(folder, reason.to_string()),
        }
    }

    /// Unpacks an archive beside its place, looks at it, and puts it there whole.
    ///
    /// # Errors
    /// What is wrong with it, or what the system says. What was there before is there still.
    pub fn put(&self, archive: &Path, version: &str) -> Result<PathBuf, String> {
        let failed = |error: std::io::Error| full_disk(&self.folder, &error);
        let new = tempfile::Builder::new().prefix(".new-").tempdir_in(&self.folder).map_err(failed)?;
        unpack(archive, new.path())?;
        let home = locate::inspect(new.path(), &self.options)
            .map_err(|reason| format!("{} holds nothing that can be hosted: {reason}", archive.display()))?;
        if home.version.to_string() != version {
            return Err(format!("{} holds PowerShell {}, not {version}", archive.display(), home.version));
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(new.path(), fs::Permissions::from_mode(0o755)).map_err(failed)?;
        }
        let target = self.folder.join(version);
        let old = self.move_away(&target)?;
        if let Err(error) = fs::rename(new.path(), &target) {
            if let Some(old) = old {
                // The error that is reported is the first one.
                let _ = fs::rename(old, &target);
            }
            return Err(full_disk(&target, &error));
        }
        // It is not there any more, under this name.
        let _ = new.keep();
        if let Some(old) = old {
            fs::remove_dir_all(&old).map_err(|error| full_disk(&old, &error))?;
        }
        Ok(target)
    }

    /// Removes every version, and what broken runs left.
    ///
    /// # Errors
    /// What the system says.
    pub fn remove_all(&self) -> Result<Vec<PathBuf>, String> {
        let failed = |error: std::io::Error| full_disk(&self.folder, &error);
        let mut removed = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = entry.path();
            if semver::Version::parse(&name).is_ok() {
                // Gone at once for whoever looks for it; its files go afterwards.
                if let Some(old) = self.move_away(&path)? {
                    fs::remove_dir_all(&old).map_err(|error| full_disk(&old, &error))?;
                    removed.push(path);
                }
            } else if name.starts_with(".new-") || name.starts_with(".old-") {
                fs::remove_dir_all(&path).map_err(|error| full_disk(&path, &error))?;
            } else if name.starts_with(".download-") {
                fs::remove_file(&path).map_err(|error| full_disk(&path, &error))?;
            }
        }
        Ok(removed)
    }

    /// Renames a folder that is there, and gives its new name.
    fn move_away(&self, folder: &Path) -> Result<Option<PathBuf>, String> {
        if folder.symlink_metadata().is_err() {
            return Ok(None);
        }
        let away = self.folder.join(format!(".old-{}", uuid::Uuid::now_v7()));
        fs::rename(folder, &away).map_err(|error| full_disk(folder, &error))?;
        Ok(Some(away))
    }
}
