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
        "$script: state of a module",
        "Set-CanaryState $Canary",
        "Get-CanaryState",
    ),
    Row::new(Restored, "exported variable of a module, changed", "$global:CanaryLevel = $Canary", "$CanaryLevel"),
    Row::new(
        Restored,
        "exported variable of a module, removed",
        "Remove-Variable -Scope Global CanaryLevel",
        "Test-Path variable:CanaryLevel",
    ),
    Row::new(
        Retired,
        "module of the slot, removed",
        "Remove-Module Canary",
        "[bool](Get-Module Canary)",
    ),
    Row::new(
        Retired,
        "module made in memory",
        "New-Module -Name Leak { function Get-Leak { 'leak' } } | Import-Module -Scope Global",
        "[bool](Get-Module Leak)",
    ),
];
