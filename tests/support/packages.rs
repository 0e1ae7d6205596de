//! Packages of other ecosystems that tests compare with: installed below the build's folder, once, at pinned versions.
//! Where that is not possible the tests say so and are ignored.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

/// Marks a folder in which everything is installed.
const COMPLETE: &str = "installed";

/// Prepares the folder `name` for the current content of `files`, which lie in `source`: copies them, runs `install`.
/// One preparation after the other.
pub fn installed(
    name: &str,
    source: &Path,
    files: &[&str],
    install: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<PathBuf, String> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().map_err(|error| error.to_string())?;
    let folder = folder_of(name);
    let wanted = files
        .iter()
        .map(|file| fs::read_to_string(source.join(file)))
        .collect::<Result<String, _>>()
        .map_err(|error| format!("{}: {error}", source.display()))?;
    let marker = folder.join(COMPLETE);
    if fs::read_to_string(&marker).is_ok_and(|there| there == wanted) {
        return Ok(folder);
    }
    let prepare = || -> std::io::Result<()> {
        fs::create_dir_all(&folder)?;
        for file in files {
            fs::copy(source.join(file), folder.join(file))?;
        }
        Ok(())
    };
    prepare().map_err(|error| format!("{}: {error}", folder.display()))?;
    install(&folder).map_err(|reason| format!("{name} is not to be had here: {reason}"))?;
    fs::write(&marker, wanted).map_err(|error| error.to_string())?;
    Ok(folder)
}

/// Where the packages of this name are.
pub fn folder_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("packages").join(name)
}

/// `npm install` of the folder's package.json.
pub fn npm_install(folder: &Path) -> Result<(), String> {
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel", "error"];
    run(Command::new(npm).arg("install").args(quiet).current_dir(folder))
}

/// A virtual environment with what the folder's requirements.txt names.
pub fn pip_install(folder: &Path) -> Result<(), String> {
    let python = if cfg!(windows) { "python" } else { "python3" };
    run(Command::new(python).args(["-m", "venv"]).arg(folder.join("venv")))?;
    run(Command::new(python_of(folder))
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(folder.join("requirements.txt")))
}

/// The interpreter of the folder's virtual environment.
pub fn python_of(folder: &Path) -> PathBuf {
    let venv = folder.join("venv");
    if cfg!(windows) { venv.join("Scripts").join("python.exe") } else { venv.join("bin").join("python") }
}

fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(format!("{name}: {}", text.lines().last().unwrap_or("failed without a word")))
}
