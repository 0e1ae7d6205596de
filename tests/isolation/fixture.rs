//! An engine whose slots have a baseline worth keeping, and what the tests do with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use runspaced::{Engine, EngineBuilder, Error, Invocation, Isolation, PoolConfig, Stats};
use serde_json::Value;

use crate::support::Context;

/// Longest wait for something that is bound to happen.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A module with state of its own, exported and not.
const MODULE: &str = r"
$script:state = 'untouched'
$script:entries = @{}
$CanaryLevel = 'exported'
function Get-CanaryState { $script:state }
function Set-CanaryState($Value) { $script:state = $Value }
function Get-CanaryEntries { $script:entries.Count }
function Add-CanaryEntry($Name) { $script:entries[$Name] = 1 }
function Get-Canary { 'module' }
Set-Alias canary Get-Canary
Export-ModuleMember -Function * -Variable CanaryLevel -Alias *
";

/// Modules that a call may import itself or have imported for it.
const FOUND: &str = "function Get-Found { 'found' }\nExport-ModuleMember -Function *";
const STATEFUL: &str = r"
$script:value = 'initial'
function Get-StatefulValue { $script:value }
function Set-StatefulValue($Value) { $script:value = $Value }
Export-ModuleMember -Function *
";
const IMPORTED: &str = "function Get-Imported { 'imported' }\nExport-ModuleMember -Function *";

/// One value that says whether everything a slot is opened with is there.
const BASELINE: &str = r"
[string]::Join('|', @(
    $BaseValue, $BaseTable.key, (Get-Variable BaseValue).Options, (Get-Base), (base), (Get-Canary), (canary), $CanaryLevel,
    (Test-Path Base:), ([pscustomobject]@{ PSTypeName = 'Runspaced.Canary' }).Level, (Get-Module Canary).Name,
    (Get-Command Get-Item).CommandType, (Get-Location).Path, [Environment]::CurrentDirectory, $ErrorActionPreference,
    $ExecutionContext.SessionState.LanguageMode, [cultureinfo]::CurrentCulture.Name, $Error.Count
))";

/// Folders and modules of one test.
pub struct Fixture<'a> {
    context: &'a Context,
    module: PathBuf,
}

impl<'a> Fixture<'a> {
    pub fn new(context: &'a Context) -> Self {
        let modules = context.scratch().join("modules");
        let module = write_module(&context.scratch().join("baseline"), "Canary", MODULE);
        write_module(&modules, "Found", FOUND);
        write_module(&modules, "Imported", IMPORTED);
        write_module(&modules, "Stateful", STATEFUL);
        Self { context, module }
    }

    pub fn scratch(&self) -> &Path {
        self.context.scratch()
    }

    /// A builder for the PowerShell of the test, with nothing in its slots.
    pub fn plain(&self) -> EngineBuilder {
        Engine::builder().powershell(&self.context.home().path).timeout(Duration::from_secs(60))
    }

    /// A builder whose slots have a baseline of every kind.
    pub fn builder(&self) -> EngineBuilder {
        let scratch = quoted(self.scratch());
        let startup = format!(
            r"
            $global:BaseValue = 'base'
            $global:BaseNumber = 1
            $global:BaseTable = @{{ key = 'base' }}
            function global:Get-Base {{ param($Name) 'base' }}
            Set-Alias -Scope Global base Get-Base
            $null = New-PSDrive -Scope Global -Name Base -PSProvider FileSystem -Root {scratch}
            Update-TypeData -TypeName Runspaced.Canary -MemberName Level -MemberType NoteProperty -Value base
            $modules = Join-Path {scratch} modules
            if (-not $env:PSModulePath.Contains($modules)) {{
                $env:PSModulePath = $modules + [IO.Path]::PathSeparator + $env:PSModulePath
            }}
            Remove-Variable modules
            "
        );
        self.plain().module(self.module.display().to_string()).startup_script(startup)
    }

    /// A pool of exactly so many slots, which nothing but the test closes.
    pub fn pool(max: usize) -> PoolConfig {
        let mut pool = PoolConfig::default();
        pool.min = max.min(1);
        pool.max = max;
        pool.spares = 0;
        pool.max_uses = 0;
        pool.max_age = Duration::ZERO;
        pool
    }

    /// A call of a row's script.
    pub fn script(&self, text: &str, canary: &str) -> Invocation {
        Invocation::script(format!("param($Canary, $Scratch)\n{text}"))
            .arg("Canary", canary)
            .arg("Scratch", self.scratch().display().to_string())
    }
}

/// Sets the level of a call, which for a session is the session.
pub fn at(level: Isolation, call: Invocation) -> Invocation {
    if level == Isolation::Session { call.session("matrix") } else { call.isolation(level) }
}

/// The output of a call as one text.
pub fn ask(engine: &Engine, call: Invocation) -> Result<String, String> {
    let output = engine.blocking().invoke(call).map_err(|error| explain(&error))?;
    if let Some(error) = output.errors().first() {
        return Err(format!("wrote an error: {}", error.message));
    }
    let values = output.values().map_err(|error| error.to_string())?;
    Ok(values.iter().map(Value::to_string).collect::<Vec<_>>().join(","))
}

/// As [`ask`], for calls that must work.
pub fn tell(engine: &Engine, call: Invocation) -> String {
    ask(engine, call).unwrap_or_else(|error| panic!("{error}"))
}

/// The baseline as a call sees it.
pub fn baseline(engine: &Engine, level: Isolation) -> Result<String, String> {
    ask(engine, at(level, Invocation::script(BASELINE)))
}

/// The pool once nothing runs, cleans up or opens any more.
pub fn settled(engine: &Engine) -> Stats {
    let end = Instant::now() + PATIENCE;
    loop {
        let stats = engine.stats();
        if stats.running + stats.settling + stats.opening + stats.queued == 0 {
            return stats;
        }
        assert!(Instant::now() < end, "the pool does not settle: {stats:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Waits until a condition holds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A canary that was never used before.
pub fn canary() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("canary{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A path as a PowerShell literal.
pub fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "''"))
}

pub fn write_module(folder: &Path, name: &str, text: &str) -> PathBuf {
    let folder = folder.join(name);
    fs::create_dir_all(&folder).expect("the scratch folder is ours");
    let file = folder.join(format!("{name}.psm1"));
    fs::write(&file, text).expect("the scratch folder is ours");
    file
}

fn explain(error: &Error) -> String {
    let position = error.record().and_then(|record| record.position.as_ref());
    match position {
        Some(position) => {
            format!("{} {error} (at {}: {})", error.code(), position.line, position.text.trim())
        }
        None => format!("{} {error}", error.code()),
    }
}
