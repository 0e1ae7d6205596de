//! Where packages put PowerShell.

use std::fmt;
#[cfg(not(windows))]
use std::fs;
#[cfg(not(windows))]
use std::path::Path;
use std::path::PathBuf;

use serde::Serialize;

use super::dotnet;
use super::options::LocateOptions;

/// A kind of place in which PowerShell is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Place {
    /// Named by the caller or on the command line.
    Explicit,
    /// Named by `RUNSPACED_POWERSHELL_HOME`.
    Environment,
    /// A `pwsh` on the `PATH`.
    Path,
    /// A folder of the official packages (deb, rpm, pkg, tar.gz as documented, MSI, winget).
    Package,
    /// A folder of a distribution's own package.
    Distribution,
    /// Snap.
    Snap,
    /// Homebrew.
    Homebrew,
    /// The Microsoft Store.
    Store,
    /// Scoop.
    Scoop,
    /// `dotnet tool install --global PowerShell`.
    DotnetTool,
    /// Put there by `runspaced setup`.
    Setup,
}

impl Place {
    /// True if the user named this very place: then no other one is taken in its stead.
    pub fn is_named(self) -> bool {
        matches!(self, Self::Explicit | Self::Environment)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Explicit => "named explicitly",
            Self::Environment => "RUNSPACED_POWERSHELL_HOME",
            Self::Path => "on the PATH",
            Self::Package => "official package",
            Self::Distribution => "distribution's package",
            Self::Snap => "snap",
            Self::Homebrew => "Homebrew",
            Self::Store => "Microsoft Store",
            Self::Scoop => "Scoop",
            Self::DotnetTool => "dotnet tool",
            Self::Setup => "runspaced setup",
        })
    }
}

/// Every place, in the order in which they count.
pub(super) fn all(options: &LocateOptions) -> Vec<(Place, PathBuf)> {
    let mut places = Vec::new();
    places.extend(options.explicit.iter().map(|path| (Place::Explicit, path.clone())));
    places.extend(options.environment_home.iter().map(|path| (Place::Environment, path.clone())));
    let program = if cfg!(windows) { "pwsh.exe" } else { "pwsh" };
    places.extend(options.on_path(program).map(|path| (Place::Path, path)));
    system(options, &mut places);
    if let Some(home) = &options.home {
        // The folder of the shim, whose trail ends in the tool's own folder.
        places.push((Place::DotnetTool, home.join(".dotnet/tools").join(program)));
    }
    if let Some(data) = &options.data {
        let folder = data.join("runspaced/powershell");
        let versions = dotnet::versions(&folder);
        places.extend(versions.iter().rev().map(|version| (Place::Setup, folder.join(version.to_string()))));
        if versions.is_empty() {
            places.push((Place::Setup, folder));
        }
    }
    places
}

#[cfg(windows)]
fn system(options: &LocateOptions, places: &mut Vec<(Place, PathBuf)>) {
    for folder in &options.program_files {
        for name in ["7", "7-lts", "7-preview"] {
            places.push((Place::Package, folder.join("PowerShell").join(name)));
        }
    }
    if let Some(folder) = &options.local_app_data {
        places.push((Place::Store, folder.join(r"Microsoft\WindowsApps\pwsh.exe")));
        places.push((Place::Package, folder.join(r"Microsoft\PowerShell\7")));
        places.push((Place::Package, folder.join(r"Programs\PowerShell\7")));
    }
    if let Some(home) = &options.home {
        places.push((Place::Scoop, home.join(r"scoop\apps\pwsh\current")));
    }
}

#[cfg(target_os = "macos")]
fn system(options: &LocateOptions, places: &mut Vec<(Place, PathBuf)>) {
    for name in ["7", "7-lts", "7-preview"] {
        places.push((Place::Package, options.fixed("/usr/local/microsoft/powershell").join(name)));
    }
    for prefix in ["/opt/homebrew", "/usr/local"] {
        homebrew(&options.fixed(prefix), places);
    }
}

#[cfg(not(any(windows, target_os = "macos")))]
fn system(options: &LocateOptions, places: &mut Vec<(Place, PathBuf)>) {
    for name in ["7", "7-lts", "7-preview"] {
        places.push((Place::Package, options.fixed("/opt/microsoft/powershell").join(name)));
    }
    // Alpine and others; the .NET SDK's images have it as a tool.
    for folder in ["/usr/lib/powershell", "/usr/share/powershell/pwsh", "/usr/local/share/powershell/pwsh"] {
        places.push((Place::Distribution, options.fixed(folder)));
    }
    for name in ["powershell", "powershell-preview"] {
        places.push((Place::Snap, options.fixed("/snap").join(name).join("current/opt/powershell")));
    }
    homebrew(&options.fixed("/home/linuxbrew/.linuxbrew"), places);
}

/// Formula (`opt` links to the installed version) and, on macOS, the cask's staging folder.
#[cfg(not(windows))]
fn homebrew(prefix: &Path, places: &mut Vec<(Place, PathBuf)>) {
    places.push((Place::Homebrew, prefix.join("opt/powershell/libexec")));
    for cask in ["powershell", "powershell-preview"] {
        let versions = fs::read_dir(prefix.join("Caskroom").join(cask)).into_iter().flatten();
        let mut folders: Vec<PathBuf> = versions
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|folder| folder.join("pwsh.dll").is_file())
            .collect();
        folders.sort();
        places.extend(folders.into_iter().rev().map(|folder| (Place::Homebrew, folder)));
    }
}
