//! Judging the folder of an installation.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use semver::Version;
use serde::{Deserialize, Serialize};

use super::binary::{self, Libc, System};
use super::trail::Found;
use super::{Fingerprint, LocateOptions, Reason, dotnet, file_version, serial};

/// An installed PowerShell that can be hosted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PowerShellHome {
    /// The folder of `pwsh.dll` (`$PSHOME`), links resolved.
    #[serde(serialize_with = "serial::path")]
    pub path: PathBuf,
    /// Its version.
    pub version: Version,
    /// Whether it brings its own .NET runtime.
    pub layout: Layout,
    /// The .NET runtime it will run on.
    pub dotnet: Dotnet,
    /// What `pwsh.dll` looks like.
    pub fingerprint: Fingerprint,
}

/// Where a PowerShell has its .NET runtime from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Layout {
    /// It brings its own (the official packages).
    SelfContained,
    /// It uses an installed one (`dotnet tool`, Homebrew, distributions).
    FrameworkDependent,
}

/// A .NET runtime.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Dotnet {
    /// Its root; the PowerShell folder itself for [`Layout::SelfContained`].
    #[serde(serialize_with = "serial::path")]
    pub root: PathBuf,
    /// The library that starts it.
    #[serde(serialize_with = "serial::path")]
    pub hostfxr: PathBuf,
    /// Version of the framework PowerShell will run on, as far as it can be told from the files.
    pub version: String,
}

/// The part of `pwsh.runtimeconfig.json` that matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuntimeConfig {
    runtime_options: RuntimeOptions,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct RuntimeOptions {
    roll_forward: Option<dotnet::RollForward>,
    framework: Option<dotnet::Framework>,
    frameworks: Vec<dotnet::Framework>,
    included_frameworks: Vec<dotnet::Framework>,
}

/// The part of `pwsh.deps.json` that matters here.
#[derive(Deserialize)]
struct Dependencies {
    #[serde(default)]
    libraries: BTreeMap<String, serde::de::IgnoredAny>,
}

/// File name of the library called `name` on this system.
pub(super) fn library(name: &str) -> String {
    match System::OURS {
        System::Windows => format!("{name}.dll"),
        System::MacOs => format!("lib{name}.dylib"),
        System::Elf => format!("lib{name}.so"),
    }
}

/// Whether the installation at the end of a trail can be hosted.
pub(super) fn examine(found: &Found, options: &LocateOptions) -> Result<PowerShellHome, Reason> {
    let folder = &found.home;
    let config: RuntimeConfig = match read(&folder.join("pwsh.runtimeconfig.json"))? {
        Some(text) => serde_json::from_slice(&text)
            .map_err(|error| broken([format!("pwsh.runtimeconfig.json: {error}")]))?,
        None => return Err(broken(missing_files(folder, &["pwsh.runtimeconfig.json"]))),
    };
    let faults = missing_files(folder, &[]);
    if !faults.is_empty() {
        return Err(broken(faults));
    }
    // The version first: what else is wrong with one that is too old does not matter.
    let version =
        version(folder).ok_or_else(|| broken(["its version cannot be told from its files".to_owned()]))?;
    if version < options.minimum {
        return Err(Reason::TooOld { found: version, wanted: options.minimum.clone() });
    }
    let psl = folder.join(library("psl-native"));
    if psl.exists() {
        fits(&psl)?;
    }
    let config = config.runtime_options;
    let own = folder.join(library("hostfxr"));
    let (layout, dotnet) = if !config.included_frameworks.is_empty() || own.exists() {
        (Layout::SelfContained, own_runtime(folder, own, &config)?)
    } else {
        let wanted: Vec<dotnet::Framework> = config.framework.into_iter().chain(config.frameworks).collect();
        let roll_forward = config.roll_forward.unwrap_or_default();
        (Layout::FrameworkDependent, dotnet::choose(&wanted, roll_forward, found, options)?)
    };
    let fingerprint = Fingerprint::of(folder, version.clone())
        .map_err(|error| Reason::Unreadable { path: folder.join("pwsh.dll"), error: error.to_string() })?;
    Ok(PowerShellHome { path: folder.clone(), version, layout, dotnet, fingerprint })
}

/// Version of the PowerShell in `folder`: from its list of dependencies, else from the files themselves.
pub(super) fn version(folder: &Path) -> Option<Version> {
    let listed = || {
        let text = fs::read(folder.join("pwsh.deps.json")).ok()?;
        let dependencies: Dependencies = serde_json::from_slice(&text).ok()?;
        dependencies.libraries.into_keys().find_map(|name| {
            let (package, version) = name.split_once('/')?;
            package.eq_ignore_ascii_case("pwsh").then(|| Version::parse(version).ok()).flatten()
        })
    };
    // A development build says 1.0.0 or 0.0.0 in one of them: the highest is the right one.
    let file = |name: &str| file_version::read(&folder.join(name)).ok().flatten();
    listed()
        .filter(|version| version.major >= 6)
        .or_else(|| file("pwsh.dll").filter(|version| version.major >= 6))
        .or_else(|| file("System.Management.Automation.dll"))
}

fn own_runtime(folder: &Path, hostfxr: PathBuf, config: &RuntimeOptions) -> Result<Dotnet, Reason> {
    let wanted =
        [library("hostfxr"), library("hostpolicy"), library("coreclr"), "System.Private.CoreLib.dll".into()];
    let names: Vec<&str> = wanted.iter().map(String::as_str).collect();
    let faults = missing_files(folder, &names);
    if !faults.is_empty() {
        // One that was made for another system lacks exactly these, under these names.
        if let Some(other) = foreign_runtime(folder) {
            return Err(other);
        }
        return Err(broken(faults));
    }
    fits(&hostfxr)?;
    let version = config.included_frameworks.first().map(|own| own.version.clone()).unwrap_or_default();
    Ok(Dotnet { root: folder.to_owned(), hostfxr, version })
}

fn foreign_runtime(folder: &Path) -> Option<Reason> {
    ["libhostfxr.so", "libhostfxr.dylib", "hostfxr.dll"]
        .iter()
        .map(|name| folder.join(name))
        .filter(|file| file.exists())
        .find_map(|file| fits(&file).err())
}

/// Whether a native file can be loaded into this process.
pub(super) fn fits(file: &Path) -> Result<(), Reason> {
    let made = binary::read(file)
        .map_err(|error| Reason::Unreadable { path: file.to_owned(), error: error.to_string() })?
        .ok_or_else(|| broken([format!("{} is not a library", file.display())]))?;
    let file = file.to_owned();
    if made.system != System::OURS {
        return Err(Reason::WrongSystem {
            file,
            found: made.system.name().to_owned(),
            wanted: System::OURS.name().to_owned(),
        });
    }
    let ours = std::env::consts::ARCH;
    if !made.architectures.contains(&ours) {
        return Err(Reason::WrongArchitecture {
            file,
            found: made.architectures.join(" and "),
            wanted: ours.to_owned(),
        });
    }
    match (made.libc, Libc::OURS) {
        (Some(found), Some(ours)) if found != ours => {
            Err(Reason::WrongLibc { file, found: found.name().to_owned(), wanted: ours.name().to_owned() })
        }
        _ => Ok(()),
    }
}

fn missing_files(folder: &Path, more: &[&str]) -> Vec<String> {
    ["pwsh.dll", "System.Management.Automation.dll"]
        .iter()
        .chain(more)
        .filter(|name| !folder.join(name).is_file())
        .map(|name| format!("{name} is missing"))
        .collect()
}

/// Contents of a file, `None` if it is not there.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, Reason> {
    match fs::read(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Reason::Unreadable { path: path.to_owned(), error: error.to_string() }),
    }
}

pub(super) fn broken(faults: impl Into<Vec<String>>) -> Reason {
    Reason::Broken { faults: faults.into() }
}
