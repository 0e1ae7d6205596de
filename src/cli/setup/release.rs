//! The releases that are known, and their digests.
//!
//! A digest is in this table only if two independent public sources name it. Sources, for all four archives of 7.6.5:
//!
//! 1. PowerShell's own Homebrew tap, `Formula/powershell.rb` (repository PowerShell/Homebrew-Tap)
//! 2. the release's `hashes.sha256`, as pinned and checked by the repository adamgell/GraphKit
//!    (`.github/powershell-release-sha256.json`)
//!
//! For both Linux archives also 3.: downloaded and hashed anew by the repository stSoftwareAU/VibeCoder
//! (`container/toolchains/pwsh.sh` and the record of that change).

use std::fmt;

/// One archive of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Version of PowerShell; the name of the folder it gets.
    pub version: String,
    /// Where it is published, or a mirror of it.
    pub url: String,
    /// SHA-256 of the archive, in small hexadecimal digits.
    pub sha256: String,
}

/// A kind of machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    pub system: &'static str,
    pub architecture: &'static str,
    /// The C library is musl.
    pub musl: bool,
}

struct Row {
    system: &'static str,
    architecture: &'static str,
    /// As PowerShell calls them.
    name: &'static str,
    sha256: &'static str,
}

/// The version in the table.
pub const VERSION: &str = "7.6.5";

const ROWS: &[Row] = &[
    Row {
        system: "linux",
        architecture: "x86_64",
        name: "linux-x64",
        sha256: "b34ab3b19acac1d3d4d0d3cfdb02acf62f457b0b6a962ff008132033f7566844",
    },
    Row {
        system: "linux",
        architecture: "aarch64",
        name: "linux-arm64",
        sha256: "ed4084f215d8bce2edd23aa7cb1f1e7b0818e41363a635a22065d2701b6141df",
    },
    Row {
        system: "macos",
        architecture: "x86_64",
        name: "osx-x64",
        sha256: "3db1d177ab39511c1b6b73b05a1630a5db4e8dce22857ca76f14c5d98f2733fd",
    },
    Row {
        system: "macos",
        architecture: "aarch64",
        name: "osx-arm64",
        sha256: "8196d4b4e7c21b7f6df9d45687bb4e42dc8335f330b580d9eb15f3ef5042a8c3",
    },
];

impl Machine {
    /// This one.
    pub const THIS: Self = Self {
        system: std::env::consts::OS,
        architecture: std::env::consts::ARCH,
        musl: cfg!(target_env = "musl"),
    };

    /// The archive for it.
    ///
    /// # Errors
    /// What to do by hand where there is none in the table.
    pub fn release(self) -> Result<Release, String> {
        let row = ROWS
            .iter()
            .find(|row| !self.musl && row.system == self.system && row.architecture == self.architecture)
            .ok_or_else(|| {
                format!("there is no archive for {self} in the table of releases. {}", self.by_hand())
            })?;
        Ok(Release {
            version: VERSION.to_owned(),
            url: format!(
                "https://github.com/PowerShell/PowerShell/releases/download/v{VERSION}/powershell-{VERSION}-{}.tar.gz",
                row.name
            ),
            sha256: row.sha256.to_owned(),
        })
    }

    /// How PowerShell is installed there without this program.
    pub fn by_hand(self) -> String {
        match (self.system, self.musl) {
            ("windows", _) => "Install it with: winget install --id Microsoft.PowerShell".to_owned(),
            ("macos", _) => "Install it with: brew install powershell".to_owned(),
            (_, true) => "Install it with: apk add powershell (Alpine), or see https://aka.ms/install-powershell".to_owned(),
            _ => "See https://aka.ms/install-powershell, or install it with: dotnet tool install --global PowerShell".to_owned(),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.system, self.architecture, if self.musl { " with musl" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn machine(system: &'static str, architecture: &'static str, musl: bool) -> Machine {
        Machine { system, architecture, musl }
    }

    #[test]
    fn archives_are_of_the_release_and_have_whole_digests() {
        let release = machine("linux", "x86_64", false).release().expect("in the table");
        assert_eq!(
            release.url,
            "https://github.com/PowerShell/PowerShell/releases/download/v7.6.5/powershell-7.6.5-linux-x64.tar.gz"
        );
        assert_eq!(release.sha256, "b34ab3b19acac1d3d4d0d3cfdb02acf62f457b0b6a962ff008132033f7566844");
        for row in ROWS {
            assert!(
                row.sha256.len() == 64 && row.sha256.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')),
                "{}",
                row.name
            );
        }
    }

    #[test]
    fn other_machines_are_told_what_to_do() {
        for (machine, says) in [
            (machine("windows", "x86_64", false), "winget"),
            (machine("linux", "x86_64", true), "apk add"),
            (machine("linux", "riscv64", false), "aka.ms"),
            (machine("freebsd", "x86_64", false), "aka.ms"),
        ] {
            assert!(machine.release().is_err_and(|text| text.contains(says)), "{machine}");
        }
    }
}
