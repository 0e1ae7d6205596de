//! Installed .NET runtimes, for a PowerShell that does not bring its own.
//!
//! The order is that of .NET's own programs: the environment, the registered location, the default places; then `dotnet`
//! on the `PATH`. The first root that has what PowerShell asks for is taken: its `hostfxr` looks for frameworks in its own
//! root only.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use semver::Version;
use serde::Deserialize;

use super::Dotnet;
use super::home::{fits, library};
use super::options::LocateOptions;
use super::reason::{DotnetFinding, Reason};
use super::trail::{self, Found};

/// A framework that PowerShell asks for.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Framework {
    pub(super) name: String,
    pub(super) version: String,
}

/// Which other versions of a framework will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub(super) enum RollForward {
    Disable,
    LatestPatch,
    #[default]
    #[serde(alias = "LatestMinor")]
    Minor,
    #[serde(alias = "LatestMajor")]
    Major,
}

impl RollForward {
    fn accepts(self, wanted: &Version, found: &Version) -> bool {
        let same_major = found.major == wanted.major;
        match self {
            Self::Disable => found == wanted,
            Self::LatestPatch => same_major && found.minor == wanted.minor && found >= wanted,
            Self::Minor => same_major && found >= wanted,
            Self::Major => found >= wanted,
        }
    }
}

/// The first installation that has all of `wanted`.
pub(super) fn choose(
    wanted: &[Framework],
    roll_forward: RollForward,
    found: &Found,
    options: &LocateOptions,
) -> Result<Dotnet, Reason> {
    let mut looked_at = Vec::new();
    for root in roots(found, options) {
        match examine(&root, wanted, roll_forward) {
            Ok(dotnet) => return Ok(dotnet),
            Err(finding) => looked_at.push(finding),
        }
    }
    let first = wanted.first();
    Err(Reason::NoDotnet {
        framework: first.map_or_else(|| "a .NET runtime".to_owned(), |first| first.name.clone()),
        wanted: first.map(|first| first.version.clone()).unwrap_or_default(),
        looked_at,
    })
}

fn examine(root: &Path, wanted: &[Framework], roll_forward: RollForward) -> Result<Dotnet, DotnetFinding> {
    let mut best = None;
    for framework in wanted {
        let versions = versions(&root.join("shared").join(&framework.name));
        // An unreadable wish is left to hostfxr, which says more about it than we could.
        let fitting = match Version::parse(&framework.version) {
            Ok(wish) => versions.iter().rfind(|version| roll_forward.accepts(&wish, version)),
            Err(_) => versions.last(),
        };
        match fitting {
            Some(version) => best = best.or_else(|| Some(version.to_string())),
            None => return Err(finding(root, &versions, None)),
        }
    }
    let Some(newest) = versions(&root.join("host/fxr")).pop_last() else {
        return Err(finding(root, &BTreeSet::new(), Some("it has no host/fxr folder".to_owned())));
    };
    let hostfxr = root.join("host/fxr").join(newest.to_string()).join(library("hostfxr"));
    match fits(&hostfxr) {
        Ok(()) => Ok(Dotnet { root: root.to_owned(), hostfxr, version: best.unwrap_or_default() }),
        Err(reason) => Err(finding(root, &BTreeSet::new(), Some(reason.to_string()))),
    }
}

fn finding(root: &Path, versions: &BTreeSet<Version>, fault: Option<String>) -> DotnetFinding {
    DotnetFinding {
        root: root.to_owned(),
        versions: versions.iter().map(Version::to_string).collect(),
        fault,
    }
}

/// The folders named like a version, in the order of versions (not of text: 10 comes after 9).
pub(super) fn versions(folder: &Path) -> BTreeSet<Version> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Version::parse(entry.ok()?.file_name().to_str()?).ok())
        .collect()
}

/// Every .NET root, the preferred one first.
fn roots(found: &Found, options: &LocateOptions) -> Vec<PathBuf> {
    let mut roots: Vec<PathBuf> = options.dotnet_roots.clone();
    roots.extend(found.dotnet_hint.clone());
    roots.extend(registered(options));
    if cfg!(windows) {
        roots.extend(options.program_files.iter().map(|folder| folder.join("dotnet")));
    } else if cfg!(target_os = "macos") {
        roots.push(options.fixed("/usr/local/share/dotnet"));
        roots.push(options.fixed("/opt/homebrew/opt/dotnet/libexec"));
        roots.push(options.fixed("/usr/local/opt/dotnet/libexec"));
    } else {
        for place in ["/usr/share/dotnet", "/usr/lib/dotnet", "/usr/lib64/dotnet"] {
            roots.push(options.fixed(place));
        }
        roots.push(options.fixed("/home/linuxbrew/.linuxbrew/opt/dotnet/libexec"));
    }
    roots.extend(options.home.iter().map(|home| home.join(".dotnet")));
    let muxer = if cfg!(windows) { "dotnet.exe" } else { "dotnet" };
    roots.extend(options.on_path(muxer).filter_map(|file| {
        let file = trail::real(&file).ok()?;
        Some(file.parent()?.to_owned())
    }));

    let mut seen = BTreeSet::new();
    roots.retain(|root| root.is_dir() && seen.insert(trail::real(root).unwrap_or_else(|_| root.clone())));
    roots
}

/// The locations that .NET's installers have registered.
#[cfg(not(windows))]
fn registered(options: &LocateOptions) -> Vec<PathBuf> {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    [format!("/etc/dotnet/install_location_{architecture}"), "/etc/dotnet/install_location".to_owned()]
        .iter()
        .filter_map(|file| {
            let text = fs::read_to_string(options.fixed(file)).ok()?;
            let line = text.lines().next()?.trim();
            (!line.is_empty()).then(|| options.fixed(line))
        })
        .collect()
}

/// The locations that .NET's installers have registered: in the 32-bit view of the registry, whatever the processor.
#[cfg(windows)]
fn registered(_: &LocateOptions) -> Vec<PathBuf> {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    super::windows::registry_text(
        &format!(r"SOFTWARE\dotnet\Setup\InstalledVersions\{architecture}"),
        "InstallLocation",
    )
    .map(PathBuf::from)
    .into_iter()
    .collect()
}
