//! The two layouts of PowerShell. The official packages bring their runtime along; for the other layout their files are
//! sorted into an application folder and a .NET root, once, in the build's temporary folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use runspaced::locate::{self, Layout, LocateOptions, PowerShellHome};
use serde_json::{Map, Value, json};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    SelfContained,
    FrameworkDependent,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::SelfContained, Self::FrameworkDependent];

    pub fn name(self) -> &'static str {
        match self {
            Self::SelfContained => "self_contained",
            Self::FrameworkDependent => "framework_dependent",
        }
    }
}

/// A PowerShell of that layout: the installed one if it has it, else one made from it.
pub fn of_kind(kind: Kind, installed: &PowerShellHome) -> Result<PowerShellHome, String> {
    match (kind, installed.layout) {
        (Kind::SelfContained, Layout::SelfContained)
        | (Kind::FrameworkDependent, Layout::FrameworkDependent) => Ok(installed.clone()),
        (Kind::FrameworkDependent, Layout::SelfContained) => framework_dependent(installed),
        _ => Err(format!("the PowerShell in {} has no runtime of its own", installed.path.display())),
    }
}

/// Makes the framework-dependent layout of a self-contained PowerShell.
pub fn framework_dependent(installed: &PowerShellHome) -> Result<PowerShellHome, String> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().map_err(|error| error.to_string())?;

    let stamp =
        installed.fingerprint.modified.duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("layout-{}-{stamp}", installed.version));
    let (home, root) = (folder.join("powershell"), folder.join("dotnet"));
    if !folder.exists() {
        // Made beside and renamed, so that a half-made one is never taken for whole.
        let draft = tempfile::Builder::new()
            .prefix("layout-")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .map_err(|error| error.to_string())?;
        sort_files(&installed.path, draft.path())
            .map_err(|error| format!("the framework-dependent layout could not be made: {error}"))?;
        fs::rename(draft.keep(), &folder).map_err(|error| error.to_string())?;
    }
    let mut options = LocateOptions::from_environment();
    options.dotnet_roots.insert(0, root);
    locate::inspect(&home, &options).map_err(|reason| reason.to_string())
}

fn sort_files(from: &Path, to: &Path) -> io::Result<()> {
    let mut deps: Value = serde_json::from_slice(&fs::read(from.join("pwsh.deps.json"))?)?;
    let mut config: Value = serde_json::from_slice(&fs::read(from.join("pwsh.runtimeconfig.json"))?)?;
    let target = deps["runtimeTarget"]["name"].as_str().unwrap_or_default().to_owned();

    let packages = deps["targets"][&target].as_object_mut().ok_or_else(|| missing("targets"))?;
    let pack = packages
        .keys()
        .find(|name| name.starts_with("runtimepack.Microsoft.NETCore.App.Runtime."))
        .cloned()
        .ok_or_else(|| missing("the runtime pack"))?;
    let files = packages.shift_remove(&pack).unwrap_or_default();
    let (pack_name, version) = pack.split_once('/').ok_or_else(|| missing("the runtime pack's version"))?;
    for package in packages.values_mut() {
        if let Some(dependencies) = package.get_mut("dependencies").and_then(Value::as_object_mut) {
            dependencies.shift_remove(pack_name);
        }
    }
    if let Some(libraries) = deps["libraries"].as_object_mut() {
        libraries.shift_remove(&pack);
    }

    let options = config["runtimeOptions"].as_object_mut().ok_or_else(|| missing("runtimeOptions"))?;
    options.shift_remove("includedFrameworks");
    options.insert("framework".to_owned(), json!({ "name": "Microsoft.NETCore.App", "version": "10.0.0" }));

    // The runtime's files make a .NET root.
    let shared = to.join("dotnet/shared/Microsoft.NETCore.App").join(version);
    let fxr = to.join("dotnet/host/fxr").join(version);
    let home = to.join("powershell");
    for folder in [&shared, &fxr, &home] {
        fs::create_dir_all(folder)?;
    }
    let mut of_runtime: Vec<PathBuf> = Vec::new();
    for group in ["runtime", "native"] {
        for file in files[group].as_object().into_iter().flat_map(Map::keys) {
            let name = Path::new(file).file_name().ok_or_else(|| missing("a file name"))?;
            let folder = if file.contains("hostfxr") { &fxr } else { &shared };
            link(&from.join(name), &folder.join(name))?;
            of_runtime.push(from.join(name));
        }
    }
    let library = pack_name.trim_start_matches("runtimepack.").to_owned() + "/" + version;
    let framework = json!({
        "runtimeTarget": { "name": &target, "signature": "" },
        "compilationOptions": {},
        "targets": { &target: { &library: files } },
        "libraries": { &library: { "type": "package", "serviceable": true, "sha512": "" } },
    });
    fs::write(shared.join("Microsoft.NETCore.App.deps.json"), serde_json::to_vec_pretty(&framework)?)?;

    // Everything else is PowerShell.
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let name = path.file_name().ok_or_else(|| missing("a file name"))?;
        if of_runtime.contains(&path) || name == "pwsh.deps.json" || name == "pwsh.runtimeconfig.json" {
            continue;
        }
        link_all(&path, &home.join(name))?;
    }
    fs::write(home.join("pwsh.deps.json"), serde_json::to_vec_pretty(&deps)?)?;
    fs::write(home.join("pwsh.runtimeconfig.json"), serde_json::to_vec_pretty(&config)?)
}

fn link_all(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        return link(from, to);
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let name = path.file_name().ok_or_else(|| missing("a file name"))?;
        link_all(&path, &to.join(name))?;
    }
    Ok(())
}

/// Hard links: .NET resolves symbolic ones and would end up in the original folder.
fn link(from: &Path, to: &Path) -> io::Result<()> {
    let real = from.canonicalize()?;
    fs::hard_link(&real, to).or_else(|_| fs::copy(&real, to).map(|_| ()))
}

fn missing(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("{what} not found in PowerShell's deps or runtimeconfig file"),
    )
}
