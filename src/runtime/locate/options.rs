//! What the search starts from.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use semver::Version;

use super::MINIMUM_VERSION;

/// Where to look, and for what.
///
/// The library reads no environment of its own accord: [`LocateOptions::default`] knows only the fixed places of the
/// system, [`LocateOptions::from_environment`] takes over what the process's environment says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LocateOptions {
    /// The folder that holds `pwsh.dll`, or a `pwsh` in it, as named by the user. Nothing else is chosen in its stead.
    pub explicit: Option<PathBuf>,
    /// The same, as named by `RUNSPACED_POWERSHELL_HOME`; `explicit` goes first.
    pub environment_home: Option<PathBuf>,
    /// Folders searched for `pwsh` and `dotnet`, in the form of the `PATH` variable.
    pub path: Option<OsString>,
    /// The user's home folder (`.dotnet`, `scoop`).
    pub home: Option<PathBuf>,
    /// The user's data folder; `runspaced setup` puts PowerShell into `runspaced/powershell/<version>` there.
    pub data: Option<PathBuf>,
    /// .NET installations named by the environment, first one first (`DOTNET_ROOT_X64`, `DOTNET_ROOT`).
    pub dotnet_roots: Vec<PathBuf>,
    /// Windows: folders of installed programs (`%ProgramFiles%`).
    pub program_files: Vec<PathBuf>,
    /// Windows: `%LOCALAPPDATA%`.
    pub local_app_data: Option<PathBuf>,
    /// Root under which the fixed places are looked for; `/` (or the system drive) unless this is a test or a chroot.
    pub root: PathBuf,
    /// The oldest version that will do, [`MINIMUM_VERSION`] by default.
    pub minimum: Version,
}

impl Default for LocateOptions {
    fn default() -> Self {
        Self {
            explicit: None,
            environment_home: None,
            path: None,
            home: None,
            data: None,
            dotnet_roots: Vec::new(),
            program_files: Vec::new(),
            local_app_data: None,
            root: PathBuf::from("/"),
            minimum: MINIMUM_VERSION,
        }
    }
}

impl LocateOptions {
    /// What this process's environment says: `RUNSPACED_POWERSHELL_HOME`, `PATH`, `DOTNET_ROOT` and its twin for this
    /// processor, the user's folders.
    pub fn from_environment() -> Self {
        let folder = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let base = directories::BaseDirs::new();
        let architecture = match env::consts::ARCH {
            "x86_64" => "DOTNET_ROOT_X64",
            "aarch64" => "DOTNET_ROOT_ARM64",
            "x86" => "DOTNET_ROOT_X86",
            "arm" => "DOTNET_ROOT_ARM",
            _ => "",
        };
        let mut program_files = Vec::new();
        for name in ["ProgramW6432", "ProgramFiles"] {
            if let Some(found) = folder(name).filter(|found| !program_files.contains(found)) {
                program_files.push(found);
            }
        }
        Self {
            explicit: None,
            environment_home: folder("RUNSPACED_POWERSHELL_HOME"),
            path: env::var_os("PATH"),
            home: base.as_ref().map(|base| base.home_dir().to_owned()),
            data: base.as_ref().map(|base| base.data_local_dir().to_owned()),
            dotnet_roots: [architecture, "DOTNET_ROOT"]
                .iter()
                .filter(|name| !name.is_empty())
                .filter_map(|name| folder(name))
                .collect(),
            program_files,
            local_app_data: folder("LOCALAPPDATA"),
            ..Self::default()
        }
    }

    /// Names the folder that holds `pwsh.dll` (or a `pwsh` in it).
    #[must_use]
    pub fn explicit(mut self, path: impl Into<PathBuf>) -> Self {
        self.explicit = Some(path.into());
        self
    }

    /// A fixed place of the system, below [`LocateOptions::root`].
    pub(super) fn fixed(&self, absolute: &str) -> PathBuf {
        self.root.join(absolute.trim_start_matches('/'))
    }

    /// Every file called `name` in the folders of `path`, in their order.
    pub(super) fn on_path<'a>(&'a self, name: &'a str) -> impl Iterator<Item = PathBuf> + 'a {
        let folders: Vec<PathBuf> = self.path.iter().flat_map(env::split_paths).collect();
        folders
            .into_iter()
            .filter(|folder| folder.is_absolute())
            .map(move |folder| folder.join(name))
            .filter(|file| is_there(file))
    }
}

/// True also for a link that leads nowhere and for an execution alias, which cannot be opened.
fn is_there(file: &Path) -> bool {
    file.symlink_metadata().is_ok_and(|found| !found.is_dir())
}
