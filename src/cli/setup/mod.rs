//! `runspaced setup`: the official PowerShell, into the user's data folder.

mod archive;
mod download;
mod place;
mod progress;
mod release;

use std::fs;
use std::path::{Path, PathBuf};

use runspaced::locate::LocateOptions;

use self::download::Download;
use self::place::Place;
use self::progress::Progress;
use self::release::{Machine, Release, VERSION};
use super::Exit;
use super::flags::GlobalFlags;
use super::process::{load, report};
use super::screen::{Palette, complain, say};
use crate::config::FlagValue;

/// Arguments of `runspaced setup`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
        runspaced setup\n  \
        runspaced setup --from ~/Downloads/powershell-7.6.5-linux-x64.tar.gz\n  \
        runspaced setup --remove\n\n\
        Exit codes:\n  0 it is there; 1 it could not be fetched, checked or written; 2 wrong use; 69 there is none for this machine")]
pub struct SetupArguments {
    /// Take the archive from this file or address instead; its digest is checked all the same
    #[arg(long, value_name = "FILE or URL", conflicts_with = "remove")]
    from: Option<String>,
    /// Another version than the one in the table of releases; needs --from and --sha256
    #[arg(long, value_name = "VERSION", requires_all = ["from", "sha256"])]
    version: Option<String>,
    /// Digest of the archive of another version, which you vouch for
    #[arg(long, value_name = "HEX", requires = "version", value_parser = sha256)]
    sha256: Option<String>,
    /// Install it anew even if it is there
    #[arg(long, conflicts_with = "remove")]
    force: bool,
    /// Remove what this command installed
    #[arg(long)]
    remove: bool,
    /// Address of a proxy [default: that of the environment]
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
}

fn sha256(text: &str) -> Result<String, String> {
    let text = text.to_ascii_lowercase();
    if text.len() == 64 && text.chars().all(|char| char.is_ascii_hexdigit()) {
        Ok(text)
    } else {
        Err("a SHA-256 has 64 hexadecimal digits".to_owned())
    }
}

/// Why it is not there.
enum Failure {
    Usage(String),
    NoRelease(String),
    Failed(String),
}

/// Installs or removes it.
pub fn run(arguments: &SetupArguments, global: &GlobalFlags) -> Exit {
    let palette = Palette { colours: global.color.applies_to(&std::io::stderr()) };
    let mut flags = global.settings();
    flags.extend(FlagValue::of("setup.proxy", "--proxy", arguments.proxy.as_ref()));
    let config = match load(global, flags) {
        Ok(config) => config,
        Err(problems) => return report(palette, &problems),
    };
    let done = match arguments.remove {
        true => remove(),
        false => install(arguments, config.settings.setup.proxy.as_deref()),
    };
    let (text, exit) = match done {
        Ok(()) => return Exit::OK,
        Err(Failure::Usage(text)) => (text, Exit::USAGE),
        Err(Failure::NoRelease(text)) => (text, Exit::NO_POWERSHELL),
        Err(Failure::Failed(text)) => (text, Exit::FAILED),
    };
    complain(palette, text);
    exit
}

fn remove() -> Result<(), Failure> {
    let place = place()?;
    let _lock = place.lock().map_err(Failure::Failed)?;
    let removed = place.remove_all().map_err(Failure::Failed)?;
    for folder in &removed {
        say(format_args!("Removed {}.", folder.display()));
    }
    if removed.is_empty() {
        say(format_args!("There is nothing in {}.", place.folder().display()));
    }
    Ok(())
}

fn place() -> Result<Place, Failure> {
    Place::of(&LocateOptions::from_environment()).map_err(Failure::Failed)
}

fn install(arguments: &SetupArguments, proxy: Option<&str>) -> Result<(), Failure> {
    let release = wanted(arguments)?;
    let place = place()?;
    let _lock = place.lock().map_err(Failure::Failed)?;
    match place.look(&release.version) {
        place::Found::Good(folder) if !arguments.force => {
            say(format_args!("PowerShell {} is there already: {}", release.version, folder.display()));
            return Ok(());
        }
        place::Found::Broken(folder, reason) if !arguments.force => {
            return Err(Failure::Failed(format!(
                "{} is there and cannot be used: {reason}. --force replaces it",
                folder.display()
            )));
        }
        _ => {}
    }
    let folder = match given_file(arguments)? {
        Some(file) => {
            check(&file, &release).map_err(Failure::Failed)?;
            place.put(&file, &release.version).map_err(Failure::Failed)?
        }
        None => {
            let download =
                Download::new(&release.url, place.folder(), &release.sha256).map_err(Failure::Usage)?;
            let file = fetch(&download, proxy).map_err(Failure::Failed)?;
            if let Err(wrong) = check(&file, &release) {
                download.forget();
                return Err(Failure::Failed(format!("{wrong}. What had arrived was deleted")));
            }
            let folder = place.put(&file, &release.version).map_err(Failure::Failed)?;
            download.forget();
            folder
        }
    };
    say(format_args!("PowerShell {} is in {}.", release.version, folder.display()));
    say("It is used where no other one is found first; `runspaced doctor` shows which.");
    Ok(())
}

/// Which archive.
fn wanted(arguments: &SetupArguments) -> Result<Release, Failure> {
    let mut release = match (&arguments.version, &arguments.sha256) {
        (Some(version), Some(sha256)) if version != VERSION => {
            let parsed = semver::Version::parse(version).map_err(|error| {
                Failure::Usage(format!("--version is {version:?}, it must be one such as 7.6.5: {error}"))
            })?;
            Release { version: parsed.to_string(), url: String::new(), sha256: sha256.clone() }
        }
        (Some(_), Some(sha256)) => {
            let known = Machine::THIS.release().map_err(Failure::NoRelease)?;
            if *sha256 != known.sha256 {
                return Err(Failure::Usage(format!(
                    "the digest of {VERSION} is {}; {sha256} was given",
                    known.sha256
                )));
            }
            known
        }
        _ => Machine::THIS.release().map_err(Failure::NoRelease)?,
    };
    if let Some(from) = arguments.from.as_ref().filter(|from| is_address(from)) {
        release.url.clone_from(from);
    }
    Ok(release)
}

fn is_address(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.starts_with("https://") || lower.starts_with("http://")
}

fn given_file(arguments: &SetupArguments) -> Result<Option<PathBuf>, Failure> {
    match arguments.from.as_ref().filter(|from| !is_address(from)) {
        None => Ok(None),
        Some(file) if Path::new(file).is_file() => Ok(Some(PathBuf::from(file))),
        Some(file) => {
            Err(Failure::Usage(format!("--from is {file:?}, it must be a file or an http address")))
        }
    }
}

fn fetch(download: &Download, proxy: Option<&str>) -> Result<PathBuf, String> {
    say(format_args!("Fetching {}", download.address()));
    let client = download::client(proxy)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("threads could not be started: {error}"))?;
    let progress = Progress::new();
    let fetched = runtime.block_on(download.fetch(&client, &progress));
    progress.end();
    fetched
}

/// Whether a file is that archive.
fn check(file: &Path, release: &Release) -> Result<(), String> {
    let found = archive::digest(file).map_err(|error| format!("{}: {error}", file.display()))?;
    if found == release.sha256 {
        return Ok(());
    }
    let size = fs::metadata(file).map_or(0, |found| found.len());
    Err(format!(
        "{} ({size} bytes) is not the archive of PowerShell {}:\n  its SHA-256 is  {found}\n  it should be    {}\n\
         It was not used: it is damaged, or somebody put something else in its place",
        file.display(),
        release.version,
        release.sha256
    ))
}
