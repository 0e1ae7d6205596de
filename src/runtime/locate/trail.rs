//! From a `pwsh` to the folder of its installation: through links, wrapper scripts and shims.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::dotnet::versions;
use super::home::broken;
use super::options::LocateOptions;
use super::reason::Reason;

/// Wrapper scripts that call wrapper scripts: more than this is a circle.
const MOST_STEPS: usize = 8;
/// A wrapper script is a few lines.
const MOST_SCRIPT_BYTES: u64 = 64 << 10;

/// The end of a trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The folder that should hold `pwsh.dll`, links resolved.
    pub(super) home: PathBuf,
    /// The .NET root that a wrapper script sets for it.
    pub(super) dotnet_hint: Option<PathBuf>,
}

/// The real path, links resolved, in a form that .NET takes too.
pub(super) fn real(path: &Path) -> io::Result<PathBuf> {
    let path = path.canonicalize()?;
    // Windows answers `\\?\C:\...`, which hostfxr does not understand everywhere.
    if cfg!(windows)
        && let Some(plain) = path.to_str().and_then(|text| text.strip_prefix(r"\\?\"))
        && plain.as_bytes().get(1) == Some(&b':')
    {
        return Ok(PathBuf::from(plain));
    }
    Ok(path)
}

/// Follows `origin`, a folder or a file. `None` if there is nothing.
pub(super) fn follow(origin: &Path, options: &LocateOptions) -> Result<Option<Found>, Reason> {
    let mut at = origin.to_owned();
    let mut dotnet_hint = None;
    for _ in 0..MOST_STEPS {
        let next = match step(&at, options)? {
            Step::Nothing if at == origin => return Ok(None),
            Step::Nothing => return Err(no_trail(&at, "does not exist")),
            Step::Home(home) => return Ok(Some(Found { home, dotnet_hint })),
            Step::Script { program, dotnet } => {
                dotnet_hint = dotnet.or(dotnet_hint);
                program
            }
            Step::On(next) => next,
        };
        if next == at {
            return Err(no_trail(&at, "leads to itself"));
        }
        at = next;
    }
    Err(no_trail(origin, "is a chain of links and scripts without an end"))
}

enum Step {
    Nothing,
    Home(PathBuf),
    Script { program: PathBuf, dotnet: Option<PathBuf> },
    On(PathBuf),
}

fn step(at: &Path, options: &LocateOptions) -> Result<Step, Reason> {
    #[cfg(windows)]
    if let Some(target) = super::windows::execution_alias(at) {
        return Ok(Step::On(target));
    }
    let real = match real(at) {
        Ok(real) => real,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return match at.symlink_metadata() {
                Ok(_) => Err(no_trail(at, "is a link that leads nowhere")),
                Err(_) => Ok(Step::Nothing),
            };
        }
        Err(error) => return Err(unreadable(at, &error)),
    };
    if real.is_dir() {
        return folder(real);
    }
    let parent = real.parent().unwrap_or(&real).to_owned();
    if parent.join("pwsh.dll").is_file() {
        return Ok(Step::Home(parent));
    }
    if let Some(tool) = tool_store(&parent) {
        return Ok(Step::Home(tool));
    }
    if let Some(target) = scoop_shim(&real) {
        return Ok(Step::On(target));
    }
    // A snap's command is a link to snap itself, which knows by the link's name what to run.
    if real.file_name().is_some_and(|name| name == "snap") {
        let name = at.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let name = if name.contains("preview") { "powershell-preview" } else { "powershell" };
        return Ok(Step::On(options.fixed("/snap").join(name).join("current/opt/powershell")));
    }
    let script = script(&real).map_err(|error| unreadable(&real, &error))?;
    match script.as_deref().map(|text| program_of(text, &real)) {
        Some(Some(program)) => {
            let dotnet = script.as_deref().and_then(dotnet_root_of);
            Ok(Step::Script { program, dotnet })
        }
        Some(None) => Err(no_trail(&real, "is a script that names no folder with pwsh.dll")),
        None => Err(no_trail(&real, "is a program, but there is no pwsh.dll beside it")),
    }
}

fn folder(real: PathBuf) -> Result<Step, Reason> {
    if real.join("pwsh.dll").is_file() {
        return Ok(Step::Home(real));
    }
    if let Some(tool) = tool_store(&real) {
        return Ok(Step::Home(tool));
    }
    // Half an installation is an installation that is broken; a folder of anything else is not one.
    if real.join("System.Management.Automation.dll").is_file()
        || real.join("pwsh.runtimeconfig.json").is_file()
    {
        return Ok(Step::Home(real));
    }
    let empty = fs::read_dir(&real).map_err(|error| unreadable(&real, &error))?.next().is_none();
    if empty {
        return Ok(Step::Nothing);
    }
    Err(broken(["the folder has neither pwsh.dll nor System.Management.Automation.dll".to_owned()]))
}

/// `dotnet tool` puts a small program beside the folder `.store`, and the tool into the latter:
/// `.store/powershell[.linux.x64]/7.6.5/powershell[.linux.x64]/7.6.5/tools/net10.0/any`.
fn tool_store(folder: &Path) -> Option<PathBuf> {
    let store = fs::read_dir(folder.join(".store")).ok()?;
    let mut packages: Vec<PathBuf> = store
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name =
                path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_lowercase();
            name == "powershell" || name.starts_with("powershell.")
        })
        .collect();
    // The general package is only a stub where there are packages for each system.
    packages.sort_by_key(|path| path.as_os_str().len());
    let mut best = None;
    for package in packages {
        let name = package.file_name()?.to_owned();
        for version in versions(&package) {
            let tools = package.join(version.to_string()).join(&name).join(version.to_string()).join("tools");
            let home = fs::read_dir(&tools)
                .into_iter()
                .flatten()
                .filter_map(|entry| Some(entry.ok()?.path().join("any")))
                .find(|home| home.join("pwsh.dll").is_file());
            if let Some(home) = home
                && best.as_ref().is_none_or(|(newest, _)| *newest <= version)
            {
                best = Some((version, home));
            }
        }
    }
    best.and_then(|(_, home)| real(&home).ok())
}

/// Scoop's programs find their target in a text file beside them: `path = "C:\...\pwsh.exe"`.
fn scoop_shim(program: &Path) -> Option<PathBuf> {
    let text = fs::read_to_string(program.with_extension("shim")).ok()?;
    text.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "path").then(|| PathBuf::from(value.trim().trim_matches('"')))
    })
}

/// The text of a script; `None` if the file is none.
fn script(file: &Path) -> io::Result<Option<String>> {
    let mut start = Vec::new();
    File::open(file)?.take(MOST_SCRIPT_BYTES).read_to_end(&mut start)?;
    Ok(start.starts_with(b"#!").then(|| String::from_utf8_lossy(&start).into_owned()))
}

/// The first path in a wrapper script that lies in a PowerShell folder or leads on: an absolute path, and another file
/// than the script itself.
fn program_of(text: &str, script: &Path) -> Option<PathBuf> {
    let paths = words(text).map(PathBuf::from).filter(|path| path.is_absolute());
    let mut on = None;
    for path in paths.filter(|path| real(path).is_ok_and(|real| real != script)) {
        if path.join("pwsh.dll").is_file() || path.with_file_name("pwsh.dll").is_file() {
            return Some(path);
        }
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.trim_start_matches('.').starts_with("pwsh") && path.is_file() {
            on.get_or_insert(path);
        }
    }
    on
}

/// What a wrapper script sets `DOTNET_ROOT` to, its default if it lets the environment go first.
fn dotnet_root_of(text: &str) -> Option<PathBuf> {
    let (_, value) = text.split_once("DOTNET_ROOT=")?;
    let value = value.lines().next()?;
    words(value).map(PathBuf::from).find(|path| path.is_absolute() && path.is_dir())
}

/// Pieces of shell text between blanks, quotes and the signs of an expansion.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .flat_map(|line| line.split(['"', '\'', ' ', '\t', '=', ';', '}', '{', '$', '(', ')']))
        // The default of an expansion: `${NAME:-/a/default}`.
        .flat_map(|word| word.split(":-"))
        .filter(|word| !word.is_empty())
}

fn no_trail(path: &Path, what: &str) -> Reason {
    Reason::NoTrail { path: path.to_owned(), what: what.to_owned() }
}

fn unreadable(path: &Path, error: &io::Error) -> Reason {
    Reason::Unreadable { path: path.to_owned(), error: error.to_string() }
}
