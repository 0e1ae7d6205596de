//! Finding an installed PowerShell, as any program is found: nothing is started, nothing is written.
//!
//! [`survey`] looks at every place and says what it found there; [`find`] stops at the first that will do. What is
//! looked at, in this order:
//!
//! 1. the folder (or `pwsh`) that was named; if one was named, nothing else is chosen in its stead
//! 2. `pwsh` on the `PATH`, through links, wrapper scripts, `dotnet tool` shims and Windows' execution aliases
//! 3. the folders of the official packages, of distributions, of snap, Homebrew, winget and `dotnet tool`
//! 4. the user's data folder, where `runspaced setup` puts one
//!
//! A PowerShell is suitable if it is new enough, made for this processor, system and C library, whole, and if the .NET
//! runtime it wants is there: its own (the official packages bring it along) or an installed one.

#[cfg(any(windows, test))]
mod alias;
mod binary;
mod dotnet;
mod file_version;
mod fingerprint;
mod home;
mod options;
mod places;
mod reason;
mod serial;
mod trail;
#[cfg(windows)]
mod windows;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use serde::Serialize;

pub use fingerprint::{Change, Fingerprint};
pub use home::{Dotnet, Layout, PowerShellHome};
pub use options::LocateOptions;
pub use places::Place;
pub use reason::{DotnetFinding, Reason};
pub use semver::Version;

/// The oldest PowerShell that can be hosted: the first on .NET 10.
pub const MINIMUM_VERSION: Version = Version::new(7, 6, 0);

/// What was found in every place.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Survey {
    /// Every place, in the order in which they count. The same installation found twice is named twice.
    pub candidates: Vec<Candidate>,
    /// Index into `candidates` of the one to use.
    pub chosen: Option<usize>,
    /// The oldest version that was accepted.
    pub minimum: Version,
}

/// One place and what was found there.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Candidate {
    /// What kind of place it is.
    pub place: Place,
    /// The folder or file that was looked at.
    #[serde(serialize_with = "serial::path")]
    pub origin: PathBuf,
    /// The installation folder it led to, links resolved; absent if it led to none.
    #[serde(serialize_with = "serial::optional_path")]
    pub path: Option<PathBuf>,
    /// Whether it can be used.
    pub verdict: Verdict,
}

/// Whether an installation can be hosted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", content = "detail", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// It can.
    Suitable(Box<PowerShellHome>),
    /// It cannot.
    Unsuitable(Reason),
    /// There is nothing at this place.
    Absent,
}

impl Survey {
    /// The installation to use.
    pub fn home(&self) -> Option<&PowerShellHome> {
        match &self.candidates.get(self.chosen?)?.verdict {
            Verdict::Suitable(home) => Some(home),
            _ => None,
        }
    }

    /// The installations that were found but cannot be used.
    pub fn unsuitable(&self) -> impl Iterator<Item = (&Candidate, &Reason)> {
        self.candidates.iter().filter_map(|candidate| match &candidate.verdict {
            Verdict::Unsuitable(reason) => Some((candidate, reason)),
            _ => None,
        })
    }

    /// Why nothing was chosen, in one sentence; says so too if something was.
    pub fn summary(&self) -> String {
        if let Some(home) = self.home() {
            return format!("PowerShell {} in {}", home.version, home.path.display());
        }
        let found: Vec<String> = self
            .unsuitable()
            .map(|(candidate, reason)| {
                format!("{} ({}): {reason}", candidate.origin.display(), candidate.place)
            })
            .collect();
        if !found.is_empty() {
            return found.join("; ");
        }
        let named = self.candidates.first().filter(|first| first.place.is_named());
        match named {
            Some(named) => format!("there is nothing at {} ({})", named.origin.display(), named.place),
            None => format!("no PowerShell in any of {} places", self.candidates.len()),
        }
    }

    /// What to do if nothing was chosen: for this system, one or two sentences.
    pub fn remedy(&self) -> String {
        let wanted = &self.minimum;
        if let Some((_, reason)) = self.unsuitable().next() {
            return reason.remedy();
        }
        let how = if cfg!(windows) {
            "winget install Microsoft.PowerShell"
        } else if cfg!(target_os = "macos") {
            "`runspaced setup`, or brew install powershell"
        } else {
            "`runspaced setup`, see https://aka.ms/install-powershell, or `dotnet tool install --global PowerShell`"
        };
        format!(
            "Install PowerShell {wanted} or later ({how}), or name the folder that holds pwsh.dll (`--powershell` or \
             RUNSPACED_POWERSHELL_HOME)."
        )
    }
}

/// Looks at every place.
pub fn survey(options: &LocateOptions) -> Survey {
    look(options, false)
}

/// Looks until a suitable installation is found; the survey then ends there.
pub fn find(options: &LocateOptions) -> Survey {
    look(options, true)
}

/// Judges one folder (or a `pwsh` in it), links resolved.
///
/// # Errors
/// The reason why it cannot be hosted.
pub fn inspect(path: &Path, options: &LocateOptions) -> Result<PowerShellHome, Reason> {
    match judge(path, options) {
        (_, Verdict::Suitable(home)) => Ok(*home),
        (_, Verdict::Unsuitable(reason)) => Err(reason),
        (_, Verdict::Absent) => {
            Err(Reason::NoTrail { path: path.to_owned(), what: "does not exist".to_owned() })
        }
    }
}

fn look(options: &LocateOptions, stop_early: bool) -> Survey {
    let mut survey = Survey { candidates: Vec::new(), chosen: None, minimum: options.minimum.clone() };
    // A named place is the user's word: another one is never taken in its stead.
    let mut named = false;
    for (place, origin) in places::all(options) {
        let (path, verdict) = judge(&origin, options);
        let suitable = matches!(verdict, Verdict::Suitable(_));
        if suitable && survey.chosen.is_none() && !named {
            survey.chosen = Some(survey.candidates.len());
        }
        named |= place.is_named();
        survey.candidates.push(Candidate { place, origin, path, verdict });
        if stop_early && (survey.chosen.is_some() || named) {
            break;
        }
    }
    survey
}

fn judge(origin: &Path, options: &LocateOptions) -> (Option<PathBuf>, Verdict) {
    match trail::follow(origin, options) {
        Ok(None) => (None, Verdict::Absent),
        Ok(Some(found)) => {
            let verdict = match home::examine(&found, options) {
                Ok(home) => Verdict::Suitable(Box::new(home)),
                Err(reason) => Verdict::Unsuitable(reason),
            };
            (Some(found.home), verdict)
        }
        Err(reason) => (None, Verdict::Unsuitable(reason)),
    }
}
