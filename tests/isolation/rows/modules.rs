//! Modules and what they hold.

use crate::row::{Nature::*, Row};

pub const ROWS: &[Row] = &[
    Row::new(
        Kept,
        "module loaded by the use of its command",
        "$null = Get-Found",
        "(Get-Module).Name -contains 'Found'",
    ),
    Row::new(
        Kept,
        "module imported by the call",
        "Import-Module Imported",
        "(Get-Module).Name -contains 'Imported'",
    ),
    Row::new(
        Kept,
        "binary module of the module path",
        r#"
        $folder = New-Item -ItemType Directory (Join-Path $Scratch modules "Found_$Canary")
        Add-Type -OutputAssembly (Join-Path $folder "Found_$Canary.dll") "public static class Found_$Canary { }"
        Import-Module "Found_$Canary"
        "#,
        "(Get-Module).Name -contains \"Found_$Canary\"",
    ),
    Row::new(
        Retired,
        "binary module from elsewhere",
        r#"
        $file = Join-Path $Scratch "Elsewhere_$Canary.dll"
        Add-Type -OutputAssembly $file "public static class Elsewhere_$Canary { }"
        Import-Module $file
        "#,
        "(Get-Module).Name -contains \"Elsewhere_$Canary\"",
    ),
    Row::new(
        Restored,
        "script module from elsewhere",
        r#"
        $file = Join-Path $Scratch "Elsewhere_$Canary.psm1"
        Set-Content $file 'function Get-Elsewhere { 1 }'
        Import-Module $file
        "#,
        "(Get-Module).Name -contains \"Elsewhere_$Canary\"; [bool](Get-Command Get-Elsewhere -ErrorAction Ignore)",
    ),
    Row::new(Restored, "$script: variable of a module", "Set-CanaryState $Canary", "Get-CanaryState"),
    Row::new(
        Restored,
        "$script: variable of a module, new",
        "& (Get-Module Canary) { $script:more = $args[0] } $Canary",
        "& (Get-Module Canary) { [string]$script:more }",
    ),
    // As for the variables of the startup script: the object is not compared, only which one it is.
    Row::new(
        Kept,
        "contents of an object in a $script: variable of a module",
        "Add-CanaryEntry $Canary",
        "Get-CanaryEntries",
    ),
    Row::new(
        Restored,
        "function of a module, redefined within it",
        "& (Get-Module Canary) { function script:Get-Canary { 'leak' } }",
        "& (Get-Module Canary) { Get-Canary }",
    ),
    Row::new(
        Retired,
        "module of the slot, imported again",
        "Import-Module (Get-Module Canary).Path -Force; Set-CanaryState $Canary",
        "Get-CanaryState",
    ),
    Row::new(
        Restored,
        "state of a module that the call loaded",
        "Set-StatefulValue $Canary",
        "if (Get-Module Stateful) { Get-StatefulValue } else { 'initial' }",
    ),
    Row::new(
        Restored,
        "state of a module that the call imported again",
        "$null = Get-StatefulValue; Import-Module Stateful -Force; Set-StatefulValue $Canary",
        "if (Get-Module Stateful) { Get-StatefulValue } else { 'initial' }",
    ),
    Row::new(
        Restored,
        "exported variable of a module, changed",
        "$global:CanaryLevel = $Canary",
        "$CanaryLevel",
    ),
    Row::new(
        Restored,
        "exported variable of a module, removed",
        "Remove-Variable -Scope Global CanaryLevel",
        "Test-Path variable:CanaryLevel",
    ),
    Row::new(Retired, "module of the slot, removed", "Remove-Module Canary", "[bool](Get-Module Canary)"),
    Row::new(
        Restored,
        "module made in memory",
        "New-Module -Name Leak { function Get-Leak { 'leak' } } | Import-Module -Scope Global",
        "[bool](Get-Module Leak)",
    ),
];
