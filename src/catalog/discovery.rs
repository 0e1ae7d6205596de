//! Asks PowerShell which commands there are, what they are like, and which files they come from.

use std::{
    collections::BTreeSet,
    num::NonZero,
    path::Path,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{command::Command, exposure::Exposure, stamp::Stamp};
use crate::{
    engine::{Engine, Invocation, Limits},
    error::Error,
    pool::module_key,
};

/// How long one question may take, whatever calls may take: a module's commands are described in well under a second.
const PATIENCE: Duration = Duration::from_secs(120);
/// Files that are watched.
const MOST_STAMPS: usize = 2_000;

/// Names of the functions that a script file defines at its top level. The file is parsed, not run.
const SCRIPT_FUNCTIONS: &str = "param($path)
$tokens = $errors = $null
$ast = [Management.Automation.Language.Parser]::ParseFile($path, [ref]$tokens, [ref]$errors)
if ($errors) { throw \"${path}:$($errors[0].Extent.StartLineNumber): $($errors[0].Message)\" }
$ast.EndBlock.Statements.Where({ $_ -is [Management.Automation.Language.FunctionDefinitionAst] }).Name -replace '^(global|script|local|private):'";

/// Files of modules and of those that they nest, and the places where modules are looked for.
const MODULE_FILES: &str = "param([string[]] $modules)
$open = [Collections.Generic.Stack[object]]::new()
foreach ($name in $modules) { foreach ($module in Get-Module -Name $name) { $open.Push($module) } }
while ($open.Count -gt 0) {
    $module = $open.Pop()
    $module.Path
    if ($module.ModuleBase) { [IO.Path]::Combine($module.ModuleBase, $module.Name + '.psd1') }
    foreach ($nested in $module.NestedModules) { $open.Push($nested) }
}";
const MODULE_FOLDERS: &str = "$env:PSModulePath -split [IO.Path]::PathSeparator";

/// What was discovered: as much as a catalogue is made of and kept true by.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Findings {
    /// By module and name.
    pub(crate) commands: Vec<Command>,
    /// The files that they come from; PowerShell's own are left out.
    pub(crate) stamps: Vec<Stamp>,
}

/// How much of the machine the search may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Somebody waits for it: two runspaces, each on a core of its own, share a pattern that may fit many commands.
    Wanted,
    /// Something is known already: one runspace.
    Beside,
}

impl Effort {
    fn parts(self, pattern: &str) -> usize {
        match self {
            Self::Wanted if has_wildcards(pattern) => {
                std::thread::available_parallelism().map_or(1, NonZero::get).min(2)
            }
            _ => 1,
        }
    }
}

/// Finds what is exposed, by module and name.
///
/// # Errors
/// One text: PowerShell did not start, or a pattern finds nothing.
pub(crate) async fn discover(
    engine: &Engine,
    exposure: &Exposure,
    effort: Effort,
) -> Result<Vec<Command>, String> {
    let mut commands = Vec::new();
    for pattern in &exposure.commands {
        let found = describe(engine, pattern, effort).await?;
        if found.is_empty() {
            return Err(nothing_found(pattern, exposure));
        }
        commands.extend(found);
    }
    if exposure.commands.is_empty() {
        for module in &exposure.modules {
            let pattern = format!("{}\\*", module_key(module.trim_end_matches(['/', '\\'])));
            let found = describe(engine, &pattern, effort).await?;
            if found.is_empty() {
                return Err(format!("module {module} has no functions or cmdlets"));
            }
            commands.extend(found);
        }
    }
    for script in &exposure.scripts {
        let path = absolute(script);
        let names: Vec<String> =
            ask(engine, || Invocation::script(SCRIPT_FUNCTIONS).arg("path", &path)).await?;
        if names.is_empty() {
            return Err(format!("{} defines no functions", script.display()));
        }
        let found = describe(engine, &names.join(","), effort).await?;
        if found.is_empty() {
            let names = names.join(", ");
            return Err(format!("{path} ran, but the functions that it defines are not there: {names}"));
        }
        commands.extend(found);
    }
    // The order of PowerShell's tables says nothing, and is not always the same.
    commands.sort_by(|one, other| (&one.module, &one.name).cmp(&(&other.module, &other.name)));
    commands.dedup();
    Ok(commands)
}

/// What can be watched before anything is known of the commands.
pub(crate) fn named_files(exposure: &Exposure) -> Vec<Stamp> {
    let modules = exposure.modules.iter().filter(|module| is_path(module)).cloned();
    let scripts = exposure.scripts.iter().map(|script| absolute(script));
    modules.chain(scripts).map(|path| Stamp::take(&path)).collect()
}

/// Runspaces that are restricted to a language mode or to commands do not say where their modules are. Their tools are known all
/// the same; a change of such a module is noticed at the next start.
fn if_allowed<T>(answer: Result<Vec<T>, String>) -> Vec<T> {
    answer.unwrap_or_else(|reason| {
        tracing::debug!(reason, "the files of modules are not known, and not watched");
        Vec::new()
    })
}

/// The files that commands come from, PowerShell's own left out, as they are now.
pub(crate) async fn stamps(engine: &Engine, exposure: &Exposure, commands: &[Command]) -> Vec<Stamp> {
    let modules: BTreeSet<&str> =
        commands.iter().map(|command| command.module.as_str()).filter(|module| !module.is_empty()).collect();
    let mut paths: BTreeSet<String> = BTreeSet::new();
    if !modules.is_empty() {
        let files: Vec<Option<String>> =
            if_allowed(ask(engine, || Invocation::script(MODULE_FILES).arg("modules", &modules)).await);
        paths.extend(files.into_iter().flatten());
    }
    for command in commands {
        paths.extend(
            [&command.module_path, &command.path].into_iter().filter(|path| !path.is_empty()).cloned(),
        );
        // A module may read every file of a folder below its own: one more of them changes that folder.
        if let Some(base) = Path::new(&command.module_path).parent()
            && let Some(folder) = Path::new(&command.path).parent()
            && folder != base
            && folder.starts_with(base)
        {
            paths.insert(folder.to_string_lossy().into_owned());
        }
    }
    let named: Vec<&String> = exposure.modules.iter().filter(|module| !is_path(module)).collect();
    if !named.is_empty() {
        // Another version may be put there, or the module into a folder that counts more.
        let folders: Vec<String> = if_allowed(ask(engine, || Invocation::script(MODULE_FOLDERS)).await);
        for folder in folders.iter().filter(|folder| !folder.is_empty()) {
            paths.extend(named.iter().map(|module| match has_wildcards(module) {
                true => folder.clone(),
                false => Path::new(folder).join(module).to_string_lossy().into_owned(),
            }));
        }
    }
    let home = engine.powershell().map(|powershell| powershell.home.path);
    let mut stamps = named_files(exposure);
    let watched =
        paths.iter().filter(|path| home.as_ref().is_none_or(|home| !Path::new(path).starts_with(home)));
    stamps.extend(watched.map(|path| Stamp::take(path)));
    stamps.sort();
    stamps.dedup();
    stamps.truncate(MOST_STAMPS);
    stamps
}

async fn describe(engine: &Engine, pattern: &str, effort: Effort) -> Result<Vec<Command>, String> {
    // A description is a large value of its own form, not a value of a script: it is never cut for size.
    let limits = Limits { output_bytes: Limits::MAX_OUTPUT_BYTES, ..Limits::default() };
    let shown: String = pattern.chars().take(80).collect();
    let begun = Instant::now();
    let parts = effort.parts(pattern);
    // Where no second runspace opens, the pool gives both parts to the first one.
    let shares = (0..parts).map(|part| {
        let limits = &limits;
        ask(engine, move || Invocation::describe_part(pattern, part, parts).limits(limits.clone()))
    });
    let found: Vec<Vec<Command>> =
        futures_util::future::try_join_all(shares).await.map_err(|error| format!("{shown}: {error}"))?;
    let sizes: Vec<usize> = found.iter().map(Vec::len).collect();
    tracing::debug!(pattern = shown, ?sizes, ms = begun.elapsed().as_millis(), "commands are described");
    Ok(found.into_iter().flatten().collect())
}

/// Asks, and asks again while no runspace is free: how long calls may wait for one does not count here.
async fn ask<T: DeserializeOwned>(
    engine: &Engine,
    question: impl Fn() -> Invocation,
) -> Result<Vec<T>, String> {
    let end = Instant::now() + PATIENCE;
    let limits = |invocation: Invocation| match invocation.limits {
        Some(_) => invocation,
        None => invocation.limits(Limits {
            items: 100_000,
            output_bytes: Limits::MAX_OUTPUT_BYTES,
            ..Limits::default()
        }),
    };
    loop {
        match engine.invoke(limits(question()).timeout(PATIENCE)).await {
            Ok(output) => return output.rows().map_err(|error| error.to_string()),
            Err(Error::AcquireTimeout { .. } | Error::Overloaded { .. }) if Instant::now() < end => {
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).to_string_lossy().into_owned()
}

fn has_wildcards(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

fn is_path(module: &str) -> bool {
    module.contains(['/', '\\'])
}

fn nothing_found(pattern: &str, exposure: &Exposure) -> String {
    let modules = if exposure.modules.is_empty() {
        "If it belongs to a module that is not loaded by itself, name that module too".to_owned()
    } else {
        format!("Loaded modules: {}", exposure.modules.join(", "))
    };
    format!("no command matches '{pattern}'. {modules}")
}
