//! Asks PowerShell which commands there are, and what they are like.

use std::{path::Path, time::Duration};

use super::{Catalog, command::Command, exposure::Exposure};
use crate::engine::{Engine, Invocation, Limits};

/// How long one question may take, whatever calls may take: a module's commands are described in well under a second.
const PATIENCE: Duration = Duration::from_secs(120);

/// Names of the functions and cmdlets that a module brings. The module is imported already, by name or by path.
const MODULE_COMMANDS: &str = "param($module)
$name = if ($module -match '[\\\\/]') { [IO.Path]::GetFileNameWithoutExtension($module.TrimEnd('/', '\\')) } else { $module }
(Get-Command -Module $name -CommandType Function, Cmdlet, Filter -ListImported).Name";

/// Names of the functions that a script file defines at its top level. The file is parsed, not run.
const SCRIPT_FUNCTIONS: &str = "param($path)
$tokens = $errors = $null
$ast = [Management.Automation.Language.Parser]::ParseFile($path, [ref]$tokens, [ref]$errors)
$ast.EndBlock.Statements.Where({ $_ -is [Management.Automation.Language.FunctionDefinitionAst] }).Name -replace '^(global|script|local|private):'";

/// Finds what is exposed and makes the catalogue of it.
///
/// # Errors
/// One text: PowerShell did not start, a pattern finds nothing, or two commands have one tool name.
pub(crate) async fn discover(engine: &Engine, exposure: &Exposure) -> Result<Catalog, String> {
    engine.ready().await.map_err(|error| error.to_string())?;
    let mut commands = Vec::new();
    for pattern in &exposure.commands {
        let found = describe(engine, pattern).await?;
        if found.is_empty() {
            return Err(nothing_found(pattern, exposure));
        }
        commands.extend(found);
    }
    if exposure.commands.is_empty() {
        for module in &exposure.modules {
            let names = names(engine, Invocation::script(MODULE_COMMANDS).arg("module", module)).await?;
            if names.is_empty() {
                return Err(format!("module {module} has no functions or cmdlets"));
            }
            commands.extend(describe(engine, &names.join(",")).await?);
        }
    }
    for script in &exposure.scripts {
        let names = names(engine, Invocation::script(SCRIPT_FUNCTIONS).arg("path", absolute(script))).await?;
        if names.is_empty() {
            return Err(format!("{} defines no functions", script.display()));
        }
        commands.extend(describe(engine, &names.join(",")).await?);
    }
    Catalog::new(&commands)
}

async fn describe(engine: &Engine, pattern: &str) -> Result<Vec<Command>, String> {
    // A description is a large value of its own form, not a value of a script: it is never cut for size.
    let limits = Limits { output_bytes: Limits::MAX_OUTPUT_BYTES, ..Limits::default() };
    let output = engine
        .invoke(Invocation::describe(pattern).limits(limits).timeout(PATIENCE))
        .await
        .map_err(|error| format!("{pattern}: {error}"))?;
    output.rows().map_err(|error| format!("{pattern}: {error}"))
}

async fn names(engine: &Engine, invocation: Invocation) -> Result<Vec<String>, String> {
    let output = engine.invoke(invocation.timeout(PATIENCE)).await.map_err(|error| error.to_string())?;
    output.rows().map_err(|error| error.to_string())
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).to_string_lossy().into_owned()
}

fn nothing_found(pattern: &str, exposure: &Exposure) -> String {
    let modules = if exposure.modules.is_empty() {
        "If it belongs to a module that is not loaded by itself, name that module too".to_owned()
    } else {
        format!("Loaded modules: {}", exposure.modules.join(", "))
    };
    format!("no command matches '{pattern}'. {modules}")
}
